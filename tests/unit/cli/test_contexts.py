"""The configuration file: what may be in it, what is refused with its line, and that it is written as it is read."""

import os
from pathlib import Path
from typing import IO, Any, Final

import pytest

from cosignpy.cli.context_store import ContextStore
from cosignpy.cli.contexts import Context, Contexts, check_name, encode_contexts, load_contexts, parse_contexts
from cosignpy.cli.precedence import SETTINGS
from cosignpy.errors import FileError, UsageError
from cosignpy.serving.settings import DocumentError
from cosignpy.values import fields_of

FILE: Final = "/etc/cosignpy/config.yaml"
PLACE: Final = Path(FILE).parent

WHOLE: Final = b"""\
current: private
contexts:
  private:
    description: "ours: \xc3\xbc"
    trusted_root: private/root.json
    signing_config: /srv/services.json
    oidc_issuer: https://issuer.example
    oidc_client_secret_file: ../secret
    oidc_disable_ambient_providers: true
    repository: registry.example/signatures
    allow_http_registry: false
  staging:
    tuf_mirror: https://tuf.example
    tuf_root: root.json
"""


def test_paths_start_from_the_folder_of_the_file() -> None:
    found = parse_contexts(WHOLE, FILE)
    assert found == Contexts(
        "private",
        {
            "private": Context(
                description="ours: ü",
                trusted_root=PLACE / "private/root.json",
                signing_config=Path("/srv/services.json"),
                oidc_issuer="https://issuer.example",
                oidc_client_secret_file=PLACE / "../secret",
                oidc_disable_ambient_providers=True,
                repository="registry.example/signatures",
                allow_http_registry=False,
            ),
            "staging": Context(tuf_mirror="https://tuf.example", tuf_root=PLACE / "root.json"),
        },
    )


def test_what_is_read_is_written_again_as_it_was() -> None:
    assert encode_contexts(parse_contexts(WHOLE, FILE), PLACE) == WHOLE.replace(
        '"ours: ü"'.encode(), "'ours: ü'".encode()
    )


@pytest.mark.parametrize("raw", [b"", b"contexts:\n", b"current: default\ncontexts: {}\n", b"# nothing\n"])
def test_a_file_may_say_nothing(raw: bytes) -> None:
    assert parse_contexts(raw, FILE) == Contexts()


def test_words_keep_their_spelling() -> None:
    texts = {
        "oidc_client_id": "no",
        "oidc_audience": "1_0",
        "registry_server_name": "~",
        "description": "a: b # c\n  d",
    }
    made = encode_contexts(Contexts(contexts={"x": Context(**texts)}), PLACE)
    assert parse_contexts(made, FILE).contexts["x"] == Context(**texts)


def test_every_setting_of_a_context_is_one_that_flags_or_the_environment_have() -> None:
    assert fields_of(Context).keys() - SETTINGS.keys() == {"description", "trust_config"}
    assert SETTINGS.keys() <= fields_of(Context).keys()


