"""OpenPGP key rings and signatures, against what GnuPG makes and neighbours of it."""

import base64

import pysequoia
import pytest

from cosignpy.errors import LimitExceeded, MalformedError, SignatureMismatch
from log_server.rekor.kinds.formats.pgp import parse_key_ring, verify_detached, verify_pgp
from log_server.rekor.kinds.formats.pgp_armor import PUBLIC_KEY, SIGNATURE, encode_armor, find_armor, parse_clearsigned
from log_server.rekor.kinds.formats.pgp_packets import MAX_PACKETS, Packet, Tag, encode_packet, read_packets
from tests.support.pgp_keys import CREATED, NAME, HandMade, hand_made, number, subpacket
from tests.support.rekor_kinds import load, member


def parts(name: str) -> tuple[bytes, bytes, bytes]:
    found = load(f"rekord-pgp-{name}").proposed
    return tuple(member(found, path) for path in ("signature.publicKey.content", "signature.content", "data.content"))


KEY, MADE, CONTENT = parts("bob")
ALICE, BY_ALICE, _ = parts("alice")
FRANK, BY_FRANK, _ = parts("frank")
MAIN, OTHER = hand_made(0), hand_made(1)


def packets(raw: bytes) -> list[Packet]:
    return list(read_packets(raw, what="test"))


def joined(*found: Packet) -> bytes:
    return b"".join(encode_packet(packet.tag, packet.body) for packet in found)


def refused_key(raw: bytes) -> str:
    with pytest.raises(MalformedError) as refused:
        parse_key_ring(raw)
    return refused.value.why


def test_a_key_without_its_name_is_refused() -> None:
    assert "no name" in refused_key(joined(packets(KEY)[0]))


def test_a_name_that_is_not_bound_is_no_name() -> None:
    assert "no name" in refused_key(joined(*packets(KEY)[:2]))


def test_a_name_that_somebody_else_bound_is_no_name() -> None:
    key, name, *_ = packets(KEY)
    binding = packets(ALICE)[2]
    assert "no name" in refused_key(joined(key, name, binding))


def test_a_binding_of_another_name_is_refused() -> None:
    key, _, binding = packets(KEY)
    with pytest.raises(SignatureMismatch):
        parse_key_ring(joined(key, Packet(Tag.USER_ID, b"Mallory <mallory@example.com>"), binding))


def test_a_subkey_of_another_key_is_refused() -> None:
    alice, frank = packets(ALICE), packets(FRANK)
    with pytest.raises(SignatureMismatch):
        parse_key_ring(joined(*alice[:3], *frank[-2:]))


def test_a_subkey_that_is_not_bound_is_refused() -> None:
    assert "not bound" in refused_key(joined(*packets(ALICE)[:4]))


def test_a_signature_of_another_kind_behind_a_subkey_is_refused() -> None:
    alice = packets(ALICE)
    assert "behind a subkey" in refused_key(joined(*alice[:4], alice[2]))


def test_a_signing_subkey_has_to_consent() -> None:
    """Otherwise anybody could claim another's signing key; the consent lies in the part that is not hashed."""
    *head, subkey, binding = packets(FRANK)
    hashed = int.from_bytes(binding.body[4:6], "big")
    unhashed = int.from_bytes(binding.body[6 + hashed : 8 + hashed], "big")
    bare = binding.body[: 6 + hashed] + bytes(2) + binding.body[8 + hashed + unhashed :]
    assert "its own signature" in refused_key(joined(*head, subkey, Packet(Tag.SIGNATURE, bare)))


def test_a_consent_of_another_kind_is_refused() -> None:
    *head, subkey, binding = packets(FRANK)
    at = binding.body.index(b"\x04\x19\x01")
    changed = binding.body[: at + 1] + b"\x18" + binding.body[at + 2 :]
    assert "another kind" in refused_key(joined(*head, subkey, Packet(Tag.SIGNATURE, changed)))


