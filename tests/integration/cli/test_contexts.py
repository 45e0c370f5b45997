"""A context in place of flags: signed and verified with nothing but a name, and with nothing at all."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from cosignpy.localregistry.server import LocalRegistry
from cosignpy.registry.options import RegistryOptions
from cosignpy.registry.repository import RemoteRepository
from cosignpy.registry.session import RegistrySession
from tests.support.keyless_site import Keyless, serve_keyless
from tests.support.memory_repository import push_image

FILE_ERROR: Final = 3
REFUSED: Final = 12


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyless]:
    """Serve everything that signing needs; the documents of trust are one, and lie where the contexts are."""
    with serve_keyless(tmp_path_factory.mktemp("contexts")) as running:
        made = ("--trusted-root=root.json", "--signing-config=signing.json")
        running.succeed("context", "create", "parts", *made)
        (running.folder / ".config/cosignpy/ours").mkdir()
        both = running.folder / ".config/cosignpy/ours/trust.json"
        running.succeed("context", "export", "parts", f"--out={both}")
        running.succeed("context", "create", "ours", f"--trust-config={both}")
        running.succeed("context", "use", "ours")
        for name in ("root.json", "signing.json"):
            (running.folder / name).rename(running.folder / f"{name}.moved")
        yield running


@pytest.fixture
def image() -> Iterator[str]:
    with LocalRegistry() as running:
        session = RegistrySession(running.address, RegistryOptions())
        pushed = push_image(RemoteRepository(session, "team/app"), b"one", "1").descriptor
        session.close()
        yield f"{running.address}/team/app@{pushed.digest}"


def with_variables(site: Keyless, variables: Mapping[str, str]) -> Keyless:
    return replace(site, environment=variables)


def token(site: Keyless) -> Keyless:
    """Return the site as a CI job sees it: its token lies ready."""
    return with_variables(site, {"SIGSTORE_ID_TOKEN": (site.folder / "token").read_text()})


def test_an_image_is_signed_and_verified_without_a_flag_about_trust(site: Keyless, image: str) -> None:
    token(site).succeed("sign", image)
    evidence = json.loads(site.succeed("verify", *site.who, "--output=json", image).stdout)
    (signature,) = evidence["images"][0]["signatures"]
    assert signature["certificate"]["names"] == ["alice@example.com"]
    assert signature["transparencyLog"] == {"checked": True}


def test_a_file_is_signed_and_verified_too(site: Keyless) -> None:
    (site.folder / "file").write_text("content")
    token(site).succeed("sign-blob", "file")
    site.succeed("verify-blob", *site.who, "file")


def test_signatures_are_where_the_context_says(site: Keyless, image: str) -> None:
    place = f"{image.partition('/')[0]}/signatures"
    site.succeed("context", "set", "ours", f"--repository={place}")
    token(site).succeed("sign", image)
    site.succeed("verify", *site.who, image)
    site.succeed("context", "set", "ours", "--unset=repository")
    assert site.run("verify", *site.who, image).returncode != 0
    with_variables(site, {"COSIGN_REPOSITORY": place}).succeed("verify", *site.who, image)


def test_a_context_of_somebody_else_does_not_verify_it(site: Keyless, image: str, tmp_path: Path) -> None:
    token(site).succeed("sign", image)
    (tmp_path / "empty.json").write_bytes(site.succeed("trusted-root", "create").stdout)
    site.succeed("context", "create", "strangers", f"--trusted-root={tmp_path / 'empty.json'}")
    assert site.run("verify", "--context=strangers", *site.who, image).returncode == REFUSED
    strange = with_variables(site, {"COSIGNPY_CONTEXT": "strangers"})
    assert strange.run("verify", *site.who, image).returncode == REFUSED
    strange.succeed("verify", "--context=ours", *site.who, image)
    trusted = str(site.folder / "root.json.moved")
    with_variables(strange, {**strange.environment, "COSIGN_TRUSTED_ROOT": trusted}).succeed("verify", *site.who, image)


def test_a_document_that_is_gone_is_one_line_that_names_context_and_setting(site: Keyless, image: str) -> None:
    token(site).succeed("sign", image)
    done = site.run("verify", "--context=parts", *site.who, image)
    path = site.folder / "root.json"
    line = f"Error: {path}: there is no such file; trusted_root of the context parts names it\n"
    assert (done.returncode, done.stderr.decode()) == (FILE_ERROR, line)


def test_the_folder_of_the_file_can_be_moved(site: Keyless, image: str, tmp_path: Path) -> None:
    token(site).succeed("sign", image)
    (site.folder / ".config/cosignpy").rename(tmp_path / "cosignpy")
    moved = with_variables(site, {"XDG_CONFIG_HOME": str(tmp_path)})
    moved.succeed("verify", *site.who, image)
    (tmp_path / "cosignpy").rename(site.folder / ".config/cosignpy")
