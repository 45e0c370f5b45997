"""Lists of checksums: what the system's own program writes about any names, and what is made of anything else."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from cosignpy.core.checksums import ALGORITHMS, parse_checksums
from cosignpy.errors import MalformedError
from tests.property.strategies import neighbours

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=20).filter(
    lambda name: name not in {".", "..", "-"}
)
HEX = "0" * 64
LIST = f"# c\n{HEX}  a/b\n{'1' * 128} *c\n\\SHA256 (d\\ne) = {HEX}\nSHA384(f)= {'2' * 96}\n".encode()


def write_line(name: str, digest: bytes) -> str:
    """Write as coreutils does."""
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    mark = "\\" if escaped != name else ""
    return f"{mark}{digest.hex()}  {escaped}\n"


@st.composite
def listed(draw: st.DrawFn) -> Mapping[str, tuple[str, bytes]]:
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    found = {}
    for name in names:
        length, algorithm = draw(st.sampled_from(sorted(ALGORITHMS.items())))
        found[name] = (algorithm, draw(st.binary(min_size=length // 2, max_size=length // 2)))
    return found


@given(listed())
def test_what_is_written_is_read(files: Mapping[str, tuple[str, bytes]]) -> None:
    text = "".join(write_line(name, digest) for name, (_, digest) in files.items())
    found = {file.name: dict(file.digests) for file in parse_checksums(text.encode())}
    assert found == {name: {algorithm: digest} for name, (algorithm, digest) in files.items()}


@settings(max_examples=30, deadline=None)
@given(names=st.sets(NAMES.filter(lambda name: len(name.encode()) < 256), min_size=1, max_size=5), tag=st.booleans())
def test_what_coreutils_writes_is_read(names: set[str], tag: bool) -> None:
    with TemporaryDirectory() as folder:
        for name in names:
            (Path(folder) / name).write_bytes(name.encode())
        command = ["sha256sum", *(["--tag"] if tag else []), "--", *sorted(names)]
        made = subprocess.run(command, cwd=folder, capture_output=True, check=True).stdout
    assert {file.name for file in parse_checksums(made)} == names


@given(st.binary() | neighbours(LIST) | st.binary().map(lambda raw: LIST + raw))
def test_nothing_else_leaves(raw: bytes) -> None:
    """Whatever is read stays below its folder; everything else is one kind of error."""
    try:
        files = parse_checksums(raw)
    except MalformedError:
        return
    for file in files:
        parts = file.name.split("/")
        assert not {"", ".", ".."} & set(parts)
        assert "\0" not in file.name
        assert file.digests
