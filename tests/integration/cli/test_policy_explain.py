"""`policy explain` and `policy test` on a registry: who signed, when, where it is logged, and what would change it."""

import json
from collections.abc import Iterator
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
from tests.support.image_policies import BY_KEY, document, encode
from tests.support.memory_repository import push_image
from tests.support.signed import KEY, OTHER_KEY
from tests.support.signed_images import push_bundle, sign
from tests.support.virtual_sigstore import EMAIL, ISSUER, REKOR_V2, ROOT, Signing

Capture = pytest.CaptureFixture[str]
MALFORMED: Final = 4
UNSIGNED: Final = 10
REFUSED: Final = 12
BOB: Final = "bob@example.com"
REPOSITORY: Final = "team/app"


def by(subject: str) -> dict[str, Any]:
    return {"name": "people", "keyless": {"identities": [{"issuer": ISSUER, "subject": subject}]}}


@pytest.fixture(scope="module")
def registry() -> Iterator[LocalRegistry]:
    with LocalRegistry() as running:
        session = RegistrySession(running.address, RegistryOptions())
        repository = RemoteRepository(session, REPOSITORY)
        push_image(repository, b"unsigned", tag="unsigned")
        sign(repository, push_image(repository, b"key", tag="key"))
        _sign_as_somebody(repository, push_image(repository, b"somebody", tag="somebody"))
        session.close()
        yield running


def _sign_as_somebody(repository: RemoteRepository, image: Manifest) -> None:
    bundle = Signing(REKOR_V2, statement=build_signature_statement(image.digest, {}), stamped=True).bundle()
    push_bundle(repository, image.descriptor, encode_bundle(bundle))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("COSIGN_REPOSITORY", raising=False)
    Path("root.json").write_bytes(encode_trusted_root(ROOT))


def explained(capsys: Capture, image: str, *authorities: dict[str, Any]) -> tuple[int, list[str]]:
    Path("a.yaml").write_bytes(encode(document(*authorities)))
    code = run(["policy", "explain", "--policy=a.yaml", "--trusted-root=root.json", image])
    return code, [line.lstrip("│├└─ ") for line in capsys.readouterr().out.splitlines()]


def name(registry: LocalRegistry, tag: str) -> str:
    return f"{registry.address}/{REPOSITORY}:{tag}"


def test_another_identity_signed(registry: LocalRegistry, capsys: Capture) -> None:
    code, lines = explained(capsys, name(registry, "somebody"), by(BOB))
    assert code == REFUSED
    assert f"wants signed by '{BOB}' by '{ISSUER}'" in lines
    assert f"signed by {EMAIL}, says {ISSUER}" in lines
    assert any(line.startswith("not later than 2") for line in lines)
    assert any(line.startswith("entry ") for line in lines)
    assert lines[-1] == (
        f"→ to make it pass: let '{BOB}' by '{ISSUER}' sign it, "
        f"or add '{EMAIL}' by '{ISSUER}' to spec.authorities[0].keyless.identities"
    )
    assert explained(capsys, name(registry, "somebody"), by(EMAIL))[0] == 0


def test_the_identity_that_is_wanted_signed(registry: LocalRegistry, capsys: Capture) -> None:
    code, lines = explained(capsys, name(registry, "somebody"), by(EMAIL))
    assert code == 0
    assert lines[0].startswith(f"✓ {name(registry, 'somebody')} (sha256:")
    assert lines[0].endswith("): admitted")
    assert "✓ policy team (a.yaml:1): passed, by spec.authorities[0]" in lines
    assert f"signed by {EMAIL}, says {ISSUER}" in lines
    assert not any("to make it pass" in line for line in lines)


def test_another_key_signed(registry: LocalRegistry, capsys: Capture) -> None:
    other = {"name": "release", "key": {"data": OTHER_KEY.public_key.encode_pem().decode()}}
    code, lines = explained(capsys, name(registry, "key"), other)
    wanted = f"the P-256 key {OTHER_KEY.public_key.fingerprint}"
    assert code == REFUSED
    assert f"wants signed by {wanted}" in lines
    assert lines[-1] == (
        f"→ to make it pass: let {wanted} sign it, or add an authority to spec.authorities for whoever did"
    )


def test_nobody_signed(registry: LocalRegistry, capsys: Capture) -> None:
    code, lines = explained(capsys, name(registry, "unsigned"), dict(BY_KEY))
    assert code == UNSIGNED
    assert lines[-1] == f"→ to make it pass: let the P-256 key {KEY.public_key.fingerprint} sign it"


