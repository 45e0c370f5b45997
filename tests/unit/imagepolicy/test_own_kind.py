"""Our own kind of policy: it has all fields of a ClusterImagePolicy and some more, which that one refuses."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import pytest

from cosignpy.core.policy.deny import DeniedCertificate, DeniedIdentity, DeniedKey, DenyList
from cosignpy.core.policy.identity import Containing, Exactly, IdentityRule
from cosignpy.core.policy.key_window import KeyWindow
from cosignpy.documents import DocumentError
from cosignpy.imagepolicy.denial import DeniedDigest
from cosignpy.imagepolicy.dialect import ELSEWHERE
from cosignpy.imagepolicy.languages import Language
from cosignpy.imagepolicy.model import FieldCondition, ImagePolicyDocument, Key, Keyless
from cosignpy.imagepolicy.own_deny import MAX_DENIED
from cosignpy.imagepolicy.parse import parse_policies
from tests.support.image_policies import (
    ALICE,
    BY_KEY,
    FILE,
    KEYLESS,
    PASS,
    PEM,
    document,
    encode,
    own,
    own_document,
    parsed,
    text,
)
from tests.support.signed import KEY

BOB: Final = {"issuer": "https://accounts.example.com", "subject": "bob@example.com"}
ATTESTED: Final = {"name": "sbom", "predicateType": "https://spdx.dev/Document"}
CEL: Final = {"type": "cel", "data": "true"}
SHA256: Final = "sha256:" + "a1" * 32
FINGERPRINT: Final = f"sha256:{sha256(KEY.public_key.spki).hexdigest()}"
FROM: Final = "2026-01-01T00:00:00Z"
UNTIL: Final = "2026-07-01T00:00:00Z"


def refused(made: Mapping[str, Any]) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        parse_policies(encode(made), FILE)
    assert caught.value.file == FILE
    return caught.value


def identities(*rules: Mapping[str, Any], **beside: Any) -> dict[str, Any]:
    return {"keyless": {"identities": list(rules), **beside}}


def keyed(**beside: Any) -> dict[str, Any]:
    return {"key": {"data": PEM, **beside}}


def attested(**beside: Any) -> dict[str, Any]:
    return {**BY_KEY, "attestations": [{**ATTESTED, **beside}]}


def test_the_same_spec_says_the_same_in_both_kinds() -> None:
    authorities = (BY_KEY, KEYLESS, PASS, attested())
    assert own(*authorities) == parsed(*authorities)
    assert own(BY_KEY).require == 1


@pytest.mark.parametrize(
    ("change", "key", "allowed"),
    [
        ({"apiVersion": "policy.sigstore.dev/v1beta1"}, "apiVersion", "allowed: cosignpy.dev/v1alpha1"),
        ({"kind": "ClusterImagePolicy"}, "apiVersion", "policy.sigstore.dev/v1beta1, policy.sigstore.dev/v1alpha1"),
    ],
)
def test_a_kind_has_versions_of_its_own(change: dict[str, str], key: str, allowed: str) -> None:
    error = refused(own_document(BY_KEY) | change)
    assert error.key == key
    assert error.hint is not None
    assert error.hint.endswith(allowed)


@pytest.mark.parametrize(
    ("authority", "spec", "key"),
    [
        (BY_KEY, {"require": "any"}, "spec.require"),
        (BY_KEY, {"deny": [{"digest": SHA256}]}, "spec.deny"),
        (BY_KEY, {"files": [{"glob": "*.whl"}]}, "spec.files"),
        ({**BY_KEY, "maxAge": "30d"}, {}, "spec.authorities[0].maxAge"),
        (keyed(validFrom=FROM), {}, "spec.authorities[0].key.validFrom"),
        (keyed(validUntil=UNTIL), {}, "spec.authorities[0].key.validUntil"),
        (identities(ALICE, require="all"), {}, "spec.authorities[0].keyless.require"),
        (
            attested(conditions=[{"field": "predicate", "exists": True}]),
            {},
            "spec.authorities[0].attestations[0].conditions",
        ),
        (attested(policy=CEL), {}, "spec.authorities[0].attestations[0].policy.type"),
        (BY_KEY, {"policy": CEL}, "spec.policy.type"),
    ],
)
def test_what_only_our_own_kind_can_say_is_refused_in_the_other(
    authority: dict[str, Any], spec: dict[str, Any], key: str
) -> None:
    own(authority, **spec)
    error = refused(document(authority, **spec))
    assert (error.key, error.hint) == (key, ELSEWHERE)
    assert "kind: ImagePolicy" in ELSEWHERE


def test_a_field_that_is_misspelled_is_refused_in_both_kinds() -> None:
    error = refused(own_document({**BY_KEY, "maxage": "30d"}))
    assert (error.key, error.hint) == ("spec.authorities[0].maxage", "did you mean maxAge?")
    assert refused(document({**BY_KEY, "maxage": "30d"})).hint != ELSEWHERE


def test_what_is_wrong_is_named_by_file_line_and_path() -> None:
    raw = text("""
        apiVersion: cosignpy.dev/v1alpha1
        kind: ImagePolicy
        metadata:
          name: team
        spec:
          images:
            - glob: "**"
          authorities:
            - maxAge: 30
              static:
                action: pass
    """)
    with pytest.raises(DocumentError, match=r"team\.yaml:9: spec\.authorities\[0\]\.maxAge"):
        parse_policies(raw, FILE)


@pytest.mark.parametrize("yaml", [b"require: &a 1", b"require: !!int 1", b"require: 1\n  require: 1", b"require:\t1"])
def test_what_yaml_can_do_besides_is_refused(yaml: bytes) -> None:
    raw = encode(own_document(BY_KEY)).replace(b"  images:", b"  " + yaml + b"\n  images:")
    with pytest.raises(DocumentError):
        parse_policies(raw, FILE)


THREE: Final = (BY_KEY, KEYLESS, PASS)


@pytest.mark.parametrize(("require", "count"), [("any", 1), ("all", 3), (1, 1), (2, 2), (3, 3)])
def test_how_many_authorities_have_to_pass(require: object, count: int) -> None:
    assert own(*THREE, require=require).require == count


@pytest.mark.parametrize("require", [0, -1, 4, "two", "2", "", True, 1.0, [], {}, None])
def test_how_many_have_to_pass_is_a_number_that_there_is(require: object) -> None:
    assert refused(own_document(*THREE, require=require)).key == "spec.require"


@pytest.mark.parametrize(
    ("authority", "spec", "key"),
    [
        (BY_KEY, {"deny": None}, "spec.deny"),
        (BY_KEY, {"files": None}, "spec.files"),
        ({**BY_KEY, "maxAge": None}, {}, "spec.authorities[0].maxAge"),
        (keyed(validFrom=FROM, validUntil=None), {}, "spec.authorities[0].key.validUntil"),
        (identities(ALICE, BOB, require=None), {}, "spec.authorities[0].keyless.require"),
        (attested(conditions=None), {}, "spec.authorities[0].attestations[0].conditions"),
    ],
)
def test_a_demand_of_our_own_that_says_nothing_is_refused(
    authority: dict[str, Any], spec: dict[str, Any], key: str
) -> None:
    error = refused(own_document(authority, **spec))
    assert (error.key, error.hint) == (key, "say what it demands, or leave it out")
    assert own({**BY_KEY, "attestations": None, "ctlog": None}, match=None) == own(BY_KEY)


def test_two_attestations_of_one_name_are_refused() -> None:
    other = {"name": "sbom", "predicateType": "https://slsa.dev/provenance/v1"}
    error = refused(own_document({**BY_KEY, "attestations": [ATTESTED, other]}))
    assert error.key == "spec.authorities[0].attestations[1].name"
    assert str(error).endswith("sbom stands twice")
    own({**BY_KEY, "attestations": [ATTESTED, {**other, "name": "build"}]})
    parsed({**BY_KEY, "attestations": [ATTESTED, other]})


def test_two_authorities_of_one_name_are_refused() -> None:
    error = refused(own_document({"name": "a", **BY_KEY}, PASS, {"name": "a", **KEYLESS}))
    assert (error.key, str(error).endswith("a stands twice")) == ("spec.authorities[2].name", True)
    own({"name": "a", **BY_KEY}, PASS, {"name": "b", **KEYLESS})
    parsed({"name": "a", **BY_KEY}, {"name": "a", **KEYLESS})


def test_all_of_none_never_pass() -> None:
    assert own(require="all").require == 1


@pytest.mark.parametrize(("require", "count"), [("any", 1), ("all", 2), (2, 2)])
def test_how_many_identities_have_to_have_signed(require: object, count: int) -> None:
    signer = own(identities(ALICE, BOB, require=require)).authorities[0].signer
    assert isinstance(signer, Keyless)
    assert signer.require == count


def test_one_identity_given_twice_is_one() -> None:
    error = refused(own_document(identities(ALICE, ALICE, require=2)))
    assert error.key == "spec.authorities[0].keyless.require"
    signer = own(identities(ALICE, ALICE, require="all")).authorities[0].signer
    assert isinstance(signer, Keyless)
    assert signer.require == 1


@pytest.mark.parametrize(
    ("age", "meant"), [("1h", timedelta(hours=1)), ("30d", timedelta(days=30)), ("9999w", timedelta(weeks=9999))]
)
def test_how_long_ago_it_may_have_been_signed(age: str, meant: timedelta) -> None:
    assert own({**BY_KEY, "maxAge": age}).authorities[0].max_age == meant


@pytest.mark.parametrize("age", ["0d", "30", 30, "30m", "1.5d", "30 d", "-1d", "10000d", "", "1d1h", "٣d"])
def test_an_age_that_is_none_is_refused(age: object) -> None:
    assert refused(own_document({**BY_KEY, "maxAge": age})).key == "spec.authorities[0].maxAge"


def test_a_static_answer_has_no_age() -> None:
    error = refused(own_document({**PASS, "maxAge": "30d"}))
    assert (error.key, "static" in str(error)) == ("spec.authorities[0].maxAge", True)


def window(**fields: str) -> KeyWindow | None:
    signer = own(keyed(**fields)).authorities[0].signer
    assert isinstance(signer, Key)
    return signer.window


def test_when_a_key_counts() -> None:
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
    assert window(validFrom=FROM, validUntil=UNTIL) == KeyWindow(start, end)
    assert window(validFrom=FROM) == KeyWindow(start)
    assert window(validUntil="2026-07-01T02:00:00+02:00") == KeyWindow(None, end)
    assert window() is None


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"validFrom": "2026-01-01"}, "validFrom"),
        ({"validUntil": "2026-01-01T00:00:00"}, "validUntil"),
        ({"validUntil": "2026-02-30T00:00:00Z"}, "validUntil"),
        ({"validFrom": UNTIL, "validUntil": FROM}, "validUntil"),
        ({"validFrom": FROM, "validUntil": FROM}, "validUntil"),
    ],
)
def test_a_time_that_is_none_is_refused(fields: dict[str, str], key: str) -> None:
    assert refused(own_document(keyed(**fields))).key == f"spec.authorities[0].key.{key}"


def test_a_certificate_authority_counts_by_its_own_times() -> None:
    beside = {"ca-cert": {"data": PEM, "validFrom": FROM}}
    assert refused(own_document(identities(ALICE, **beside))).key == "spec.authorities[0].keyless.ca-cert.validFrom"


def denied(*entries: Mapping[str, Any]) -> ImagePolicyDocument:
    return own(BY_KEY, deny=[dict(each) for each in entries])


@pytest.mark.parametrize("key", [{"data": PEM}, {"fingerprint": FINGERPRINT}])
def test_a_key_that_is_denied(key: dict[str, str]) -> None:
    (entry,) = denied({"key": key}).deny.signatures.keys
    assert entry == DeniedKey(sha256(KEY.public_key.spki).digest(), entry.origin)
    file, line = entry.origin.split(":")
    assert (file, int(line) > 1) == (FILE, True)


def test_a_certificate_that_is_denied() -> None:
    (entry,) = denied({"certificate": SHA256}).deny.signatures.certificates
    assert entry == DeniedCertificate(bytes.fromhex("a1" * 32), entry.origin)


@pytest.mark.parametrize(
    ("identity", "rule"),
    [
        ({"subject": "eve"}, Exactly("eve")),
        ({"subjectRegExp": "eve"}, Containing.parse("eve")),
        ({"subject": "eve", "issuer": "i"}, IdentityRule((Exactly("eve"),), (Exactly("i"),))),
        (
            {"subjectRegExp": "e", "issuerRegExp": "i"},
            IdentityRule((Containing.parse("e"),), (Containing.parse("i"),)),
        ),
    ],
)
def test_an_identity_that_is_denied(identity: dict[str, str], rule: object) -> None:
    (entry,) = denied({"identity": identity}).deny.signatures.identities
    assert isinstance(entry, DeniedIdentity)
    assert entry.rule == rule


def test_each_authority_has_the_deny_list_of_its_policy() -> None:
    found = denied({"digest": SHA256}, {"key": {"data": PEM}}, {"identity": {"subject": "eve"}})
    assert found.authorities[0].deny == found.deny.signatures != DenyList()
    (entry,) = found.deny.digests
    assert (entry, entry.place.key) == (DeniedDigest(entry.place, entry.digest), "spec.deny[0].digest")
    assert str(entry.digest) == SHA256


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        ({}, ""),
        ({"digest": SHA256, "certificate": SHA256}, ".certificate"),
        ({"serial": "1"}, ".serial"),
        ({"digest": "sha512:" + "a1" * 64}, ".digest"),
        ({"digest": "a1" * 32}, ".digest"),
        ({"digest": SHA256.upper()}, ".digest"),
        ({"certificate": "sha256:a1"}, ".certificate"),
        ({"key": {}}, ".key"),
        ({"key": {"data": PEM, "fingerprint": FINGERPRINT}}, ".key.fingerprint"),
        ({"key": {"data": "no key"}}, ".key.data"),
        ({"key": {"fingerprint": "sha512:" + "a1" * 64}}, ".key.fingerprint"),
        ({"key": FINGERPRINT}, ".key"),
        ({"identity": {}}, ".identity"),
        ({"identity": {"issuer": "i"}}, ".identity"),
        ({"identity": {"subject": ""}}, ".identity.subject"),
        ({"identity": {"subjectRegExp": "("}}, ".identity.subjectRegExp"),
        ({"identity": {"subject": "a", "subjectRegExp": "a"}}, ".identity.subjectRegExp"),
        ({"identity": {"subject": "a", "issuer": "i", "issuerRegExp": "i"}}, ".identity.issuerRegExp"),
    ],
)
def test_an_entry_that_is_none_makes_the_policy_none(entry: dict[str, Any], key: str) -> None:
    assert refused(own_document(BY_KEY, deny=[{"digest": SHA256}, entry])).key == f"spec.deny[1]{key}"


def test_there_is_a_limit_to_what_is_denied() -> None:
    entries = [{"digest": SHA256}] * (MAX_DENIED + 1)
    assert refused(own_document(BY_KEY, deny=entries)).key == "spec.deny"


def test_conditions_in_cel() -> None:
    (attestation,) = own(attested(policy=CEL)).authorities[0].attestations
    assert attestation.policy is not None
    assert (attestation.policy.type, attestation.policy.data) == (Language.CEL, "true")
    whole = own(BY_KEY, policy=CEL).policy
    assert whole is not None
    assert whole.type is Language.CEL


def test_a_policy_is_about_images_or_files_or_both() -> None:
    made = own_document(BY_KEY, files=[{"glob": "*.whl"}])
    both, files = own(BY_KEY, files=[{"glob": "*.whl"}]), own(BY_KEY, images=[], files=[{"glob": "*.whl"}])
    assert (both.covers("app:1"), both.covers_file("a.whl"), both.covers_file("a.zip")) == (True, True, False)
    assert (files.covers("app:1"), files.covers_file("a.whl")) == (False, True)
    assert files.files[0].place.key == "spec.files[0].glob"
    assert refused(made | {"spec": {"authorities": [dict(BY_KEY)]}}).key == "spec.images"


@pytest.mark.parametrize(
    ("authority", "spec", "key"),
    [
        (BY_KEY, {"match": [{"version": "v1", "resource": "pods"}]}, "spec.match[0]"),
        ({**BY_KEY, "source": [{"oci": "ghcr.io/a/b"}]}, {}, "spec.authorities[0].source[0]"),
        (BY_KEY, {"policy": {**CEL, "fetchConfigFile": True}}, "spec.policy"),
        (BY_KEY, {"policy": {**CEL, "includeSpec": True}}, "spec.policy"),
    ],
)
def test_what_says_nothing_of_files_is_refused_beside_them(
    authority: dict[str, Any], spec: dict[str, Any], key: str
) -> None:
    own(authority, **spec)
    assert refused(own_document(authority, files=[{"glob": "*.whl"}], **spec)).key == key
    own(BY_KEY, files=[{"glob": "*.whl"}], policy=CEL)


@pytest.mark.parametrize("glob", ["", "dist/*.whl", "**", "a?", "[ab]", "{a,b}", "a\\b", "a\n", "x" * 256])
def test_a_glob_that_is_about_no_name_is_refused(glob: str) -> None:
    assert refused(own_document(BY_KEY, files=[{"glob": glob}])).key == "spec.files[0].glob"


FIELD: Final = "predicate.score"


def conditions(*entries: Mapping[str, Any]) -> tuple[FieldCondition, ...]:
    found = own(attested(conditions=[dict(each) for each in entries]))
    return found.authorities[0].attestations[0].conditions


@pytest.mark.parametrize(
    ("comparison", "operand", "meant"),
    [
        ("equals", 7, 7),
        ("equals", "7", "7"),
        ("equals", True, True),
        ("equals", 1.5, 1.5),
        ("equals", "low", "low"),
        ("in", ["MIT", "Apache-2.0", 1], ["MIT", "Apache-2.0", 1]),
        ("matches", "https://.*", "https://.*"),
        ("exists", True, True),
        ("exists", False, False),
        ("atLeast", 7, 7),
        ("atMost", -0.5, -0.5),
    ],
)
def test_a_condition_on_a_field(comparison: str, operand: object, meant: object) -> None:
    (found,) = conditions({"field": FIELD, comparison: operand})
    assert (found.path, found.comparison, found.operand) == (FIELD, comparison, meant)
    assert type(found.operand) is type(meant)
    assert found.place.key == "spec.authorities[0].attestations[0].conditions[0]"


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        ({"equals": 1}, ".field"),
        ({"field": FIELD}, ""),
        ({"field": FIELD, "equals": None}, ""),
        ({"field": FIELD, "equals": 1, "exists": True}, ".exists"),
        ({"field": FIELD, "is": 1}, ".is"),
        ({"field": "predicate..score", "equals": 1}, ".field"),
        ({"field": "", "equals": 1}, ".field"),
        ({"field": FIELD, "equals": [1]}, ".equals"),
        ({"field": FIELD, "in": []}, ".in"),
        ({"field": FIELD, "in": "a"}, ".in"),
        ({"field": FIELD, "in": [["a"]]}, ".in[0]"),
        ({"field": FIELD, "matches": "("}, ".matches"),
        ({"field": FIELD, "matches": ""}, ".matches"),
        ({"field": FIELD, "matches": "x" * 4097}, ".matches"),
        ({"field": FIELD, "exists": "true"}, ".exists"),
        ({"field": FIELD, "atLeast": "7"}, ".atLeast"),
        ({"field": FIELD, "atLeast": True}, ".atLeast"),
        ({"field": FIELD, "atMost": "high"}, ".atMost"),
    ],
)
def test_a_condition_that_is_none_is_refused(entry: dict[str, Any], key: str) -> None:
    made = own_document(attested(conditions=[{"field": FIELD, "exists": True}, entry]))
    assert refused(made).key == f"spec.authorities[0].attestations[0].conditions[1]{key}"


@pytest.mark.parametrize("word", [b"0x10", b"1_000", b"yes", b".5", b"1e3", b"01", b"+1"])
def test_a_word_that_yaml_reads_in_different_ways_is_no_operand(word: bytes) -> None:
    raw = encode(own_document(attested(conditions=[{"field": FIELD, "equals": "WORD"}]))).replace(b"WORD", word)
    with pytest.raises(DocumentError) as caught:
        parse_policies(raw, FILE)
    assert caught.value.key.endswith(".equals")
