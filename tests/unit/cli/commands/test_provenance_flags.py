"""`--builder-id`, `--source-uri` and their like: what provenance has to say, of images and of files."""

import json
from pathlib import Path
from typing import Final

import pytest
from jsonschema import Draft202012Validator

from cosignpy.cli.app import run
from tests.support.predicates import example
from tests.unit.cli.commands import test_attest
from tests.unit.cli.commands.test_attest import BY_KEY, REFUSED, SCHEMA, WANTED, Shelf

shelf = test_attest.shelf

Capture = pytest.CaptureFixture[str]
IMAGE: Final = "oci-layout:one:v1"
BY_PUBLIC_KEY: Final = WANTED[1:]
RIGHT: Final = (
    "--builder-id=https://ci.example/builder",
    "--source-uri=git.example/app",
    f"--source-digest={'00' * 20}",
    "--build-type=https://ci.example/make@v1",
)


@pytest.fixture
def attested(shelf: Shelf) -> None:
    """Attest provenance of both versions about an image and a file."""
    del shelf
    Path("app.tar").write_text("content")
    for name in ("slsaprovenance1", "slsaprovenance02"):
        Path(f"{name}.json").write_bytes(example(name))
        said = (f"--type={name}", f"--predicate={name}.json", f"--bundle={name}.bundle")
        assert run(["attest", *BY_KEY, *said, "--with-file=app.tar", IMAGE]) == 0


def commands(name: str) -> list[list[str]]:
    """Return what verifies the same provenance about the image and about the file."""
    return [
        ["verify-attestation", *BY_PUBLIC_KEY, f"--type={name}", IMAGE],
        ["verify-blob-attestation", *BY_PUBLIC_KEY, f"--type={name}", f"--bundle={name}.bundle", "app.tar"],
    ]


@pytest.mark.usefixtures("attested")
@pytest.mark.parametrize("name", ["slsaprovenance1", "slsaprovenance02"])
def test_builder_and_source_are_compared(name: str, capsys: Capture) -> None:
    for command in commands(name):
        assert run([*command, *RIGHT]) == 0
        capsys.readouterr()
        assert run([*command, *RIGHT[:1], "--source-uri=git.example/other"]) == REFUSED
        told = capsys.readouterr().err
        assert "the signed source URI is git+https://git.example/app, wanted git+https://git.example/other" in told


@pytest.mark.usefixtures("attested")
@pytest.mark.parametrize(
    ("flag", "told"),
    [
        ("--builder-id=https://ci.example/builde", "builder id is https://ci.example/builder"),
        ("--source-tag=v1", "source tag is absent, wanted refs/tags/v1"),
        (f"--source-digest={'11' * 20}", f"source digest is {'00' * 20}"),
        ("--build-type=https://ci.example/make@v2", "build type is https://ci.example/make@v1"),
    ],
)
def test_whatever_differs_is_told_with_what_was_found(flag: str, told: str, capsys: Capture) -> None:
    capsys.readouterr()
    for command in commands("slsaprovenance1"):
        assert run([*command, flag]) == REFUSED
        assert told in capsys.readouterr().err


@pytest.mark.usefixtures("attested")
def test_what_was_demanded_is_in_the_evidence(capsys: Capture) -> None:
    for command in commands("slsaprovenance1"):
        capsys.readouterr()
        assert run([*command, *RIGHT[:2], "--output=json"]) == 0
        found = json.loads(capsys.readouterr().out)
        Draft202012Validator(SCHEMA).validate(found)
        assert found["policy"]["provenance"] == {
            "builderId": "https://ci.example/builder",
            "sourceUri": "git.example/app",
        }


@pytest.mark.usefixtures("attested")
def test_types_that_are_no_provenance_have_no_builder(capsys: Capture) -> None:
    for command in commands("vuln"):
        capsys.readouterr()
        assert run([*command, RIGHT[0]]) == 2
        assert "--type slsaprovenance1" in capsys.readouterr().err


@pytest.mark.usefixtures("attested")
def test_attestations_are_explained(capsys: Capture) -> None:
    for command in commands("slsaprovenance1"):
        given = [argument for argument in command[1:] if argument != IMAGE]
        for flags, code in ((RIGHT, 0), ((*RIGHT[1:], "--builder-id=https://ci.example/other"), REFUSED)):
            capsys.readouterr()
            assert run(["explain", *given, *flags, *([IMAGE] if IMAGE in command else [])]) == code
            shown = capsys.readouterr().out
            assert "a statement of type https://slsa.dev/provenance/v1" in shown
            assert "built by https://ci.example/" in shown
            assert ("builder id is https://ci.example/builder" in shown) is (code == REFUSED)


@pytest.mark.usefixtures("shelf")
def test_to_explain_a_builder_a_type_is_needed(capsys: Capture) -> None:
    assert run(["explain", *BY_PUBLIC_KEY, RIGHT[0], IMAGE]) == 2
    assert "--type slsaprovenance1" in capsys.readouterr().err


@pytest.mark.usefixtures("attested")
def test_another_type_is_told_with_what_to_write(capsys: Capture) -> None:
    image, blob = commands("custom")
    for command in (image, [*blob[:-2], "--bundle=slsaprovenance1.bundle", blob[-1]]):
        capsys.readouterr()
        assert run(command) == REFUSED
        told = capsys.readouterr().err
        assert "hint: ask for what is there: --type slsaprovenance" in told
