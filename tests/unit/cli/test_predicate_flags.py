"""Flags about what an attestation says: read, told from each other, and checked before anything is signed."""

import io
from pathlib import Path
from types import SimpleNamespace

import pytest

from cosignpy.cli.predicate_flags import PredicateFlags
from cosignpy.cli.wanted_type import wanted_predicate
from cosignpy.core.digest import Digest
from cosignpy.core.predicates import NamedArtifact, build_statement
from cosignpy.errors import FileError, InvalidPredicate, LimitExceeded, MalformedError, UsageError
from tests.support.predicates import TAG_VALUE, example

Capture = pytest.CaptureFixture[str]
APP = NamedArtifact("app", Digest.of(b"app"))
WARNING = "WARNING: --no-validate"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("vsa.json").write_bytes(example("vsa"))
    Path("bom.json").write_bytes(example("cyclonedx"))
    Path("bom.spdx").write_text(TAG_VALUE)
    Path("statement.json").write_bytes(build_statement([APP], "https://example.com/review", b"{}"))
    Path("wrong.json").write_bytes(build_statement([APP], "https://slsa.dev/provenance/v1", b"{}"))
    Path("empty.json").write_text("{}")
    Path("list.json").write_text("[]")
    return tmp_path


@pytest.mark.parametrize(
    ("flags", "uri", "said"),
    [
        (PredicateFlags("vsa.json", "vsa"), "https://slsa.dev/verification_summary/v1", example("vsa")),
        (PredicateFlags("empty.json"), "https://cosign.sigstore.dev/attestation/v1", b"{}"),
        (PredicateFlags("empty.json", "https://example.com/x"), "https://example.com/x", b"{}"),
        (PredicateFlags("bom.spdx", "spdx"), "https://spdx.dev/Document", b'"# written by hand'),
        (PredicateFlags(sbom_from="bom.json"), "https://cyclonedx.org/bom", example("cyclonedx")),
        (
            PredicateFlags(sbom_from="bom.json", predicate_type="cyclonedx"),
            "https://cyclonedx.org/bom",
            example("cyclonedx"),
        ),
        (PredicateFlags(sbom_from="bom.spdx"), "https://spdx.dev/Document", b'"# written by hand'),
        (PredicateFlags(statement="statement.json"), "https://example.com/review", b'"predicate":{}'),
    ],
)
@pytest.mark.parametrize("checked", [True, False])
def test_what_is_said_is_read(flags: PredicateFlags, uri: str, said: bytes, checked: bool, capsys: Capture) -> None:
    chosen = PredicateFlags(flags.predicate, flags.predicate_type, flags.statement, flags.sbom_from, not checked)
    found = chosen.read()
    assert (found.type, said in found.about([APP])) == (uri, True)
    told = capsys.readouterr().err
    assert (WARNING in told) is not checked
    assert ("SPDX as text" in told) is said.startswith(b'"#')


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (PredicateFlags("empty.json", "vsa"), r"predicate \(vsa\) in empty\.json: line 1: verifier: missing"),
        (PredicateFlags(statement="wrong.json"), r"predicate \(slsaprovenance1\) in wrong\.json: line 1"),
    ],
)
def test_what_is_not_what_its_type_says_is_refused_unless_told_otherwise(flags: PredicateFlags, told: str) -> None:
    with pytest.raises(InvalidPredicate, match=told) as refused:
        flags.read()
    assert "--no-validate" in str(refused.value.hint)
    PredicateFlags(flags.predicate, flags.predicate_type, flags.statement, no_validate=True).read()


@pytest.mark.parametrize(
    "flags",
    [
        PredicateFlags(),
        PredicateFlags("empty.json", statement="statement.json"),
        PredicateFlags("empty.json", sbom_from="bom.json"),
        PredicateFlags(statement="statement.json", sbom_from="bom.json"),
    ],
)
def test_one_thing_is_said(flags: PredicateFlags) -> None:
    with pytest.raises(UsageError, match=r"says (some|one )thing"):
        flags.read()


@pytest.mark.parametrize("unchecked", [True, False])
def test_what_cannot_be_signed_at_all_is_refused_either_way(unchecked: bool) -> None:
    for flags, kind in (
        (PredicateFlags("list.json", no_validate=unchecked), MalformedError),
        (PredicateFlags("empty.json", "nonsense", no_validate=unchecked), UsageError),
        (PredicateFlags(sbom_from="empty.json", no_validate=unchecked), MalformedError),
        (PredicateFlags(sbom_from="bom.json", predicate_type="spdxjson", no_validate=unchecked), UsageError),
        (PredicateFlags(statement="empty.json", no_validate=unchecked), MalformedError),
        (PredicateFlags("absent.json", no_validate=unchecked), FileError),
    ):
        with pytest.raises(kind):
            flags.read()


def test_standard_input_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"{")))
    with pytest.raises(InvalidPredicate, match=r"in standard input: line 1: not JSON"):
        PredicateFlags("-").read()


def test_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cosignpy.cli.predicate_flags.MAX_PREDICATE", 1)
    with pytest.raises(LimitExceeded):
        PredicateFlags("empty.json").read()


def test_a_name_is_looked_for_under_older_uris_too() -> None:
    assert wanted_predicate("custom").wanted == "https://cosign.sigstore.dev/attestation/v1"
    with pytest.raises(UsageError):
        wanted_predicate("nonsense")


DEEP = '{"a":' * 65 + "1" + "}" * 65


@pytest.mark.parametrize("unchecked", [True, False])
@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"a": 1,\n"a": 2}', r"predicate in given: line 2: a: duplicate key 'a'"),
        ('{"a":\n[1, NaN]}', r"predicate in given: line 2: a\[1\]: NaN is not a number in JSON"),
        (f"\n{DEEP}", r"predicate in given is over the limit: line 2: nested deeper than 64 levels"),
        ("a:\n  b: 1\n", r"predicate in given: line 1: not JSON: expecting value"),
        ('{"a":\n"\udcff"}', r"predicate in given: line 2: not UTF-8"),
    ],
)
def test_bad_json_is_told_with_file_and_line(content: str, told: str, unchecked: bool) -> None:
    Path("given").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(MalformedError, match=told):
        PredicateFlags("given", no_validate=unchecked).read()
    whole = f'{{"_type": "https://in-toto.io/Statement/v1",\n"predicate": {content}}}'
    Path("given").write_bytes(whole.encode("utf-8", "surrogateescape"))
    with pytest.raises(MalformedError, match=r"^(malformed )?(in-toto statement|statement) in given"):
        PredicateFlags(statement="given", no_validate=unchecked).read()


@pytest.mark.parametrize(
    "flags", [PredicateFlags("huge"), PredicateFlags(statement="huge"), PredicateFlags(sbom_from="huge")]
)
def test_a_hundred_megabytes_are_refused_unread(flags: PredicateFlags) -> None:
    with Path("huge").open("wb") as file:
        file.truncate(100 << 20)
    with pytest.raises(LimitExceeded, match=r"^huge is over the limit: more than 67108864 bytes"):
        flags.read()
