"""What docs/policies.md says of the fields of an authority, each with documents in which it stands."""

from collections.abc import Mapping
from typing import Any, Final

from tests.support.image_policies import ALICE, BY_KEY, KEYLESS, PASS, PEM, document
from tests.support.policy_resources import config_map, secret, trust_root
from tests.support.rekor_proposals import certificate_pem
from tests.support.virtual_sigstore import ROOT

Document = Mapping[str, Any]

CA: Final = certificate_pem(ROOT.certificate_authorities[0].chain[-1].der).decode()
SECRET: Final = secret("keys", key=PEM)
PULL: Final = secret("pull", kind="kubernetes.io/dockerconfigjson", **{".dockerconfigjson": '{"auths": {}}'})
CUE: Final = {"type": "cue", "data": "predicateType: string"}
REVIEW: Final = {"name": "review", "predicateType": "https://example.com/review"}


def _keyless(**fields: Any) -> dict[str, Any]:
    return {"keyless": {"identities": [dict(ALICE)], **fields}}


def _conditioned(**source: Any) -> Document:
    return document({"attestations": [REVIEW | {"policy": {"type": "cue", **source}}], **KEYLESS})


ROWS: Final[tuple[tuple[tuple[str, ...], str, tuple[Document, ...]], ...]] = (
    (
        ("key.data",),
        "one of our public keys; `hashAlgorithm` has to be one that this kind of key is used with",
        (document(BY_KEY),),
    ),
    (
        ("key.secretRef",),
        "the same, the only entry of a `Secret` among the documents",
        (document({"key": {"secretRef": {"name": "keys"}}}), SECRET),
    ),
    (
        ("key.kms",),
        "the same, in a KMS; none can be asked yet, and nothing is decided by the policy",
        (document({"key": {"kms": "gcpkms://projects/a/locations/b/keyRings/c/cryptoKeys/d"}}),),
    ),
    (
        ("keyless.identities",),
        (
            "a certificate of the trusted root's authorities (`--trusted-root`, else the mirror's) names one of them; "
            "`RegExp` is RE2, found anywhere"
        ),
        (document(KEYLESS),),
    ),
    (
        ("keyless.url",),
        "says that there is a Fulcio; nobody asks it",
        (document(_keyless(url="https://fulcio.example.com")),),
    ),
    (
        ("keyless.ca-cert",),
        "whose certificates count in place of those of the trusted root's authorities, in `data` or in a `Secret`",
        (document(_keyless(**{"ca-cert": {"data": CA}})),),
    ),
    (
        ("keyless.insecureIgnoreSCT",),
        "no promise of certificate transparency is demanded",
        (document(_keyless(insecureIgnoreSCT=True)),),
    ),
    (
        ("keyless.trustRootRef", "ctlog.trustRootRef", "rfc3161timestamp.trustRootRef"),
        "a `TrustRoot` among the documents, whose authorities or logs are believed in place of the trusted root's",
        (document({**_keyless(trustRootRef="own"), "ctlog": {"trustRootRef": "own"}}), trust_root()),
    ),
    (
        ("static",),
        "passes or fails, whoever signed",
        (document(PASS),),
    ),
    (
        ("ctlog",),
        (
            "of a key: with a `url` or a `trustRootRef`, a log entry is demanded, else none. Of identities: one is "
            "demanded, unless `ctlog` is there and has neither, or `keyless` has authorities of its own "
            "and there is none"
        ),
        (document({"ctlog": {"url": "https://rekor.example.com"}, **BY_KEY}),),
    ),
    (
        ("rfc3161timestamp",),
        "a timestamp is demanded, and no log entry",
        (document({"rfc3161timestamp": {}, **KEYLESS}, {"rfc3161timestamp": {}, **BY_KEY}),),
    ),
    (
        ("source[0].oci",),
        "the repository with the signatures",
        (document({"source": [{"oci": "ghcr.io/team/signatures"}], **KEYLESS}),),
    ),
    (
        ("source[0].tagPrefix",),
        "what stands before the tags of legacy signatures",
        (document({"source": [{"oci": "ghcr.io/team/signatures", "tagPrefix": "a-"}], **KEYLESS}),),
    ),
    (
        ("source[0].signaturePullSecrets",),
        "each a `Secret` among the documents, to log in there with; for one that is not there, one's own login counts",
        (
            document({"source": [{"oci": "ghcr.io/team/a", "signaturePullSecrets": [{"name": "pull"}]}], **KEYLESS}),
            PULL,
        ),
    ),
    (
        ("signatureFormat",),
        "bundles and legacy signatures are both read for either",
        (document({"signatureFormat": "bundle", **KEYLESS}),),
    ),
    (
        ("attestations",),
        "an attestation of each `predicateType` is demanded in place of a signature",
        (document({"attestations": [REVIEW], **KEYLESS}),),
    ),
    (
        ("attestations[].policy",),
        "a condition that has to hold for it",
        (_conditioned(data="predicateType: string"),),
    ),
    (
        ("attestations[].policy.configMapRef",),
        "its text, an entry of a `ConfigMap` among the documents",
        (_conditioned(configMapRef={"name": "texts", "key": "a.cue"}), config_map("texts", **{"a.cue": "a: 1"})),
    ),
    (
        ("attestations[].policy.remote",),
        "its text, fetched by https and compared with its `sha256sum`",
        (_conditioned(remote={"url": "https://example.com/a.cue", "sha256sum": "a" * 64}),),
    ),
    (
        ("spec.policy",),
        "a condition that has to hold for what all authorities of the policy said",
        (document(KEYLESS, policy=CUE),),
    ),
)
"""The fields, what is made of them, and documents that are read and decided by."""


def rows() -> list[tuple[str, ...]]:
    """Return the rows of the table."""
    return [(", ".join(f"`{name}`" for name in names), meaning) for names, meaning, _ in ROWS]
