"""Which mirror to believe and where its cache is: cosign's variables, and the note that `initialize` leaves."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cosignpy.core.encoding import JsonObject, encode_json
from cosignpy.errors import FileError, UsageError
from cosignpy.files import PRIVATE, explain, write_file
from cosignpy.services.tuf.initial_root import read_root_file
from cosignpy.services.tuf.mirror import PUBLIC_GOOD, Mirror

_NOTE: Final = "remote.json"
"""Beside the mirrors' folders, as cosign has it: the mirror that was initialized last."""


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder of all caches: TUF_ROOT, else `~/.sigstore/root`.

    Raises:
        UsageError: There is no home either.
    """
    named = environment.get("TUF_ROOT", "")
    if named:
        return Path(named)
    home = environment.get("HOME", "")
    if not home:
        raise UsageError("there is no folder for the cache of trust", "set TUF_ROOT to one")
    return Path(home) / ".sigstore" / "root"


def select_mirror(folder: Path, environment: Mapping[str, str]) -> Mirror:
    """Choose the mirror: TUF_MIRROR, else the one initialized last, else the public good instance's.

    Raises:
        MalformedError: It is not the URL of a mirror, or the note is broken.
        FileError: The root that TUF_ROOT_JSON names cannot be read.
        LimitExceeded: It is larger than a root.
    """
    url = environment.get("TUF_MIRROR", "") or _remembered(folder) or PUBLIC_GOOD
    return Mirror.parse(url, named_root(environment))


def named_root(environment: Mapping[str, str]) -> bytes | None:
    """Return the root that TUF_ROOT_JSON names, None where it names none.

    Raises:
        FileError: It cannot be read.
        LimitExceeded: It is larger than a root.
    """
    path = environment.get("TUF_ROOT_JSON", "")
    return read_root_file(path) if path else None


def remember_mirror(folder: Path, mirror: Mirror) -> None:
    """Leave the note, for us and for cosign.

    Raises:
        FileError: It cannot be written.
    """
    write_file(folder / _NOTE, encode_json({"mirror": mirror.url}), PRIVATE)


def _remembered(folder: Path) -> str:
    note = folder / _NOTE
    try:
        with explain(note):
            raw, found = note.read_bytes(), note.stat()
    except FileError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return ""
        raise
    if found.st_uid not in {0, os.geteuid()} or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise FileError(
            str(note),
            "others can write it, and it says whom to believe",
            hint="name the mirror with TUF_MIRROR, or run cosignpy initialize once more",
        )
    return JsonObject.parse(raw, what=str(note)).text("mirror")
