"""The commands beside sign and verify, against a registry, as a user runs them."""

import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cosignpy.cli.app import run
from cosignpy.core.bundle.legacy import LegacyStyle, build_signature_image
from cosignpy.core.bundle.parts import SignatureParts
from cosignpy.core.digest import Digest
from cosignpy.core.encoding import encode_b64
from cosignpy.core.oci.attachment_tags import AttachmentKind, AttachmentTag
from cosignpy.core.oci.manifest import Descriptor
from cosignpy.core.oci.reference import Tag
from cosignpy.core.oci.referrers import fallback_tag
from cosignpy.core.oci.simple_signing import SIMPLE_SIGNING, build_simple_signing
from cosignpy.localregistry.faults import Faults
from cosignpy.localregistry.server import LocalRegistry, RegistryOptions
from cosignpy.operations.attachments import fetch_attachments
from cosignpy.registry import options as client
from cosignpy.registry.repository import RemoteRepository
from cosignpy.registry.session import RegistrySession
from tests.support.attached import SPDX, bundle_of, push_bundle
from tests.support.memory_repository import push_image
from tests.support.virtual_sigstore import Signing

Capture = pytest.CaptureFixture[str]


def out(capsys: Capture, *argv: str, code: int = 0) -> str:
    capsys.readouterr()
    assert run(list(argv)) == code, capsys.readouterr().err
    return capsys.readouterr().out


def labels(shelf: Any, name: str, digest: Any) -> list[str]:
    return [item.tag or item.label for item in fetch_attachments(shelf.repository(name), digest)]


def test_tree_is_the_same_every_time_and_shows_everything(shelf: Any, capsys: Capture) -> None:
    name = f"{shelf.address}/team/app"
    text = out(capsys, "tree", f"{name}:1")
    assert text == out(capsys, "tree", f"{name}:1")
    lines = text.splitlines()
    assert lines[0] == f"📦 Supply Chain Security Related artifacts for an image: {name}:1"
    assert lines[1] == f"└── 🔐 Signatures for an image tag: {name}:sha256-{shelf.image.digest.hex}.sig"
    for part in (f"{SPDX} artifacts via OCI referrer", "application/spdx+json artifacts", "📦 SBOMs for an image tag"):
        assert sum(part in line for line in lines) == 1
    assert sum(line.startswith("   └── 🍒 sha256:") for line in lines) == 5


def test_tree_of_an_index_shows_its_images(shelf: Any, capsys: Capture) -> None:
    found = json.loads(out(capsys, "tree", "--recursive", "-o", "json", f"{shelf.address}/team/app:all"))
    assert [child["digest"] for child in found["images"]] == [str(shelf.image.digest), str(shelf.child.digest)]
    assert [item["predicateType"] for item in found["attachments"]] == ["https://sigstore.dev/cosign/sign/v1"]
    assert str(shelf.child.digest) in out(capsys, "tree", "-r", f"{shelf.address}/team/app:all")


def test_tree_of_a_bare_image_says_what_to_do(shelf: Any, capsys: Capture) -> None:
    out(capsys, "clean", "-f", f"{shelf.address}/team/app@{shelf.child.digest}")
    assert run(["tree", f"{shelf.address}/team/app@{shelf.child.digest}"]) == 0
    assert "cosignpy sign" in capsys.readouterr().err


def test_an_image_that_does_not_exist_is_code_11(shelf: Any) -> None:
    for command in (["tree"], ["triangulate"], ["clean", "-f"], ["download", "signature"], ["save", "--dir", "x"]):
        assert run([*command, f"{shelf.address}/team/app:none"]) == 11


