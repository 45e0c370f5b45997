"""A registry with something in it: images signed and unsigned, and the key that signed, for whole-program tests."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.keys.algorithms import DEFAULT
from cosignpy.core.keys.encrypted_pem import NONCE_SIZE, SALT_SIZE, seal_pkcs8
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.oci.manifest import Descriptor, Manifest, Platform, build_index
from cosignpy.core.oci.reference import Tag
from cosignpy.core.verify.evidence import SignatureFormat
from cosignpy.operations.complete_bundle import SigningKey
from cosignpy.operations.sign_image import Claims, SignImage, sign_image
from cosignpy.registry.options import RegistryOptions
from cosignpy.registry.repository import RemoteRepository
from cosignpy.registry.session import RegistrySession
from tests.support.repository_contract import push_image

PASSWORD: Final = "transcript"
SIGNED_AT: Final = datetime(2026, 7, 24, 9, 0, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SeededImages:
    """Digests of what is in `team/app`: `app` (tag 1) and `index` (tag multi) are signed, `other` (tag 2) is not."""

    app: Digest
    other: Digest
    index: Digest


@cache
def seed_key() -> PrivateKey:
    """The key of this test run."""
    return PrivateKey.generate(DEFAULT)


@cache
def seed_key_files() -> dict[str, bytes]:
    """The run's key files: `seed.key` (password `transcript`), `seed.pub`, and `other.pub` that signed nothing."""
    return {
        "seed.key": seal_pkcs8(
            seed_key().encode_pkcs8(), PASSWORD.encode(), salt=bytes(SALT_SIZE), nonce=bytes(NONCE_SIZE)
        ).encode(),
        "seed.pub": seed_key().public_key.encode_pem(),
        "other.pub": PrivateKey.generate(DEFAULT).public_key.encode_pem(),
    }


def write_seed_keys(folder: Path) -> None:
    """Write the key files, the private one for its owner only."""
    for name, content in seed_key_files().items():
        (folder / name).write_bytes(content)
    (folder / "seed.key").chmod(0o600)


def seed_images(address: str) -> SeededImages:
    """Push two images and an index over both, and sign the first and the index in both formats."""
    session = RegistrySession(address, RegistryOptions())
    repository = RemoteRepository(session, "team/app")
    app = push_image(repository, b"the app", Tag("1"))
    other = push_image(repository, b"another app", Tag("2"))
    index = build_index([_for(app, "amd64"), _for(other, "arm64")])
    repository.push_manifest(index, Tag("multi"))
    for manifest in (app, index):
        claims = Claims("registry.example/team/app", {"env": "prod"})
        formats = (SignatureFormat.BUNDLE, SignatureFormat.LEGACY)
        sign_image(SignImage(manifest.descriptor, claims, formats, SIGNED_AT), SigningKey(seed_key()), repository)
    session.close()
    return SeededImages(app.digest, other.digest, index.digest)


def _for(manifest: Manifest, architecture: str) -> Descriptor:
    return replace(manifest.descriptor, platform=Platform("linux", architecture))
