"""The beginning of an authority: keys and certificates are made, and all of them are stored or none."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from ca_server.authority.directory import KEY_FILE, ROOT, AuthorityDirectory
from ca_server.authority.hierarchy import Hierarchy, MadeKey, Plan, make_hierarchy
from ca_server.authority.profile import Role
from ca_server.authority.protocol import encode_chain
from cosignpy.errors import FileError
from cosignpy.files import explain, sync_directory, write_file
from cosignpy.keystore.server_key import save_key_file
from cosignpy.values import field, value


@value
class NewPasswords:
    """What the keys are locked with: the root's with one of its own, where it is to be kept elsewhere."""

    root: bytes = field(repr=False)
    server: bytes = field(repr=False)


def begin_authority(directory: AuthorityDirectory, plan: Plan, passwords: NewPasswords, now: datetime) -> Hierarchy:
    """Make an authority, in a directory that is not there yet, or is empty.

    All is written beside it and then gets its name, so that a failure or a crash leaves no authority at all.

    Raises:
        UsageError: A name or a lifetime that cannot be.
        FileError: Something is there already, or cannot be written.
    """
    made = make_hierarchy(plan, now.replace(microsecond=0))
    refuse_existing(directory.path)
    with _stage(directory.path) as staged:
        _store(AuthorityDirectory(staged), made, passwords)
        with explain(directory.path):
            staged.rename(directory.path)  # refused by the system where a directory has anything in it
    sync_directory(directory.path.parent)
    return made


def refuse_existing(path: Path) -> None:
    """Refuse a place that has something in it.

    Raises:
        FileError: It has, or nobody can tell.
    """
    with explain(path):
        taken = path.exists() and not (path.is_dir() and not any(path.iterdir()))
    if taken:
        raise FileError(str(path), "it is there already, and is never overwritten", hint="name another directory")


@contextmanager
def _stage(path: Path) -> Iterator[Path]:
    """Make a directory, for its owner alone, beside the one it is to become; it goes if anything fails."""
    with explain(path.parent):
        staged = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    try:
        yield staged
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise


def _store(directory: AuthorityDirectory, made: Hierarchy, passwords: NewPasswords) -> None:
    _store_root(directory, made.root, passwords.root)
    for role, key in ((Role.ISSUING, made.issuing), (Role.TIMESTAMPING, made.timestamping)):
        folder = directory.begin(role)
        folder.save_key(key.key, passwords.server)
        folder.save_chain(key.chain)
    sync_directory(directory.path)


def _store_root(directory: AuthorityDirectory, root: MadeKey, password: bytes) -> None:
    folder = directory.path / ROOT
    with explain(folder):
        folder.mkdir(0o700)
    save_key_file(folder / KEY_FILE, root.key, password)
    write_file(directory.root_certificate, "".join(encode_chain(root.chain)).encode())
    sync_directory(folder)
