"""Which version of a trust root is believed: the newest that could be read, or a former one of the same object.

What a repository (TUF) says is kept until there is newer, beyond its time too, and the status says so. Who takes trust
away deletes the trust root, or writes another.
"""

from datetime import datetime

from cosignpy.imagepolicy.trust_roots import TrustRoot, TufRepository
from cosignpy.values import field, value
from cosignpy.webhook.policies.compiled import read_trust_root
from cosignpy.webhook.policies.faults import Fault, Stage, fault_of
from cosignpy.webhook.policies.fetching import Supply
from cosignpy.webhook.policies.gathering import UsableRoot
from cosignpy.webhook.ports import Object


@value
class RootReading:
    """An object that is a trust root, and what was read of it; None where it has faults."""

    document: Object = field(repr=False)
    root: TrustRoot | None = None
    faults: tuple[Fault, ...] = ()

    @property
    def repository(self) -> TufRepository | None:
        """Where its keys are, if not in itself."""
        content = None if self.root is None else self.root.content
        return content if isinstance(content, TufRepository) else None

    @property
    def uid(self) -> str:
        """Of the object."""
        return str(self.document.get("metadata", {}).get("uid", ""))


@value
class SettledRoot:
    """A trust root as it is believed.

    Attributes:
        reading: The newest object.
        usable: What is believed; None where there is nothing yet.
        repository: The repository that `usable` is from, or is to be from.
        faults: Why the newest object is not what is believed.
        expires: When what is believed does, if ever.
        is_expired: Whether it has.
        problem: Why the repository could not be asked again.
    """

    reading: RootReading
    usable: UsableRoot | None = None
    repository: TufRepository | None = field(default=None, repr=False)
    faults: tuple[Fault, ...] = ()
    expires: datetime | None = None
    is_expired: bool = False
    problem: str = ""


def read_root(document: Object) -> RootReading:
    """Read an object."""
    try:
        return RootReading(document, read_trust_root(document))
    except Exception as error:  # noqa: BLE001 - see `fault_of`
        return RootReading(document, faults=(fault_of(Stage.READING, error),))


def settle_root(reading: RootReading, before: SettledRoot | None, supply: Supply) -> SettledRoot:
    """Return what is believed from now on; `supply` is what the repository has that `repository_of` returned."""
    same = before if before is not None and before.reading.uid == reading.uid else None
    former = None if same is None else same.usable
    repository = repository_of(reading, before)
    faults, usable = reading.faults, former
    if reading.root is not None and repository is None:
        usable = UsableRoot(document=reading.document)
    elif reading.root is not None and supply.content is None:
        why = supply.problem or "what the repository has was not fetched yet"
        faults = (Fault(Stage.KEYS, why),)
    if repository is not None and supply.content is not None:
        usable = UsableRoot(trusted_root=supply.content)
    return SettledRoot(reading, usable, repository, faults, supply.expires, supply.is_expired, supply.problem)


def repository_of(reading: RootReading, before: SettledRoot | None) -> TufRepository | None:
    """Return the repository that counts: of a trust root that cannot be read, the one it had."""
    if reading.root is not None:
        return reading.repository
    same = before is not None and before.reading.uid == reading.uid
    return before.repository if same and before is not None else None
