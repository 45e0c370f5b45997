"""What differs between bundles: everything but how they are written."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from cosignpy.core.bundle.difference import Difference, diff_bundles
from cosignpy.core.bundle.model import Bundle, CertificateMaterial, MessageSignature, PublicKeyMaterial
from cosignpy.core.dsse import Envelope, EnvelopeSignature
from cosignpy.core.rekor.log_entry import LogEntry
from cosignpy.values import replace
from tests.support.virtual_sigstore import FULCIO_ISSUER, good_leaf, key_bundle, statement_bundle, v1_bundle, v2_bundle

OLD_SPELLING: Final = "application/vnd.dev.sigstore.bundle+json;version=0.3"
V01: Final = "application/vnd.dev.sigstore.bundle+json;version=0.1"


def places(left: Bundle, right: Bundle) -> list[str]:
    return [item.place for item in diff_bundles(left, right)]


def both() -> Bundle:
    """Return a bundle with two entries and two timestamps."""
    return replace(
        v1_bundle(),
        log_entries=(*v1_bundle().log_entries, *v2_bundle().log_entries),
        timestamps=(*v2_bundle().timestamps, *statement_bundle().timestamps),
    )


@pytest.mark.parametrize("bundle", [v1_bundle(), v2_bundle(), statement_bundle(), key_bundle()])
def test_a_bundle_says_the_same_as_itself(bundle: Bundle) -> None:
    assert diff_bundles(bundle, bundle) == ()


def test_two_spellings_of_a_version_say_the_same() -> None:
    assert diff_bundles(v1_bundle(), replace(v1_bundle(), media_type=OLD_SPELLING)) == ()
    assert diff_bundles(v1_bundle(), replace(v1_bundle(), media_type=V01)) == (Difference("version", "0.3", "0.1"),)


def test_a_chain_of_one_is_one_where_both_are_allowed() -> None:
    alone = replace(v1_bundle(), media_type=V01)
    listed = replace(alone, material=CertificateMaterial((good_leaf(),)))
    assert diff_bundles(alone, listed) == ()
    assert places(v1_bundle(), replace(listed, media_type=OLD_SPELLING)) == ["problems"]


def test_order_is_no_difference_for_entries_and_timestamps() -> None:
    bundle = both()
    turned = replace(bundle, log_entries=bundle.log_entries[::-1], timestamps=bundle.timestamps[::-1])
    assert diff_bundles(bundle, turned) == ()


def test_what_only_one_has_is_one_difference() -> None:
    found = diff_bundles(both(), v1_bundle())
    entry, stamps = v2_bundle().log_entries[0], found[1:]
    assert found[0].place == f"logEntries.{entry.log_id.hex()} {entry.log_index}"
    assert (found[0].left["logIndex"], found[0].right) == (entry.log_index, None)
    assert [item.place.partition(".")[0] for item in stamps] == ["timestamps", "timestamps"]
    assert places(v1_bundle(), both()) == [item.place for item in found]


def test_an_entry_that_is_there_twice() -> None:
    (entry,) = v1_bundle().log_entries
    twice = replace(v1_bundle(), log_entries=(entry, entry))
    name = f"logEntries.{entry.log_id.hex()} {entry.log_index}"
    assert places(v1_bundle(), twice) == [f"{name}#2", "problems"]
    thrice = replace(v1_bundle(), log_entries=(entry, entry, entry))
    assert places(twice, thrice) == [f"{name}#3"]


def changed(**changes: Any) -> Callable[[LogEntry], LogEntry]:
    return lambda entry: replace(entry, **changes)


def proof(**changes: Any) -> Callable[[LogEntry], LogEntry]:
    return lambda entry: replace(entry, inclusion=replace(entry.inclusion, **changes))


def path(**changes: Any) -> Callable[[LogEntry], LogEntry]:
    def change(entry: LogEntry) -> LogEntry:
        assert entry.inclusion is not None
        return proof(proof=replace(entry.inclusion.proof, **changes))(entry)

    return change


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (changed(body=b"another"), ["about", "leafHash"]),
        (changed(kind="dsse"), ["kind", "about"]),
        (changed(version="0.0.3"), ["version", "about"]),
        (changed(integrated_time=1), ["integratedTime"]),
        (changed(entry_timestamp=b"another"), ["promise"]),
        (changed(inclusion=None), ["inclusion"]),
        (path(index=5), ["inclusion.index"]),
        (path(size=8), ["inclusion.treeSize"]),
        (path(hashes=(bytes(32),) * 3), ["inclusion.hashes"]),
        (proof(root_hash=bytes(32)), ["inclusion.rootHash"]),
        (proof(checkpoint=""), ["inclusion.checkpoint"]),
    ],
)
def test_each_part_of_an_entry_counts(change: Callable[[LogEntry], LogEntry], named: list[str]) -> None:
    (entry,) = v1_bundle().log_entries
    name = f"logEntries.{entry.log_id.hex()} {entry.log_index}"
    found = places(v1_bundle(), replace(v1_bundle(), log_entries=(change(entry),)))
    assert [place for place in found if place != "problems"] == [f"{name}.{each}" for each in named]


def test_a_signature_of_a_checkpoint_counts() -> None:
    (entry,) = v1_bundle().log_entries
    assert entry.inclusion is not None
    checkpoint = entry.inclusion.checkpoint
    other = replace(v1_bundle(), log_entries=(proof(checkpoint=checkpoint[:-10] + "AAAAAAAA=\n")(entry),))
    assert [place.rpartition(".")[2] for place in places(v1_bundle(), other)] == ["fingerprint"]


def test_each_part_of_the_content_counts() -> None:
    bundle = statement_bundle()
    envelope = bundle.content
    assert isinstance(envelope, Envelope)
    (made,) = envelope.signatures
    for change, named in (
        ({"payload_type": "text/plain"}, ["payloadType", "statement"]),
        ({"payload": envelope.payload + b" "}, ["payloadDigest", "payloadSize"]),
        ({"signatures": (replace(made, keyid="a key"),)}, ["signatures.0.keyId"]),
        ({"signatures": (EnvelopeSignature(b"another"),)}, ["signatures.0.signature"]),
        ({"signatures": (made, made)}, ["signatures.1"]),
    ):
        found = places(bundle, replace(bundle, content=replace(envelope, **change)))
        assert [place for place in found if place.startswith("content")] == [f"content.{each}" for each in named]
    message = v1_bundle().content
    assert isinstance(message, MessageSignature)
    for change, named in (({"algorithm": "SHA2_512"}, ["digest"]), ({"signature": b"x"}, ["signature"])):
        found = places(v1_bundle(), replace(v1_bundle(), content=replace(message, **change)))
        assert found == [f"content.{each}" for each in named]


def test_who_signed_counts() -> None:
    other_key = replace(key_bundle(), material=PublicKeyMaterial("another"))
    assert places(key_bundle(), other_key) == ["signer.hint"]
    assert places(key_bundle(), replace(key_bundle(), material=v1_bundle().material)) == [
        "signer.kind",
        "signer.hint",
        "signer.certificates",
    ]
    other = replace(v1_bundle(), material=CertificateMaterial((FULCIO_ISSUER.leaf(),), alone=True))
    assert "signer.certificates.0.fingerprint" in places(v1_bundle(), other)
