"""Getting ready to sign, and signing where nobody else is asked."""

import os
import time
from collections.abc import Callable
from typing import Any, Final

import pytest

from cosignpy import (
    BundlePolicy,
    Digest,
    IdentityUnusable,
    MalformedError,
    NoIdentity,
    SignedByKey,
    SigningConfig,
    SkipLogUnsafe,
    UsageError,
    attest_blob,
    encode_bundle,
    find_identity_token,
    open_key_signing,
    open_keyless_signing,
    parse_signing_config,
    sign_blob,
    sign_image,
    verify_blob,
)
from cosignpy.core.encoding import encode_json
from cosignpy.core.policy.predicate import PredicateTypeIs
from cosignpy.services.rekor_v1 import RekorV1Client
from cosignpy.services.rekor_v2 import RekorV2Client
from cosignpy.values import replace
from tests.support import trust_documents
from tests.support.identity_tokens import token
from tests.support.virtual_sigstore import ROOT, USER_KEY

BY_KEY: Final = BundlePolicy(SignedByKey((USER_KEY.public_key,)), SkipLogUnsafe("test"))


def config(**changes: Callable[[Any], Any]) -> SigningConfig:
    """Return a signing config with lists of services changed."""
    document = trust_documents.signing_config()
    for name, change in changes.items():
        document[name] = change(document[name])
    return parse_signing_config(encode_json(document))


def test_a_key_signs_what_a_verifier_with_it_accepts() -> None:
    with open_key_signing(USER_KEY) as signing:
        bundle = sign_blob(b"content", signing)
        other = sign_blob(Digest.of(b"content"), signing)
        said = attest_blob([b"content", b"more"], "cyclonedx", b'{"a": 1.10}', signing)
    for made in (bundle, other):
        assert verify_blob(b"content", encode_bundle(made), BY_KEY).key == USER_KEY.public_key
    policy = replace(BY_KEY, predicate=PredicateTypeIs("https://cyclonedx.org/bom"))
    assert b'"predicate":{"a": 1.10}' in verify_blob(b"more", encode_bundle(said), policy).payload


def test_an_attestation_says_something_about_something() -> None:
    with open_key_signing(USER_KEY) as signing:
        with pytest.raises(MalformedError):
            attest_blob([b"content"], "custom", b"[]", signing)
        with pytest.raises(UsageError):
            attest_blob([b"content"], "nonsense", b"{}", signing)
        with pytest.raises(UsageError):
            attest_blob([], "custom", b"{}", signing)


def test_the_services_are_those_of_the_signing_config() -> None:
    with open_key_signing(USER_KEY, config(), ROOT) as signing:
        assert [type(log) for log in signing.services.logs] == [RekorV2Client]
        assert len(signing.services.timestamp_authorities) == 1
    older = config(rekorTlogUrls=lambda logs: [log | {"majorApiVersion": 1} for log in logs][:1])
    with open_key_signing(USER_KEY, older, ROOT) as signing:
        assert [type(log) for log in signing.services.logs] == [RekorV1Client]
    with open_key_signing(USER_KEY, config(rekorTlogUrls=lambda _: [], tsaUrls=lambda _: []), ROOT) as signing:
        assert (signing.services.logs, signing.services.timestamp_authorities) == ((), ())


def test_nothing_is_asked_for_before_something_is_signed() -> None:
    with open_keyless_signing(token(), config(), ROOT) as signing:
        assert signing.services.logs


@pytest.mark.parametrize(
    "changes",
    [
        {"caUrls": lambda _: []},
        {"rekorTlogUrls": lambda _: []},
        {"caUrls": lambda urls: [url | {"url": "http://ca.example"} for url in urls]},
    ],
    ids=["no authority", "no log", "token in the clear"],
)
def test_a_signing_config_that_is_no_good_without_a_key_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError), open_keyless_signing(token(), config(**changes), ROOT):
        pass


def test_the_token_may_travel_in_the_clear_on_this_machine() -> None:
    here = config(caUrls=lambda urls: [url | {"url": "http://127.0.0.1:5555"} for url in urls])
    with open_keyless_signing(token(), here, ROOT) as signing:
        assert signing.services.logs


def test_what_is_no_token_and_no_reference_is_refused() -> None:
    with pytest.raises(IdentityUnusable), open_keyless_signing("nonsense", config(), ROOT):
        pass
    with open_key_signing(USER_KEY) as signing, pytest.raises(MalformedError):
        sign_image("not a reference", signing)


def test_a_token_is_found_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name not in {"PATH", "HOME"}:
            monkeypatch.delenv(name)
    with pytest.raises(NoIdentity):
        find_identity_token()
    given = token(iat=time.time(), exp=time.time() + 600)
    monkeypatch.setenv("SIGSTORE_ID_TOKEN", given)
    assert find_identity_token() == given
    with pytest.raises(IdentityUnusable):
        find_identity_token("somebody else")
    monkeypatch.delenv("SIGSTORE_ID_TOKEN")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    with pytest.raises(NoIdentity) as caught:
        find_identity_token()
    assert "id-token: write" in str(caught.value.hint)
