"""What the real cosign v2 and v3 signed verifies here, in every form: as a layout, and on registries."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy.cli.app import run
from cosignpy.localregistry.faults import Faults
from tests.support.layout_upload import upload_layout
from tests.support.registries import run_embedded

FIXTURES: Final = Path(__file__).resolve().parents[2] / "registry-fixtures"
CASES: Final[list[dict[str, Any]]] = json.loads((FIXTURES / "cases.json").read_text())["cases"]
VERIFIED: Final = [case for case in CASES if case["expected"] == "verified"]
DROPPED: Final = "v2-bundle-annotations"
"""cosign v2 leaves what `-a` says out of a bundle, without a word: nobody signed it."""
ANNOTATED: Final = [case for case in VERIFIED if case["annotations"]]
EXIT_CODES: Final = {"verified": 0, "no-signatures": 10, "no-match": 12}
NO_MATCH: Final = 12
ALGORITHMS: Final = {
    "p256": "PKIX_ECDSA_P256_SHA_256",
    "p384": "PKIX_ECDSA_P384_SHA_384",
    "p521": "PKIX_ECDSA_P521_SHA_512",
    "ed25519": "PKIX_ED25519_PH",
    "rsa2048": "PKIX_RSA_PKCS1V15_2048_SHA256",
}
"""What cosign signs with, by kind of key; Ed25519 is prehashed."""

Place = Callable[[Mapping[str, Any]], str]
"""From a case to a reference that leads to its content."""


def on_registry(faults: Faults) -> Iterator[Place]:
    with run_embedded(faults) as registry:
        uploaded: set[str] = set()

        def place(case: Mapping[str, Any]) -> str:
            repository = f"fixtures/{case['name']}"
            if repository not in uploaded:
                upload_layout(registry.address, repository, FIXTURES / case["layout"])
                uploaded.add(repository)
            return f"{registry.address}/{repository}@{case['digest']}"

        yield place


@pytest.fixture(scope="module")
def layout() -> Place:
    return lambda case: f"oci-layout:{FIXTURES / case['layout']}@{case['digest']}"


@pytest.fixture(scope="module")
def registry_with_api() -> Iterator[Place]:
    yield from on_registry(Faults())


@pytest.fixture(scope="module")
def registry_without_api() -> Iterator[Place]:
    """Here the referrers are found by the fallback tags that cosign wrote."""
    yield from on_registry(Faults(no_referrers_api=True))


@pytest.fixture(params=["layout", "registry_with_api", "registry_without_api"])
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(request.param)
    return found


Verify = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def verify(capsys: pytest.CaptureFixture[str]) -> Verify:
    """Run `cosignpy verify`; return the exit code and the evidence of the image."""

    def verify(image: str, key: str, *flags: str) -> tuple[int, dict[str, Any]]:
        command = ["verify", "--key", str(FIXTURES / key), "--insecure-ignore-tlog", "-o", "json", *flags, image]
        code = run(command)
        return code, json.loads(capsys.readouterr().out)

    return verify


def key_kind(case: Mapping[str, Any]) -> str:
    return Path(case["key"]).stem


def signed_annotations(case: Mapping[str, Any]) -> dict[str, str]:
    return {} if case["name"] == DROPPED else case["annotations"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_each_case_gives_what_it_must(case: Mapping[str, Any], place: Place, verify: Verify) -> None:
    code, evidence = verify(place(case), case["key"])
    (image,) = evidence["images"]
    assert code == EXIT_CODES[case["expected"]]
    assert len(image["signatures"]) == case["signatures"]
    assert image["digest"] == case["digest"]
    for signature in image["signatures"]:
        assert signature["format"] in case["forms"]
        assert signature["key"]["algorithm"] == ALGORITHMS[key_kind(case)]
        assert signature["signed"]["digest"] == case["digest"]
        assert signature["signed"]["annotations"] == signed_annotations(case)


@pytest.mark.parametrize("case", VERIFIED, ids=lambda case: case["name"])
def test_no_case_verifies_with_a_key_that_did_not_sign(case: Mapping[str, Any], place: Place, verify: Verify) -> None:
    stranger = "test-keys/p384.pub" if key_kind(case) != "p384" else "test-keys/p521.pub"
    code, evidence = verify(place(case), stranger)
    kinds = [rejection["kind"] for rejection in evidence["images"][0]["rejections"]]
    attestations = ["ClaimMismatch"] * case["forms"].count("attestation")
    assert code == NO_MATCH
    assert sorted(kinds) == attestations + ["SignatureMismatch"] * (len(case["steps"]) - len(attestations))


@pytest.mark.parametrize("case", ANNOTATED, ids=lambda case: case["name"])
def test_annotations_are_demanded(case: Mapping[str, Any], place: Place, verify: Verify) -> None:
    signed = [flag for name, value in case["annotations"].items() for flag in ("-a", f"{name}={value}")]
    code, _ = verify(place(case), case["key"], *signed)
    another_value, _ = verify(place(case), case["key"], "-a", "env=staging")
    assert (code, another_value) == (NO_MATCH if case["name"] == DROPPED else 0, NO_MATCH)


@pytest.mark.parametrize("case", [case for case in VERIFIED if case["recursive"]], ids=lambda case: case["name"])
def test_every_image_of_a_recursively_signed_index_verifies(
    case: Mapping[str, Any], place: Place, verify: Verify
) -> None:
    code, evidence = verify(place(case), case["key"], "--recursive")
    assert code == 0
    assert [len(image["signatures"]) for image in evidence["images"]] == [1, 1, 1]


@pytest.mark.parametrize("form", ["legacy", "bundle"])
def test_two_signers_are_counted(form: str, place: Place, verify: Verify) -> None:
    (case,) = (case for case in CASES if case["name"] == f"v3-{form}-two-signers")
    both = ("--key", str(FIXTURES / "test-keys" / "p256-second.pub"), "--threshold", "2")
    stranger = ("--key", str(FIXTURES / "test-keys" / "p384.pub"), "--threshold", "2")
    code, evidence = verify(place(case), case["key"], *both)
    with_a_stranger, _ = verify(place(case), case["key"], *stranger)
    assert (code, len(evidence["images"][0]["signatures"])) == (0, 2)
    assert with_a_stranger == NO_MATCH


def test_an_attestation_counts_as_a_signature_only_when_told_so(place: Place, verify: Verify) -> None:
    """cosign v3 accepts it: its exit code is recorded in the case."""
    (case,) = (case for case in CASES if case["name"] == "v3-attestation-only")
    assert case["cosign_verify_exit_codes"]["cosign-v3"] == 0
    told, _ = verify(place(case), case["key"], "--any-predicate")
    untold, _ = verify(place(case), case["key"])
    assert (untold, told) == (NO_MATCH, 0)
