"""Signing in one call: what is made is verified, as its users will, before anybody gets it."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Final

from cosignpy.api.artifacts import Blob, name_artifact, select_artifact
from cosignpy.api.trust import GivenTrust, open_client
from cosignpy.api.verifying import opened
from cosignpy.core.bundle.model import Bundle
from cosignpy.core.bundle.protojson import parse_bundle
from cosignpy.core.keys.signatures import DigestSigner
from cosignpy.core.oci.reference import Reference
from cosignpy.core.predicates import build_statement, select_predicate_type
from cosignpy.core.trust.selection import (
    CERTIFICATE_AUTHORITY,
    LOG,
    TIMESTAMP_AUTHORITY,
    select_service,
    select_services,
)
from cosignpy.core.trust.signing_config import Service, SigningConfig
from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.core.verify.evidence import SignatureFormat
from cosignpy.errors import NoIdentity, UsageError
from cosignpy.net.clock import Clock
from cosignpy.net.http import HttpClient
from cosignpy.net.url import Url
from cosignpy.operations import attest_blob as attestations
from cosignpy.operations import sign_blob as blobs
from cosignpy.operations import sign_image as images
from cosignpy.operations.complete_bundle import SigningKey, SigningServices, check_services
from cosignpy.operations.keyless import KeylessSigner
from cosignpy.operations.signing_ports import TransparencyLog
from cosignpy.registry.options import RegistryOptions
from cosignpy.services.fulcio import FulcioClient
from cosignpy.services.oidc.ambient.place import Place
from cosignpy.services.oidc.ambient.providers import advise, find_token
from cosignpy.services.oidc.token import IdentityToken
from cosignpy.services.rekor_v1 import RekorV1Client
from cosignpy.services.rekor_v2 import RekorV2Client, V2Options
from cosignpy.services.timestamp_authority import TimestampClient
from cosignpy.values import field, value

_V2: Final = 2
_GIVE_ONE: Final = "get one from the issuer, and give it to open_keyless_signing"


@value
class Signing:
    """Ready to sign, as often as needed: what `open_keyless_signing` and `open_key_signing` give.

    `key` asks for a certificate when it is called first, where there is no key; one serves for several signatures.
    """

    key: Callable[[], SigningKey] = field(repr=False)
    services: SigningServices = field(repr=False)
    trust: GivenTrust = field(repr=False)


@contextmanager
def open_keyless_signing(token: str, config: SigningConfig, trust: TrustedRoot) -> Iterator[Signing]:
    """Get ready to sign as whoever an identity token is about, with a key that lives for minutes and is forgotten.

    Args:
        token: The token (a JWT) for the audience of the certificate authority, which is asked when something is signed.
        config: Whom to ask for certificates, log entries and timestamps.
        trust: Whom verifiers believe: what is signed has to hold by it.

    Raises:
        IdentityUnusable: It is not a token.
        UsageError: The signing config names no certificate authority or no log, or one that would be sent the token
            without TLS.
    """
    given = _GivenToken(IdentityToken.parse(token, "the token that was given"))
    if not config.certificate_authorities:
        raise UsageError("the signing config names no certificate authority", "sign with a key, or name one")
    with closing(open_client()) as client:
        services = _open_services(config, client, trust)
        check_services(services, keyless=True)
        address = select_service(config.certificate_authorities, CERTIFICATE_AUTHORITY, _now()).url
        _refuse_clear_text(address)
        signer = KeylessSigner(given, FulcioClient(address, client), _now)
        yield Signing(signer.certified, services, GivenTrust(trust))


@contextmanager
def open_key_signing(
    signer: DigestSigner, config: SigningConfig | None = None, trust: TrustedRoot | None = None
) -> Iterator[Signing]:
    """Get ready to sign with a key, as `load_signer` returns it.

    Args:
        signer: The private key.
        config: Whom to ask for log entries and timestamps; without it nobody: verifiers then have to waive the log.
        trust: Whom verifiers believe: needed where somebody is asked.

    Raises:
        UsageError: The signing config names too few services.
    """
    root = trust or TrustedRoot()
    with closing(open_client()) as client:
        services = SigningServices() if config is None else _open_services(config, client, root)
        key = SigningKey(signer)
        yield Signing(lambda: key, services, GivenTrust(root))


def sign_blob(blob: Blob, signing: Signing) -> Bundle:
    """Sign a file.

    Args:
        blob: The file, which is read in pieces, its content, or its digest.
        signing: Who signs, and who vouches for it.

    Returns:
        The bundle; `encode_bundle` gives the content of its file, which verifiers look for at `FILE.sigstore.json`.

    Raises:
        FileError: The file cannot be read.
        LimitExceeded: It is larger than what such a key signs whole.
        VerificationError: The bundle that was made would not be accepted.
        RemoteError: An authority or a log refused or failed.
    """
    return blobs.sign_blob(select_artifact(blob), signing.key(), signing.services, signing.trust)


def attest_blob(subjects: Sequence[Blob], predicate_type: str, predicate: bytes, signing: Signing) -> Bundle:
    """Sign a statement about files: one for all of them, in one bundle.

    Args:
        subjects: What it is about, at least one.
        predicate_type: A URI, or one of cosign's names for some (`slsaprovenance1`, `spdxjson`, `cyclonedx` ...).
        predicate: What is said: JSON, which goes into the statement as it is.
        signing: Who signs, and who vouches for it.

    Raises:
        UsageError: It is about nothing, or not a predicate type.
        MalformedError: The predicate is not one JSON object.
        LimitExceeded: It is larger than what verifiers read.
        FileError: A file cannot be read.
        VerificationError: The bundle that was made would not be accepted.
        RemoteError: An authority or a log refused or failed.
    """
    artifacts = [name_artifact(blob) for blob in subjects]
    payload = build_statement(artifacts, select_predicate_type(predicate_type), predicate)
    return attestations.sign_statement(payload, signing.key(), signing.services, signing.trust)


def sign_image(
    image: str, signing: Signing, annotations: Mapping[str, str] | None = None, options: RegistryOptions | None = None
) -> Bundle:
    """Sign an image on a registry, and push the bundle as a referrer beside it.

    Args:
        image: `registry/name@sha256:...`; a tag is resolved once, and may be another image by then.
        signing: Who signs, and who vouches for it.
        annotations: What is signed along.
        options: How to reach the registry; by default as Docker's configuration and the proxies of the environment say.

    Raises:
        NoSuchTag: There is no such image.
        VerificationError: The bundle that was made would not be accepted; nothing is pushed.
        RemoteError: The registry, an authority or a log refused or failed.
        MalformedError: Not a reference.
    """
    reference = Reference.parse(image)
    with opened(reference, options) as repository:
        subject = repository.fetch_manifest(reference.target).descriptor
        request = images.SignImage(
            subject,
            images.Claims(reference.name, annotations or {}),
            (SignatureFormat.BUNDLE,),
            _now(),
            vouching=images.Vouching(signing.services, signing.trust),
        )
        (made,) = images.sign_image(request, signing.key(), repository)
    return parse_bundle(made.content)


def find_identity_token(audience: str = "sigstore") -> str:
    """Return the identity token of the CI job, or of the machine, that this runs on; nobody is asked to sign in.

    Args:
        audience: Whom the token has to be for: what the certificate authority expects.

    Raises:
        NoIdentity: There is none here.
        IdentityUnusable: There is one, and it is no good.
        RemoteError: Whoever has it did not give it.
    """
    with closing(open_client()) as client:
        place = Place(os.environ, client, Clock())
        found = find_token(place, audience)
        if found is None:
            raise NoIdentity("the environment", "no identity token is here", advise(place) or _GIVE_ONE)
        return found.raw


@value
class _GivenToken:
    token: IdentityToken

    def obtain(self) -> IdentityToken:
        return self.token


def _open_services(config: SigningConfig, client: HttpClient, trust: TrustedRoot) -> SigningServices:
    logs: Sequence[Service] = ()
    authorities: Sequence[Service] = ()
    if config.logs:
        logs = select_services(config.logs, config.log_selection, LOG, _now())
    if config.timestamp_authorities:
        authorities = select_services(
            config.timestamp_authorities, config.timestamp_selection, TIMESTAMP_AUTHORITY, _now()
        )
    return SigningServices(
        tuple([_open_log(log, client, trust) for log in logs]),
        tuple([TimestampClient(authority.url, client) for authority in authorities]),
    )


def _open_log(log: Service, client: HttpClient, trust: TrustedRoot) -> TransparencyLog:
    if log.major_api_version != _V2:
        return RekorV1Client(log.url, client)
    known = (each.log_id for each in trust.logs if each.base_url.rstrip("/") == log.url.rstrip("/"))
    return RekorV2Client(log.url, client, options=V2Options(log_id=next(known, None)))


def _refuse_clear_text(address: str) -> None:
    origin = Url.parse(address).origin
    if origin.scheme == "http" and not origin.is_loopback:
        raise UsageError(f"{address} would be sent the identity token without TLS", "whoever reads it can use it")


def _now() -> datetime:
    return datetime.fromtimestamp(Clock().wall(), UTC)
