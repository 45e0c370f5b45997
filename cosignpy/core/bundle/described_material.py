"""The certificates and timestamps of a bundle as plain values: whom they name, by whom, and when."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from cosignpy.core.cms.signed_data import SignedData, parse_signed_data
from cosignpy.core.ct.precertificate import read_embedded_scts
from cosignpy.core.ct.sct import Sct
from cosignpy.core.encoding import JsonValue
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.timestamp.imprint import MessageImprint
from cosignpy.core.timestamp.info import TimestampInfo
from cosignpy.core.timestamp.response import TimestampResponse
from cosignpy.core.x509.certificate import Certificate
from cosignpy.core.x509.fulcio_extensions import fulcio_extensions
from cosignpy.core.x509.names import describe_name
from cosignpy.core.x509.subject_alt_name import subject_names
from cosignpy.errors import KeyUnusable, MalformedError, TimestampError

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WHAT: Final = "timestamp"


def describe_certificate(der: bytes) -> JsonValue:
    """Return what a certificate says; each part of it that cannot be read, as a problem."""
    found: dict[str, JsonValue] = {"fingerprint": _fingerprint(der)}
    try:
        certificate = Certificate.parse(der)
    except MalformedError as error:
        return {**found, "problem": str(error)}
    for read in (_names, _issuer, _lifetime, _extensions, _key, _scts):
        found |= _readable(read, certificate)
    return found | {"serial": f"{certificate.serial_number:x}"}


def _readable(read: Callable[[Certificate], dict[str, JsonValue]], certificate: Certificate) -> dict[str, JsonValue]:
    try:
        return read(certificate)
    except (MalformedError, KeyUnusable) as error:
        return {f"problem of the {read.__name__.strip('_')}": str(error)}


def _names(certificate: Certificate) -> dict[str, JsonValue]:
    names: list[JsonValue] = [{"name": str(name.kind), "text": name.text} for name in subject_names(certificate)]
    return {"subject": certificate.subject_name or None, "names": names}


def _issuer(certificate: Certificate) -> dict[str, JsonValue]:
    return {"issuedBy": certificate.issuer_name}


def _lifetime(certificate: Certificate) -> dict[str, JsonValue]:
    return {"notBefore": certificate.not_before.isoformat(), "notAfter": certificate.not_after.isoformat()}


def _extensions(certificate: Certificate) -> dict[str, JsonValue]:
    found = fulcio_extensions(certificate)
    return {"extensions": [{"oid": item.oid, "name": item.name, "text": item.text} for item in found]}


def _key(certificate: Certificate) -> dict[str, JsonValue]:
    key = PublicKey.parse_der(certificate.tbs.spki, what="key of the certificate")
    return {"key": key.algorithm.key, "keyFingerprint": key.fingerprint}


def _scts(certificate: Certificate) -> dict[str, JsonValue]:
    return {"scts": [_describe_sct(sct) for sct in read_embedded_scts(certificate.tbs)]}


def _describe_sct(sct: Sct) -> JsonValue:
    try:
        moment = (_EPOCH + timedelta(milliseconds=sct.timestamp_ms)).isoformat()
    except OverflowError:
        moment = f"{sct.timestamp_ms} milliseconds after 1970"
    return {"logId": sct.log_id.hex(), "time": moment}


def describe_timestamp(der: bytes, signatures: Sequence[bytes]) -> JsonValue:
    """Return what an answer of a timestamp authority says, and whether it is about one of these signatures."""
    found: dict[str, JsonValue] = {"fingerprint": _fingerprint(der)}
    try:
        signed = parse_signed_data(TimestampResponse.parse(der).granted(), what=_WHAT)
        info = TimestampInfo.parse(signed.content or b"")
        authority = _authority(signed)
    except (MalformedError, TimestampError) as error:
        return {**found, "problem": str(error)}
    algorithm = info.imprint.algorithm
    return {
        **found,
        "time": info.moment.isoformat(),
        "authority": authority,
        "policy": info.policy,
        "serial": f"{info.serial:x}",
        "imprint": str(info.imprint),
        "ofThisSignature": info.imprint in [MessageImprint.of(signature, algorithm) for signature in signatures],
    }


def _authority(signed: SignedData) -> str | None:
    """Name who signed: the subject of the certificate that comes along, else who issued the one that does not."""
    for signer in signed.signers:
        for certificate in [Certificate.parse(der) for der in signed.certificates]:
            if (certificate.serial_number, certificate.issuer) == (signer.serial, signer.issuer):
                return certificate.subject_name
        return f"certificate {signer.serial:x} by {describe_name(signer.issuer, what=_WHAT)}"
    return None


def _fingerprint(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
