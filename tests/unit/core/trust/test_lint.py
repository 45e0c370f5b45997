"""Lint: nothing is wrong with a good trusted root, and each neighbour has the one problem it differs by."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from cryptography.x509 import CertificateBuilder, UnrecognizedExtension
from cryptography.x509.oid import ExtensionOID

from cosignpy.core.encoding import JsonValue, encode_json
from cosignpy.core.keys.algorithms import ML_DSA_65
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.note.key_id import log_key_id, spki_key_id
from cosignpy.core.trust.lint import lint_trusted_root
from cosignpy.core.trust.problems import Problem, Severity
from cosignpy.errors import MalformedError
from tests.support import vectors
from tests.support.certificates import MIDDLE, NAMED, START, named, sign
from tests.support.trust_documents import (
    INTERMEDIATE,
    LOG_KEY,
    ROOT,
    SHARD_KEY,
    STAMPER,
    authority_of,
    log_of,
    trusted_root,
)

Change = Callable[[dict[str, Any]], object]
CHAIN: Final = "certificateAuthorities[0].certChain"
STAMPERS_CHAIN: Final = "timestampAuthorities[0].certChain"
LEAF: Final = ROOT.certificate_of("leaf", NAMED).der


def problems(change: Change, moment: datetime = MIDDLE) -> list[tuple[Severity, str]]:
    document = trusted_root()
    change(document)
    return [(each.severity, each.place) for each in lint_trusted_root(encode_json(document), moment)]


def member(path: str, content: JsonValue) -> Change:
    def change(document: dict[str, Any]) -> None:
        found: Any = document
        *above, last = path.split(".")
        for step in above:
            found = found[int(step) if isinstance(found, list) else step]
        found[int(last) if isinstance(found, list) else last] = content

    return change


def log(key: Any, log_id: bytes, url: str = "https://shard.example/path") -> Change:
    return member("tlogs.1", log_of(url, key, log_id))


def issuing(*chain: bytes) -> Change:
    return member("certificateAuthorities.0", authority_of("https://ca.example", *chain))


def stamping(*chain: bytes) -> Change:
    return member("timestampAuthorities.0", authority_of("https://tsa.example", *chain))


def unreadable_constraints() -> bytes:
    """Return a certificate of the root whose basic constraints are no DER."""
    builder = CertificateBuilder(named("root"), named("odd"), ROOT.key.public_key(), 1, START, STAMPER.not_after)
    broken = UnrecognizedExtension(ExtensionOID.BASIC_CONSTRAINTS, b"\x00")
    return sign(builder.add_extension(broken, critical=True), ROOT.key).der


def test_nothing_is_wrong_with_a_good_one() -> None:
    assert problems(lambda _: None) == []


E = Severity.ERROR
W = Severity.WARNING


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (member("mediaType", "application/vnd.dev.sigstore.trustedroot.v0.2+json"), [(E, "mediaType")]),
        (member("ctlogs", None), [(W, "ctlogs")]),
        (member("ctlogs", []), []),
        (member("timestampAuthorities", None), []),
        (member("tlogs.0.baseUrl", None), [(W, "tlogs[0].baseUrl")]),
        (
            member("certificateAuthorities.0.subject", None),
            [(W, f"certificateAuthorities[0].subject.{name}") for name in ("organization", "commonName")],
        ),
        (
            member("timestampAuthorities.0.subject", {"organization": ""}),
            [(W, "timestampAuthorities[0].subject.commonName")],
        ),
        (
            member("tlogs.0.publicKey.keyDetails", "A_KIND_TO_COME"),
            [(E, "tlogs[0].publicKey"), (E, "tlogs[0].publicKey.keyDetails")],
        ),
        (
            member("ctlogs.0.hashAlgorithm", "SHA3_256"),
            [(E, "ctlogs[0].publicKey"), (E, "ctlogs[0].publicKey.keyDetails")],
        ),
        (member("tlogs.1.publicKey.keyDetails", "PKIX_ED25519_PH"), [(E, "tlogs[1].publicKey.keyDetails")]),
        (member("tlogs.0.publicKey.validFor", {}), [(E, "tlogs[0].publicKey.validFor.start")]),
        (
            member("tlogs.0.publicKey.validFor.end", "2024-01-01T00:00:00Z"),
            [(E, "tlogs[0].publicKey.validFor")],
        ),
        (
            member("certificateAuthorities.0.validFor", None),
            [(E, "certificateAuthorities[0].validFor.start"), (W, "certificateAuthorities")],
        ),
        (
            member("tlogs.1", log_of("https://log.example", LOG_KEY, spki_key_id(LOG_KEY))),
            [(W, "tlogs[0].logId"), (W, "tlogs[1].logId")],
        ),
        (log(LOG_KEY, b"another"), [(E, "tlogs[1].logId")]),
        (log(SHARD_KEY, spki_key_id(SHARD_KEY)), [(W, "tlogs[1].logId")]),
        (log(SHARD_KEY, log_key_id("shard.example", SHARD_KEY)), []),
        (log(SHARD_KEY, log_key_id("shard.example/path", SHARD_KEY)), []),
        (log(SHARD_KEY, log_key_id("else.example", SHARD_KEY)), [(W, "tlogs[1].logId")]),
        (log(SHARD_KEY, log_key_id("shard.example", SHARD_KEY), "https://["), [(W, "tlogs[1].logId")]),
        (member("ctlogs.0", log_of("https://ct.example", SHARD_KEY, spki_key_id(SHARD_KEY))), []),
        (issuing(ROOT.der), []),
        (issuing(INTERMEDIATE.der), [(W, f"{CHAIN}.certificates[0]")]),
        (
            issuing(ROOT.der, INTERMEDIATE.der),
            [(E, f"{CHAIN}.certificates[0]"), (W, f"{CHAIN}.certificates[1]")],
        ),
        (issuing(LEAF, ROOT.der), [(E, f"{CHAIN}.certificates[0]")]),
        (stamping(INTERMEDIATE.der, ROOT.der), []),
        (stamping(LEAF, ROOT.der), [(E, f"{STAMPERS_CHAIN}.certificates[0]")]),
        (stamping(STAMPER.der), [(E, STAMPERS_CHAIN), (W, f"{STAMPERS_CHAIN}.certificates[0]")]),
        (
            stamping(unreadable_constraints(), ROOT.der),
            [(E, f"{STAMPERS_CHAIN}.certificates[0]")],
        ),
    ],
)
def test_a_neighbour_has_the_problem_it_differs_by(change: Change, found: list[tuple[Severity, str]]) -> None:
    assert problems(change) == found


def test_a_log_of_a_kind_without_checkpoints_cannot_have_an_origin() -> None:
    key = PrivateKey.generate(ML_DSA_65).public_key
    found = problems(log(key, b"another"))
    assert found == [(E, "tlogs[1].publicKey.keyDetails"), (W, "tlogs[1].logId")]


def test_authorities_that_have_expired_are_told_of() -> None:
    later = datetime(2027, 1, 1, tzinfo=UTC)
    assert problems(lambda _: None, later) == [(W, CHAIN), (W, STAMPERS_CHAIN)]


def test_kinds_that_are_not_in_use_yet_are_told_of() -> None:
    earlier = datetime(2025, 6, 1, tzinfo=UTC)
    assert problems(lambda _: None, earlier) == [(W, "certificateAuthorities"), (W, "timestampAuthorities")]


def test_what_cannot_be_read_is_no_list_of_problems() -> None:
    with pytest.raises(MalformedError):
        lint_trusted_root(b"{}", MIDDLE)


def test_a_problem_is_one_line() -> None:
    assert str(Problem(W, "tlogs", "why")) == "warning: tlogs: why"


@vectors.NEEDED
@pytest.mark.parametrize("name", ["production", "staging"])
def test_nothing_is_wrong_with_the_public_instances(name: str) -> None:
    raw = vectors.path(f"trusted_roots/{name}_trusted_root.json").read_bytes()
    assert lint_trusted_root(raw, datetime(2026, 6, 1, tzinfo=UTC)) == ()