@pytest.mark.parametrize(
    ("text", "line", "key", "part"),
    [
        ("contexts:\n  x:\n    trusted-root: a\n", 3, "contexts.x.trusted-root", "did you mean trusted_root?"),
        ("contexts:\n  x:\n    oidc_client_secret: a\n", 3, "contexts.x.oidc_client_secret", "oidc_client_secret_file"),
        ("contexts:\n  x:\n    registry_password: a\n", 3, "contexts.x.registry_password", ""),
        ("version: 1\n", 1, "version", "allowed: current, contexts"),
        ("contexts:\n  x: {}\n  x: {}\n", 3, "contexts.x", ""),
        ("contexts:\n  x: &a {}\n  y: *a\n", 2, "", ""),
        ("contexts:\n  x:\n    allow_http_registry: yes\n", 3, "contexts.x.allow_http_registry", "true, false"),
        ("contexts:\n  x:\n    oidc_issuer:\n      - a\n", 3, "contexts.x.oidc_issuer", ""),
        ("contexts:\n  x:\n    oidc_issuer: ftp://issuer.example\n", 2, "contexts.x", ""),
        ("contexts:\n  x:\n    oidc_issuer: https://me:secret@issuer.example\n", 2, "contexts.x", ""),
        ("contexts:\n  x:\n    fulcio_url: localhost\n", 2, "contexts.x", ""),
        ("contexts:\n  x:\n    tuf_mirror: gs://bucket\n", 2, "contexts.x", "tuf_mirror"),
        ("contexts:\n  x:\n    oidc_redirect_url: https://elsewhere.example\n", 2, "contexts.x", "bring an answer"),
        ("contexts:\n  x:\n    repository: registry.example/app:1.0\n", 2, "contexts.x", "repository"),
        ('contexts:\n  x:\n    oidc_audience: ""\n', 2, "contexts.x", "leave it out"),
        ('contexts:\n  x:\n    trusted_root: ""\n', 3, "contexts.x.trusted_root", ""),
        ("contexts:\n  a b: {}\n", 1, "", "letters"),
        ("contexts:\n  default: {}\n", 1, "", "another name"),
        ("contexts: [x]\n", 1, "contexts", ""),
        ("current: [x]\n", 1, "current", ""),
    ],
)
def test_what_is_not_as_it_should_be_is_refused_with_its_line(text: str, line: int, key: str, part: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_contexts(text.encode(), FILE)
    error = caught.value
    assert (error.file, error.line, error.key) == (FILE, line, key)
    assert part in f"{error.problem} {error.hint}"
    assert "secret@" not in f"{error.problem} {error.hint}"


ADDRESSES: Final = ("fulcio_url", "rekor_url", "rekor_v2_url", "timestamp_server_url")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *(("trust_config", name) for name in ("trusted_root", "signing_config", "tuf_mirror", *ADDRESSES)),
        *(("signing_config", name) for name in ADDRESSES),
        ("rekor_url", "rekor_v2_url"),
    ],
)
def test_one_context_says_a_thing_in_one_way(one: str, other: str) -> None:
    said: dict[str, Any] = {
        name: f"https://{name}.example" if name.endswith(("_url", "_mirror")) else Path(name) for name in (one, other)
    }
    for name, content in said.items():
        Context(**{name: content})
    with pytest.raises(UsageError, match="two ways to say one thing"):
        Context(**said)


def test_a_root_is_that_of_a_mirror() -> None:
    Context(tuf_root=Path("root.json"), tuf_mirror="file:///srv/mirror")
    with pytest.raises(UsageError):
        Context(tuf_root=Path("root.json"))


