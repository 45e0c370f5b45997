"""Dockerfiles and manifests of any content: read, or refused by their line; and no image is lost on the way."""

from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from cosignpy.documents import DocumentError
from cosignpy.imagepolicy.inputs.dockerfile import Dockerfile, parse_dockerfile
from cosignpy.imagepolicy.inputs.manifests import Manifest, OtherFields, parse_manifest

DOCKERFILE: Final = """\
# syntax=docker/dockerfile:1
# escape=\\
ARG V=1 W="x${V:-2}"
FROM --platform=$BUILDPLATFORM a:${V} AS one
RUN --mount=type=bind,from=b,target=/x <<EOF
FROM z
EOF
RUN x \\
  # more
  && y
FROM one
COPY --chown=1 --from=c:1 x y
ONBUILD COPY --from=d x y
"""
MANIFEST: Final = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {a: b}}
spec:
  template:
    spec:
      containers:
      - &c {image: "a:1"}
      - <<: *c
        name: x
      volumes: [{image: {reference: b}}]
---
{"kind": "List", "items": [{"kind": "Other", "spec": {"image": "c"}}]}
"""
PIECES: Final = st.sampled_from(
    [
        *"\n\\'\"${}[]:#&*!<- \t\r`|>%@,~",
        "<<EOF",
        "FROM ",
        "--from=",
        "${X",
        "---\n",
        "<<: ",
        "image: ",
        "{{",
        "\x00",
        "é",
    ]
)
CHANGES: Final = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 20), st.one_of(PIECES, st.text(max_size=4))), max_size=4
)
NAMES: Final = st.from_regex(r"[a-z]{1,8}(:[a-z0-9]{1,5})?", fullmatch=True)


def change(text: str, changes: list[tuple[int, int, str]]) -> str:
    for start, length, piece in changes:
        text = text[:start] + piece + text[start + length :]
    return text


def read(text: str) -> Dockerfile | DocumentError:
    try:
        return parse_dockerfile(text, "Dockerfile", {})
    except DocumentError as error:
        return error


def read_manifest(text: str) -> Manifest | DocumentError:
    try:
        return parse_manifest(text, "x.yaml", OtherFields.TAKEN)
    except DocumentError as error:
        return error


@given(CHANGES)
def test_a_changed_dockerfile_is_read_or_refused_by_its_line(changes: list[tuple[int, int, str]]) -> None:
    text = change(DOCKERFILE, changes)
    found = read(text)
    lines = text.count("\n") + 1
    if isinstance(found, DocumentError):
        assert 1 <= found.line <= lines
        return
    for image in found.images:
        assert 1 <= image.place.line <= lines
        assert image.span is None or text[slice(*image.span)] == image.name


@given(CHANGES)
def test_a_changed_manifest_is_read_or_refused_by_its_line(changes: list[tuple[int, int, str]]) -> None:
    text = change(MANIFEST, changes)
    found = read_manifest(text)
    if isinstance(found, DocumentError):
        assert 1 <= found.line <= len(text.splitlines()) + 1
        return
    for image in found.images:
        assert image.span is None or text[slice(*image.span)] == image.name


@given(
    st.lists(
        st.tuples(NAMES, st.sampled_from(["FROM {}", "COPY --from={} a b", "RUN --mount=from={} x"]), st.booleans())
    )
)
def test_no_image_is_lost_however_the_lines_go_on(parts: list[tuple[str, str, bool]]) -> None:
    lines = ["FROM base:0", *(form.format(name) for name, form, _goes_on in parts)]
    goes_on = [False, *(each for _name, _form, each in parts)]
    text = "\n".join(
        line.replace(" ", " \\\n# why\n  ", 1) if on else line for line, on in zip(lines, goes_on, strict=True)
    )
    found = read(text)
    if isinstance(found, DocumentError):
        assert any(name in {"scratch", "context"} for name, _form, _on in parts)
        return
    assert [each.name for each in found.images] == ["base:0", *(name for name, _f, _o in parts if name != "scratch")]


@given(st.lists(NAMES, min_size=1), st.sampled_from(["containers", "initContainers", "ephemeralContainers"]))
def test_no_container_is_lost(names: list[str], field: str) -> None:
    text = f"kind: Pod\nspec:\n  {field}:\n" + "".join(f"  - image: '{name}'\n" for name in names)
    found = read_manifest(text)
    assert isinstance(found, Manifest)
    assert [each.name for each in found.images] == names
    assert [each.place.line for each in found.images] == list(range(4, 4 + len(names)))
