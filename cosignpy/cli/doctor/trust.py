"""Whom this machine believes and would ask, read as commands read it, and the cache behind that."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from cosignpy.cli.configuration import check_file
from cosignpy.cli.input_files import read_input
from cosignpy.cli.invocation import CURRENT
from cosignpy.cli.service_flags import ServiceFlags
from cosignpy.core.trust.client_trust_config import parse_any_trusted_root
from cosignpy.core.trust.signing_config import encode_signing_config
from cosignpy.core.trust.trusted_root import encode_trusted_root, parse_trusted_root
from cosignpy.errors import CosignError, FileError, MalformedError, Unreachable
from cosignpy.net.clock import Clock
from cosignpy.net.http import Sender
from cosignpy.net.redaction import redact_url
from cosignpy.operations.doctor.facts import CacheFacts, Document
from cosignpy.services.tuf.cache import SIGNING_CONFIG, TRUSTED_ROOT, TrustCache, TrustPorts
from cosignpy.services.tuf.environment import cache_folder, select_mirror
from cosignpy.services.tuf.inspection import inspect_cache
from cosignpy.values import value

_MIRROR: Final = "the trust mirror"


@value
class TrustFacts:
    """What is to be believed and asked; `mirror` is the address to ask, empty where none is used or it is a folder."""

    trusted_root: Document
    signing_config: Document | None
    cache: CacheFacts | None = None
    mirror: str = ""


def inspect_trust(flags: ServiceFlags, environment: Mapping[str, str], http: Sender | None) -> TrustFacts:
    """Read the trusted root and the signing config; without a client, offline.

    Raises:
        UsageError: The flags contradict each other.
    """
    flags.check()
    named_config = _read_named_config(flags)
    if flags.trusted_root:
        # The signing config of the mirror is for those who believe the mirror.
        return TrustFacts(_read_file(flags.trusted_root), named_config)
    try:
        folder = cache_folder(environment)
        cache = TrustCache(folder, select_mirror(folder, environment), TrustPorts(http, Clock(), CURRENT.warn))
    except CosignError as error:
        unusable = Document(_MIRROR, error=error)
        return TrustFacts(unusable, named_config or unusable, CacheFacts("", "", error=error))
    root = _read_target(cache, TRUSTED_ROOT)
    if named_config is None and isinstance(root.error, Unreachable | FileError):
        config = Document(_MIRROR, error=root.error)  # to ask once more would only take as long again
    else:
        config = named_config or _read_target(cache, SIGNING_CONFIG)
    return TrustFacts(root, config, _describe(cache), cache.mirror.url if cache.mirror.local_folder is None else "")


def _read_named_config(flags: ServiceFlags) -> Document | None:
    source = flags.signing_config or "the addresses that are given"
    try:
        named = flags.named()
    except (FileError, MalformedError) as error:
        return Document(source, error=error)
    return None if named is None else Document(source, encode_signing_config(named))


def _read_file(path: str) -> Document:
    def read() -> bytes:
        check_file("trusted_root", path)
        raw = read_input(path)
        try:
            parse_trusted_root(raw)
        except MalformedError:
            return encode_trusted_root(parse_any_trusted_root(raw))
        return raw

    return _read(path, read)


def _read_target(cache: TrustCache, name: str) -> Document:
    if _waits(cache):
        why = "another process holds the lock, and nothing that is valid is cached"
        return Document(_MIRROR, error=FileError(str(cache.folder.lock), why))
    return _read(f"{name} of {redact_url(cache.mirror.url)}", lambda: cache.target(name))


def _read(source: str, read: Callable[[], bytes]) -> Document:
    try:
        return Document(source, read())
    except CosignError as error:
        return Document(source, error=error)


def _waits(cache: TrustCache) -> bool:
    """Tell whether a command would have to wait for another process."""
    record = cache.folder.load_record()
    is_valid = record is not None and record.holds_at(datetime.now(UTC).timestamp())
    return not is_valid and inspect_cache(cache.folder).is_locked


def _describe(cache: TrustCache) -> CacheFacts:
    state = inspect_cache(cache.folder)
    return CacheFacts(
        redact_url(cache.mirror.url),
        str(cache.folder.path),
        state.expires,
        state.unreadable,
        state.foreign,
        state.is_locked,
    )