def test_certifications_by_others_are_kept_and_stray_packets_are_not() -> None:
    key, name, *rest = packets(FRANK)
    attribute = Packet(17, b"\x01")
    ring = parse_key_ring(joined(key, Packet(12, b"trust"), name, *rest, attribute))
    assert ring == parse_key_ring(FRANK)
    assert ring.certificates[0].names[0].others


def test_a_stray_certification_on_the_key_is_overlooked() -> None:
    key, name, binding = packets(KEY)
    assert parse_key_ring(joined(key, binding, name, binding)) == parse_key_ring(KEY)


@pytest.mark.parametrize("tag", [Tag.SECRET_KEY, Tag.SECRET_SUBKEY])
def test_a_private_key_is_refused(tag: Tag) -> None:
    key, *rest = packets(KEY)
    assert "private key" in refused_key(joined(key, *rest, Packet(tag, key.body)))


def test_a_private_key_in_armor_is_refused_by_its_label() -> None:
    assert "PRIVATE" in refused_key(encode_armor("PGP PRIVATE KEY BLOCK", KEY) + b"\n")


@pytest.mark.parametrize("raw", [b"", b"\x00", b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n", BY_ALICE])
def test_what_is_not_a_key_is_refused(raw: bytes) -> None:
    refused_key(raw)


@pytest.mark.parametrize("version", [3, 5, 6])
def test_keys_of_other_versions_are_refused(version: int) -> None:
    key, *rest = packets(KEY)
    assert "version" in refused_key(joined(Packet(key.tag, bytes([version]) + key.body[1:]), *rest))


def test_an_rsa_exponent_that_takes_long_is_refused() -> None:
    body = MAIN.body.removesuffix(number(65537)) + number(2**24 + 1)
    assert "exponent" in refused_key(encode_packet(Tag.PUBLIC_KEY, body))


def test_an_unknown_curve_is_refused() -> None:
    key, *rest = packets(KEY)
    changed = key.body.replace(bytes.fromhex("2a8648ce3d030107"), bytes.fromhex("2a8648ce3d030108"))
    assert "curve" in refused_key(joined(Packet(key.tag, changed), *rest))


def test_a_point_beside_its_curve_is_refused() -> None:
    key, *rest = packets(KEY)
    assert "not a usable key" in refused_key(joined(Packet(key.tag, key.body[:-1] + b"\0"), *rest))


def test_an_eddsa_key_on_another_curve_is_refused() -> None:
    key, *rest = packets(parts("carol")[0])
    changed = key.body.replace(bytes.fromhex("da470f01"), bytes.fromhex("da470f02"))
    assert "Ed25519" in refused_key(joined(Packet(key.tag, changed), *rest))


def test_a_key_whose_length_cannot_be_hashed_is_refused() -> None:
    first, *others = packets(KEY)
    longer = Packet(first.tag, first.body.ljust(0x10000, b"\0"))
    with pytest.raises(LimitExceeded):
        parse_key_ring(joined(longer, *others))


def test_too_large_a_key_and_too_many_packets_are_refused() -> None:
    with pytest.raises(LimitExceeded):
        parse_key_ring(bytes(1024 * 1024 + 1))
    with pytest.raises(LimitExceeded):
        parse_key_ring(joined(packets(KEY)[0]) + encode_packet(60, b"") * MAX_PACKETS)


def test_a_plain_user_id_names_no_address() -> None:
    assert parse_key_ring(KEY).subjects == ("bob@example.com",)


MAY_CERTIFY, MAY_SIGN, MAY_ENCRYPT = (subpacket(27, bytes([flag])) for flag in (1, 2, 4))
LATER = b"\x05\x02\x79\x00\x00\x00"


def detached(key: HandMade, content: bytes = CONTENT, **more: bytes) -> bytes:
    return encode_packet(Tag.SIGNATURE, key.sign(0, content, **more))


def signs(certificate: bytes, signature: bytes) -> bool:
    try:
        verify_detached(parse_key_ring(certificate), signature, CONTENT)
    except SignatureMismatch:
        return False
    return True


@pytest.mark.parametrize(
    ("hashed", "may"),
    [
        (CREATED, True),
        (CREATED + MAY_SIGN, True),
        (CREATED + MAY_CERTIFY, False),
        (CREATED + subpacket(27, b""), False),
        (CREATED + subpacket(29, b"\x00"), False),
        (CREATED + subpacket(100, bytes(300)), True),
    ],
    ids=["no flags", "signs", "certifies", "empty flags", "reason for revocation", "long subpacket"],
)
def test_the_binding_says_whether_a_key_may_sign(hashed: bytes, may: bool) -> None:
    assert signs(MAIN.certificate(hashed), detached(MAIN)) is may


def test_the_name_that_is_marked_as_primary_decides() -> None:
    names = MAIN.certificate(CREATED + MAY_CERTIFY) + MAIN.certificate(
        CREATED + MAY_SIGN + subpacket(25, b"\x01"), b"Heidi at work"
    ).removeprefix(encode_packet(Tag.PUBLIC_KEY, MAIN.body))
    assert signs(names, detached(MAIN))


BINDING, REVOCATION = 0x18, 0x28


@pytest.mark.parametrize(
    ("bindings", "may"),
    [
        ([(BINDING, CREATED)], True),
        ([(BINDING, CREATED), (REVOCATION, CREATED)], False),
        ([(REVOCATION, CREATED), (BINDING, LATER)], False),
        ([(BINDING, CREATED + MAY_ENCRYPT), (BINDING, LATER)], True),
        ([(BINDING, LATER), (BINDING, CREATED + MAY_ENCRYPT)], True),
    ],
    ids=["bound", "revoked", "bound after revocation", "newest last", "newest first"],
)
def test_a_revocation_and_then_the_newest_binding_of_a_subkey_counts(bindings: list, may: bool) -> None:
    assert signs(MAIN.certificate() + MAIN.subkey(OTHER, *bindings), detached(OTHER)) is may


@pytest.mark.parametrize(("moment", "may"), [(b"\x50", True), (b"\x79", False)], ids=["before", "after"])
@pytest.mark.parametrize("step", [1, -1])
def test_bindings_of_both_versions_are_compared_by_their_time(moment: bytes, may: bool, step: int) -> None:
    """The one of version 3 lets the key sign, and the other does not."""
    signed = MAIN.hashed + OTHER.hashed
    flagged = MAIN.sign(BINDING, signed, b"\x05\x02" + moment + bytes(3) + MAY_ENCRYPT)
    bindings = [encode_packet(Tag.SIGNATURE, made) for made in (MAIN.sign_v3(BINDING, signed), flagged)]
    subkey = encode_packet(Tag.PUBLIC_SUBKEY, OTHER.body) + b"".join(bindings[::step])
    assert signs(MAIN.certificate() + subkey, detached(OTHER)) is may


def bound(maker: HandMade, hashed: bytes, loose: bytes) -> bytes:
    """Return a certificate with a subkey that somebody bound to it."""
    binding = maker.sign(BINDING, MAIN.hashed + OTHER.hashed, hashed, subpacket(16, MAIN.key_id) + loose)
    return MAIN.certificate() + encode_packet(Tag.PUBLIC_SUBKEY, OTHER.body) + encode_packet(Tag.SIGNATURE, binding)


def test_a_subkey_cannot_bind_itself() -> None:
    assert signs(bound(MAIN, CREATED, b""), detached(OTHER))
    with pytest.raises(SignatureMismatch):
        parse_key_ring(bound(OTHER, CREATED, b""))


def test_a_key_cannot_consent_for_its_subkey() -> None:
    """Whoever could would take over the signatures of another's key."""
    consents = [maker.sign(0x19, MAIN.hashed + OTHER.hashed) for maker in (OTHER, MAIN)]
    assert signs(bound(MAIN, CREATED + MAY_SIGN, subpacket(32, consents[0])), detached(OTHER))
    with pytest.raises(SignatureMismatch):
        parse_key_ring(bound(MAIN, CREATED + MAY_SIGN, subpacket(32, consents[1])))


def test_a_revocation_of_a_name_does_not_bind_it() -> None:
    content = MAIN.hashed + b"\xb4" + len(NAME).to_bytes(4, "big") + NAME
    revocation = encode_packet(Tag.SIGNATURE, MAIN.sign(0x30, content))
    (name,) = parse_key_ring(MAIN.certificate() + revocation).certificates[0].names
    assert (name.binding.kind, [other.kind for other in name.others]) == (0x13, [0x30])


def test_several_keys_one_behind_the_other_are_read() -> None:
    assert parse_key_ring(KEY + ALICE).subjects == ("bob@example.com", "alice@example.com")


def test_a_revocation_of_the_key_that_it_did_not_make_is_refused() -> None:
    revocation = encode_packet(Tag.SIGNATURE, OTHER.sign(0x20, MAIN.hashed))
    with pytest.raises(SignatureMismatch):
        parse_key_ring(encode_packet(Tag.PUBLIC_KEY, MAIN.body) + revocation + MAIN.certificate())


@pytest.mark.parametrize("size", [10, 250, 17000])
def test_subpackets_that_are_not_hashed_are_written_back_with_the_shortest_length(size: int) -> None:
    loose = subpacket(16, MAIN.key_id) + subpacket(100, bytes(size))
    found = packets(MAIN.certificate())
    content = MAIN.hashed + b"\xb4" + len(found[1].body).to_bytes(4, "big") + found[1].body
    certificate = joined(*found[:2], Packet(2, MAIN.sign(0x13, content, CREATED, loose)))
    canonical = parse_key_ring(certificate).certificates[0].encode()
    assert parse_key_ring(canonical).certificates[0].encode() == canonical
    assert len(certificate) - len(canonical) == {10: 0, 250: 3, 17000: 0}[size]


def test_a_signature_without_an_issuer_is_by_nobody() -> None:
    assert not signs(MAIN.certificate(), detached(MAIN, unhashed=b""))
    assert signs(MAIN.certificate(), detached(MAIN, unhashed=subpacket(33, b"\x04" + bytes(12) + MAIN.key_id)))
    assert not signs(MAIN.certificate(), detached(MAIN, unhashed=subpacket(33, b"\x06" + bytes(24) + MAIN.key_id)))


def test_a_signature_without_a_time_is_refused() -> None:
    with pytest.raises(MalformedError) as refused:
        signs(MAIN.certificate(), detached(MAIN, hashed=b""))
    assert "time" in refused.value.why


@pytest.mark.parametrize(("content", "may"), [(CONTENT, True), (CONTENT + b".", False)])
def test_a_signature_of_version_3_is_verified(content: bytes, may: bool) -> None:
    """GnuPG writes none any more, and old RPM packages carry them."""
    assert signs(MAIN.certificate(), encode_packet(Tag.SIGNATURE, MAIN.sign_v3(0, content))) is may


def test_a_signature_of_version_3_hashes_five_bytes() -> None:
    made = MAIN.sign_v3(0, CONTENT)
    with pytest.raises(MalformedError):
        signs(MAIN.certificate(), encode_packet(Tag.SIGNATURE, made[:1] + b"\x06" + made[2:]))


@pytest.mark.parametrize("text", [b"a\nb\r\nc\rd\n", b"", b"\n\n", b"\r"])
def test_text_is_signed_with_crlf(text: bytes) -> None:
    signed = text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    made = encode_packet(Tag.SIGNATURE, MAIN.sign(1, signed))
    verify_detached(parse_key_ring(MAIN.certificate()), made, text)


@pytest.mark.parametrize("mode", [pysequoia.SignatureMode.DETACHED, pysequoia.SignatureMode.CLEAR])
def test_what_sequoia_signs_is_verified(mode: pysequoia.SignatureMode) -> None:
    key = pysequoia.Tsk.generate("Ivan <ivan@example.com>", profile=pysequoia.Profile.RFC4880)
    made = bytes(pysequoia.sign(key.signer(), b"- hello \n", mode=mode))
    ring = parse_key_ring(str(key.extract_certificate()).encode())
    assert ring.subjects == ("ivan@example.com",)
    if mode == pysequoia.SignatureMode.DETACHED:
        verify_detached(ring, find_armor(made, what="test").body, b"- hello \n")
    else:
        found = parse_clearsigned(made, what="test")
        verify_detached(ring, found.signature, found.signed)
        assert found.text.strip() == b"- hello"


def test_sequoia_reads_what_is_logged_of_a_key() -> None:
    ring = parse_key_ring(FRANK)
    assert pysequoia.Cert.from_bytes(ring.canonical).fingerprint == ring.certificates[0].key.fingerprint.hex()


def test_a_signature_by_a_key_that_is_not_there_is_passed_over() -> None:
    verify_detached(parse_key_ring(KEY), BY_ALICE + MADE, CONTENT)


@pytest.mark.parametrize("name", ["alice", "bob", "carol", "dave", "erin"])
def test_each_kind_of_key_refuses_another_number(name: str) -> None:
    """RSA, ECDSA, EdDSA, DSA: the digest is right, the signature is not."""
    key, signature, _ = parts(name)
    verify_detached(parse_key_ring(key), signature, CONTENT)
    with pytest.raises(SignatureMismatch):
        verify_detached(parse_key_ring(key), signature[:-1] + bytes([signature[-1] ^ 1]), CONTENT)


@pytest.mark.parametrize("name", ["bob", "bob-armored"])
def test_other_content_is_refused(name: str) -> None:
    key, signature, _ = parts(name)
    assert verify_pgp(key, signature, CONTENT)
    with pytest.raises(SignatureMismatch):
        verify_pgp(key, signature, CONTENT + b".")


@pytest.mark.parametrize("end", [b"\n", b"\r"])
def test_a_text_of_too_many_lines_is_refused(end: bytes) -> None:
    """Each line end is looked at by itself, and a request has room for twenty million."""
    with pytest.raises(LimitExceeded):
        verify_pgp(MAIN.certificate(), encode_packet(Tag.SIGNATURE, MAIN.sign(1, b"")), end * ((1 << 20) + 1))


def test_too_large_a_signature_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        verify_pgp(KEY, MADE.ljust(64 * 1024 + 1, b"\0"), CONTENT)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"\x42\x00", "not an OpenPGP packet"),
        (b"\xb7" + bytes(8), "unknown length"),
        (b"\xcd\xe0" + bytes(8), "unknown length"),
        (b"\xcd\xfe" + bytes(8), "unknown length"),
    ],
)
def test_packets_that_are_for_streams_are_refused(raw: bytes, why: str) -> None:
    with pytest.raises(MalformedError) as refused:
        packets(raw)
    assert why in refused.value.why


