"""Our own kind of policy on a registry: thresholds, freshness, deny lists and conditions, all in one policy."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy.cli.app import run
from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.intoto import build_signature_statement
from cosignpy.core.oci.manifest import Manifest
from cosignpy.core.trust.trusted_root import encode_trusted_root
from cosignpy.localregistry.server import LocalRegistry
from cosignpy.registry.options import RegistryOptions
from cosignpy.registry.repository import RemoteRepository
from cosignpy.registry.session import RegistrySession
from tests.support.attestations import review
from tests.support.image_policies import document, encode, own_document
from tests.support.memory_repository import push_image
from tests.support.signed_images import push_bundle
from tests.support.virtual_sigstore import (
    EMAIL,
    FULCIO_ISSUER,
    ISSUER,
    REKOR_V2,
    ROOT,
    SIGNING,
    Signing,
    certify,
    named,
)

Capture = pytest.CaptureFixture[str]
REVIEW: Final = "https://example.com/review/v1"
REFUSED: Final = 12
USAGE: Final = 2
BOB: Final = "bob@example.com"
PEOPLE: Final = [{"issuer": ISSUER, "subject": subject} for subject in (EMAIL, BOB)]
ALICES: Final = Signing(REKOR_V2, stamped=True)
BOBS: Final = replace(ALICES, leaf=certify((*named(BOB), *SIGNING), FULCIO_ISSUER))


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An image that Alice and Bob signed, each of whom reviewed it: Alice gave it 9 of 10, and Bob 3."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("COSIGN_REPOSITORY", raising=False)
    Path("root.json").write_bytes(encode_trusted_root(ROOT))
    with LocalRegistry() as registry:
        session = RegistrySession(registry.address, RegistryOptions())
        repository = RemoteRepository(session, "team/app")
        made = push_image(repository, tag="1")
        for signing, score in ((ALICES, 9), (BOBS, 3)):
            attach(repository, made, replace(signing, statement=build_signature_statement(made.digest, {})))
            predicate = json.dumps({"score": score, "by": "a person"}).encode()
            statement = review(made.digest, REVIEW, predicate)
            attach(repository, made, replace(signing, statement=statement), REVIEW)
        yield f"{registry.address}/team/app@{made.digest}"
        session.close()


def attach(repository: RemoteRepository, image: Manifest, signing: Signing, *predicate_type: str) -> None:
    push_bundle(repository, image.descriptor, encode_bundle(signing.bundle()), *predicate_type)


def people(**beside: Any) -> dict[str, Any]:
    return {"name": "people", "keyless": {"identities": PEOPLE, "require": "all"}, "maxAge": "9999w", **beside}


def reviewed(**beside: Any) -> dict[str, Any]:
    attestation = {"name": "review", "predicateType": REVIEW, **beside}
    return {"name": "reviewed", "keyless": {"identities": PEOPLE}, "attestations": [attestation]}


def verify(image: str, *authorities: dict[str, Any], **spec: Any) -> int:
    made = own_document(*authorities, **{"require": "all", **spec})
    Path("policy.yaml").write_bytes(encode(made))
    return run(["policy", "verify", "--policy=policy.yaml", "--trusted-root=root.json", "--output=json", image])


def reasons(capsys: Capture) -> list[str]:
    """Return the kinds of errors of all authorities that did not pass, and of what they rejected."""
    (image,) = json.loads(capsys.readouterr().out)["images"]
    authorities = [each for policy in image["policies"] for each in policy["authorities"]]
    return [each["error"]["message"] for each in authorities if "error" in each]


def scored(least: float) -> dict[str, Any]:
    return {"field": "predicate.score", "atLeast": least}


PEOPLES: Final = {"field": "predicate.by", "in": ["a person", "a team"]}
STRANGER: Final = [{"identity": {"subject": "mallory@example.com"}}, {"digest": "sha256:" + "a1" * 32}]


def test_all_that_is_demanded_is_shown(image: str, capsys: Capture) -> None:
    assert verify(image, people(), reviewed(conditions=[PEOPLES, scored(9)]), deny=STRANGER) == 0
    (found,) = json.loads(capsys.readouterr().out)["images"]
    (policy,) = found["policies"]
    assert (policy["decidedBy"], [each["outcome"] for each in policy["authorities"]]) == (
        "spec.require",
        ["passed"] * 2,
    )
    signed, attested = policy["authorities"]
    assert len(signed["signatures"]) == 2
    assert [each["certificate"]["names"] for each in attested["attestations"]["review"]] == [[EMAIL]]


@pytest.mark.parametrize(
    ("authority", "spec", "why"),
    [
        (people(maxAge="1h"), {}, "no matching signatures"),
        (people(), {"deny": [{"identity": {"subject": BOB}}]}, "only 1 of the 2 signers demanded"),
        (people(keyless={"identities": [PEOPLE[0], {**PEOPLE[1], "subject": "carol"}], "require": 2}), {}, "only 1 of"),
    ],
)
def test_one_thing_that_is_not_shown_refuses(
    image: str, capsys: Capture, authority: dict[str, Any], spec: dict[str, Any], why: str
) -> None:
    assert verify(image, authority, reviewed(), **spec) == REFUSED
    (message,) = reasons(capsys)
    assert why in message


@pytest.mark.parametrize(
    "condition", [scored(9.1), {**PEOPLES, "in": ["a team"]}, {"field": "predicate.ok", "equals": True}]
)
def test_one_condition_that_does_not_hold_refuses(image: str, capsys: Capture, condition: dict[str, Any]) -> None:
    conditions = [PEOPLES, scored(9)]
    assert verify(image, people(), reviewed(conditions=[*conditions, condition])) == REFUSED
    (message,) = reasons(capsys)
    assert "no attestation satisfies" in message


def test_each_of_several_signers_has_to_have_attested_what_is_demanded(image: str, capsys: Capture) -> None:
    both = reviewed(conditions=[scored(3)]) | {"keyless": {"identities": PEOPLE, "require": "all"}}
    assert verify(image, people(), both) == 0
    both["attestations"][0]["conditions"] = [scored(4)]
    capsys.readouterr()
    assert verify(image, people(), both) == REFUSED
    (message,) = reasons(capsys)
    assert "only 1 of the 2 signers demanded attested review" in message


def test_a_digest_that_is_denied_refuses_what_everybody_signed(image: str, capsys: Capture) -> None:
    digest = image.partition("@")[2]
    assert verify(image, people(), reviewed(), deny=[*STRANGER, {"digest": digest}]) == REFUSED
    (found,) = json.loads(capsys.readouterr().out)["images"]
    assert found["policies"][0]["decidedBy"] == "spec.deny[2].digest"


def test_one_authority_of_two_is_not_both(image: str, capsys: Capture) -> None:
    nobody = {"name": "nobody", "keyless": {"identities": [{"issuer": ISSUER, "subject": "carol@example.com"}]}}
    assert verify(image, people(), nobody) == REFUSED
    assert len(reasons(capsys)) == 1
    assert verify(image, people(), nobody, require="any") == 0


def test_the_same_policy_is_no_cluster_image_policy(image: str, capsys: Capture) -> None:
    Path("policy.yaml").write_bytes(encode(document(people())))
    assert run(["policy", "verify", "--policy=policy.yaml", "--trusted-root=root.json", image]) == USAGE
    assert "kind: ImagePolicy" in capsys.readouterr().err
