"""The example of docs/formats/trust-cache.md."""

from collections.abc import Callable, Mapping
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.services.tuf.cache import SIGNING_CONFIG, TRUSTED_ROOT
from cosignpy.services.tuf.record import Record
from tests.support.trust_repository import CONTENTS, NOW, ONLINE

_ASKED: Final = int(NOW.timestamp())


def _record() -> bytes:
    targets = {SIGNING_CONFIG: None, TRUSTED_ROOT: Digest.of(CONTENTS[TRUSTED_ROOT])}
    expires = _ASKED + int(ONLINE.total_seconds())
    return Record("https://tuf.example", str(Digest.of(b"the root")), _ASKED, expires, targets).encode()


EXAMPLES: Final[Mapping[str, Callable[[], bytes]]] = {"trust-record": _record}