def test_the_native_point_of_an_eddsa_key_is_marked() -> None:
    key, *rest = packets(parts("carol")[0])
    at = key.body.index(b"\x01\x07\x40") + 2
    assert "Ed25519" in refused_key(joined(Packet(key.tag, key.body[:at] + b"\x41" + key.body[at + 1 :]), *rest))


def test_other_packets_among_signatures_are_refused() -> None:
    with pytest.raises(MalformedError) as refused:
        verify_detached(parse_key_ring(KEY), MADE + KEY, CONTENT)
    assert "nothing else" in refused.value.why
    with pytest.raises(MalformedError):
        verify_detached(parse_key_ring(KEY), b"", CONTENT)


def changed_signature(offset: int, octet: int) -> bytes:
    (made,) = packets(MADE)
    return joined(Packet(made.tag, made.body[:offset] + bytes([octet]) + made.body[offset + 1 :]))


@pytest.mark.parametrize(
    ("offset", "octet"),
    [(0, 5), (0, 2), (1, 0x10), (2, 99), (3, 1)],
    ids=["version 5", "version 2", "not over a document", "unknown algorithm", "MD5"],
)
def test_signatures_that_are_not_understood_are_refused(offset: int, octet: int) -> None:
    with pytest.raises(MalformedError):
        verify_detached(parse_key_ring(KEY), changed_signature(offset, octet), CONTENT)