@pytest.mark.parametrize("name", ["a", "A.b-c_9", "9", "a" * 63])
def test_names(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize("name", ["", "-a", ".a", "a/b", "a b", "ä", "a\n", "a" * 64, "default"])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(UsageError):
        check_name(name)


@pytest.mark.parametrize(
    ("known", "hint"),
    [
        (("staging", "stagings", "other"), "did you mean staging or stagings?"),
        (("other",), "there are: other"),
        ((), "make it: cosignpy context create stagin"),
    ],
)
def test_an_unknown_name(known: tuple[str, ...], hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        Contexts(contexts={name: Context() for name in known}).find("stagin")
    assert caught.value.hint == hint


class TestStore:
    @pytest.fixture
    def store(self, tmp_path: Path) -> ContextStore:
        return ContextStore(tmp_path / "new" / "cosignpy" / "config.yaml")

    def test_the_file_and_its_folders_are_made(self, store: ContextStore) -> None:
        assert store.read() == Contexts()
        store.change(lambda contexts: contexts.with_context("x", Context(oidc_client_id="me")))
        assert store.read().contexts == {"x": Context(oidc_client_id="me")}
        assert [path.name for path in store.path.parent.iterdir()] == ["config.yaml"]
        assert store.path.parent.stat().st_mode & 0o777 == 0o700

    def test_files_beside_it_are_named_from_there_and_others_from_the_top(
        self, store: ContextStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        folder = store.path.parent
        folder.mkdir(parents=True)
        monkeypatch.chdir(folder)
        context = Context(trusted_root=Path("root.json"), registry_cacert=Path("../ca.pem"))
        store.change(lambda contexts: contexts.with_context("x", context))
        text = store.path.read_text()
        assert "trusted_root: root.json\n" in text
        assert f"registry_cacert: {tmp_path}/new/ca.pem\n" in text
        moved = tmp_path / "moved"
        folder.rename(moved)
        assert load_contexts(moved / "config.yaml").contexts["x"].trusted_root == moved / "root.json"

    def test_a_change_that_is_refused_changes_nothing(self, store: ContextStore) -> None:
        store.change(lambda contexts: contexts.with_context("x", Context()))
        before = store.path.read_bytes()

        def refuse(_contexts: Contexts) -> Contexts:
            raise UsageError("no")

        with pytest.raises(UsageError):
            store.change(refuse)
        assert store.path.read_bytes() == before

    @pytest.mark.parametrize("text", ["\udc80", "x" * 300_000])
    def test_what_could_not_be_read_again_is_not_written(self, store: ContextStore, text: str) -> None:
        store.change(lambda contexts: contexts.with_context("x", Context()))
        before = store.path.read_bytes()
        with pytest.raises(DocumentError):
            store.change(lambda contexts: contexts.with_context("y", Context(description=text)))
        assert store.path.read_bytes() == before

    def test_a_link_stays_one(self, store: ContextStore, tmp_path: Path) -> None:
        (tmp_path / "dotfiles.yaml").write_text("contexts: {x: {}}\n")
        store.path.parent.mkdir(parents=True)
        store.path.symlink_to(tmp_path / "dotfiles.yaml")
        store.change(lambda contexts: contexts.without("x"))
        assert (store.path.is_symlink(), load_contexts(tmp_path / "dotfiles.yaml")) == (True, Contexts())

    @pytest.mark.parametrize("mode", [0o620, 0o602])
    def test_a_file_that_others_can_write_is_not_believed(self, store: ContextStore, mode: int) -> None:
        store.change(lambda contexts: contexts)
        store.path.chmod(mode)
        with pytest.raises(FileError) as caught:
            store.read()
        assert caught.value.hint == f"it should be yours, and only you should write it: chmod go-w {store.path}"

    def test_a_file_of_somebody_else_is_not_believed(
        self, store: ContextStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.change(lambda contexts: contexts)
        if os.geteuid() == 0:
            os.chown(store.path, 1234, -1)
        else:
            monkeypatch.setattr(os, "geteuid", lambda: 1234)
        with pytest.raises(FileError):
            store.read()

    def test_the_file_that_is_looked_at_is_the_one_that_is_read(
        self, store: ContextStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.change(lambda contexts: contexts)
        opened = Path.open

        def swap(path: Path, mode: str) -> IO[Any]:
            path.unlink()
            with opened(path, "w") as theirs:
                theirs.write("contexts: {theirs: {}}\n")
            path.chmod(0o602)
            return opened(path, mode)

        monkeypatch.setattr(Path, "open", swap)
        with pytest.raises(FileError):
            store.read()

    def test_a_folder_that_cannot_be_made_is_an_error(self, store: ContextStore, tmp_path: Path) -> None:
        (tmp_path / "new").write_text("a file")
        with pytest.raises(FileError):
            store.change(lambda contexts: contexts)

    def test_without_a_home_there_is_no_store(self) -> None:
        with pytest.raises(UsageError):
            ContextStore.of({})
        assert ContextStore.of({"HOME": "/h"}).path == Path("/h/.config/cosignpy/config.yaml")
