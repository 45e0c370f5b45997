"""Objects of our kinds that a cluster takes, and those that the definitions alone refuse: each with one mistake."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

from cosignpy.values import value
from tests.support.image_policies import ALICE, BY_KEY, FAIL, KEYLESS, PASS, PEM, document, own_document

Objects = Mapping[str, Mapping[str, Any]]


@value
class Differences:
    """Recorded cases that are valid and refused by the definitions, and those that are not and taken."""

    refused: frozenset[str]
    taken: frozenset[str]


NOT_BY_SCHEMA: Final = Differences(
    frozenset(), frozenset({"074-key-kms-aws-alias-name", "348-invalid-authorities-missing"})
)
"""What AWS calls its keys, and a setting of the cluster, are for the webhook to look at."""


def by_key(**fields: Any) -> dict[str, Any]:
    """Return an authority with a key."""
    return {"key": {"data": PEM, **fields}}


def keyless(**fields: Any) -> dict[str, Any]:
    """Return an authority with an identity."""
    return {"keyless": {"identities": [ALICE], **fields}}


def identity(**fields: str) -> dict[str, Any]:
    """Return an authority with one identity."""
    return {"keyless": {"identities": [fields]}}


def attested(**fields: Any) -> dict[str, Any]:
    """Return an authority that demands an attestation."""
    return {**BY_KEY, "attestations": [{"name": "a", "predicateType": "https://example.com/t", **fields}]}


_NAMED: Final = {"trustRootRef": "m"}
_SOURCE: Final = {"oci": "registry.example/sigs", "tagPrefix": "x", "signaturePullSecrets": [{"name": "s"}]}
_SHA: Final = 64 * "0"
_REMOTE: Final = {"url": "https://policies.example/p", "sha256sum": _SHA}
_LABELS: Final = {"matchLabels": {"app": "a"}, "matchExpressions": [{"key": "b", "operator": "In", "values": ["c"]}]}

CLUSTER: Final[Objects] = {
    "no authorities": document(),
    "all of a key": document(by_key(hashAlgorithm=" SHA384 "), {"key": {"kms": "gcpkms://k"}}),
    "a secret": document({"key": {"secretRef": {"name": "s"}}}),
    "an own authority": document(keyless(**{"ca-cert": {"secretRef": {"name": "s"}}})),
    "patterns": document(identity(issuerRegExp=".*", subjectRegExp=".*")),
    "texts of three kinds": document(
        attested(policy={"type": "cue", "data": "a: 1"}),
        attested(policy={"type": "rego", "configMapRef": {"name": "n", "key": "k"}}),
        policy={"type": "rego", "remote": _REMOTE, "includeSpec": True},
    ),
    "matches": document(PASS, match=[{"resource": "pods", "version": "v1", "selector": _LABELS}, {"group": "apps"}]),
    "a format that nobody knows": document({**BY_KEY, "signatureFormat": "zebra"}),
    "an empty mode": document(PASS, mode=""),
    "a source": document({**BY_KEY, "source": [_SOURCE]}),
    "a log and timestamps": document(
        {**KEYLESS, "ctlog": {"trustRootRef": "m"}, "rfc3161timestamp": {"trustRootRef": "m"}}
    ),
}
BROKEN_CLUSTER: Final[Objects] = {
    "no images": {**document(PASS), "spec": {"authorities": [dict(PASS)]}},
    "an empty list of images": document(PASS, images=[]),
    "a glob with braces": document(PASS, images=[{"glob": "registry.example/{a,b}"}]),
    "an unknown mode": document(PASS, mode="audit"),
    "no signer": document({"name": "a"}),
    "two signers": document(dict(BY_KEY) | dict(KEYLESS)),
    "no key": document({"key": {"hashAlgorithm": "sha256"}}),
    "two keys": document(by_key(kms="gcpkms://k")),
    "a private key": document({"key": {"data": "-----BEGIN EC PRIVATE KEY-----"}}),
    "an unknown KMS": document({"key": {"kms": "file:///k"}}),
    "an unknown hash": document(by_key(hashAlgorithm="md5")),
    "no identities": document({"keyless": {"url": "https://fulcio.example"}}),
    "no subject": document(identity(issuer="i")),
    "two issuers": document(identity(issuer="i", issuerRegExp="i", subject="s")),
    "a URL and an own authority": document(keyless(url="https://f.example", **{"ca-cert": {"data": PEM}})),
    "an unknown action": document({"static": {"action": "maybe"}}),
    "no action": document({"static": {"message": "no"}}),
    "attestations of nobody": document({**PASS, "attestations": attested()["attestations"]}),
    "a log of nobody": document({**PASS, "ctlog": {"url": "https://rekor.example"}}),
    "two sources": document({**BY_KEY, "source": [{"oci": "a.example/b"}, {"oci": "a.example/c"}]}),
    "a Secret without a name": document({**BY_KEY, "source": [{"signaturePullSecrets": [{}]}]}),
    "no type of an attestation": document({**BY_KEY, "attestations": [{"name": "a"}]}),
    "inputs of an attestation": document(attested(policy={"type": "cue", "data": "a: 1", "includeSpec": False})),
    "no text": document(PASS, policy={"type": "cue"}),
    "two texts": document(PASS, policy={"type": "cue", "data": "a: 1", "remote": _REMOTE}),
    "an unknown language": document(PASS, policy={"type": "opa", "data": "a: 1"}),
    "a text of http": document(PASS, policy={"type": "cue", "remote": {**_REMOTE, "url": "http://policies.example"}}),
    "a text without a digest": document(PASS, policy={"type": "cue", "remote": {"url": "https://policies.example"}}),
    "no entry of a ConfigMap": document(PASS, policy={"type": "cue", "configMapRef": {"name": "n"}}),
    "labels of nothing": document(PASS, match=[{"selector": _LABELS}]),
}


def _own(*authorities: Mapping[str, Any], **spec: Any) -> dict[str, Any]:
    made = own_document(*authorities, **spec)
    return {**made, "metadata": {**made["metadata"], "namespace": "default"}}


def _conditions(*conditions: Mapping[str, Any]) -> dict[str, Any]:
    return _own(attested(conditions=list(conditions)))


OWN: Final[Objects] = {
    "all of ours": _own(
        by_key(validFrom="2026-01-01T00:00:00Z", validUntil="2027-01-01T00:00:00Z"),
        keyless(require=1) | {"maxAge": "30d", "name": "b"},
        {**FAIL, "name": "c"},
        require=2,
        deny=[
            {"digest": f"sha256:{_SHA}"},
            {"key": {"data": PEM}},
            {"key": {"fingerprint": f"sha256:{_SHA}"}},
            {"certificate": f"sha256:{_SHA}"},
            {"identity": {"subject": "mallory@example.com"}},
            {"identity": {"subjectRegExp": "@evil", "issuer": "https://issuer.example"}},
        ],
    ),
    "any of all": _own(BY_KEY, keyless(require="all") | {"name": "b"}, require="any"),
    "conditions": _conditions(
        {"field": "predicate.a", "equals": "x"},
        {"field": "predicate.b", "equals": 7},
        {"field": "predicate.c", "in": ["x", 1, True]},
        {"field": "predicate.d", "matches": "^a"},
        {"field": "predicate.e", "exists": False},
        {"field": "predicate.f", "atLeast": 7.5},
        {"field": "predicate.g", "atMost": 1},
    ),
    "a condition in CEL": _own(BY_KEY, policy={"type": "cel", "data": "true", "includeSpec": True}),
}
BROKEN_OWN: Final[Objects] = {
    "no key": _own({"key": {"secretRef": {"name": "s"}}}),
    "a key in a KMS": _own({"key": {"kms": "gcpkms://k"}}),
    "a text of the web": _own(BY_KEY, policy={"type": "rego", "remote": _REMOTE}),
    "no text": _own(BY_KEY, policy={"type": "rego", "data": ""}),
    "none of them": _own(BY_KEY, require=0),
    "another word": _own(BY_KEY, require="most"),
    "an age without a unit": _own({**BY_KEY, "maxAge": "30"}),
    "a time that is none": _own(by_key(validFrom="yesterday")),
    "a digest of another kind": _own(BY_KEY, deny=[{"digest": "sha512:00"}]),
    "nothing denied": _own(BY_KEY, deny=[{}]),
    "two things denied": _own(BY_KEY, deny=[{"digest": f"sha256:{_SHA}", "certificate": f"sha256:{_SHA}"}]),
    "nobody denied": _own(BY_KEY, deny=[{"identity": {"issuer": "https://issuer.example"}}]),
    "no comparison": _conditions({"field": "a"}),
    "two comparisons": _conditions({"field": "a", "equals": 1, "exists": True}),
    "a text that is no number": _conditions({"field": "a", "atLeast": "7"}),
    "an unknown format": _own({**BY_KEY, "signatureFormat": "zebra"}),
    "an unknown kind": _own(BY_KEY, match=[{"resource": "services"}]),
    "an age of nobody": _own({**PASS, "maxAge": "30d"}),
}

_ROOT: Final = b64encode(b'{"signatures":[]}').decode()
_CHAIN: Final = b64encode(b"-----BEGIN CERTIFICATE-----").decode()
_LOG: Final = {
    "baseURL": "https://l.example",
    "hashAlgorithm": "sha-256",
    "publicKey": b64encode(PEM.encode()).decode(),
}
_CA: Final = {"subject": {"organization": "o", "commonName": "c"}, "uri": "https://c.example", "certChain": _CHAIN}


def trust_root(**spec: Any) -> dict[str, Any]:
    """Return a trust root."""
    return {
        "apiVersion": "policy.sigstore.dev/v1alpha1",
        "kind": "TrustRoot",
        "metadata": {"name": "mine"},
        "spec": spec,
    }


ROOTS: Final[Objects] = {
    "a mirror": trust_root(remote={"root": _ROOT, "mirror": "https://tuf.example"}),
    "an archive": trust_root(repository={"root": _ROOT, "mirrorFS": _ROOT}),
    "keys": trust_root(sigstoreKeys={"certificateAuthorities": [_CA], "tLogs": [_LOG], "ctLogs": [_LOG]}),
    "times": trust_root(sigstoreKeys={"timestampAuthorities": [_CA]}),
}
BROKEN_ROOTS: Final[Objects] = {
    "nothing": trust_root(),
    "two of them": trust_root(**ROOTS["a mirror"]["spec"], **ROOTS["times"]["spec"]),
    "no mirror": trust_root(remote={"root": _ROOT}),
    "no root": trust_root(remote={"mirror": "https://tuf.example"}),
    "no archive": trust_root(repository={"root": _ROOT}),
    "no authority": trust_root(sigstoreKeys={"tLogs": [_LOG]}),
    "an authority without a name": trust_root(
        sigstoreKeys={"certificateAuthorities": [{**_CA, "subject": {"organization": "o"}}]}
    ),
    "the first of two without a chain": trust_root(
        sigstoreKeys={"certificateAuthorities": [{**_CA, "certChain": ""}, _CA]}
    ),
    "an unknown hash": trust_root(
        sigstoreKeys={"certificateAuthorities": [_CA], "tLogs": [{**_LOG, "hashAlgorithm": "md5"}]}
    ),
}
