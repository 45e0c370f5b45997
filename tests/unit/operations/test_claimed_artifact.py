"""The digest that a bundle names itself, in place of an artifact."""

from typing import TYPE_CHECKING, Final

import pytest

from cosignpy.core.bundle.model import Bundle, MessageSignature
from cosignpy.core.digest import Digest
from cosignpy.core.dsse import IN_TOTO_PAYLOAD, Envelope
from cosignpy.core.encoding import encode_json
from cosignpy.errors import CosignError, MalformedError, UsageError
from cosignpy.operations.claimed_artifact import ClaimedArtifact
from cosignpy.values import replace
from tests.support.virtual_sigstore import ARTIFACT, statement_bundle, v1_bundle

if TYPE_CHECKING:
    from cosignpy.operations.verify_bundle import ArtifactSource

SHA256: Final = bytes.fromhex(Digest.of(ARTIFACT).hex)


def stating(*subjects: object) -> Bundle:
    statement = {"_type": "https://in-toto.io/Statement/v1", "predicateType": "x", "subject": list(subjects)}
    return replace(statement_bundle(), content=Envelope(IN_TOTO_PAYLOAD, encode_json(statement), ()))


@pytest.mark.parametrize("bundle", [v1_bundle(), statement_bundle()])
def test_the_digest_of_a_bundle(bundle: Bundle) -> None:
    found: ArtifactSource = ClaimedArtifact.of(bundle)
    assert found.read_digests(frozenset({"sha512"})) == {"sha256": SHA256}
    assert found.read_content() is None
    assert str(found) == str(Digest.of(ARTIFACT))


def test_the_first_subject_with_a_digest_counts() -> None:
    unnamed = {"name": "a", "digest": {"gitCommit": "00"}}
    both = {"name": "b", "digest": {"sha512": "00" * 64, "sha256": SHA256.hex()}}
    found = ClaimedArtifact.of(stating(unnamed, both, {"name": "c", "digest": {"sha256": "00" * 32}}))
    assert found.digests == {"sha256": SHA256, "sha512": bytes(64)}
    assert str(found) == f"sha256:{SHA256.hex()} sha512:{'00' * 64}"


@pytest.mark.parametrize(
    ("bundle", "kind"),
    [
        (replace(v1_bundle(), content=MessageSignature("", b"", b"signature")), UsageError),
        (replace(v1_bundle(), content=MessageSignature("SHA3_256", b"x", b"signature")), UsageError),
        (stating(), UsageError),
        (stating({"name": "a", "digest": {"gitCommit": "00"}}), UsageError),
        (replace(statement_bundle(), content=Envelope(IN_TOTO_PAYLOAD, b"nonsense", ())), MalformedError),
    ],
)
def test_a_bundle_that_names_none(bundle: Bundle, kind: type[CosignError]) -> None:
    with pytest.raises(kind):
        ClaimedArtifact.of(bundle)
