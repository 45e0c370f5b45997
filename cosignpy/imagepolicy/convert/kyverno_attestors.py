"""Sets of attestors as Kyverno's ClusterPolicies have them: so many of each set have to pass, and every set."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from cosignpy.documents import Node
from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.authorities import MAX_AUTHORITIES
from cosignpy.imagepolicy.convert.drafts import Signers
from cosignpy.imagepolicy.convert.findings import Findings, constant, read
from cosignpy.imagepolicy.convert.keys import split_keys
from cosignpy.imagepolicy.convert.kyverno_signers import (
    convert_extensions,
    convert_key,
    convert_keyless,
    read_key,
    read_keyless,
)
from cosignpy.imagepolicy.convert.writing import Content
from cosignpy.imagepolicy.fields import Fields
from cosignpy.values import value

if TYPE_CHECKING:
    from cosignpy.imagepolicy.convert.private_trust import PrivateTrust

_UNSAYABLE: Final = {
    "annotations": "no policy of ours demands annotations of signatures: sign an attestation with them",
    "certificates": "name the identities of its certificates, and who issues them in a TrustRoot",
    "attestor": "sets inside sets cannot be said: write them beside each other",
}


@value
class Wanted:
    """What is looked for: where, in which form, and attestations in place of signatures."""

    repository: str = ""
    bundles: bool = False
    attestations: tuple[Mapping[str, Content], ...] = ()


def convert_set(node: Node, wanted: Wanted, findings: Findings) -> Signers:
    """Convert a set of attestors.

    Raises:
        DocumentError: Something in it cannot be said.
    """
    fields = read(constant(node), ("count", "entries"))
    entries = [each for some in fields.items("entries", _spread, MAX_AUTHORITIES) for each in some]
    if not entries:
        raise fields.error("entries", "names nobody", "say who has to have signed")
    found = [_convert(entry, key, f"attestor-{n}", wanted, findings) for n, (entry, key) in enumerate(entries, 1)]
    conditions = [each.condition for each in found if each.condition]
    if conditions and (len(found) > 1 or wanted.attestations):
        raise fields.error(
            "entries", "one of several has additionalExtensions", "they are said of a lone signature only"
        )
    return Signers(
        tuple([authority for each in found for authority in each.authorities]),
        _count(fields, len(found)),
        conditions[0] if conditions else (),
        tuple([trust for each in found for trust in each.trust]),
    )


def _count(fields: Fields, total: int) -> int:
    """Return how many have to pass: all, where nothing is said."""
    if "count" not in fields:
        return total
    wanted = fields.parsed("count", parse_count, getattr(fields.members["count"], "text", ""))
    if wanted > total:
        raise fields.error("count", f"{wanted} is more than there are: {total}")
    return wanted


def parse_count(text: str) -> int:
    """Parse how many are needed.

    Raises:
        MalformedError: It is no number from 1 on.
    """
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:9]) <= MAX_AUTHORITIES:
        raise MalformedError("count", f"{text!r} is not a number from 1 to {MAX_AUTHORITIES}")
    return int(text)


def _spread(node: Node) -> Iterator[tuple[Fields, str]]:
    """Yield an entry once for each of its keys: several in one text are counted as if each had its own entry."""
    entry = read(node, ("keys", "keyless", "repository"), _UNSAYABLE)
    keys = entry.child("keys", read_key)
    if keys is None or "publicKeys" not in keys:
        yield entry, ""
    else:
        yield from [(entry, key) for key in split_keys(keys.required("publicKeys"), keys.place_of("publicKeys"))]


def _convert(entry: Fields, key: str, name: str, wanted: Wanted, findings: Findings) -> Signers:
    kind = entry.only_one("keys", "keyless")
    condition: tuple[str, ...] = ()
    trust: tuple[PrivateTrust, ...] = ()
    if kind == "keys":
        made = convert_key(read_key(entry.members[kind]), key, findings)
    else:
        fields = read_keyless(entry.members[kind])
        made, trust = convert_keyless(fields, findings)
        condition = convert_extensions(fields, name)
    authority: dict[str, Content] = {"name": name, **made}
    repository = entry.text("repository") or wanted.repository
    if repository:
        authority["source"] = [{"oci": repository}]
    if wanted.attestations:
        authority["attestations"] = list(wanted.attestations)
    if wanted.bundles:
        authority["signatureFormat"] = "bundle"
    return Signers((authority,), condition=condition, trust=trust)
