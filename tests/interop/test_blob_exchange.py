"""Files signed by identity, by one client and verified by another: each of ours and theirs, in both directions."""

from collections.abc import Iterator
from typing import Final

import pytest

from tests.interop.file_exchange import REFUSED, SIGNERS, TRUST, VERIFIERS
from tests.interop.keyless_stack import Stack, serve_stack
from tests.interop.programs import Tool

STRANGER: Final = "mallory@example.com"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with serve_stack("oidc-provider", tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="module", params=SIGNERS)
def signed(request: pytest.FixtureRequest, stack: Stack) -> tuple[str, str]:
    bundle = f"{request.param.replace(' ', '-')}.json"
    SIGNERS[request.param](stack, bundle).expect_success()
    return request.param, bundle


@pytest.mark.parametrize("verifier", VERIFIERS)
def test_whoever_signs_all_verify(stack: Stack, signed: tuple[str, str], verifier: str) -> None:
    signer, bundle = signed
    verify = VERIFIERS[verifier]
    assert verify(stack, bundle, stack.person) is ((signer, verifier) not in REFUSED)
    assert not verify(stack, bundle, STRANGER)


@pytest.fixture(scope="module")
def keys(stack: Stack) -> tuple[str, str]:
    names = ("signer", "another")
    for name in names:
        stack.shop.make_key(name)
    return names


@pytest.mark.parametrize("verifier", [Tool.OURS, Tool.V3])
@pytest.mark.parametrize("log", ["--rekor-url", "--rekor-v2-url"])
def test_files_signed_with_a_key_and_a_log(stack: Stack, keys: tuple[str, str], verifier: Tool, log: str) -> None:
    signer, another = keys
    made = ("--key", f"{signer}.key", log, stack.site.log.url, *TRUST, "--bundle", "key.json", "blob")
    stack.shop.run(Tool.OURS, "sign-blob", *made).expect_success()
    accepted, refused = (
        stack.shop.run(verifier, "verify-blob", "--key", f"{key}.pub", *TRUST, "--bundle", "key.json", "blob")
        for key in (signer, another)
    )
    accepted.expect_success()
    assert refused.exit_code != 0
