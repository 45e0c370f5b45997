"""A policy that is being made: one of the policy controller's kind, which counts everywhere, or one of a namespace."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from cosignpy.documents import DocumentError, Place
from cosignpy.imagepolicy.convert.private_trust import PrivateTrust
from cosignpy.imagepolicy.convert.rego import counts, module
from cosignpy.imagepolicy.convert.writing import Content, write_documents
from cosignpy.imagepolicy.dialect import VERSIONS, Dialect
from cosignpy.imagepolicy.go_reader.conversion import Version
from cosignpy.imagepolicy.go_reader.documents import check_policy
from cosignpy.imagepolicy.go_reader.field_errors import describe
from cosignpy.imagepolicy.model import Mode
from cosignpy.imagepolicy.parse import parse_resources
from cosignpy.values import replace, value

REKOR: Final = "https://rekor.sigstore.dev"
"""The log that is asked for an entry where nothing else is said."""

_NOT_IN_NAMES: Final = re.compile(r"[^a-z0-9]+")


@value
class Signers:
    """Authorities, of which so many have to vouch for an image; `condition` is in Rego, over all that they said.

    `trust` is whom they name to believe.
    """

    authorities: tuple[Mapping[str, Content], ...]
    require: int = 1
    condition: tuple[str, ...] = ()
    trust: tuple[PrivateTrust, ...] = ()

    def spread(self) -> Iterator["Signers"]:
        """Yield what together demands the same, and what one policy each can say: all of some is each of them."""
        if self.require == len(self.authorities):
            yield from [replace(self, authorities=(each,), require=1) for each in self.authorities]
        else:
            yield self


@value
class Draft:
    """A policy: what it is made of, and where that stands."""

    place: Place
    name: str
    globs: tuple[str, ...]
    signers: Signers
    mode: Mode = Mode.ENFORCE
    namespace: str = ""

    def document(self, name: str) -> Mapping[str, Content]:
        """Return it under a name."""
        metadata: dict[str, Content] = {"name": name}
        if self.namespace:
            metadata["namespace"] = self.namespace
        spec: dict[str, Content] = {"images": [{"glob": glob} for glob in self.globs]}
        if self.mode is not Mode.ENFORCE:
            spec["mode"] = self.mode.value
        spec["authorities"] = list(self.signers.authorities)
        conditions = (*self.signers.condition, *counts(self.signers.require))
        if conditions:
            spec["policy"] = {"type": "rego", "data": module(conditions)}
        dialect = Dialect.OWN if self.namespace else Dialect.CLUSTER
        return {"apiVersion": VERSIONS[dialect][0], "kind": dialect.value, "metadata": metadata, "spec": spec}

    def says_the_same(self, other: "Draft") -> bool:
        """Tell whether two have the same demands of the same images, wherever they stand."""
        return self.document("") == other.document("")

    def check(self) -> None:
        """Read it as everybody will, and as clusters do.

        Raises:
            DocumentError: It is not a policy: a key that is none, a pattern that is none.
        """
        text = write_documents([*[each.document for each in self.signers.trust], self.document("name")])
        try:
            parse_resources(text.encode(), "")
        except DocumentError as error:
            why = str(error).removeprefix(f":{error.line}: ")
            raise self.place.error(f"what it would be is no policy: {why}", error.hint) from error
        if not self.namespace:
            mistakes = check_policy(self.document("name"), Version(VERSIONS[Dialect.CLUSTER][0]), "").errors
            if mistakes:
                raise self.place.error(f"what it would be is no policy in a cluster: {describe(mistakes)}")


def name_drafts(drafts: Sequence[Draft]) -> tuple[Mapping[str, Content], ...]:
    """Return all as documents, no two of one name; first whom they name to believe."""
    taken = set[str]()
    trusted = dict.fromkeys(each for draft in drafts for each in draft.signers.trust)
    found = [each.document for each in trusted]
    for draft in drafts:
        name = base = _NOT_IN_NAMES.sub("-", draft.name.lower()).strip("-")[:200] or "policy"
        number = 1
        while name in taken:
            number += 1
            name = f"{base}-{number}"
        taken.add(name)
        found.append(draft.document(name))
    return tuple(found)
