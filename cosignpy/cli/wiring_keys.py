"""What signing and verifying start from: keys loaded, the time, the style of legacy images."""

import os
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cosignpy.errors import UsageError
from cosignpy.keystore.reference import load_public_key, load_signer
from cosignpy.registry.repository import load_push_transport
from cosignpy.values import field, record

if TYPE_CHECKING:
    from cosignpy.core.bundle.legacy import LegacyStyle
    from cosignpy.core.keys.public import PublicKey
    from cosignpy.core.keys.signatures import DigestSigner


def load_public_keys(references: Sequence[str]) -> "tuple[PublicKey, ...]":
    """Load the keys to verify with; the same key named twice is one.

    Raises:
        CosignError: One of them cannot be loaded; see `load_public_key`.
    """
    return tuple(dict.fromkeys(load_public_key(reference) for reference in references))


def start_loading_signer(reference: str) -> "Callable[[], DigestSigner]":
    """Begin to open a private key, and return the function that waits for it.

    Opening takes 150 ms of scrypt, which lets other threads run: what pushes need is imported meanwhile.
    Where a person has to type the password nothing runs beside, so that the prompt stays readable.
    """
    from cosignpy.cli.prompts import PASSWORD_VARIABLE, Terminal

    terminal = Terminal.of_process()
    loading = _Loading(lambda: load_signer(reference, terminal.password))
    if PASSWORD_VARIABLE in os.environ:
        thread = threading.Thread(target=loading.run, daemon=True)
        thread.start()
        load_push_transport()
        return lambda: loading.result(thread)
    loading.run()
    return loading.result


@record
class _Loading:
    """A signer on its way: loaded at most once, whoever asks; an error is raised for each who asks."""

    load: "Callable[[], DigestSigner]"
    signer: "DigestSigner | None" = None
    error: BaseException | None = field(default=None, repr=False)

    def run(self) -> None:
        try:
            self.signer = self.load()
        except Exception as error:  # noqa: BLE001 - handed on whole by `result`
            self.error = error

    def result(self, thread: threading.Thread | None = None) -> "DigestSigner":
        if thread is not None:
            thread.join()
        if self.error is not None or self.signer is None:
            raise self.error or UsageError("the key was not loaded")
        return self.signer


def signing_time() -> datetime:
    """Return now in UTC, or SOURCE_DATE_EPOCH for builds that must be reproducible.

    Raises:
        UsageError: SOURCE_DATE_EPOCH is not a number of seconds.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not epoch:
        return datetime.now(UTC)
    if not (epoch.isascii() and epoch.isdigit()) or len(epoch) > 11:  # noqa: PLR2004 - the year 5138 will do
        raise UsageError(f"SOURCE_DATE_EPOCH is {epoch!r}, not a number of seconds since 1970")
    return datetime.fromtimestamp(int(epoch), UTC)


def legacy_style(created: datetime | None) -> "LegacyStyle":
    """Return how legacy signature images are written: Docker's media types and a time where asked for."""
    from cosignpy.core.bundle.legacy import DEFAULT_CREATED, LegacyStyle

    if created is None and os.environ.get("SOURCE_DATE_EPOCH"):
        created = signing_time()
    style = LegacyStyle(DEFAULT_CREATED if created is None else created.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return style.with_docker_types() if os.environ.get("COSIGN_DOCKER_MEDIA_TYPES") == "1" else style
