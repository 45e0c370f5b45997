"""`webhook break-glass`: what is signed, and by whom it is accepted."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from cosignpy.core.trust.trusted_root import TrustedRoot, parse_trusted_root
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.webhook.break_glass.grant import FILE_NAME, SignedGrant, VerifiedGrant
from cosignpy.webhook.break_glass.verify import verify_grant
from tests.support.image_policies import own
from tests.support.keyless_site import Keyless, serve_keyless

REASON = "INC-4711: the shop is down"
COMMON = ("webhook", "break-glass", "--namespace=shop", f"--reason={REASON}")
DIGEST = f"sha256:{'1' * 64}"
MISUSED = 2
"""docs/exit-codes.md: usage."""


class Believing:
    """Believes a site."""

    def __init__(self, root: bytes) -> None:
        self._root = root

    def trusted_root(self) -> TrustedRoot:
        return parse_trusted_root(self._root)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyless]:
    with serve_keyless(tmp_path_factory.mktemp("keyless")) as running:
        running.succeed("generate-key-pair", "--output-key-prefix=oncall")
        yield running


def about_files(*authorities: dict[str, Any]) -> ImagePolicyDocument:
    return own(*authorities, name="exceptions", images=[], files=[{"glob": FILE_NAME}])


def by_key(site: Keyless) -> ImagePolicyDocument:
    pem = (site.folder / "oncall.pub").read_text()
    return about_files({"name": "oncall", "key": {"data": pem}})


def verify(site: Keyless, manifest: bytes, policy: ImagePolicyDocument) -> VerifiedGrant:
    found = yaml.safe_load(manifest)
    signed = SignedGrant(found["spec"]["grant"].encode(), found["spec"]["bundle"].encode())
    root = (site.folder / "root.json").read_bytes()
    return verify_grant(signed, (policy,), Believing(root), datetime.now(UTC))


def test_by_a_key(site: Keyless) -> None:
    made = site.succeed(
        *COMMON, "--key=oncall.key", "--tlog-upload=false", "--name=fire", "registry.example.com/shop/cart"
    )
    found = yaml.safe_load(made.stdout)
    assert found["metadata"] == {"name": "fire", "namespace": "shop"}
    grant = verify(site, made.stdout, by_key(site)).grant
    now = datetime.now(UTC)
    assert (grant.namespace, grant.reason, grant.cluster) == ("shop", REASON, "")
    assert grant.is_about(f"registry.example.com/shop/cart:v1@{DIGEST}", now)
    assert grant.is_about("registry.example.com/shop/cart:v1", now)
    assert not grant.is_about(f"registry.example.com/shop/cart-two@{DIGEST}", now)
    assert abs(grant.not_after - now - timedelta(hours=1)) < timedelta(minutes=1)


def test_by_an_identity_into_a_file(site: Keyless) -> None:
    said = site.succeed(
        *COMMON, *site.signing, "--for=24h", "--cluster=prod", "--out=fire.yaml", "registry.example.com/**"
    )
    assert said.stdout == b""
    rule = {"issuerRegExp": ".*", "subjectRegExp": ".*"}
    found = verify(site, (site.folder / "fire.yaml").read_bytes(), about_files({"keyless": {"identities": [rule]}}))
    assert found.grant.cluster == "prod"
    assert len(found.signers) == 1
    assert "@" in found.signers[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("registry.example.com/a:v1", "--for=1h"), "is named by a tag"),
        (("registry.example.com/a", "--for=25h"), "more than 24 hours after notBefore"),
        (("registry.example.com/a", "--for=soon"), "is not a duration"),
        (("a b", "--for=1h"), "'a b'"),
        (("registry.example.com/a", "--for=1h", "--reason="), "--reason is missing"),
        (("registry.example.com/a", "--for=1h", "--namespace="), "--namespace is missing"),
    ],
)
def test_what_no_exception_can_be(site: Keyless, arguments: tuple[str, ...], said: str) -> None:
    run = site.run(*COMMON, "--key=oncall.key", "--tlog-upload=false", "--out=never.yaml", *arguments)
    assert (run.returncode, run.stdout) == (MISUSED, b"")
    assert said in run.stderr.splitlines()[0].decode()
    assert not Path(site.folder, "never.yaml").exists()
