"""Where images that policies are about lie, and their signatures: in registries, or in what was recorded of them."""

from collections.abc import Mapping
from typing import Protocol

from cosignpy.core.digest import Digest
from cosignpy.core.oci.reference import Reference, Tag, parse_repository
from cosignpy.errors import CosignError
from cosignpy.imagepolicy.model import Source
from cosignpy.operations.policy_evidence import Recorder, RecordingSource, Replay, ReplayedSource
from cosignpy.operations.ports import ManifestSource
from cosignpy.operations.remembered import Memory, RememberedSource
from cosignpy.values import field, value


@value
class Place:
    """A repository, and the name that tells it from others."""

    name: str
    source: ManifestSource


@value
class PlacedImage:
    """An image, what is asked for there, and where its signatures are if no policy says otherwise."""

    image: Place
    signatures: Place
    target: Digest | Tag

    @property
    def names(self) -> tuple[str, ...]:
        """The names of both places."""
        return self.image.name, self.signatures.name


class Places(Protocol):
    """Opens images by their names; nothing is asked of anybody yet."""

    def open_image(self, name: str) -> PlacedImage:
        """Open an image.

        Raises:
            CosignError: It is the name of nothing that policies can be about.
        """
        ...

    def open_source(self, source: Source) -> Place:
        """Open the repository that a policy says signatures are in.

        Raises:
            CosignError: It is no repository.
        """
        ...


@value
class WatchedPlaces:
    """Places that are asked once for each thing in a run; what they answer is recorded, where somebody wants that."""

    places: Places
    memory: Memory
    recorder: Recorder | None = None

    def open_image(self, name: str) -> PlacedImage:
        """Open an image.

        Raises:
            CosignError: As the places do.
        """
        found = self.places.open_image(name)
        return PlacedImage(self._watch(found.image), self._watch(found.signatures), found.target)

    def open_source(self, source: Source) -> Place:
        """Open where signatures are.

        Raises:
            CosignError: As the places do.
        """
        return self._watch(self.places.open_source(source))

    def _watch(self, place: Place) -> Place:
        asked = place.source
        if self.recorder is not None:
            asked = RecordingSource(place.name, asked, self.recorder)
        return Place(place.name, RememberedSource(place.name, asked, self.memory))


@value
class ReplayedPlaces:
    """Places as they were recorded; `elsewhere` is where signatures were looked up, empty for beside each image."""

    replay: Replay
    elsewhere: str = ""
    refused: Mapping[str, CosignError] = field(default_factory=dict)
    """Names that nothing could be looked up by, and why."""

    def open_image(self, name: str) -> PlacedImage:
        """Open an image.

        Raises:
            CosignError: The one that was recorded, or the name is no reference.
        """
        if name in self.refused:
            raise self.refused[name]
        reference = Reference.parse(name)
        image = self._place(reference)
        signatures = self._place(parse_repository(self.elsewhere)) if self.elsewhere else image
        return PlacedImage(image, signatures, reference.target)

    def open_source(self, source: Source) -> Place:
        """Open where signatures were.

        Raises:
            MalformedError: It is no repository.
        """
        return self._place(parse_repository(source.oci))

    def _place(self, reference: Reference) -> Place:
        return Place(reference.name, ReplayedSource(reference.name, self.replay))
