"""Helm charts as artifacts, as `helm push` makes them (helm.sh, "Use OCI-based registries"): read, never run."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from cosignpy.core.encoding import JsonValue, encode_json
from cosignpy.core.oci.reference import Tag, parse_tag
from cosignpy.documents import Anchors, Items, Members, Node, Place, Word, parse_document
from cosignpy.errors import ClaimMismatch, LimitExceeded, MalformedError
from cosignpy.files import explain
from cosignpy.operations.chart_archive import CHART_FILE, read_chart_file
from cosignpy.operations.local_blob import LocalBlob
from cosignpy.operations.upload import TITLE, Artifact, ArtifactForm
from cosignpy.values import field, value

HELM_CONFIG: Final = "application/vnd.cncf.helm.config.v1+json"
HELM_CHART: Final = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
HELM_PROVENANCE: Final = "application/vnd.cncf.helm.chart.provenance.v1.prov"

MAX_PROVENANCE: Final = 1 << 20
"""Bytes of a provenance file: Chart.yaml once more, a digest and a signature."""

_FIELDS: Final = (
    *("name", "home", "sources", "version", "description", "keywords", "maintainers", "icon", "apiVersion"),
    *("condition", "tags", "appVersion", "deprecated", "annotations", "kubeVersion", "dependencies", "type"),
)
"""What Chart.yaml has, in Helm's order; Helm leaves out the rest."""
_TRUTH: Final[Mapping[str, JsonValue]] = {"true": True, "false": False}
_SWITCHES: Final = frozenset({"deprecated", "enabled"})
"""The only members that are no text. The others are what is written: Helm makes `1.1` of `appVersion: 1.10`."""
_FREE: Final = "annotations"
"""The member whose own members are called as people like, and are texts all."""
_VERSION_SAID: Final = "org.opencontainers.image.version"
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")
_PART: Final = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_VERSION: Final = re.compile(rf"v?[0-9]+(?:\.[0-9]+){{0,2}}(?:-{_PART})?(?:\+{_PART})?")
"""Semantic versions as Helm reads them, short ones too."""


@value
class Chart:
    """A chart: the file, what its Chart.yaml says, and the provenance file beside it."""

    archive: LocalBlob
    name: str
    version: str
    metadata: Mapping[str, JsonValue] = field(repr=False)
    provenance: LocalBlob | None = None

    @property
    def tag(self) -> Tag:
        """The tag that Helm looks for: the version, but tags have no plus sign.

        Raises:
            MalformedError: It is too long for a tag.
        """
        return parse_tag(self.version.replace("+", "_"))

    def pack(self) -> Artifact:
        """Assemble the artifact; Helm, too, has its layers in the order of their digests."""
        layers = [self.archive, *([self.provenance] if self.provenance else [])]
        layers.sort(key=lambda layer: layer.descriptor.digest)
        form = ArtifactForm(HELM_CONFIG, encode_json(dict(self.metadata)), self._annotations())
        return form.pack(*layers)

    def _annotations(self) -> dict[str, str]:
        sources, own = self.metadata.get("sources"), self.metadata.get(_FREE)
        said = {
            "org.opencontainers.image.description": self.metadata.get("description"),
            "org.opencontainers.image.url": self.metadata.get("home"),
            "org.opencontainers.image.source": sources[0] if isinstance(sources, list) else None,
            "org.opencontainers.image.authors": ", ".join(_list_authors(self.metadata.get("maintainers"))),
        }
        said |= (own if isinstance(own, dict) else {}) | {TITLE: self.name, _VERSION_SAID: self.version}
        return {name: text for name, text in said.items() if isinstance(text, str) and text}


def read_chart(path: Path) -> Chart:
    """Read a chart that `helm package` made.

    Raises:
        FileError: It cannot be read.
        MalformedError: It is no chart.
        UsageError: Its Chart.yaml is not one, with the line.
        LimitExceeded: It unpacks to more than Helm takes.
        ClaimMismatch: The provenance file beside it is of another chart.
    """
    archive = LocalBlob.describe(path, HELM_CHART)
    raw = read_chart_file(path)
    place = f"{path}:{CHART_FILE}"
    found = parse_document(raw, place, Anchors.EXPANDED)
    members = found.members if isinstance(found, Members) else {}
    start = Place(place, 1)
    return Chart(
        archive,
        name=_word(members, "name", _NAME, start),
        version=_word(members, "version", _VERSION, start),
        metadata=dict(_list_metadata(members)),
        provenance=_find_provenance(archive),
    )


def _word(members: Mapping[str, Node], name: str, grammar: re.Pattern[str], start: Place) -> str:
    """Return a member that every chart has to have."""
    found = members.get(name)
    if found is None:
        raise start.error(f"it has no {name}")
    if not isinstance(found, Word) or not grammar.fullmatch(found.text):
        raise found.place.error("not one that a chart may have")
    return found.text


def _list_metadata(members: Mapping[str, Node]) -> Iterator[tuple[str, JsonValue]]:
    """Yield the members that say something; Helm leaves out what is empty or false."""
    for name in _FIELDS:
        content = _to_json(members[name], name) if name in members else None
        if content:
            yield name, content


def _list_authors(maintainers: JsonValue) -> Iterator[str]:
    for found in maintainers if isinstance(maintainers, list) else ():
        if isinstance(found, dict):
            email = f" ({found['email']})" if found.get("email") else ""
            yield f"{found.get('name') or ''}{email}"


def _to_json(node: Node, name: str) -> JsonValue:
    """Return what stands there as Helm writes it into the config; `name` is the member's."""
    if isinstance(node, Members):
        free = name == _FREE
        return {key: _to_json(child, _FREE if free else key) for key, child in node.members.items()}
    if isinstance(node, Items):
        return [_to_json(item, name) for item in node.items]
    if node.is_null:
        return None
    return _TRUTH.get(node.text, node.text) if name in _SWITCHES else node.text


def _find_provenance(archive: LocalBlob) -> LocalBlob | None:
    """Return the file that `helm package --sign` put beside the chart; nobody's key is asked about it."""
    path = archive.path.with_name(f"{archive.path.name}.prov")
    if not path.exists():
        return None
    found = LocalBlob.describe(path, HELM_PROVENANCE)
    if found.descriptor.size > MAX_PROVENANCE:
        raise LimitExceeded(str(path), f"more than {MAX_PROVENANCE} bytes")
    with explain(path):
        content = path.read_bytes()
    if b"-----BEGIN PGP SIGNED MESSAGE-----" not in content:
        raise MalformedError("provenance of a chart", f"{path} is not signed by PGP")
    if archive.descriptor.digest.hex.encode() not in content:
        raise ClaimMismatch(f"digest in {path}", str(archive.descriptor.digest), "that of another chart")
    return found
