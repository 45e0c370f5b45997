"""What became of the images that files name: a line for every place, and the file with what was verified pinned."""

from collections.abc import Iterator, Sequence

from cosignpy.cli.invocation import CURRENT
from cosignpy.cli.render.errors import one_line
from cosignpy.cli.render.image_policy import PolicyResult
from cosignpy.cli.render.verification import ImageResult
from cosignpy.core.digest import Digest
from cosignpy.core.encoding import JsonValue
from cosignpy.core.oci.reference import Reference
from cosignpy.errors import CosignError
from cosignpy.imagepolicy.inputs.named_image import NamedImage
from cosignpy.values import replace, value


@value
class Verdict:
    """What became of an image, and all that name it; several results where an index is taken apart."""

    images: tuple[NamedImage, ...]
    results: tuple[ImageResult | PolicyResult, ...]

    @property
    def word(self) -> str:
        """What is said of every place."""
        if not self.results or not all(map(_passed, self.results)):
            return "refused"
        return "admitted" if any(isinstance(each, PolicyResult) for each in self.results) else "verified"

    @property
    def is_good(self) -> bool:
        """Whether the image may be used."""
        return self.word != "refused"

    def placed_results(self) -> Iterator[ImageResult | PolicyResult]:
        """Yield the results with where the image is named, as JSON has it."""
        places = tuple([_place_to_json(image) for image in self.images])
        for result in self.results:
            yield replace(result, used_at=places)


def _passed(result: ImageResult | PolicyResult) -> bool:
    if isinstance(result.outcome, CosignError):
        return False
    return not isinstance(result, PolicyResult) or not result.exit_code


def _place_to_json(image: NamedImage) -> JsonValue:
    found: dict[str, JsonValue] = {"file": image.place.file, "line": image.place.line, "as": image.role}
    return found | ({"field": image.place.key} if image.place.key else {})


def print_places(images: Sequence[NamedImage], verdicts: Sequence[Verdict]) -> None:
    """Print a line for every place, in the order of the files."""
    words = {(image.place, image.name): verdict.word for verdict in verdicts for image in verdict.images}
    for image in images:
        where = f"{image.role}, {image.place.key}" if image.place.key else image.role
        line = f"{image.place.file}:{image.place.line}: {image.name}: {words[image.place, image.name]} ({where})"
        CURRENT.print(one_line(line))


def pin_images(text: str, verdicts: Sequence[Verdict]) -> str:
    """Return a file with the digest behind every image that has none.

    Raises:
        DocumentError: An image does not stand in the file as it is, or nobody looked up its digest.
    """
    found: dict[tuple[int, int], str] = {}
    for verdict in verdicts:
        for image in verdict.images:
            if Reference.parse(image.name).digest is None:
                if image.span is None:
                    hint = "its name is put together, or has escapes: write it out, or pin the value of its argument"
                    raise image.place.error(f"{image.name} does not stand here as it is, and cannot be pinned", hint)
                found[image.span] = f"{image.name}@{_digest(verdict, image)}"
    for (start, end), name in sorted(found.items(), reverse=True):
        text = text[:start] + name + text[end:]
    return text


def _digest(verdict: Verdict, image: NamedImage) -> Digest:
    digests = {result.digest for result in verdict.results}
    digest = next(iter(digests))
    if digest is None or len(digests) > 1:
        hint = "a policy that lets everything pass looks nothing up"
        raise image.place.error(f"{image.name} passed without a digest, and cannot be pinned", hint)
    return digest
