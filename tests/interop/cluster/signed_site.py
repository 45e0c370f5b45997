"""A registry with images that are signed, unsigned, and signed by others: what admissions are tried with."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.interop.cluster.api_client import Json
from tests.interop.images import push_image
from tests.interop.programs import Format, Tool, Workshop
from tests.support.registries import run_program

REPOSITORIES: Final = ("signed", "unsigned", "unsigned-too", "other-key", "two-policies", "warned")
"""Each with an image, whose tag is the same; alice signed `signed` and `two-policies`, bob `other-key`."""


@dataclass(frozen=True, slots=True)
class SignedSite:
    """The registry's address, the folder with keys, and the digest of each repository's image."""

    registry: str
    shop: Workshop
    digests: Mapping[str, str]
    access_log: Path

    def requests(self, repository: str) -> Sequence[str]:
        """Return what the registry was asked about a repository: `GET /v2/...`, the oldest first."""
        lines = self.access_log.read_text().splitlines()
        return [line.split('"')[1].removesuffix(" HTTP/1.1") for line in lines if f" /v2/{repository}/" in line]

    def tagged(self, repository: str) -> str:
        """Name an image by its tag."""
        return f"{self.registry}/{repository}:{repository}"

    def pinned(self, repository: str) -> str:
        """Name an image by its digest."""
        return f"{self.registry}/{repository}@{self.digests[repository]}"

    def public_key(self, name: str) -> str:
        """Return somebody's public key, PEM."""
        return (self.shop.folder / f"{name}.pub").read_text()

    def sign(self, repository: str, key: str) -> None:
        """Sign the image of a repository, as policies without `signatureFormat` look for it."""
        self.shop.sign(Tool.OURS, Format.LEGACY, self.pinned(repository), key)

    def add_signed(self, repository: str) -> str:
        """Make another image, signed by alice, and name it by its tag."""
        pinned = push_image(self.shop, f"{self.registry}/{repository}", repository)
        self.shop.sign(Tool.OURS, Format.LEGACY, pinned, "alice")
        return self.tagged(repository)

    def key_policy(self, name: str, glob: str, key: str = "alice", **fields: object) -> Json:
        """Build a policy that wants somebody's signature on images of this registry."""
        return self.policy(name, glob, {"name": key, "key": {"data": self.public_key(key)}}, **fields)

    def policy(self, name: str, glob: str, *authorities: Json, **fields: object) -> Json:
        """Build a policy about images of this registry."""
        spec = {"images": [{"glob": f"{self.registry}/{glob}"}], "authorities": [*authorities], **fields}
        head = {"apiVersion": "policy.sigstore.dev/v1beta1", "kind": "ClusterImagePolicy", "metadata": {"name": name}}
        return {**head, "spec": spec}

    def policies(self) -> Sequence[Json]:
        """Return a policy for everything that is tried."""
        return (
            *(self.key_policy(name, f"{name}*") for name in ("signed", "unsigned", "other-key", "missing")),
            self.key_policy("warned", "warned*", mode="warn"),
            self.key_policy("by-alice", "two-policies*"),
            self.key_policy("by-bob", "two-policies*", "bob"),
            self.policy("passed", "passed*", {"name": "all", "static": {"action": "pass"}}),
            self.policy("failed", "failed*", {"name": "none", "static": {"action": "fail", "message": "not this one"}}),
        )


@contextmanager
def run_signed_site(folder: Path) -> Iterator[SignedSite]:
    """Serve it, with keys of alice and bob in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    shop = Workshop(folder)
    shop.make_key("alice")
    shop.make_key("bob")
    with run_program("distribution-3") as running:
        images = {name: push_image(shop, f"{running.address}/{name}", name) for name in REPOSITORIES}
        digests = {name: image.partition("@")[2] for name, image in images.items()}
        site = SignedSite(running.address, shop, digests, running.locks / "log")
        site.sign("signed", "alice")
        site.sign("two-policies", "alice")
        site.sign("other-key", "bob")
        yield site