def test_triangulate_names_places(shelf: Any, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"{shelf.address}/team/app"
    assert out(capsys, "triangulate", f"{name}:1") == f"{name}:sha256-{shelf.image.digest.hex}.sig\n"
    assert out(capsys, "triangulate", "--type", "digest", f"{name}:1") == f"{name}@{shelf.image.digest}\n"
    monkeypatch.setenv("COSIGN_REPOSITORY", f"{shelf.address}/signatures")
    found = json.loads(out(capsys, "triangulate", "--type", "attestation", "-o", "json", f"{name}:1"))
    assert found["reference"] == f"{shelf.address}/signatures:sha256-{shelf.image.digest.hex}.att"


def test_clean_removes_cosigns_own_and_says_so(shelf: Any, capsys: Capture) -> None:
    image = f"{shelf.address}/team/app:1"
    before = labels(shelf, "team/app", shelf.image.digest)
    found = json.loads(out(capsys, "clean", "--dry-run", "-o", "json", image))
    assert (len(found["removed"]), found["dryRun"]) == (4, True)
    assert labels(shelf, "team/app", shelf.image.digest) == before
    assert run(["clean", "--force", image]) == 0
    assert capsys.readouterr().err.count("Removed ") == 4
    assert labels(shelf, "team/app", shelf.image.digest) == ["application/spdx+json"]
    assert run(["clean", "--force", image]) == 0
    assert "nothing to remove" in capsys.readouterr().err


def test_clean_of_an_index_reaches_its_images(shelf: Any) -> None:
    assert run(["clean", "-f", "-r", f"{shelf.address}/team/app:all"]) == 0
    assert [labels(shelf, "team/app", item.digest) for item in (shelf.index, shelf.child)] == [[], []]
    assert fallback_tag(shelf.child.digest) not in shelf.repository().fetch_tags()


@pytest.mark.parametrize(("answer", "code"), [(None, 2), (b"n\n", 2), (b"y\n", 0)])
def test_clean_asks_first(shelf: Any, monkeypatch: pytest.MonkeyPatch, answer: bytes | None, code: int) -> None:
    stdin = io.BytesIO(answer or b"")
    stdin.isatty = lambda: answer is not None  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=stdin, isatty=stdin.isatty))
    assert run(["clean", f"{shelf.address}/team/app:1"]) == code
    left = labels(shelf, "team/app", shelf.image.digest)
    assert (left == ["application/spdx+json"]) is (code == 0)


def test_copy_takes_everything_and_again_takes_nothing(shelf: Any, capsys: Capture) -> None:
    source, target = f"{shelf.address}/team/app:all", f"{shelf.address}/other/place:v1"
    first = json.loads(out(capsys, "copy", source, target, "-o", "json"))
    assert (first["images"], first["attachments"], first["missing"]) == (3, 8, [])
    copy = shelf.repository("other/place")
    assert copy.fetch_manifest(Tag("v1")).digest == shelf.index.digest
    for item in (shelf.index, shelf.image, shelf.child):
        assert labels(shelf, "other/place", item.digest) == labels(shelf, "team/app", item.digest)
    (other,) = [item for item in copy.fetch_referrers(shelf.image.digest) if "spdx" in item.artifact_type]
    assert len(copy.fetch_referrers(other.digest)) == 1
    second = json.loads(out(capsys, "copy", source, target, "-o", "json"))
    assert (second["manifestsSent"], second["bytesSent"]) == (0, 0)
    assert run(["copy", source, target]) == 0
    assert "images: 3, attachments: 8" in capsys.readouterr().err


def test_copy_does_not_replace_another_image_unless_forced(shelf: Any) -> None:
    source, target = f"{shelf.address}/team/app:1", f"{shelf.address}/team/app:all"
    assert run(["copy", source, target]) == 2
    assert shelf.repository().fetch_manifest(Tag("all")).digest == shelf.index.digest
    assert run(["copy", "--force", source, target]) == 0
    assert shelf.repository().fetch_manifest(Tag("all")).digest == shelf.image.digest


def test_copy_of_attachments_only(shelf: Any) -> None:
    target = f"{shelf.address}/only/sigs:1"
    assert run(["copy", "--only", "sig,sbom", f"{shelf.address}/team/app:1", target]) == 0
    assert len(labels(shelf, "only/sigs", shelf.image.digest)) == 3
    assert Tag("1") not in shelf.repository("only/sigs").fetch_tags()
    assert run(["copy", "--only", "sigs", f"{shelf.address}/team/app:1", target]) == 2


def test_copy_to_a_digest_needs_the_same_digest(shelf: Any) -> None:
    source, place = f"{shelf.address}/team/app:1", f"{shelf.address}/by/digest"
    assert run(["copy", source, f"{place}@{shelf.child.digest}"]) == 2
    assert run(["copy", source, f"{place}@{shelf.image.digest}"]) == 0
    assert shelf.repository("by/digest").fetch_manifest(shelf.image.digest).digest == shelf.image.digest


