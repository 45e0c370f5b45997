"""Exceptions as tests sign them."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cosignpy.api.signing import open_key_signing, sign_blob
from cosignpy.core.bundle.protojson import encode_bundle
from cosignpy.core.keys.private import PrivateKey
from cosignpy.imagepolicy.globs import Glob
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.values import replace
from cosignpy.webhook.break_glass.grant import FILE_NAME, Grant, SignedGrant
from cosignpy.webhook.kinds import BREAK_GLASS
from tests.support.cluster_fakes import build_object
from tests.support.image_policies import own
from tests.support.virtual_sigstore import USER_KEY

NOW: Final = datetime(2026, 1, 2, 12, tzinfo=UTC)
GRANT: Final = Grant(
    "shop", (Glob.parse("registry.example.com/shop/**"),), "INC-1", NOW - timedelta(hours=1), NOW + timedelta(hours=1)
)


def sign(grant: Grant = GRANT, key: PrivateKey = USER_KEY, **changes: Any) -> SignedGrant:
    """Sign an exception with a key, in no log."""
    return sign_document(replace(grant, **changes).encode(), key)


def sign_document(document: bytes, key: PrivateKey = USER_KEY) -> SignedGrant:
    """Sign any document as if it were an exception."""
    with open_key_signing(key) as signing:
        return SignedGrant(document, encode_bundle(sign_blob(document, signing)))


def signers(*keys: PrivateKey, **spec: Any) -> ImagePolicyDocument:
    """Return the policy that says who may sign."""
    known = [
        {"name": f"oncall{number or ''}", "key": {"data": each.public_key.encode_pem().decode()}}
        for number, each in enumerate(keys or (USER_KEY,))
    ]
    return own(*known, name="exceptions", images=[], files=[{"glob": FILE_NAME}], **spec)


def carry(signed: SignedGrant, name: str = "fire", namespace: str = "shop", **metadata: Any) -> Any:
    """Return the object that carries an exception."""
    spec = {"grant": signed.document.decode(), "bundle": signed.bundle.decode()}
    return build_object(BREAK_GLASS, namespace, name, spec=spec, metadata=metadata)