@pytest.mark.parametrize(("offset", "octet"), [(1, 1), (2, 17), (3, 10), (-1, 0)], ids=["text", "DSA", "SHA-512", "s"])
def test_a_signature_with_one_changed_field_is_refused(offset: int, octet: int) -> None:
    (made,) = packets(MADE)
    body = bytearray(made.body)
    body[offset] = octet if body[offset] != octet else octet + 1
    with pytest.raises(SignatureMismatch):
        verify_detached(parse_key_ring(KEY), joined(Packet(made.tag, bytes(body))), CONTENT)


def with_unhashed(unhashed: bytes) -> bytes:
    (made,) = packets(MADE)
    hashed = int.from_bytes(made.body[4:6], "big")
    old = int.from_bytes(made.body[6 + hashed : 8 + hashed], "big")
    rest = made.body[8 + hashed + old :]
    return joined(Packet(made.tag, made.body[: 6 + hashed] + len(unhashed).to_bytes(2, "big") + unhashed + rest))


def test_the_issuers_fingerprint_names_the_key_as_well() -> None:
    verify_detached(parse_key_ring(KEY), with_unhashed(b""), CONTENT)


@pytest.mark.parametrize(
    ("unhashed", "why"), [(b"\x00\x02", "empty"), (b"\x05\x10", "too early"), (b"\x02\xff\x00", "critical")]
)
def test_broken_subpackets_are_refused(unhashed: bytes, why: str) -> None:
    with pytest.raises(MalformedError) as refused:
        verify_detached(parse_key_ring(KEY), with_unhashed(unhashed), CONTENT)
    assert why in refused.value.why