@pytest.mark.parametrize("transport", ["oci-layout", "oci-archive"])
def test_copy_to_files_and_back(shelf: Any, home: Path, transport: str) -> None:
    place = f"{transport}:{home / 'saved.tar'}:v1"
    assert run(["copy", f"{shelf.address}/team/app:all", place]) == 0
    assert run(["copy", place, f"{shelf.address}/from/{transport}:v1"]) == 0
    for item in (shelf.index, shelf.image, shelf.child):
        assert labels(shelf, f"from/{transport}", item.digest) == labels(shelf, "team/app", item.digest)


def test_save_and_load(shelf: Any, home: Path, capsys: Capture) -> None:
    directory = str(home / "saved")
    assert run(["save", "--dir", directory, f"{shelf.address}/team/app:1"]) == 0
    assert run(["save", "--dir", directory, f"{shelf.address}/team/app:1"]) == 0
    assert run(["save", "--dir", directory, f"{shelf.address}/team/app@{shelf.child.digest}"]) == 3
    kinds = [
        item.get("annotations", {}).get("kind")
        for item in json.loads((home / "saved/index.json").read_bytes())["manifests"]
    ]
    assert {"dev.cosignproject.cosign/image", "dev.cosignproject.cosign/sigs"} <= set(kinds)
    found = json.loads(out(capsys, "load", "--dir", directory, f"{shelf.address}/loaded/app:1", "-o", "json"))
    assert found["digest"] == str(shelf.image.digest)
    assert labels(shelf, "loaded/app", shelf.image.digest) == labels(shelf, "team/app", shelf.image.digest)
    assert run(["load", "--dir", directory, f"{shelf.address}/loaded/app@{shelf.child.digest}"]) == 2
    assert run(["load", "--dir", str(home / "absent"), f"{shelf.address}/loaded/app:1"]) == 3


def test_download_prints_bundles_then_legacy_signatures(shelf: Any, capsys: Capture) -> None:
    lines = [
        json.loads(line) for line in out(capsys, "download", "signature", f"{shelf.address}/team/app:1").splitlines()
    ]
    assert [line.get("mediaType") for line in lines] == ["application/vnd.dev.sigstore.bundle.v0.3+json", None]
    assert list(lines[1]) == ["Base64Signature", "Payload", "Cert", "Chain", "Bundle", "RFC3161Timestamp"]
    assert lines[1]["Base64Signature"] == encode_b64(b"one")


def test_download_from_an_unsigned_image_is_code_10(shelf: Any) -> None:
    image = f"{shelf.address}/team/app@{shelf.child.digest}"
    assert run(["clean", "-f", image]) == 0
    assert run(["download", "signature", image]) == 10


def test_attach_a_detached_signature_and_a_bundle(shelf: Any, home: Path, capsys: Capture) -> None:
    image = f"{shelf.address}/team/app@{shelf.child.digest}"
    (home / "sig").write_text(encode_b64(b"made elsewhere") + "\n")
    (home / "payload").write_bytes(build_simple_signing("elsewhere", shelf.child.digest, {"a": "b"}))
    (home / "bundle").write_bytes(bundle_of(shelf.child, "another"))
    attach = ["attach", "signature", "--signature", str(home / "sig")]
    assert run([*attach, "--payload", str(home / "payload"), image]) == 0
    assert run([*attach, image]) == 0
    assert run([*attach, image]) == 0
    assert run(["attach", "signature", "--signature", str(home / "bundle"), image]) == 0
    lines = out(capsys, "download", "signature", image).splitlines()
    assert (len(lines), sum("Base64Signature" in line for line in lines)) == (4, 2)


def test_attach_refuses_what_is_not_this_images(shelf: Any, home: Path) -> None:
    image = f"{shelf.address}/team/app@{shelf.child.digest}"
    (home / "sig").write_text(encode_b64(b"made elsewhere"))
    (home / "raw").write_bytes(b"\x30\x45\xff")
    (home / "payload").write_bytes(build_simple_signing("elsewhere", shelf.image.digest, {}))
    (home / "bundle").write_bytes(bundle_of(shelf.image))
    before = labels(shelf, "team/app", shelf.child.digest)
    for flags, code in (
        ([], 2),
        (["--signature", str(home / "raw")], 4),
        (["--signature", str(home / "absent")], 3),
        (["--signature", str(home / "sig"), "--payload", str(home / "payload")], 12),
        (["--signature", str(home / "sig"), "--certificate", str(home / "sig")], 4),
        (["--signature", str(home / "bundle")], 12),
        (["--signature", str(home / "bundle"), "--payload", str(home / "payload")], 2),
    ):
        assert run(["attach", "signature", *flags, image]) == code, flags
    assert labels(shelf, "team/app", shelf.child.digest) == before


