import resource
import signal
import stat
from pathlib import Path

import pytest

from cosignpy.errors import FileError, UsageError
from cosignpy.keystore.pair_files import OutputFile, PairFiles, save_public_key


def never(path: str) -> None:
    raise UsageError(f"asked about {path}")


def always(_: str) -> None:
    return


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_pair_is_written_with_its_modes_and_nothing_else(tmp_path: Path) -> None:
    PairFiles.with_prefix(str(tmp_path / "my.cosign"), never).claim()(b"private", b"public")
    private, public = tmp_path / "my.cosign.key", tmp_path / "my.cosign.pub"
    assert (private.read_bytes(), public.read_bytes()) == (b"private", b"public")
    assert (mode(private), mode(public)) == (0o600, 0o644)
    assert names(tmp_path) == ["my.cosign.key", "my.cosign.pub"]


@pytest.mark.parametrize("existing", ["cosign.key", "cosign.pub"])
def test_one_existing_file_is_enough_to_ask_before_anything_is_written(tmp_path: Path, existing: str) -> None:
    (tmp_path / existing).write_bytes(b"old")
    with pytest.raises(UsageError) as caught:
        PairFiles.with_prefix(str(tmp_path / "cosign"), never).claim()
    assert existing in caught.value.problem
    assert names(tmp_path) == [existing]
    assert (tmp_path / existing).read_bytes() == b"old"


def test_with_consent_both_files_are_replaced_and_get_their_modes(tmp_path: Path) -> None:
    for name in ("cosign.key", "cosign.pub"):
        (tmp_path / name).write_bytes(b"old")
        (tmp_path / name).chmod(0o666)
    PairFiles.with_prefix(str(tmp_path / "cosign"), always).claim()(b"private", b"public")
    assert (tmp_path / "cosign.key").read_bytes() == b"private"
    assert (mode(tmp_path / "cosign.key"), mode(tmp_path / "cosign.pub")) == (0o600, 0o644)


@pytest.mark.parametrize("late", ["cosign.key", "cosign.pub"])
def test_a_file_that_appears_after_the_question_is_not_overwritten(tmp_path: Path, late: str) -> None:
    save = PairFiles.with_prefix(str(tmp_path / "cosign"), never).claim()
    (tmp_path / late).write_bytes(b"somebody else's")
    with pytest.raises(FileError) as caught:
        save(b"private", b"public")
    assert caught.value.path == str(tmp_path / late)
    assert names(tmp_path) == [late]
    assert (tmp_path / late).read_bytes() == b"somebody else's"


def test_a_folder_that_disappears_is_reported(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    save = PairFiles.with_prefix(str(folder / "cosign"), never).claim()
    folder.rmdir()
    with pytest.raises(FileError) as caught:
        save(b"private", b"public")
    assert caught.value.path == str(folder / "cosign.key")


def test_a_missing_folder_is_found_out_before_anything_else(tmp_path: Path) -> None:
    with pytest.raises(FileError):
        PairFiles.with_prefix(str(tmp_path / "no" / "cosign"), never).claim()


def test_a_name_too_long_for_the_file_system_is_reported(tmp_path: Path) -> None:
    with pytest.raises(FileError):
        PairFiles.with_prefix(str(tmp_path / ("n" * 300)), never).claim()


def test_a_folder_in_the_way_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "cosign.key").mkdir()
    with pytest.raises(FileError):
        PairFiles.with_prefix(str(tmp_path / "cosign"), always).claim()


def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"precious")
    (tmp_path / "cosign.pub").symlink_to(tmp_path / "target")
    with pytest.raises(FileError):
        save_public_key(str(tmp_path / "cosign.pub"), b"public", always)
    assert (tmp_path / "target").read_bytes() == b"precious"


def test_a_folder_that_appears_in_the_place_of_the_file_is_reported(tmp_path: Path) -> None:
    file = OutputFile(tmp_path / "cosign.pub", 0o644)
    staged = file.stage(b"public")
    file.path.mkdir()
    with pytest.raises(FileError):
        file.commit(staged)


def test_a_file_size_limit_leaves_nothing_behind(tmp_path: Path) -> None:
    """The limit of the process stands for a full disk: the write itself fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        with pytest.raises(FileError):
            save_public_key(str(tmp_path / "cosign.pub"), b"p" * 100, never)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert names(tmp_path) == []


def test_a_public_key_alone_is_written(tmp_path: Path) -> None:
    save_public_key(str(tmp_path / "cosign.pub"), b"public", never)
    assert (tmp_path / "cosign.pub").read_bytes() == b"public"
    assert mode(tmp_path / "cosign.pub") == 0o644
