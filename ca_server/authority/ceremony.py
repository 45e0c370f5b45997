"""The beginning of an authority: keys and certificates are made, and all of them are stored or none."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from ca_server.authority.directory import FOLDER, PRIVATE_FOLDER, ROOT, AuthorityDirectory
from ca_server.authority.hierarchy import Hierarchy, MadeKey, Plan, make_hierarchy
from ca_server.authority.pair_folder import KEY_FILE
from ca_server.authority.profile import Role
from ca_server.authority.protocol import encode_chain
from ca_server.config import FILE, Settings
from cosignpy.errors import UsageError
from cosignpy.files import explain, sync_directory, write_file
from cosignpy.keystore.server_key import save_key_file
from cosignpy.serving.settings_text import show_settings
from cosignpy.values import field, value


@value
class NewPasswords:
    """What the keys are locked with: the root's with one of its own, where it is to be kept elsewhere."""

    root: bytes = field(repr=False)
    server: bytes = field(repr=False)


def begin_data(data: Path, plan: Plan, passwords: NewPasswords, now: datetime) -> Hierarchy:
    """Make a data directory with an authority and all settings in it; what fails leaves nothing behind.

    Raises:
        UsageError: Something is there already, or a name or a lifetime that cannot be.
        FileError: Something cannot be written.
    """
    refuse_existing(data)
    with _made(data):
        directory = AuthorityDirectory(data / FOLDER)
        made = begin_authority(directory, plan, passwords, now)
        try:
            write_file(data / FILE, show_settings(Settings()).encode())
            sync_directory(data)
        except BaseException:
            shutil.rmtree(directory.path, ignore_errors=True)  # keys that nobody has seen yet
            (data / FILE).unlink(missing_ok=True)
            raise
    return made


def begin_authority(directory: AuthorityDirectory, plan: Plan, passwords: NewPasswords, now: datetime) -> Hierarchy:
    """Make an authority. It is written beside its place and then moved there, so that a crash leaves all of it or none.

    Raises:
        UsageError: A name or a lifetime that cannot be.
        FileError: Something is there already, or cannot be written.
    """
    made = make_hierarchy(plan, now.replace(microsecond=0))
    with _stage(directory.path) as staged:
        _store(AuthorityDirectory(staged), made, passwords)
        with explain(directory.path):
            staged.rename(directory.path)  # refused by the system where that has anything in it
    return made


def refuse_existing(data: Path) -> None:
    """Refuse a data directory that has an authority, or settings.

    Raises:
        UsageError: It has.
        FileError: Nobody can tell.
    """
    for path in (data / FOLDER, data / FILE):
        with explain(path):
            taken = path.exists()
        if taken:
            raise UsageError(f"{path} is there already, and nothing is overwritten", "choose another directory")


@contextmanager
def _made(data: Path) -> Iterator[None]:
    """Have a directory; if it was not there, and anything fails, it goes again."""
    with explain(data):
        new = not data.exists()
        data.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        if new:
            with suppress(OSError):
                data.rmdir()
        raise


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
        with directory.begin(role) as folder:
            folder.save_key(key.key, passwords.server)
            folder.save_chain(key.chain)
    sync_directory(directory.path)


def _store_root(directory: AuthorityDirectory, root: MadeKey, password: bytes) -> None:
    folder = directory.path / ROOT
    with explain(folder):
        folder.mkdir(PRIVATE_FOLDER)
    save_key_file(folder / KEY_FILE, root.key, password)
    write_file(directory.root_certificate, "".join(encode_chain(root.chain)).encode())
    sync_directory(folder)