def test_attached_certificates_come_back(shelf: Any, home: Path, capsys: Capture) -> None:
    image = f"{shelf.address}/team/app@{shelf.child.digest}"
    pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    (home / "sig").write_text(encode_b64(b"made elsewhere"))
    (home / "pem").write_text(pem)
    parts = ["--signature", str(home / "sig"), "--certificate", str(home / "pem"), "--cert-chain", str(home / "pem")]
    assert run(["attach", "signature", *parts, image]) == 0
    found = json.loads(out(capsys, "download", "signature", image).splitlines()[-1])
    assert (found["Cert"], found["Chain"]) == (pem, [pem.strip()])


def test_attached_promises_and_timestamps_come_back(shelf: Any, home: Path, capsys: Capture) -> None:
    image = f"{shelf.address}/team/app@{shelf.child.digest}"
    parts = SignatureParts.of_bundle(Signing(stamped=True).bundle())
    (home / "sig").write_text(encode_b64(b"made elsewhere"))
    (home / "log").write_bytes(parts.rekor_bundle)
    (home / "tsr").write_bytes(parts.timestamp)
    flags = ["--signature", str(home / "sig"), "--rekor-response", str(home / "log"), "--tsr", str(home / "tsr")]
    assert run(["attach", "signature", *flags, image]) == 0
    found = json.loads(out(capsys, "download", "signature", image).splitlines()[-1])
    assert found["Bundle"] == json.loads(parts.rekor_bundle)
    assert found["RFC3161Timestamp"] == {"SignedRFC3161Timestamp": encode_b64(parts.timestamp)}


def test_download_says_what_it_leaves_out(shelf: Any, capsys: Capture) -> None:
    repository = shelf.repository()
    layer = Descriptor(
        SIMPLE_SIGNING, Digest.of(b"{}"), 2, annotations={"dev.sigstore.cosign/bundle": "no JSON \x1b[2K"}
    )
    manifest, config = build_signature_image([layer], LegacyStyle())
    repository.push_blob(config)
    repository.push_manifest(manifest, AttachmentTag(shelf.child.digest, AttachmentKind.SIGNATURE).encode())
    assert run(["download", "signature", f"{shelf.address}/team/app@{shelf.child.digest}"]) == 0
    printed = capsys.readouterr()
    assert "left out: legacy signature" in printed.err
    assert "\x1b" not in printed.err + printed.out


def test_clean_honours_cosign_repository(shelf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = shelf.repository("signatures")
    push_bundle(elsewhere, shelf.image)
    monkeypatch.setenv("COSIGN_REPOSITORY", f"{shelf.address}/signatures")
    before = labels(shelf, "team/app", shelf.image.digest)
    assert run(["clean", "-f", f"{shelf.address}/team/app:1"]) == 0
    assert labels(shelf, "signatures", shelf.image.digest) == []
    assert labels(shelf, "team/app", shelf.image.digest) == before


def test_tree_escapes_what_others_wrote(shelf: Any, capsys: Capture) -> None:
    push_bundle(shelf.repository(), shelf.child, "https://evil.test/\x1b[2K")
    text = out(capsys, "tree", f"{shelf.address}/team/app@{shelf.child.digest}")
    assert "\x1b" not in text
    assert r"https://evil.test/\u001b[2K" in text


def test_a_registry_that_does_not_allow_deletion_says_so(home: Path, capsys: Capture) -> None:
    del home
    with LocalRegistry(RegistryOptions(faults=Faults(no_deletes=True))) as running:
        session = RegistrySession(running.address, client.RegistryOptions())
        repository = RemoteRepository(session, "team/app")
        image = push_image(repository, tag="1").descriptor
        push_bundle(repository, image)
        assert run(["clean", "-f", f"{running.address}/team/app:1"]) == 23
        assert "does not allow" in capsys.readouterr().err
        assert len(repository.fetch_referrers(image.digest)) == 1
        session.close()