def test_an_embedded_critical_subpacket_that_is_known_is_read() -> None:
    verify_detached(
        parse_key_ring(KEY), with_unhashed(b"\x09\x90" + parse_key_ring(KEY).certificates[0].key.key_id), CONTENT
    )


def test_a_public_key_in_place_of_a_signature_is_refused() -> None:
    with pytest.raises(MalformedError) as refused:
        verify_pgp(KEY, encode_armor(PUBLIC_KEY, KEY), CONTENT)
    assert PUBLIC_KEY in refused.value.why


def test_armor_with_another_checksum_is_refused() -> None:
    good = encode_armor(SIGNATURE, MADE)
    head, _, tail = good.rpartition(b"\n=")
    assert find_armor(good, what="test").body == MADE
    with pytest.raises(MalformedError):
        find_armor(head + b"\n=AAAA" + tail[4:], what="test")


def test_armor_without_a_checksum_is_read() -> None:
    head, _, tail = encode_armor(SIGNATURE, MADE).rpartition(b"\n=")
    assert find_armor(head + tail[4:], what="test").body == MADE


@pytest.mark.parametrize("size", [0, 191, 192, 8383, 8384, 70000])
def test_packets_of_every_length_are_read_back(size: int) -> None:
    assert packets(encode_packet(13, bytes(size))) == [Packet(13, bytes(size))]


@pytest.mark.parametrize("raw", [b"\xb7\x00", b"\xcd\xe0\x00", b"\xcd\x05abc", b"\xcd", b"\x7f\x00"])
def test_broken_packets_are_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        packets(raw)


@pytest.mark.parametrize(("header", "size"), [(b"\xb4\x03", 3), (b"\xb5\x00\x03", 3), (b"\xb6\x00\x00\x00\x03", 3)])
def test_headers_of_the_old_format_are_read(header: bytes, size: int) -> None:
    assert packets(header + b"abc"[:size]) == [Packet(13, b"abc")]


def test_base64_is_what_armor_holds() -> None:
    assert base64.b64encode(MADE[:30]) in encode_armor(SIGNATURE, MADE)