def test_every_refusing_authority_is_explained(registry: LocalRegistry, capsys: Capture) -> None:
    Path("a.yaml").write_bytes(encode(document(by(BOB), dict(BY_KEY))))
    arguments = ["policy", "explain", "--policy=a.yaml", "--trusted-root=root.json", "--output=json"]
    assert run([*arguments, name(registry, "somebody")]) == REFUSED
    (image,) = json.loads(capsys.readouterr().out)["images"]
    identity, key = image["policies"][0]["authorities"]
    assert [each["certificate"]["names"] for each in identity["rejections"]] == [[EMAIL]]
    assert "or add" in identity["change"]
    assert [each["reason"] for each in key["rejections"]] == [
        "invalid signature: made with a certificate, not with a key"
    ]
    assert key["change"].startswith("let the P-256 key")


def test_cases_over_images_of_a_registry(registry: LocalRegistry, capsys: Capture) -> None:
    Path("team.yaml").write_bytes(encode(document(dict(BY_KEY))))
    cases = [
        ("key", "admitted", "spec.authorities[0]"),
        ("unsigned", "refused", "no signatures found"),
        ("somebody", "refused", "made with a certificate, not with a key"),
    ]
    lines = [
        f"  - {{image: '{name(registry, tag)}', verdict: {verdict}, because: '{why}'}}" for tag, verdict, why in cases
    ]
    Path("a.test.yaml").write_text("\n".join(["policies: [team.yaml]", "cases:", *lines]))
    assert run(["policy", "test", "."]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "3 cases: 3 passed, 0 failed"


@pytest.mark.parametrize(("place", "kind"), [("localhost:1/team/app", "Unreachable"), ("", "NoSuchTag")])
def test_an_image_that_cannot_be_looked_at_fails_although_it_is_to_be_refused(
    place: str, kind: str, registry: LocalRegistry, capsys: Capture
) -> None:
    Path("team.yaml").write_bytes(encode(document(dict(BY_KEY))))
    image = place or name(registry, "absent")
    Path("a.test.yaml").write_text(f"policies: [team.yaml]\ncases:\n  - image: '{image}'\n    verdict: refused\n")
    assert run(["policy", "test", "--output=json", "a.test.yaml"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["cases"]
    assert (found["verdict"], found["error"]["kind"]) == (None, kind)
    assert run(["policy", "test", "a.test.yaml"]) == 1
    assert "    - verdict: refused\n    + verdict: none\n    +   " in capsys.readouterr().out


def test_cases_over_what_was_recorded_ask_nobody(registry: LocalRegistry, capsys: Capture) -> None:
    image = name(registry, "somebody")
    Path("team.yaml").write_bytes(encode(document(by(EMAIL))))
    record = ["policy", "verify", "--policy=team.yaml", "--trusted-root=root.json", "--evidence=seen/a.json", image]
    Path("seen").mkdir()
    assert run(record) == 0
    Path("root.json").unlink()
    Path("a.test.yaml").write_text(
        f"policies: [team.yaml]\nevidence: seen/a.json\ncases:\n"
        f"  - {{image: '{image}', verdict: admitted, because: 'spec.authorities[0]'}}\n"
        f"  - {{image: 'localhost:1/team/app', verdict: refused}}\n"
    )
    assert run(["policy", "test", "--output=json", "a.test.yaml"]) == 1
    seen, unseen = json.loads(capsys.readouterr().out.splitlines()[-1])["cases"]
    assert (seen["passed"], seen["verdict"]) == (True, "admitted")
    assert seen["digest"].startswith("sha256:")
    assert (unseen["passed"], unseen["verdict"]) == (False, None)
    assert "nobody asked for" in unseen["error"]["message"]
    Path("team.yaml").write_bytes(encode(document(by(BOB))))
    assert run(["policy", "test", "--output=json", "a.test.yaml"]) == 1
    assert json.loads(capsys.readouterr().out)["cases"][0]["verdict"] == "refused"


def test_evidence_that_is_none_is_refused(capsys: Capture) -> None:
    Path("team.yaml").write_bytes(encode(document(dict(BY_KEY))))
    Path("a.test.yaml").write_text(
        "policies: [team.yaml]\ncases:\n  - {image: nginx, verdict: refused, evidence: team.yaml}\n"
    )
    assert run(["policy", "test", "a.test.yaml"]) == MALFORMED
    assert "policy evidence" in capsys.readouterr().err
