"""Manifests beside the decoder of the Kubernetes clients: no image that it decodes is missing here."""

import json
import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest

from cosignpy.core.oci.reference import Reference
from cosignpy.documents import DocumentError
from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.inputs.manifests import parse_manifest
from cosignpy.imagepolicy.pod_images import Kind, find_pod_specs, list_pod_images
from tests.interop import peers

SEEDS: Final = (
    """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {a: b}}
spec:
  template:
    spec:
      initContainers:
      - image: "a:1"
      containers:
      - name: x
        image: b
      - {name: y, image: 'c'}
---
apiVersion: v1
kind: Pod
spec: {containers: [{image: d}]}
""",
    """\
kind: Pod
x: &c {image: a}
spec:
  containers:
  - *c
  - <<: *c
    name: x
  - <<: [*c, {image: b}]
  - <<: *c
    image: c
--- # more
{"kind": "Pod", "spec": {"containers": [{"image": "d"}, {"image": "\\u0065"}]}}
""",
    """\
kind: List
items:
- kind: Pod
  spec:
    containers:
    - image: >-
        a
    - image: |-
        b
- kind: Job
  spec: {template: {spec: {containers: [{image: "c", args: ["x
      y"]}]}}}
""",
    '{"kind": "Pod", "spec": {"containers": [{"image": "a"}, {"name": "x", "image": "b"}]}}\n',
)
PIECES: Final = (
    *"\n\\'\"{}[]:#&*!<- \t\r|>%@,~?a",
    *(
        "---\n",
        "\n---\n",
        "\n---",
        "--- ",
        "...\n",
        "<<: ",
        "*c",
        "&c ",
        "image: ",
        "- ",
        "!!str ",
        "!!binary ",
        "? ",
        "\n\n",
    ),
    *("kind: Pod\n", "'image'", '"im\\u0061ge"', "{image: q}", "\x00", "\x85", "\u2028", "\xa0", "\ufeff", "\r\n"),
)
FILES: Final = 50_000


@dataclass(frozen=True)
class Decoder:
    """The decoder, asked one file after the other."""

    process: subprocess.Popen[str]

    def ask(self, text: str) -> list[Any]:
        """Return the documents before the first error."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(text) + "\n")
        self.process.stdin.flush()
        return list(json.loads(self.process.stdout.readline())["documents"])


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    command = [str(peers.path("kubernetes-documents"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Decoder(process)


def images(document: Any) -> set[str]:
    """Return what an object as the decoder has it runs, and those in it if it is a list."""
    if not isinstance(document, dict):
        return set()
    specs = find_pod_specs(document, Kind.read(document))
    found = {image.image for spec in specs for image in list_pod_images(document, spec)}
    items = document.get("items")
    below = [images(item) for item in items] if isinstance(items, list) else []
    return {each for each in found if each is not None and is_name(each)}.union(*below)


def is_name(text: str) -> bool:
    """Tell whether something is the name of an image, so that it could run."""
    try:
        Reference.parse(text)
    except MalformedError:
        return False
    return True


def find(text: str) -> set[str] | None:
    """Return the images that are found here; None where the file is refused."""
    try:
        found = parse_manifest(text, "x.yaml")
    except DocumentError:
        return None
    return {image.name for image in found.images}


def change(text: str, source: random.Random) -> str:
    """Put pieces into a file, perhaps in place of others."""
    for _ in range(source.randint(1, 5)):
        start = source.randint(0, len(text))
        text = (
            text[:start] + source.choice(PIECES) * source.randint(1, 2) + text[start + source.choice((0, 0, 0, 1, 5)) :]
        )
    return text


@pytest.mark.parametrize("text", SEEDS)
def test_the_same_images_are_found(decoder: Decoder, text: str) -> None:
    expected = set().union(*map(images, decoder.ask(text)))
    assert len(expected) >= 2
    assert find(text) == expected


def test_no_image_of_a_changed_file_is_missed(decoder: Decoder) -> None:
    source = random.Random(20261130)
    compared = 0
    for _ in range(FILES):
        text = change(source.choice(SEEDS), source)
        theirs, ours = set().union(*map(images, decoder.ask(text))), find(text)
        if theirs and ours is not None:
            compared += 1
            assert theirs <= ours, text
    assert compared > FILES / 20
