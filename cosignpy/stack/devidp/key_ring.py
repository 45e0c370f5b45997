"""Where the issuer's keys are: in a directory of its own, or in memory and gone with the process.

The directory holds two files: `keys.json`, which nobody but its owner can read, and whose readers can therefore make
any token themselves; and `issuer.json`, which says under what URL the tokens are issued.
"""

import logging
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cosignpy.core.encoding import JsonObject, encode_json
from cosignpy.errors import FileError
from cosignpy.files import PRIVATE, explain, write_file
from cosignpy.serving.watched import WatchedFiles
from cosignpy.stack.devidp.signing_keys import SigningKey, SigningKeys, TokenAlgorithm

KEYS_FILE: Final = "keys.json"
ISSUER_FILE: Final = "issuer.json"

RETIRED_SECONDS: Final = 3600.0
"""How long a key that signs no more can be found: as long as the last token that it signed can live."""

_LOG: Final = logging.getLogger(__name__)

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_PRIVATE_DIRECTORY: Final = 0o700


class KeyRing:
    """The keys of an issuer that is running; with a file, whoever rotates them there rotates them here."""

    def __init__(self, keys: SigningKeys, now: Callable[[], float], path: Path | None = None) -> None:
        self._keys = keys
        self._now = now
        self._path = path
        self._watched = WatchedFiles(*([path] if path else []))

    @property
    def keys(self) -> SigningKeys:
        """The keys as they are now."""
        return self._keys

    def rotate(self, algorithm: TokenAlgorithm | None = None) -> SigningKey:
        """Make a new key sign, of another algorithm if one is named, and return it.

        Raises:
            FileError: It cannot be written; the old one still signs.
        """
        key = SigningKey.generate(algorithm or self._keys.current.algorithm)
        rotated = self._keys.rotate(key, self._now(), RETIRED_SECONDS)
        if self._path:
            write_file(self._path, rotated.encode(), PRIVATE)
        self._keys = rotated
        return key

    def encode_jwks(self) -> bytes:
        """Encode the public keys for verifiers."""
        return self._keys.encode_jwks(self._now())

    def reload_if_changed(self) -> None:
        """Take the keys that the file holds now.

        Raises:
            CosignError: It cannot be used; the keys stay as they were.
        """
        self._watched.follow(self._read)

    def _read(self) -> None:
        if self._path:
            self._keys = _load(self._path)
            _LOG.info("the keys were read again; key %s signs", self._keys.current.key_id)


def make_ring(algorithm: TokenAlgorithm, now: Callable[[], float]) -> KeyRing:
    """Make keys that nobody keeps."""
    return KeyRing(SigningKeys((SigningKey.generate(algorithm),)), now)


def open_ring(directory: Path, now: Callable[[], float]) -> KeyRing:
    """Open the keys of a directory.

    Raises:
        CosignError: There are none, others can read them, or they cannot be used.
    """
    path = directory / KEYS_FILE
    if not path.exists():
        raise FileError(str(path), "there are no keys", hint="`serve --dir` makes them")
    return KeyRing(_load(path), now, path)


def open_or_make_ring(directory: Path, algorithm: TokenAlgorithm, now: Callable[[], float]) -> KeyRing:
    """Open the keys of a directory; make it, and a key in it, if they are not there.

    Raises:
        CosignError: They cannot be written, or those that are there cannot be used.
    """
    path = directory / KEYS_FILE
    with explain(directory):
        directory.mkdir(_PRIVATE_DIRECTORY, parents=True, exist_ok=True)
    if not path.exists():
        write_file(path, SigningKeys((SigningKey.generate(algorithm),)).encode(), PRIVATE)
    return open_ring(directory, now)


def save_issuer(directory: Path, issuer: str) -> None:
    """Note the URL of the issuer, for `load_issuer`.

    Raises:
        FileError: It cannot be written.
    """
    write_file(directory / ISSUER_FILE, encode_json({"issuer": issuer}))


def load_issuer(directory: Path) -> str:
    """Return the URL under which the keys of a directory were last served.

    Raises:
        CosignError: They never were, or the file is broken.
    """
    path = directory / ISSUER_FILE
    if not path.exists():
        raise FileError(str(path), "this issuer was never served", hint="name its URL with --issuer")
    with explain(path):
        return JsonObject.parse(path.read_bytes(), what=str(path)).text("issuer")


def _load(path: Path) -> SigningKeys:
    with explain(path):
        mode, raw = path.stat().st_mode, path.read_bytes()
    if mode & _OTHERS:
        raise FileError(
            str(path), f"private keys that others can use (mode {stat.S_IMODE(mode):04o})", hint=f"chmod 600 {path}"
        )
    return SigningKeys.parse(raw, what=str(path))
