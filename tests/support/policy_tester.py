"""The images of the recorded verdicts, in memory: signed and attested by the same keys as by `make_images.sh`."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from nacl import bindings

from cosignpy.core.bundle.legacy import LegacyStyle, build_signature_image, build_signature_layer
from cosignpy.core.digest import Digest
from cosignpy.core.encoding import encode_json, parse_pem
from cosignpy.core.intoto import STATEMENT_V01
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.oci.attachment_tags import AttachmentKind, AttachmentTag
from cosignpy.core.oci.manifest import ArtifactManifest, Descriptor, Manifest
from cosignpy.core.oci.reference import Reference, Tag
from cosignpy.core.oci.simple_signing import CERTIFICATE_ANNOTATION, CHAIN_ANNOTATION
from cosignpy.core.predicates.types import select_predicate_type
from cosignpy.imagepolicy.workloads import Workload
from tests.support import vectors
from tests.support.attestations import attestation_layer, envelope_text, make
from tests.support.memory_repository import MemoryRepository, push_index
from tests.support.signed import simple_signing
from tests.support.signed_images import CREATED, LEGACY, sign

FOLDER: Final = vectors.VECTORS / "policy-tester"
CASES: Final = sorted(each.name for each in (FOLDER / "cases").glob("*")) if vectors.available() else []
REGISTRY: Final = "localhost:5000"

REVIEW: Final = "https://example.com/review/v1"


@cache
def key(name: str) -> PrivateKey:
    """Return one of the keys, whose passwords are empty."""
    plain = FOLDER / "keys" / f"{name}.key.pem"
    if plain.exists():
        return PrivateKey.parse_pkcs8(parse_pem(plain.read_bytes(), what=name).body)
    return PrivateKey.parse((FOLDER / "keys" / f"{name}.key").read_bytes(), b"")


@cache
def repository(name: str) -> MemoryRepository:
    """Return the repository `pc/NAME`, with its image `v1` if there is one."""
    made = MemoryRepository(f"{REGISTRY}/pc/{name}")
    if name == "idx-rec":
        children = [_push(made, f"{name} {architecture}", {}, architecture) for architecture in ("amd64", "arm64")]
        push_index(made, [each.descriptor for each in children], "v1")
        for each in children:
            sign(made, each, key("a"), LEGACY)
    elif name in _IMAGES:
        config, architecture = _CONFIGS.get(name, ({}, "amd64"))
        image = _push(made, name, config, architecture)
        made.push_manifest(image, Tag("v1"))
        _IMAGES[name](made, image)
    return made


def digest(name: str) -> Digest:
    """Return the digest that `@DIGEST:NAME:v1@` stands for."""
    if name == "idx-rec-arm64":
        return repository("idx-rec").manifests[repository("idx-rec").tags[Tag("v1")]].manifests[1].digest
    return repository(name).tags[Tag("v1")]


def fill(text: str) -> str:
    """Put an address and digests in place of what stands for them."""
    return re.sub(r"@DIGEST:([^:@]+):[^@]+@", lambda found: str(digest(found[1])), text).replace("@REGISTRY@", REGISTRY)


def read(file: Path) -> bytes:
    """Return a file of a case, filled; nothing where it has none."""
    return fill(file.read_bytes().decode()).encode() if file.exists() else b""


def open_repository(reference: Reference) -> MemoryRepository:
    """Return the repository of an image, or of its signatures; one that nobody pushed to is empty."""
    return repository(reference.name.removeprefix(f"{REGISTRY}/pc/"))


def workload(file: Path) -> Workload | None:
    """Return the resource of a case."""
    found = yaml.safe_load(read(file))
    if found is None:
        return None
    group, _, version = found["apiVersion"].rpartition("/")
    labels = {name: str(text) for name, text in found["metadata"].get("labels", {}).items()}
    return Workload(group, version, f"{found['kind'].lower()}s", labels, found)


def _push(made: MemoryRepository, content: str, config: Mapping[str, Any], architecture: str) -> Manifest:
    rootfs = {"type": "layers", "diff_ids": []}
    raw = encode_json({"architecture": architecture, "os": "linux", "config": dict(config), "rootfs": rootfs})
    for blob in (raw, content.encode()):
        made.push_blob(blob)
    layer = Descriptor.of(content.encode(), "application/vnd.oci.image.layer.v1.tar")
    manifest = ArtifactManifest(Descriptor.of(raw, "application/vnd.oci.image.config.v1+json"), (layer,)).build()
    made.push_manifest(manifest)
    return manifest


def _signed(*names: str) -> Callable[[MemoryRepository, Manifest], None]:
    def by_keys(made: MemoryRepository, image: Manifest) -> None:
        for name in names:
            sign(made, image, key(name), LEGACY)

    return by_keys


def _attested(*made_by: tuple[str, str, str]) -> Callable[[MemoryRepository, Manifest], None]:
    """Store statements under the tag of attestations: by which key, of which type, with which predicate."""

    def attest(made: MemoryRepository, image: Manifest) -> None:
        _push_attestations(made, image.digest, image.digest, *made_by)

    return attest


def _push_attestations(made: MemoryRepository, tagged: Digest, subject: Digest, *made_by: tuple[str, str, str]) -> None:
    layers = list[Descriptor]()
    for signer, kind, file in made_by:
        uri = select_predicate_type(kind)
        envelope = envelope_text(_statement(subject, uri, file), key(signer))
        made.push_blob(envelope)
        layers.append(attestation_layer(envelope, uri))
    manifest, config = build_signature_image(layers, LegacyStyle())
    made.push_blob(config)
    made.push_manifest(manifest, AttachmentTag(tagged, AttachmentKind.ATTESTATION).encode())


def _statement(subject: Digest, uri: str, file: str) -> bytes:
    """Return what cosign signs: of a custom predicate the text, and when."""
    raw = (FOLDER / "files" / file).read_text()
    custom = uri == select_predicate_type("custom")
    predicate = {"Data": raw, "Timestamp": "2026-11-10T02:06:05Z"} if custom else yaml.safe_load(raw)
    named = {"name": "image", "digest": {subject.algorithm: subject.hex}}
    return encode_json({"_type": STATEMENT_V01, "predicateType": uri, "subject": [named], "predicate": predicate})


def _sign_and_attest(made: MemoryRepository, image: Manifest) -> None:
    _signed("a")(made, image)
    _attested(("a", "custom", "custom-good.json"), ("b", REVIEW, "review-good.json"))(made, image)


def _attest_in_bundle(made: MemoryRepository, image: Manifest) -> None:
    predicate = (FOLDER / "files" / "review-good.json").read_bytes()
    make(image.digest, REVIEW, key("a"), predicate).store(made, image.descriptor, CREATED)


def _copy_attestation(made: MemoryRepository, image: Manifest) -> None:
    """Attest something about another image, under the tag of this one."""
    _push_attestations(made, image.digest, Digest.of(b"another image"), ("a", "custom", "custom-good.json"))


def _sign_prehashed(made: MemoryRepository, image: Manifest) -> None:
    """Sign as cosign v3 does with an Ed25519 key, whose own verifier refuses that."""
    payload, state = simple_signing(image.digest), bindings.crypto_sign_ed25519ph_state()
    plain = load_pem_private_key((FOLDER / "keys" / "ed25519.key.pem").read_bytes(), None)
    assert isinstance(plain, Ed25519PrivateKey)
    seed = plain.private_bytes_raw()
    bindings.crypto_sign_ed25519ph_update(state, payload)
    signature = bindings.crypto_sign_ed25519ph_final_create(state, seed + plain.public_key().public_bytes_raw())
    manifest, config = build_signature_image([build_signature_layer(payload, signature)], LegacyStyle())
    for blob in (payload, config):
        made.push_blob(blob)
    made.push_manifest(manifest, AttachmentTag(image.digest, AttachmentKind.SIGNATURE).encode())


def _sign_elsewhere(made: MemoryRepository, image: Manifest) -> None:
    del made
    elsewhere = repository("sigs")
    _push(elsewhere, "sigrepo", {}, "amd64")
    sign(elsewhere, image, key("a"), LEGACY)


def _sign_with_prefix(made: MemoryRepository, image: Manifest) -> None:
    sign(made, image, key("a"), LEGACY)
    tag = AttachmentTag(image.digest, AttachmentKind.SIGNATURE).encode()
    made.tags[Tag(f"rel1-{tag}")] = made.tags.pop(tag)


def _certified(leaf: str, signer: str) -> Callable[[MemoryRepository, Manifest], None]:
    """Sign with the key of a certificate, which lies beside the signature with its issuer."""

    def attach(made: MemoryRepository, image: Manifest) -> None:
        payload = simple_signing(image.digest)
        beside = {
            CERTIFICATE_ANNOTATION: (FOLDER / "keys" / f"{leaf}.crt").read_text(),
            CHAIN_ANNOTATION: (FOLDER / "keys" / "ca.crt").read_text(),
        }
        layer = build_signature_layer(payload, key(signer).sign(payload), beside)
        manifest, config = build_signature_image([layer], LegacyStyle())
        for blob in (payload, config):
            made.push_blob(blob)
        made.push_manifest(manifest, AttachmentTag(image.digest, AttachmentKind.SIGNATURE).encode())

    return attach


def _nobody(made: MemoryRepository, image: Manifest) -> None:
    del made, image


_CUSTOM: Final = ("a", "custom", "custom-good.json")
_CONFIGS: Final[Mapping[str, tuple[Mapping[str, Any], str]]] = {
    "conf-nonroot": ({"User": "65532", "Labels": {"org": "one"}}, "amd64"),
    "conf-arm": ({"User": "65532"}, "arm64"),
}
_IMAGES: Final[Mapping[str, Callable[[MemoryRepository, Manifest], None]]] = {
    "a": _signed("a"),
    "ab": _signed("a", "b"),
    "annot": _signed("a"),
    "att-bundle": _attest_in_bundle,
    "att-by-b": _attested(("b", "custom", "custom-good.json")),
    "att-custom": _attested(_CUSTOM),
    "att-goodbad": _attested(("a", "custom", "custom-bad.json"), _CUSTOM),
    "att-slsa": _attested(("a", "slsaprovenance", "slsa02.json")),
    "att-spdx": _attested(("a", "spdxjson", "sbom.spdx.json")),
    "att-two": _attested(_CUSTOM, ("a", "vuln", "vuln.json")),
    "att-uri": _attested(("a", REVIEW, "review-good.json")),
    "attcopied": _copy_attestation,
    "b": _signed("b"),
    "conf-arm": _signed("a"),
    "conf-nonroot": _signed("a"),
    "ed25519": _sign_prehashed,
    "ed25519-pure": _signed("ed25519"),
    "idx-none": _attested(_CUSTOM),
    "kl-email": _certified("leaf", "leaf"),
    "kl-uri": _certified("leafuri", "leafuri"),
    "rsa": _signed("rsa"),
    "sig-and-att": _sign_and_attest,
    "sigrepo": _sign_elsewhere,
    "tagprefix": _sign_with_prefix,
    "unsigned": _nobody,
}
"""What lies beside each image."""
