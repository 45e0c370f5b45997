"""`attest`, `verify-attestation` and `download attestation`, over images in OCI layouts."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator

from cosignpy.cli.app import run
from cosignpy.core.digest import Digest
from cosignpy.core.dsse import Envelope
from cosignpy.core.encoding import JsonObject, encode_json, parse_json
from cosignpy.core.intoto import Statement
from cosignpy.core.keys.encrypted_pem import seal_pkcs8
from cosignpy.core.oci.manifest import Descriptor
from cosignpy.core.trust.trusted_root import encode_trusted_root
from cosignpy.registry.layout import LayoutRepository
from cosignpy.registry.layout_store import LayoutDirectory
from tests.support.attestations import PREDICATE, REVIEW, envelope_text, push_legacy_attestation, review
from tests.support.memory_repository import push_image, push_index
from tests.support.signed import KEY
from tests.support.virtual_sigstore import ROOT

Capture = pytest.CaptureFixture[str]
SCHEMA: Final = json.loads(
    (Path(__file__).parents[4] / "docs" / "formats" / "evidence.schema.json").read_text(encoding="utf-8")
)
REFUSED: Final = 12
MALFORMED: Final = 4
BY_KEY: Final = ("--key=signer.key", "--tlog-upload=false", "--trusted-root=root.json")
SAID: Final = ("--predicate=review.json", f"--type={REVIEW}")
SEALED: Final = seal_pkcs8(KEY.encode_pkcs8(), b"", salt=bytes(32), nonce=bytes(24)).encode()
WANTED: Final = ("verify-attestation", "--key=signer.pub", "--insecure-ignore-tlog")


class Shelf:
    """Layouts with an image each, and one with an index of two."""

    def __init__(self, folder: Path) -> None:
        self.places = {name: self._open(folder / name) for name in ("one", "two", "all")}
        self.images = {name: push_image(self.places[name], name.encode(), "v1").descriptor for name in ("one", "two")}
        children = [push_image(self.places["all"], content).descriptor for content in (b"x", b"y")]
        self.index = push_index(self.places["all"], children, "v1").descriptor
        self.children = children

    @staticmethod
    def _open(path: Path) -> LayoutRepository:
        directory = LayoutDirectory(path)
        directory.create()
        return LayoutRepository(directory)

    def listed(self, name: str, subject: Descriptor) -> list[Digest]:
        return [entry.digest for entry in self.places[name].fetch_referrers(subject.digest)]


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COSIGN_PASSWORD", "")
    Path("signer.key").write_bytes(SEALED)
    Path("signer.key").chmod(0o600)
    Path("signer.pub").write_bytes(KEY.public_key.encode_pem())
    Path("root.json").write_bytes(encode_trusted_root(ROOT))
    Path("review.json").write_bytes(PREDICATE)
    return Shelf(tmp_path)


def statements(capsys: Capture, *arguments: str) -> list[Statement]:
    """Run a command that prints envelopes, and return what they say."""
    capsys.readouterr()
    assert run([*arguments]) == 0
    lines = capsys.readouterr().out.splitlines()
    found = [JsonObject.parse(line.encode(), what="line") for line in lines]
    envelopes = [Envelope.parse(item.optional_child("dsseEnvelope") or item) for item in found]
    return [Statement.parse(envelope.payload) for envelope in envelopes]


def test_an_image_is_attested_and_verified(shelf: Shelf, capsys: Capture) -> None:
    assert run(["attest", *BY_KEY, *SAID, "oci-layout:one:v1"]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert f"@{shelf.images['one'].digest} ({REVIEW})" in told.err
    assert run([*WANTED, f"--type={REVIEW}", "oci-layout:one:v1"]) == 0
    shown = capsys.readouterr().out
    assert "Verified oci-layout:one:v1" in shown
    assert f"attests  {REVIEW}" in shown
    assert run([*WANTED, "--type=spdx", "oci-layout:one:v1"]) == REFUSED
    assert run([*WANTED, f"--type={REVIEW}", "oci-layout:two:v1"]) == 10


def test_envelopes_are_printed_as_cosign_prints_them(shelf: Shelf, capsys: Capture) -> None:
    run(["attest", *BY_KEY, *SAID, "oci-layout:one:v1"])
    digest = shelf.images["one"].digest
    push_legacy_attestation(shelf.places["one"], digest, envelope_text(review(digest)))  # type: ignore[arg-type]
    found = statements(capsys, *WANTED, "--output=cosign", f"--type={REVIEW}", "oci-layout:one:v1")
    assert [(one.predicate_type, one.subjects[0].digests) for one in found] == [(REVIEW, (digest,))] * 2
    assert [one.predicate for one in found] == [parse_json(PREDICATE, what="predicate")] * 2


def test_predicates_are_printed_to_the_last_digit(shelf: Shelf, capsys: Capture) -> None:
    run(["attest", *BY_KEY, *SAID, "oci-layout:one:v1"])
    for output in ("predicate", "cosign"):
        capsys.readouterr()
        assert run([*WANTED, "-o", output, f"--type={REVIEW}", "oci-layout:one:v1"]) == 0
        assert (capsys.readouterr().out == f"{PREDICATE.decode()}\n") is (output == "predicate")
    digest = shelf.images["two"].digest
    nothing = json.loads(review(digest))
    del nothing["predicate"]
    assert run([*WANTED, "--output=predicate", f"--type={REVIEW}", "oci-layout:two:v1"]) == 10
    assert capsys.readouterr().out == ""
    push_legacy_attestation(shelf.places["two"], digest, envelope_text(encode_json(nothing)))  # type: ignore[arg-type]
    assert run([*WANTED, "--output=predicate", f"--type={REVIEW}", "oci-layout:two:v1"]) == 0
    assert capsys.readouterr().out == "null\n"
    by_key = ("--key=signer.pub", "--insecure-ignore-tlog", "oci-layout:one:v1")
    assert run(["verify", *by_key, "--output=predicate"]) == 2
    assert "for verify-attestation" in capsys.readouterr().err
    assert run(["tree", "--output=predicate", "oci-layout:one:v1"]) == 2


def test_an_envelope_that_is_not_one_plain_line_is_printed_without_key_ids(shelf: Shelf, capsys: Capture) -> None:
    digest = shelf.images["one"].digest
    text = envelope_text(review(digest)).replace(b'"keyid":""', '"keyid":"\x9b2J"'.encode())
    push_legacy_attestation(shelf.places["one"], digest, text)  # type: ignore[arg-type]
    assert run([*WANTED, "--output=cosign", f"--type={REVIEW}", "oci-layout:one:v1"]) == 0
    shown = capsys.readouterr().out
    assert (shown.count("\n"), "keyid" in shown, "\x9b" in shown) == (1, False, False)


def test_what_is_printed_leaves_out_what_did_not_pass(shelf: Shelf, capsys: Capture) -> None:
    del shelf
    assert run([*WANTED, "--output=cosign", f"--type={REVIEW}", "oci-layout:one:v1"]) == 10
    assert capsys.readouterr().out == ""


def test_evidence_is_that_of_verify(shelf: Shelf, capsys: Capture) -> None:
    del shelf
    run(["attest", *BY_KEY, *SAID, "oci-layout:one:v1"])
    capsys.readouterr()
    assert run([*WANTED, "--output=json", f"--type={REVIEW}", "oci-layout:one:v1"]) == 0
    evidence = json.loads(capsys.readouterr().out)
    Draft202012Validator(SCHEMA).validate(evidence)
    assert evidence["policy"]["predicateType"] == REVIEW
    assert evidence["images"][0]["signatures"][0]["type"] == REVIEW


def described(capsys: Capture, *arguments: str, code: int = 0) -> list[Any]:
    capsys.readouterr()
    assert run(["attest", *BY_KEY, *SAID, "--output=json", *arguments]) == code
    found: list[Any] = json.loads(capsys.readouterr().out)["images"]
    return found


def test_several_images_have_a_statement_each(shelf: Shelf, capsys: Capture) -> None:
    found = described(capsys, "oci-layout:one:v1", "oci-layout:two:v1")
    assert [item["attested"] for item in found] == [True, True]
    for name in ("one", "two"):
        (statement,) = statements(capsys, "download", "attestation", f"oci-layout:{name}:v1")
        assert [subject.digests for subject in statement.subjects] == [(shelf.images[name].digest,)]
        assert statement.subjects[0].name == ""
        assert str(shelf.listed(name, shelf.images[name])[0]) in [item["attestations"][0]["manifest"] for item in found]


def test_one_statement_is_stored_beside_each_image(shelf: Shelf, capsys: Capture) -> None:
    names = ("oci-layout:one:v1", "oci-layout:two:v1")
    assert len(described(capsys, "--one-bundle", "--bundle=b.json", *names, names[0])) == 2
    wanted = [(shelf.images[name].digest,) for name in ("one", "two")]
    for name in names:
        (statement,) = statements(capsys, "download", "attestation", name)
        assert [subject.digests for subject in statement.subjects] == wanted
        assert run([*WANTED, f"--type={REVIEW}", name]) == 0
    (layer,) = {
        shelf.places[name].fetch_manifest(shelf.listed(name, shelf.images[name])[0]).layers[0].digest
        for name in ("one", "two")
    }
    assert Digest.of(Path("b.json").read_bytes()) == layer


def test_images_and_files_in_one_statement_are_each_verified_and_told_of_the_others(
    shelf: Shelf, capsys: Capture
) -> None:
    names = ("oci-layout:one:v1", "oci-layout:two:v1")
    Path("app.tar").write_text("content")
    absent = Digest.of(b"what is elsewhere")
    files = ("--with-file=app.tar", f"--with-file={absent}")
    described(capsys, "--one-bundle", "--bundle=b.json", *files, *names)
    digests = [*(str(shelf.images[name].digest) for name in ("one", "two")), str(Digest.of(b"content")), str(absent)]
    for position, name in enumerate(names):
        assert run([*WANTED, f"--type={REVIEW}", name]) == 0
        shown = capsys.readouterr().out
        assert [digest in shown.partition("attests")[2] for digest in digests] == [at != position for at in range(4)]
        assert "also of  app.tar sha256:" in shown
        assert run([*WANTED, f"--type={REVIEW}", "--output=json", name]) == 0
        statement = json.loads(capsys.readouterr().out)["images"][0]["signatures"][0]["statement"]
        assert [found["digests"] for found in statement["subjects"]] == [[digest] for digest in digests]
    blob = ("verify-blob-attestation", *WANTED[1:], f"--type={REVIEW}", "--bundle=b.json")
    for name in ("app.tar", str(absent)):
        assert run([*blob, name]) == 0
        assert capsys.readouterr().out.count("also about") == len(digests) - 1
    assert run([*blob, "--output=json", "app.tar"]) == 0
    found = json.loads(capsys.readouterr().out)
    Draft202012Validator(SCHEMA).validate(found)
    assert found["statement"] == statement
    Path("app.tar").write_text("other content")
    assert run([*blob, "app.tar"]) == REFUSED


def test_of_many_subjects_a_person_sees_a_few(shelf: Shelf, capsys: Capture) -> None:
    del shelf
    many = [f"--with-file={Digest.of(str(number).encode())}" for number in range(9)]
    described(capsys, *many, "oci-layout:one:v1")
    assert run([*WANTED, f"--type={REVIEW}", "oci-layout:one:v1"]) == 0
    shown = capsys.readouterr().out
    assert (shown.count("also of  sha256:"), shown.count("also of  and 4 more")) == (5, 1)


def test_one_statement_is_about_all_or_nothing(shelf: Shelf, capsys: Capture) -> None:
    (failed,) = described(capsys, "--one-bundle", "oci-layout:one:v1", "oci-layout:two:none", code=11)
    assert (failed["attested"], failed["error"]["kind"]) == (False, "NoSuchTag")
    assert shelf.listed("one", shelf.images["one"]) == []


def test_an_image_that_is_not_there_stops_no_other(shelf: Shelf, capsys: Capture) -> None:
    found = described(capsys, "oci-layout:one:v1", "oci-layout:two:none", code=11)
    assert sorted(item["attested"] for item in found) == [False, True]
    assert len(shelf.listed("one", shelf.images["one"])) == 1


def test_recursive_reaches_every_image_of_an_index(shelf: Shelf, capsys: Capture) -> None:
    assert len(described(capsys, "--recursive", "oci-layout:all:v1")) == 3
    assert run([*WANTED, "--recursive", f"--type={REVIEW}", "oci-layout:all:v1"]) == 0
    (statement,) = statements(capsys, "download", "attestation", f"oci-layout:all@{shelf.children[0].digest}")
    assert statement.subjects[0].digests == (shelf.children[0].digest,)


@pytest.mark.parametrize("form", ["bundle", "legacy", "both"])
def test_recursive_replaces_in_every_image_of_an_index(shelf: Shelf, capsys: Capture, form: str) -> None:
    del shelf
    whole = ("--recursive", f"--signature-format={form}", "oci-layout:all:v1")
    described(capsys, *whole)
    replaced = [
        [len(one["replaced"]) for one in made["attestations"]] for made in described(capsys, "--replace", *whole)
    ]
    assert replaced == [[1] * (2 if form == "both" else 1)] * 3
    assert len(statements(capsys, *WANTED, "--recursive", "--output=cosign", f"--type={REVIEW}", whole[-1])) == (
        6 if form == "both" else 3
    )


def test_a_statement_about_several_is_replaced_beside_the_image_that_is_named(shelf: Shelf, capsys: Capture) -> None:
    del shelf
    names = ("oci-layout:one:v1", "oci-layout:two:v1")
    described(capsys, "--one-bundle", *names)
    (new,) = described(capsys, "--replace", names[0])
    assert len(new["attestations"][0]["replaced"]) == 1
    for name in names:
        assert len(statements(capsys, *WANTED, "--output=cosign", f"--type={REVIEW}", name)) == 1


def test_replace_removes_what_the_same_key_said_before(shelf: Shelf, capsys: Capture) -> None:
    (old,) = described(capsys, "oci-layout:one:v1")
    (other,) = described(capsys, "--type=https://example.com/other/v1", "oci-layout:one:v1")
    (new,) = described(capsys, "--replace", "oci-layout:one:v1")
    ((old,), (other,), (new,)) = (made["attestations"] for made in (old, other, new))
    assert new["replaced"] == [old["manifest"]]
    kept = [str(digest) for digest in shelf.listed("one", shelf.images["one"])]
    assert sorted(kept) == sorted([other["manifest"], new["manifest"]])
    assert run(["attest", *BY_KEY, *SAID, "--replace", "oci-layout:one:v1"]) == 0
    assert "in place of 1" in capsys.readouterr().err


def test_without_upload_there_is_the_bundle_alone(shelf: Shelf, capsys: Capture) -> None:
    (made,) = described(capsys, "--upload=false", "--bundle=b.json", "oci-layout:one:v1")
    assert made["attestations"] == []
    assert shelf.listed("one", shelf.images["one"]) == []
    assert Path("b.json").stat().st_mode & 0o777 == 0o600


def test_a_whole_statement_goes_in_as_it_is(shelf: Shelf, capsys: Capture) -> None:
    Path("statement.json").write_bytes(review(shelf.images["one"].digest))
    given = ("attest", *BY_KEY, "--statement=statement.json")
    assert run([*given, "oci-layout:one:v1"]) == 0
    (statement,) = statements(capsys, "download", "attestation", "oci-layout:one:v1")
    assert statement.predicate_type == REVIEW
    capsys.readouterr()
    assert run([*given, "oci-layout:two:v1"]) == 2
    assert "the statement is not about" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--upload=false",), "would go nowhere"),
        (("--upload=false", "--bundle=b.json", "--replace"), "--replace replaces nothing"),
        (("--bundle=b.json", "--recursive"), "--bundle is one file"),
        (("--bundle=b.json", "oci-layout:two:v1"), "--bundle is one file"),
        (("--statement=review.json",), "an attestation says one thing"),
        (("--signature-format=legacy", "--bundle=b.json"), "is no bundle"),
        (("--signature-format=legacy", "--new-bundle-format"), "disagree"),
        (("--type=nonsense",), "is not a predicate type"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is(
    shelf: Shelf, capsys: Capture, flags: tuple[str, ...], told: str
) -> None:
    assert run(["attest", *BY_KEY, *SAID, *flags, "oci-layout:one:v1"]) == 2
    assert told in capsys.readouterr().err
    assert shelf.listed("one", shelf.images["one"]) == []


@pytest.mark.parametrize(("content", "code"), [("[]", 4), ("{", 4)])
def test_what_is_no_predicate_is_not_signed(shelf: Shelf, content: str, code: int) -> None:
    Path("review.json").write_text(content)
    assert run(["attest", *BY_KEY, *SAID, "oci-layout:one:v1"]) == code
    assert shelf.listed("one", shelf.images["one"]) == []


def test_a_statement_about_too_much_is_a_result_like_any_other(shelf: Shelf, capsys: Capture) -> None:
    Path("statement.json").write_bytes(review(shelf.images["one"].digest))
    capsys.readouterr()
    names = ("oci-layout:one:v1", "oci-layout:two:v1")
    assert run(["attest", *BY_KEY, "--statement=statement.json", "--bundle=b.json", "--one-bundle", *names]) == 2
    assert not Path("b.json").exists()


def test_the_file_is_left_out_where_nothing_was_attested(shelf: Shelf) -> None:
    Path("statement.json").write_bytes(review(shelf.images["one"].digest))
    assert run(["attest", *BY_KEY, "--statement=statement.json", "--bundle=b.json", "oci-layout:two:v1"]) == 2
    assert not Path("b.json").exists()


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--type=nonsense",), "is not a predicate type"),
        ((f"--type={REVIEW}", "--check-claims=false"), "of any other image"),
        ((f"--type={REVIEW}", "--threshold=2"), "a threshold of 2"),
    ],
)
def test_a_policy_that_wants_nothing_in_particular_is_refused(
    shelf: Shelf, capsys: Capture, flags: tuple[str, ...], told: str
) -> None:
    del shelf
    assert run([*WANTED, *flags, "oci-layout:one:v1"]) == 2
    assert told in capsys.readouterr().err


def test_downloads_are_of_one_type_where_one_is_named(shelf: Shelf, capsys: Capture) -> None:
    del shelf
    run(["attest", *BY_KEY, *SAID, "oci-layout:one:v1"])
    run(["attest", *BY_KEY, "--no-validate", "--predicate=review.json", "--type=spdxjson", "oci-layout:one:v1"])
    assert len(statements(capsys, "download", "attestation", "oci-layout:one:v1")) == 2
    (found,) = statements(capsys, "download", "attestation", "--predicate-type=spdx", "oci-layout:one:v1")
    assert found.predicate_type == "https://spdx.dev/Document"
    assert run(["download", "attestation", "--predicate-type=vuln", "oci-layout:one:v1"]) == 10
    assert "no attestations of type" in capsys.readouterr().err
    assert run(["download", "attestation", "--platform=linux/amd64", "oci-layout:one:v1"]) == 2


def test_trees_show_predicate_types(shelf: Shelf, capsys: Capture) -> None:
    del shelf
    run(["attest", *BY_KEY, *SAID, "oci-layout:one:v1"])
    capsys.readouterr()
    assert run(["tree", "oci-layout:one:v1"]) == 0
    assert f"{REVIEW} artifacts via OCI referrer" in capsys.readouterr().out


def test_a_tree_of_evidence_names_the_type(shelf: Shelf, capsys: Capture) -> None:
    del shelf
    run(["attest", *BY_KEY, *SAID, "oci-layout:one:v1"])
    capsys.readouterr()
    assert run([*WANTED, "--output=tree", f"--type={REVIEW}", "oci-layout:one:v1"]) == 0
    assert f"a statement of type {REVIEW}" in capsys.readouterr().out


def test_both_formats_are_written_and_replaced(shelf: Shelf, capsys: Capture) -> None:
    both = ("--signature-format=both", "oci-layout:one:v1")
    (old,) = described(capsys, *both)
    assert [one["format"] for one in old["attestations"]] == ["bundle", "legacy"]
    assert len(statements(capsys, *WANTED, "--output=cosign", f"--type={REVIEW}", "oci-layout:one:v1")) == 2
    (new,) = described(capsys, "--replace", *both)
    assert [len(one["replaced"]) for one in new["attestations"]] == [1, 1]
    assert len(statements(capsys, "download", "attestation", "oci-layout:one:v1")) == 2
    assert len(shelf.listed("one", shelf.images["one"])) == 1


def test_cosigns_spelling_of_legacy(shelf: Shelf, capsys: Capture) -> None:
    (made,) = described(capsys, "--new-bundle-format=false", "oci-layout:one:v1")
    assert [one["format"] for one in made["attestations"]] == ["legacy"]
    assert shelf.listed("one", shelf.images["one"]) == []
    assert run([*WANTED, f"--type={REVIEW}", "oci-layout:one:v1"]) == 0


def test_what_others_made_is_attached(shelf: Shelf, capsys: Capture) -> None:
    digest = shelf.images["one"].digest
    Path("made.jsonl").write_bytes(envelope_text(review(digest)) + b"\n")
    described(capsys, "--upload=false", "--bundle=b.json", "oci-layout:one:v1")
    files = ("--attestation=made.jsonl", "--attestation=b.json")
    assert run(["attach", "attestation", *files, "oci-layout:one:v1"]) == 0
    assert capsys.readouterr().err.count(f"Attached to {digest}") == 2
    assert len(statements(capsys, *WANTED, "--output=cosign", f"--type={REVIEW}", "oci-layout:one:v1")) == 2
    assert run(["attach", "attestation", *files, "oci-layout:two:v1"]) == REFUSED
    Path("empty.json").write_text("")
    assert run(["attach", "attestation", *files, "--attestation=empty.json", "oci-layout:one:v1"]) == MALFORMED
    assert "malformed attestation in empty.json: there is none" in capsys.readouterr().err
