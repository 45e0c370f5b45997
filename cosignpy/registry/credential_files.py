"""Docker's `config.json` and containers' `auth.json`: which entry is for a registry, and what it holds.

Keys are written in many ways: `host`, `https://host`, `https://host/v1/`, `host/path` (containers only), and for
Docker Hub `https://index.docker.io/v1/`. A format reference does not exist; these are the forms that
docker/cli's config/credentials and containers-auth.json(5) read.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from cosignpy.core.encoding import JsonObject, decode_b64
from cosignpy.core.oci.reference import DOCKER_HUB, parse_registry
from cosignpy.errors import FileError, MalformedError
from cosignpy.registry.credential_helpers import Helper
from cosignpy.registry.credentials import BasicCredential, Credential, IdentityToken, RegistryToken
from cosignpy.values import value

MAX_CONFIG: Final = 1024 * 1024
"""Bytes of a configuration file; those with hundreds of entries take some 50 KiB."""

HUB_KEY: Final = "https://index.docker.io/v1/"
"""What Docker calls its own registry in files and towards helpers."""

_API_VERSIONS: Final = frozenset({"", "v1", "v2"})


@value
class EntryKey:
    """The key of an entry, taken apart: a registry, and the path below it that the entry is limited to."""

    registry: str
    path: str

    @classmethod
    def parse(cls, text: str) -> "EntryKey | None":
        """Read a key; None for one that names no registry, and so concerns nobody who asks."""
        scheme, mark, rest = text.partition("://")
        host, _, path = (rest if mark and scheme in {"http", "https"} else text).partition("/")
        path = path.strip("/")
        try:
            registry = parse_registry(host)
        except MalformedError:
            return None
        return cls(registry, "" if mark or path in _API_VERSIONS else path)

    def covers(self, registry: str, repository: str) -> bool:
        """Tell whether the entry is for a repository."""
        if self.registry.lower() != registry.lower():
            return False
        return not self.path or repository == self.path or repository.startswith(f"{self.path}/")


@value
class CredentialFile:
    """A configuration file, parsed as far as everyone's is; an entry is looked into when it is needed."""

    path: Path
    document: JsonObject

    @classmethod
    def load(cls, path: Path) -> "CredentialFile | None":
        """Load a file, None where there is none.

        Raises:
            FileError: It cannot be read.
            MalformedError: It is not a JSON object.
        """
        try:
            with path.open("rb") as file:
                raw = file.read(MAX_CONFIG + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise FileError(str(path), f"cannot be read ({error.strerror})") from error
        if len(raw) > MAX_CONFIG:
            raise FileError(str(path), f"larger than {MAX_CONFIG} bytes")
        return cls(path, JsonObject.parse(raw, what=f"credentials file {path}"))

    def helper_for(self, registry: str) -> Helper | None:
        """Return the helper that keeps this registry's credentials: one of its own, or the file's for all.

        Raises:
            MalformedError: The names of helpers are not names.
        """
        for key, name in self.document.string_map("credHelpers").items():
            parsed = EntryKey.parse(key)
            if parsed is not None and parsed.covers(registry, ""):
                return Helper.named(name, str(self.path))
        store = self.document.optional_text("credsStore")
        return Helper.named(store, str(self.path)) if store else None

    def helpers(self) -> tuple[Helper, ...]:
        """Return all helpers that are named.

        Raises:
            MalformedError: The names of helpers are not names.
        """
        store = self.document.optional_text("credsStore")
        names = {**dict.fromkeys(self.document.string_map("credHelpers").values()), **({store: None} if store else {})}
        return tuple(Helper.named(name, str(self.path)) for name in names)

    def credentials(self) -> Iterator[Credential | None]:
        """Yield what the entries hold, None for those that only say that a helper has it.

        Raises:
            MalformedError: An entry is not in its format.
        """
        auths = self.document.optional_child("auths")
        for key, _ in self._entries():
            yield parse_entry(auths.child(key)) if auths is not None else None

    def keys_for(self, registry: str) -> tuple[str, ...]:
        """Return the keys of the entries for a registry as a whole, in all their spellings."""
        return tuple(key for key, parsed in self._entries() if parsed.covers(registry, "") and not parsed.path)

    def entry_for(self, registry: str, repository: str) -> Credential | None:
        """Return what the most specific entry holds, None where it holds nothing.

        Raises:
            MalformedError: The entry is not in its format.
        """
        fitting = [(parsed.path, key) for key, parsed in self._entries() if parsed.covers(registry, repository)]
        if not fitting:
            return None
        _, key = max(fitting, key=lambda pair: len(pair[0]))
        auths = self.document.optional_child("auths")
        return parse_entry(auths.child(key)) if auths is not None and key in auths else None

    def _entries(self) -> Iterator[tuple[str, EntryKey]]:
        auths = self.document.optional_child("auths")
        for key in auths.members if auths is not None else ():
            parsed = EntryKey.parse(key)
            if parsed is not None:
                yield key, parsed


def docker_config(environment: Mapping[str, str]) -> Path | None:
    """Return where Docker's configuration is, or would be; None when the environment does not say."""
    if environment.get("DOCKER_CONFIG"):
        return Path(environment["DOCKER_CONFIG"], "config.json")
    return Path(environment["HOME"], ".docker", "config.json") if environment.get("HOME") else None


def find_credential(environment: Mapping[str, str], registry: str, repository: str) -> Credential | None:
    """Look through the files, and the helpers they name, for a repository's credentials.

    Raises:
        FileError: A file that cannot be read.
        MalformedError: A file or an entry, or a helper's answer, that is not in its format.
        UsageError: A helper that cannot be run.
    """
    for path in candidate_files(environment):
        file = CredentialFile.load(path)
        if file is None:
            continue
        helper = file.helper_for(registry)
        found = helper.fetch_credential(server_name(registry), environment) if helper is not None else None
        found = found or file.entry_for(registry, repository)
        if found is not None:
            return found
    return None


def server_name(registry: str) -> str:
    """Return how Docker and its helpers call a registry."""
    return HUB_KEY if registry == DOCKER_HUB else registry


def candidate_files(environment: Mapping[str, str]) -> Iterator[Path]:
    """Yield where credentials are looked for, in this order."""
    docker = docker_config(environment)
    if docker is not None:
        yield docker
    if environment.get("REGISTRY_AUTH_FILE"):
        yield Path(environment["REGISTRY_AUTH_FILE"])
    for variable, parts in (("XDG_RUNTIME_DIR", ()), ("XDG_CONFIG_HOME", ()), ("HOME", (".config",))):
        if environment.get(variable):
            yield Path(environment[variable], *parts, "containers", "auth.json")


def parse_entry(entry: JsonObject) -> Credential | None:
    """Read one entry; an empty one only says that a helper has it.

    Raises:
        MalformedError: It is not in its format; what it holds is not repeated.
    """
    if entry.optional_text("registrytoken"):
        return RegistryToken(entry.text("registrytoken"))
    if entry.optional_text("identitytoken"):
        return IdentityToken(entry.text("identitytoken"))
    if entry.optional_text("auth"):
        return _parse_basic(entry)
    if entry.optional_text("username"):
        return BasicCredential(entry.text("username"), entry.optional_text("password"))
    return None


def _parse_basic(entry: JsonObject) -> BasicCredential:
    encoded = "".join(entry.text("auth").split()).rstrip("=")  # written by hand it has blanks, or no padding
    raw = decode_b64(encoded + "=" * (-len(encoded) % 4), what=f"{entry.what} {entry.path}auth")
    try:
        username, colon, password = raw.decode("utf-8").partition(":")
    except UnicodeDecodeError as error:
        raise entry.malformed("auth", "not UTF-8") from error
    if not colon or not username:
        raise entry.malformed("auth", "expected the base64 of user:password")
    return BasicCredential(username, password.rstrip("\0"))
