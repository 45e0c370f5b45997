"""Tokens of other authorities, and what other clients say of them."""

import base64
import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from cosignpy.core.cms.signed_data import parse_signed_data
from cosignpy.core.timestamp.imprint import WrongDigestLength
from cosignpy.core.timestamp.info import TimestampInfo
from cosignpy.core.timestamp.request import TimestampRequest
from cosignpy.core.timestamp.response import TimestampResponse
from cosignpy.core.timestamp.verify import TimestampChain, VerifiedTimestamp, verify_timestamp
from cosignpy.errors import CosignError, MalformedError
from tests.support import vectors

pytestmark = vectors.NEEDED

_PEM: Final = re.compile(rb"-----BEGIN CERTIFICATE-----(.*?)-----END", re.DOTALL)
HELLO: Final = b"hello"


def read_chain(file: Path) -> list[bytes]:
    raw = file.read_bytes()
    return [base64.b64decode(b"".join(body.split())) for body in _PEM.findall(raw)] or [raw]


def token_of(file: Path) -> bytes:
    return TimestampResponse.parse(file.read_bytes()).granted()


def verify(file: Path, message: bytes = HELLO) -> VerifiedTimestamp:
    chain = TimestampChain.parse(read_chain(file.parent / "ts_chain.pem"))
    return verify_timestamp(token_of(file), message, chain)


@pytest.mark.parametrize(
    "name",
    [
        "sigstage/response-no-embedded-cert",
        "sigstage/response-sha256",
        "sigstage/response-sha384",
        "sigstage/response-sha512",
        "test_tsa/response",
        # Certificates that somebody added later do not make another certificate the signer's.
        "test_tsa/response-injected-certs",
    ],
)
def test_tokens_of_sigstore_s_authority_are_verified(name: str) -> None:
    file = vectors.path(f"rfc3161-client/{name}.tsr")
    assert verify(file).info.imprint.digest
    with pytest.raises(CosignError):
        verify(file, b"other")


def test_a_token_from_before_its_certificate_expired_is_verified() -> None:
    file = vectors.path("rfc3161-client/sigstore.mock/response-expired.tsr")
    assert verify(file, (file.parent / "payload").read_bytes()).info.moment.year == 2023


@pytest.mark.parametrize("name", ["sigstage/response-invalid-signature", "test_tsa/other_response"])
def test_tokens_of_others_and_broken_ones_are_refused(name: str) -> None:
    with pytest.raises(CosignError):
        verify(vectors.path(f"rfc3161-client/{name}.tsr"))


def test_an_authority_of_the_older_attribute_and_rsa_is_verified() -> None:
    """The trusted file has the root alone; the intermediate comes along, and is here trusted for its own sake."""
    file = vectors.path("rfc3161-client/identrust/issue-104.tsr")
    (root,) = read_chain(file.parent / "ts_chain.pem")
    embedded = parse_signed_data(token_of(file), what="token").certificates
    (intermediate,) = [one for one in embedded if TimestampChain.parse([one]).leaf is None]
    chain = TimestampChain.parse([intermediate, root])
    assert verify_timestamp(token_of(file), HELLO, chain, nonce=0x75C3B3214AC39FBB).info.moment.year == 2025


@pytest.mark.parametrize("name", ["request", "test_tsa/request", "test_tsa/other_request"])
def test_requests_of_the_python_client_are_read(name: str) -> None:
    folder = "sigstage/" if name == "request" else ""
    raw = vectors.path(f"rfc3161-client/{folder}{name}.der").read_bytes()
    request = TimestampRequest.parse(raw)
    assert request.certificates
    assert request.encode() == raw


ODD: Final = {
    "sigstore_tsa_response_with_embedded_certs.tsr",
    "sigstore_tsa_response_without_embedded_certs.tsr",
}
"""Sigstore's own authority of 2025 stamped 64 octets as a SHA-256: no message has such an imprint."""


@pytest.mark.parametrize(
    "file", vectors.files("sigstore-java/timestamp-response/valid/*.tsr"), ids=lambda file: file.stem
)
def test_answers_in_the_java_client_s_collection_are_read(file: Path) -> None:
    content = parse_signed_data(token_of(file), what="token").content
    assert content is not None
    if file.name in ODD:
        with pytest.raises(WrongDigestLength):
            TimestampInfo.parse(content)
    else:
        assert TimestampInfo.parse(content).encode() == content


def test_an_answer_with_something_behind_it_is_refused() -> None:
    with pytest.raises(MalformedError):
        token_of(vectors.path("sigstore-java/timestamp-response/invalid/sigstore_tsa_response_invalid.tsr"))


def bundles() -> list[Path]:
    found = vectors.files("sigstore-conformance/*timestamp*/bundle.sigstore.json")
    return [file for file in found if "no-timestamp" not in file.parent.name]


@pytest.mark.parametrize("file", bundles(), ids=lambda file: file.parent.name)
def test_timestamps_in_bundles_of_the_conformance_suite(file: Path) -> None:
    bundle, root = json.loads(file.read_text()), json.loads((file.parent / "trusted_root.json").read_text())
    given = bundle["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"]
    (token,) = [TimestampResponse.parse(base64.b64decode(one["signedTimestamp"])).granted() for one in given]
    signature = base64.b64decode(bundle["messageSignature"]["signature"])
    proved = [one for authority in root["timestampAuthorities"] if (one := _attempt(token, signature, authority))]
    assert bool(proved) is not file.parent.name.endswith("_fail")


def _attempt(token: bytes, message: bytes, authority: Any) -> VerifiedTimestamp | None:
    chain = [base64.b64decode(one["rawBytes"]) for one in authority["certChain"]["certificates"]]
    try:
        return verify_timestamp(token, message, TimestampChain.parse(chain))
    except CosignError:
        return None
