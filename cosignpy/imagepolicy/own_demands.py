"""What authorities of our own kind demand of signatures besides: how many signers, how recently, and whom not."""

from collections.abc import Mapping
from datetime import datetime

from cosignpy.core.keys.public import PublicKey
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.policy.key_window import KeyWindow
from cosignpy.imagepolicy.model import Authority, Key, Keyless
from cosignpy.values import replace


def add_own_demands(policy: ImagePolicy, authority: Authority, moment: datetime) -> ImagePolicy:
    """Return what is demanded of signatures with what our own kind adds; an age is counted back from the moment."""
    signer = authority.signer
    return replace(
        policy,
        threshold=signer.require if isinstance(signer, Keyless) else 1,
        windows=_windows(signer) if isinstance(signer, Key) else {},
        window=KeyWindow(moment - authority.max_age) if authority.max_age is not None else policy.window,
        deny=authority.deny,
    )


def _windows(signer: Key) -> Mapping[PublicKey, KeyWindow]:
    return {signer.data: signer.window} if signer.data is not None and signer.window is not None else {}
