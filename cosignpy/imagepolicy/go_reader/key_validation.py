"""What is checked of keys before anything is decided, as the policy controller's webhook does."""

import re
from typing import Final

from cosignpy.core.keys.public import PublicKey
from cosignpy.errors import KeyUnusable, MalformedError
from cosignpy.imagepolicy.cluster_objects import NAMESPACE
from cosignpy.imagepolicy.go_reader.field_errors import FieldErrors, both, invalid, neither
from cosignpy.imagepolicy.go_reader.typed import Fields

HASHES: Final = ("sha224", "sha256", "sha384", "sha512")

_SCHEMES: Final = ("awskms://", "azurekms://", "hashivault://", "gcpkms://")
_UUID: Final = r"m?r?k?-?[A-Fa-f0-9]{8}-?[A-Fa-f0-9]{4}-?[A-Fa-f0-9]{4}-?[A-Fa-f0-9]{4}-?[A-Fa-f0-9]{12}"
_ARN: Final = r"arn:(?:aws|aws-us-gov|aws-cn):kms:[a-z0-9-]+:\d{12}:"
_AWS: Final = re.compile(rf"awskms://[^/]*/({_UUID}|{_ARN}key/{_UUID}|alias/.*|{_ARN}alias/.*)", re.ASCII)
_FORMAT: Final = "kms key should be in the format awskms://[ENDPOINT]/[ID/ALIAS/ARN] (endpoint optional)"
_ENDPOINT: Final = re.compile(r"([^:\[\]]*|\[[^\[\]]*\]):[^:\[\]]*")
_BLOCK: Final = re.compile(
    r"^-----BEGIN (?P<label>[^-\n]+)-----[ \t\r]*\n(?P<body>[^-]*?)\n?^-----END (?P=label)-----[ \t\r]*$", re.MULTILINE
)


def validate_key(key: Fields) -> FieldErrors:
    """Return what is wrong with a key."""
    given = [bool(key.text("data")), bool(key.text("kms")), key.child("secretRef") is not None]
    errors: FieldErrors = () if any(given) else neither("data", "kms", "secretref")
    if parse_hash(key.text("hashAlgorithm")) is None:
        errors += invalid(key.text("hashAlgorithm"), "hashAlgorithm")
    if given.count(True) > 1:
        errors += both("data", "kms", "secretref")
    if key.text("data"):
        errors += _validate_pem(key.text("data"))
    if key.text("kms"):
        errors += _validate_kms(key.text("kms"))
    secret = key.child("secretRef")
    if secret is not None and secret.text("namespace") not in {"", NAMESPACE}:
        errors += invalid(secret.text("namespace"), "secretref.namespace", _NAMESPACE)
    return errors


def parse_hash(text: str) -> str | None:
    """Return the hash algorithm that a text names, SHA-256 where it is empty; None where it is none."""
    name = text.strip().lower() if text else "sha256"
    return name if name in HASHES else None


def parse_first_pem(text: str) -> PublicKey:
    """Return the public key of the first block of a text, whatever stands around it.

    Raises:
        MalformedError: There is no block, or something else in it.
        KeyUnusable: It is no public key, or one that nobody should use.
    """
    block = _BLOCK.search(text)
    if block is None:
        raise MalformedError("key", "PEM decoding failed")
    return PublicKey.parse_pem(f"{block[0]}\n".encode(), what="key")


def _validate_pem(text: str) -> FieldErrors:
    try:
        parse_first_pem(text)
    except (KeyUnusable, MalformedError):
        return invalid(text, "data")
    return ()


def _validate_kms(text: str) -> FieldErrors:
    if not text.startswith(_SCHEMES):
        why = "malformed KMS format, should be prefixed by any of the supported providers"
        return invalid(text, "kms", f"{why}: [{' '.join(_SCHEMES)}]")
    return _validate_aws(text) if text.startswith("awskms://") else ()


def _validate_aws(text: str) -> FieldErrors:
    """Check what AWS calls a key; only full names (ARNs) come through, though others are told to be fine."""
    parts = text.split("/")
    if len(parts) < _LEAST_PARTS:
        return invalid(text, "kms", f"malformed AWS KMS format 'awskms://$ENDPOINT/$KEYID', {_CONFORMANT}")
    endpoint, name = parts[2], parts[3]
    if not _AWS.fullmatch(text) or endpoint.startswith(("arn", "alias")):
        return invalid(text, "kms", _FORMAT)
    if endpoint and not _ENDPOINT.fullmatch(endpoint):
        return invalid(text, "kms", f"malformed endpoint: address {endpoint}: missing port in address")
    if not name.startswith("arn:"):
        return invalid(text, "kms", "failed to parse either key or alias arn: arn: invalid prefix")
    return ()


_LEAST_PARTS: Final = 4
_CONFORMANT: Final = (
    "should be conformant with KMS standard documented here: "
    "https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id"
)
_NAMESPACE: Final = (
    "secretref.namespace is invalid. If set, it should use the same namespace where the policy-controller was deployed"
)
