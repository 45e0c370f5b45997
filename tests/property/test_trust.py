"""Trust repositories with one change anywhere: what is had is what was signed, or a known error says why not."""

import contextlib
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from cosignpy.errors import CosignError, FileError
from cosignpy.services.tuf.cache import TRUSTED_ROOT
from cosignpy.services.tuf.cache_folder import CacheFolder
from cosignpy.services.tuf.sources import Absent
from cosignpy.services.tuf.update import Start, update
from cosignpy.values import value
from tests.support.trust_repository import CONTENTS, NOW, TrustRepository

REPOSITORY: Final = TrustRepository()
REPOSITORY.rotate_root()
REPOSITORY.publish()
FILES: Final = sorted(name for name in REPOSITORY.files if "1." not in name.partition("/")[0])
JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@value
class MemorySource:
    """A repository's files, some of them changed."""

    changed: dict[str, bytes]
    url: str = "https://tuf.example"

    def read(self, url: str, cap: int) -> bytes:
        files = REPOSITORY.files | self.changed
        name = url.removeprefix(f"{self.url}/")
        if name not in files:
            raise Absent(404, FileError(name, "not there"))
        return files[name][:cap]


def had(changed: dict[str, bytes]) -> bytes | None:
    with TemporaryDirectory() as place:
        folder = CacheFolder(Path(place))
        folder.create()
        return update(Start(folder, REPOSITORY.root, NOW), MemorySource(changed), [TRUSTED_ROOT]).contents[TRUSTED_ROOT]


def test_without_a_change_it_is_had() -> None:
    assert had({}) == CONTENTS[TRUSTED_ROOT]


@given(st.sampled_from(FILES), st.data())
@settings(max_examples=150, deadline=None)
def test_a_changed_byte(name: str, data: st.DataObject) -> None:
    original = REPOSITORY.files[name]
    at = data.draw(st.integers(0, len(original) - 1))
    changed = original[:at] + bytes([data.draw(st.integers(0, 255))]) + original[at + 1 :]
    with contextlib.suppress(CosignError):
        assert had({name: changed}) == CONTENTS[TRUSTED_ROOT]


@given(st.sampled_from(FILES), st.data())
@settings(max_examples=150, deadline=None)
def test_a_changed_member(name: str, data: st.DataObject) -> None:
    node = document = json.loads(REPOSITORY.files[name])
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(node[key], dict | list) or not node[key] or data.draw(st.booleans()):
            break
        node = node[key]
    node[key] = data.draw(JSON)
    with contextlib.suppress(CosignError):
        assert had({name: json.dumps(document).encode()}) == CONTENTS[TRUSTED_ROOT]
