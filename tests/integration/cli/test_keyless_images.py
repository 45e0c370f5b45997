"""Images signed without a key, and with a key and a log: what is beside them, and what verifiers make of it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cosignpy.core.bundle.model import CertificateMaterial
from cosignpy.core.bundle.protojson import parse_bundle
from cosignpy.core.digest import Digest
from cosignpy.localregistry.server import LocalRegistry
from cosignpy.registry.options import RegistryOptions
from cosignpy.registry.repository import RemoteRepository
from cosignpy.registry.session import RegistrySession
from tests.support.keyless_site import TRUST, Keyless, serve_keyless
from tests.support.memory_repository import push_image, push_index

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "formats" / "evidence.schema.json").read_text())
REFUSED = 12
"""docs/exit-codes.md: no signature satisfies the policy."""
MALLORY = ("--certificate-identity=mallory@example.com", "--certificate-oidc-issuer")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyless]:
    with serve_keyless(tmp_path_factory.mktemp("keyless")) as running:
        running.succeed("generate-key-pair", "--output-key-prefix=signer")
        yield running


@dataclass(frozen=True)
class Images:
    """A registry with an image and an index of two; each test has its own."""

    registry: str
    image: str
    index: str
    children: tuple[str, str]

    def bundles(self, digest: str) -> list[Any]:
        """Return the bundles beside an image."""
        session = RegistrySession(self.registry, RegistryOptions())
        repository = RemoteRepository(session, "team/app")
        listed = repository.fetch_referrers(Digest.parse(digest))
        manifests = [repository.fetch_manifest(each.digest) for each in listed]
        found = [parse_bundle(repository.fetch_blob(manifest.layers[0])) for manifest in manifests]
        session.close()
        return found

    def named(self, digest: str) -> str:
        """Return a reference."""
        return f"{self.registry}/team/app@{digest}"


@pytest.fixture
def images() -> Iterator[Images]:
    with LocalRegistry() as running:
        session = RegistrySession(running.address, RegistryOptions())
        repository = RemoteRepository(session, "team/app")
        image = push_image(repository, b"one", "1").descriptor
        children = [push_image(repository, content).descriptor for content in (b"two", b"three")]
        index = push_index(repository, children, "all").descriptor
        session.close()
        first, second = (str(child.digest) for child in children)
        yield Images(running.address, str(image.digest), str(index.digest), (first, second))


def test_without_a_key(site: Keyless, images: Images) -> None:
    name = images.named(images.image)
    site.succeed("sign", *site.signing, name)
    done = site.succeed("verify", *TRUST, *site.who, "--output=json", name)
    evidence = json.loads(done.stdout)
    Draft202012Validator(SCHEMA).validate(evidence)
    (signature,) = evidence["images"][0]["signatures"]
    assert signature["certificate"]["names"] == ["alice@example.com"]
    assert signature["transparencyLog"] == {"checked": True}
    assert len(signature["times"]) == len(signature["logEntries"]) == 1


def test_what_a_person_reads(site: Keyless, images: Images) -> None:
    name = images.named(images.image)
    site.succeed("sign", *site.signing, name)
    told = site.succeed("verify", *TRUST, *site.who, name).stdout.decode().splitlines()
    assert told[:2] == [f"Verified {name}", f"  signed by    alice@example.com, says {site.site.issuer.url}"]
    assert "timestamp authority" in told[3]
    assert told[4].startswith("      logged         as entry ")
    assert not any("not checked" in line for line in told)


def test_somebody_else_is_refused(site: Keyless, images: Images) -> None:
    name = images.named(images.image)
    site.succeed("sign", *site.signing, name)
    refused = site.run("verify", *TRUST, *MALLORY, site.site.issuer.url, name)
    assert refused.returncode == REFUSED
    assert b"mallory@example.com" in refused.stderr
    assert b"alice@example.com" in refused.stderr


def test_a_pattern_of_names(site: Keyless, images: Images) -> None:
    name = images.named(images.image)
    site.succeed("sign", *site.signing, name)
    patterns = ("--certificate-identity-regexp=@example[.]com$", "--certificate-oidc-issuer-regexp=^http://127")
    site.succeed("verify", *TRUST, *patterns, name)


def test_a_key_that_lasts_is_not_what_signed(site: Keyless, images: Images) -> None:
    name = images.named(images.image)
    site.succeed("sign", *site.signing, name)
    refused = site.run("verify", *TRUST, "--key=signer.pub", name)
    assert refused.returncode == REFUSED
    assert b"made with a certificate" in refused.stderr


def test_an_index_and_all_in_it_have_one_certificate(site: Keyless, images: Images) -> None:
    name = images.named(images.index)
    site.succeed("sign", *site.signing, "--recursive", name)
    found = [bundle for digest in (images.index, *images.children) for bundle in images.bundles(digest)]
    materials = {bundle.material for bundle in found}
    assert len(found) == 3
    assert len(materials) == 1
    assert all(isinstance(material, CertificateMaterial) for material in materials)
    site.succeed("verify", *TRUST, *site.who, "--recursive", name)


def test_key_and_log(site: Keyless, images: Images) -> None:
    name = images.named(images.image)
    site.succeed("sign", "--key=signer.key", f"--rekor-v2-url={site.site.log.url}", *TRUST, name)
    site.succeed("verify", *TRUST, "--key=signer.pub", name)
    (bundle,) = images.bundles(images.image)
    assert len(bundle.log_entries) == 1


def test_key_without_log_is_refused_where_one_is_wanted(site: Keyless, images: Images) -> None:
    name = images.named(images.image)
    site.succeed("sign", "--key=signer.key", "--tlog-upload=false", name)
    site.succeed("verify", "--key=signer.pub", "--insecure-ignore-tlog", name)
    refused = site.run("verify", *TRUST, "--key=signer.pub", name)
    assert refused.returncode == REFUSED
    assert b"number of trusted logs" in refused.stderr


def test_nothing_is_pushed_when_the_log_is_down(site: Keyless, images: Images) -> None:
    name = images.named(images.image)
    services = ("--identity-token=token", f"--fulcio-url={site.site.ca.url}", "--rekor-v2-url=http://127.0.0.1:1")
    done = site.run("sign", *services, *TRUST, name)
    assert done.returncode == 20
    assert b"Not signed" in done.stderr
    assert images.bundles(images.image) == []
