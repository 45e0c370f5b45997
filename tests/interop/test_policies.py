"""Policies beside cosign v3: where a flag has its name it means the same; where it does not, which way it differs."""

from typing import Final

import pytest

from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.encoding import encode_json, parse_json
from cosignpy.core.trust.trusted_root import encode_trusted_root
from cosignpy.core.trust.validity import Validity
from cosignpy.values import replace
from tests.interop.programs import Tool, Workshop
from tests.support.certificates import START
from tests.support.virtual_sigstore import (
    ALWAYS,
    ARTIFACT,
    EMAIL,
    FILE,
    ISSUER,
    REKOR_V2,
    ROOT,
    STATEMENT,
    USER_KEY,
    Signing,
)

PREDICATE: Final = "https://sigstore.dev/cosign/sign/v1"


def about(algorithm: str) -> bytes:
    """Return a statement about the artifact that names it by one digest."""
    subject = {"name": "blob", "digest": {algorithm: FILE.digests[algorithm].hex()}}
    return encode_json(parse_json(STATEMENT, what="statement") | {"subject": [subject]})


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    made = Workshop(tmp_path_factory.mktemp("shop"))
    ended = replace(REKOR_V2.trusted, validity=Validity(ALWAYS.start, START))
    for name, content in {
        "blob": ARTIFACT,
        "root.json": encode_trusted_root(ROOT),
        "ended.json": encode_trusted_root(replace(ROOT, logs=(ended,))),
        "user.pub": USER_KEY.public_key.encode_pem(),
        "alice.json": encode_bundle(Signing(stamped=True).bundle()),
        "untimed.json": encode_bundle(Signing(REKOR_V2, None, USER_KEY).bundle()),
        "timed.json": encode_bundle(Signing(REKOR_V2, None, USER_KEY, stamped=True).bundle()),
        **{
            f"{name}.json": encode_bundle(Signing(REKOR_V2, stamped=True, statement=about(name)).bundle())
            for name in ("sha256", "sha384", "sha512")
        },
    }.items():
        (made.folder / name).write_bytes(content)
    return made


def name(*names: str) -> tuple[str, ...]:
    return tuple(word for each in names for word in ("--certificate-identity", each))


def pattern(text: str) -> tuple[str, ...]:
    return "--certificate-identity-regexp", text


@pytest.mark.parametrize(
    ("who", "ours", "theirs"),
    [
        (name(EMAIL), True, True),
        (name(EMAIL.upper()), False, False),
        (pattern("alice"), True, True),
        (pattern("^alice"), True, True),
        (pattern("^alice$"), False, False),
        (name("bob@example.com", EMAIL), True, True),
        pytest.param(name(EMAIL, "bob@example.com"), True, False, id="cosign takes the last of several"),
        pytest.param((*name(EMAIL), *pattern("alice")), True, False, id="cosign refuses a name and a pattern"),
        ((*name(EMAIL), *pattern("bob")), False, False),
    ],
)
def test_identities(shop: Workshop, who: tuple[str, ...], ours: bool, theirs: bool) -> None:
    flags = ("--trusted-root=root.json", "--bundle=alice.json", "--certificate-oidc-issuer", ISSUER, *who, "blob")
    assert (shop.run(Tool.OURS, "verify-blob", *flags).exit_code == 0) == ours
    assert (shop.run(Tool.V3, "verify-blob", *flags).exit_code == 0) == theirs


@pytest.mark.parametrize(
    ("root", "bundle", "ours", "theirs"),
    [
        ("root.json", "timed.json", True, True),
        ("root.json", "untimed.json", True, True),
        pytest.param("ended.json", "timed.json", False, True, id="cosign asks for no time of an entry of Rekor v2"),
        pytest.param("ended.json", "untimed.json", False, True, id="nor of one without a timestamp"),
    ],
)
def test_a_log_that_has_ended(shop: Workshop, root: str, bundle: str, ours: bool, theirs: bool) -> None:
    flags = ("--trusted-root", root, "--bundle", bundle, "--key=user.pub", "blob")
    assert (shop.run(Tool.OURS, "verify-blob", *flags).exit_code == 0) == ours
    assert (shop.run(Tool.V3, "verify-blob", *flags).exit_code == 0) == theirs


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_a_statement_may_name_its_subject_by_any_of_these_digests(shop: Workshop, algorithm: str) -> None:
    who = ("--certificate-oidc-issuer", ISSUER, *name(EMAIL), "--type", PREDICATE)
    flags = ("--trusted-root=root.json", "--bundle", f"{algorithm}.json", *who)
    (shop.folder / "other").write_bytes(b"another\n")
    for tool in (Tool.OURS, Tool.V3):
        shop.run(tool, "verify-blob-attestation", *flags, "blob").expect_success()
        assert shop.run(tool, "verify-blob-attestation", *flags, "other").exit_code != 0
