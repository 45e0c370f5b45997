"""OpenPGP certificates: keys with the names and subkeys they have bound to themselves (RFC 4880 section 11.1).

The canonical form is what the real server's library writes back: each primary key, its names with the newest
binding of each and the certifications by others, its subkeys with one binding each. It writes the names of a key
in no particular order; here they keep the order they came in.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from cosignpy.errors import MalformedError
from cosignpy.values import field, record, value
from log_server.rekor.kinds.formats.pgp_keys import WHAT, Key, parse_key, verify_signature
from log_server.rekor.kinds.formats.pgp_packets import (
    Packet,
    Signature,
    Subpacket,
    Tag,
    encode_packet,
    parse_signature,
    read_packets,
)

_GENERIC: Final = 0x10
_POSITIVE: Final = 0x13
_SUBKEY_BINDING: Final = 0x18
_PRIMARY_BINDING: Final = 0x19
_KEY_REVOCATION: Final = 0x20
_SUBKEY_REVOCATION: Final = 0x28
_MAY_SIGN: Final = 0x02
"""Kinds of signatures (section 5.2.1), and the flag of keys that sign data (section 5.2.3.21)."""


@value
class Name:
    """A user id, the binding that the key made, and what others certified."""

    text: bytes
    binding: Signature
    others: tuple[Signature, ...] = ()


@value
class Subkey:
    """A subkey and the signature that binds or revokes it."""

    key: Key
    binding: Signature


@value
class Certificate:
    """One primary key with all that belongs to it; every binding was verified."""

    key: Key
    names: tuple[Name, ...]
    subkeys: tuple[Subkey, ...] = field(repr=False)
    is_revoked: bool = False

    def encode(self) -> bytes:
        """Encode in canonical form."""
        return b"".join(self._packets())

    def _packets(self) -> Iterator[bytes]:
        yield encode_packet(Tag.PUBLIC_KEY, self.key.body)
        for name in self.names:
            yield encode_packet(Tag.USER_ID, name.text)
            yield from (signature.canonical for signature in (name.binding, *name.others))
        for subkey in self.subkeys:
            yield encode_packet(Tag.PUBLIC_SUBKEY, subkey.key.body)
            yield subkey.binding.canonical

    def signing_keys(self, key_id: bytes) -> Iterator[Key]:
        """Return the keys of this id that may sign data; none of a certificate that was revoked."""
        main = next((name for name in self.names if Subpacket.PRIMARY_USER_ID in name.binding.parts), self.names[0])
        for key, binding in ((self.key, main.binding), *((sub.key, sub.binding) for sub in self.subkeys)):
            if key.key_id == key_id and not self.is_revoked and _may_sign(binding):
                yield key


def _may_sign(binding: Signature) -> bool:
    if Subpacket.REVOCATION_REASON in binding.parts or binding.kind == _SUBKEY_REVOCATION:
        return False
    flags = binding.parts.get(Subpacket.KEY_FLAGS)
    return flags is None or bool(flags[:1] and flags[0] & _MAY_SIGN)


@record
class _Walk:
    """Where the reading of packets stands: one may be looked at before it is taken."""

    packets: Sequence[Packet]
    position: int = 0

    def peek(self) -> Packet | None:
        return self.packets[self.position] if self.position < len(self.packets) else None

    def take_if(self, *tags: Tag) -> Packet | None:
        packet = self.peek()
        if packet is None or packet.tag not in tags:
            return None
        self.position += 1
        return packet

    def take_signatures(self) -> Iterator[Signature]:
        while packet := self.take_if(Tag.SIGNATURE):
            yield parse_signature(packet.body, what=WHAT)


def parse_certificates(raw: bytes) -> Sequence[Certificate]:
    """Parse the certificates of a key ring in binary form, and verify what they bind to themselves.

    Raises:
        MalformedError: No certificate, a private key, or a broken one.
        SignatureMismatch: A binding that the key did not make.
    """
    walk = _Walk(list(read_packets(raw, what=WHAT)))
    found = []
    while walk.peek() is not None:
        primary = walk.take_if(Tag.PUBLIC_KEY)
        if primary is None:
            raise MalformedError(WHAT, "it does not begin with a public key")
        found.append(_parse_certificate(parse_key(primary.body), walk))
    if not found:
        raise MalformedError(WHAT, "no key in it")
    return found


def _parse_certificate(key: Key, walk: _Walk) -> Certificate:
    names: dict[bytes, Name] = {}
    subkeys: list[Subkey] = []
    is_revoked = False
    while (packet := walk.peek()) is not None and packet.tag != Tag.PUBLIC_KEY:
        walk.position += 1
        if packet.tag == Tag.USER_ID:
            names |= _parse_name(key, packet.body, walk)
        elif packet.tag == Tag.PUBLIC_SUBKEY:
            subkeys.append(_parse_subkey(key, parse_key(packet.body), walk))
        elif packet.tag == Tag.SIGNATURE:
            is_revoked |= _is_revocation(key, packet)
        elif packet.tag in {Tag.SECRET_KEY, Tag.SECRET_SUBKEY}:
            raise MalformedError(WHAT, "it is a private key; send the public one, and replace it")
    if not names:
        raise MalformedError(WHAT, "no name that the key has bound to itself")
    return Certificate(key, tuple(names.values()), tuple(subkeys), is_revoked)


def _parse_name(key: Key, text: bytes, walk: _Walk) -> Mapping[bytes, Name]:
    """Read what follows a user id: the last binding by the key itself counts (section 5.2.3.3)."""
    binding = None
    others = []
    for signature in walk.take_signatures():
        if signature.kind in {_GENERIC, _POSITIVE} and signature.issuer == key.key_id:
            verify_signature(key, signature, key.hashed + b"\xb4" + len(text).to_bytes(4, "big") + text)
            binding = signature
        else:
            others.append(signature)
    return {text: Name(text, binding, tuple(others))} if binding is not None else {}


def _parse_subkey(key: Key, subkey: Key, walk: _Walk) -> Subkey:
    chosen = None
    for signature in walk.take_signatures():
        if signature.kind not in {_SUBKEY_BINDING, _SUBKEY_REVOCATION}:
            raise MalformedError(WHAT, f"a signature of kind {signature.kind:#x} behind a subkey")
        _verify_binding(key, subkey, signature)
        chosen = _newer(chosen, signature)
    if chosen is None:
        raise MalformedError(WHAT, "a subkey that is not bound to the key")
    return Subkey(subkey, chosen)


def _newer(chosen: Signature | None, signature: Signature) -> Signature:
    """Prefer a revocation to everything, then the newest, then the first."""
    if chosen is None or signature.kind == _SUBKEY_REVOCATION:
        return signature
    if chosen.kind == _SUBKEY_REVOCATION:
        return chosen
    return max(chosen, signature, key=lambda each: each.parts[Subpacket.CREATED])


def _verify_binding(key: Key, subkey: Key, signature: Signature) -> None:
    """Verify a binding, and of a subkey that signs its consent (section 11.1), or anybody could claim it."""
    signed = key.hashed + subkey.hashed
    verify_signature(key, signature, signed)
    flags = signature.parts.get(Subpacket.KEY_FLAGS, b"")
    if not (flags and flags[0] & _MAY_SIGN):
        return
    consent = signature.parts.get(Subpacket.EMBEDDED_SIGNATURE)
    if consent is None:
        raise MalformedError(WHAT, "a signing subkey without its own signature on the binding")
    embedded = parse_signature(consent, what=WHAT)
    if embedded.kind != _PRIMARY_BINDING:
        raise MalformedError(WHAT, "a signing subkey whose own signature is of another kind")
    verify_signature(subkey, embedded, signed)


def _is_revocation(key: Key, packet: Packet) -> bool:
    """Tell a revocation of the key itself from the other signatures that may stand on it, and verify it."""
    signature = parse_signature(packet.body, what=WHAT)
    if signature.kind != _KEY_REVOCATION:
        return False
    verify_signature(key, signature, key.hashed)
    return True
