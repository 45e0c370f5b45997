"""Contexts: what there is to know about one place to sign and verify with, under a name (docs/formats/contexts.md).

The configuration file has any number of them, and says which one is current.
"""

import os
import re
import stat
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from cosignpy.cli.precedence import DEFAULT_CONTEXT
from cosignpy.documents import MAX_FILE
from cosignpy.errors import FileError, MalformedError, UsageError
from cosignpy.files import explain
from cosignpy.net.url import Url
from cosignpy.serving.settings import parse_settings
from cosignpy.values import field, fields_of, replace, value

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_URLS: Final = ("fulcio_url", "rekor_url", "rekor_v2_url", "timestamp_server_url", "oidc_issuer")
_ADDRESSES: Final = ("fulcio_url", "rekor_url", "rekor_v2_url", "timestamp_server_url")
_EXCLUDING: Final = (
    ("trust_config", ("trusted_root", "signing_config", "tuf_mirror", *_ADDRESSES)),
    ("signing_config", _ADDRESSES),
    ("rekor_url", ("rekor_v2_url",)),
)
"""What says a thing, and what would say it again."""
_LINE_ENDS: Final = ("\x85", "\u2028", "\u2029")
"""Ends of lines to YAML, which folds them: where one is in a name, all that is not ASCII is escaped."""


def _option(flag: str, metavar: str | None, text: str) -> Any:  # noqa: ANN401 - typer's own description of an option
    """Describe a flag of `context create`, which no variable gives: what is meant for one command would stay."""
    return typer.Option(flag, metavar=metavar, show_default=False, envvar=[], help=text)


@value
class Context:
    """The settings of one context: members of the configuration file, and flags of `context create`.

    They have the names of the flags of other commands, and mean what these mean. None is: not set here.
    """

    description: Annotated[str | None, _option("--description", "TEXT", "For people.")] = None
    trust_config: Annotated[
        Path | None, _option("--trust-config", "FILE", "A ClientTrustConfig: a trusted root and a signing config.")
    ] = None
    trusted_root: Annotated[Path | None, _option("--trusted-root", "FILE", "Whom verifiers believe.")] = None
    signing_config: Annotated[Path | None, _option("--signing-config", "FILE", "Whom signers ask.")] = None
    tuf_mirror: Annotated[
        str | None, _option("--tuf-mirror", "URL", "Where whom to believe and to ask is fetched, as by TUF_MIRROR.")
    ] = None
    tuf_root: Annotated[
        Path | None, _option("--tuf-root", "FILE", "The root.json that trust in that mirror begins with.")
    ] = None
    fulcio_url: Annotated[str | None, _option("--fulcio-url", "URL", "Ask this certificate authority.")] = None
    rekor_url: Annotated[str | None, _option("--rekor-url", "URL", "Record signatures in this log of Rekor v1.")] = None
    rekor_v2_url: Annotated[
        str | None, _option("--rekor-v2-url", "URL", "Record signatures in this log of Rekor v2.")
    ] = None
    timestamp_server_url: Annotated[
        str | None, _option("--timestamp-server-url", "URL", "Have signatures timestamped here.")
    ] = None
    oidc_issuer: Annotated[str | None, _option("--oidc-issuer", "URL", "Where to sign in.")] = None
    oidc_client_id: Annotated[str | None, _option("--oidc-client-id", "ID", "The client's name there.")] = None
    oidc_client_secret_file: Annotated[
        Path | None, _option("--oidc-client-secret-file", "FILE", "The client's secret; only the file is noted.")
    ] = None
    oidc_redirect_url: Annotated[
        str | None, _option("--oidc-redirect-url", "URL", "Where the browser brings the answer.")
    ] = None
    oidc_audience: Annotated[str | None, _option("--oidc-audience", "NAME", "Whom the token has to be for.")] = None
    oidc_provider: Annotated[str | None, _option("--oidc-provider", "NAME", "Who has a token ready.")] = None
    oidc_disable_ambient_providers: Annotated[
        bool | None,
        _option(
            "--oidc-disable-ambient-providers/--no-oidc-disable-ambient-providers",
            None,
            "Sign in even where a token lies ready.",
        ),
    ] = None
    repository: Annotated[
        str | None, _option("--repository", "REPOSITORY", "Where signatures are, as by COSIGN_REPOSITORY.")
    ] = None
    registry_cacert: Annotated[Path | None, _option("--registry-cacert", "FILE", "Trust these CAs as well.")] = None
    registry_client_cert: Annotated[
        Path | None, _option("--registry-client-cert", "FILE", "The client's certificate for registries.")
    ] = None
    registry_client_key: Annotated[Path | None, _option("--registry-client-key", "FILE", "And its key.")] = None
    registry_server_name: Annotated[
        str | None, _option("--registry-server-name", "NAME", "The name a registry's certificate must carry.")
    ] = None
    allow_http_registry: Annotated[
        bool | None,
        _option("--allow-http-registry/--no-allow-http-registry", None, "Speak plain HTTP to registries if need be."),
    ] = None
    allow_insecure_registry: Annotated[
        bool | None,
        _option("--allow-insecure-registry/--no-allow-insecure-registry", None, "Accept any TLS certificate."),
    ] = None

    def __post_init__(self) -> None:
        """Refuse what contradicts itself.

        Raises:
            UsageError: An empty text, a URL that is none, or two settings that say the same thing.
        """
        found = self.members()
        for name, content in found.items():
            _check_text(name, content)
        for name, others in _EXCLUDING:
            for other in found.keys() & set(others) if name in found else ():
                raise UsageError(f"{name} and {other} are two ways to say one thing", "leave out one of them")
        if "tuf_root" in found and "tuf_mirror" not in found:
            raise UsageError("tuf_root is the root of a tuf_mirror, which is not given")

    def members(self) -> dict[str, Any]:
        """Return what is set, by name."""
        found = {name: getattr(self, name) for name in fields_of(Context)}
        return {name: content for name, content in found.items() if content is not None}


@value
class Contexts:
    """A configuration file: the contexts by name, and which of them is current."""

    current: str = DEFAULT_CONTEXT
    contexts: Mapping[str, Context] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse names that would not do on a command line.

        Raises:
            UsageError: One of them.
        """
        for name in self.contexts:
            check_name(name)

    def find(self, name: str) -> Context:
        """Return the context of a name.

        Raises:
            UsageError: There is none; the hint has the nearest names.
        """
        if name in self.contexts:
            return self.contexts[name]
        raise no_such_context(name, tuple(self.contexts))

    def with_context(self, name: str, context: Context) -> "Contexts":
        """Return these with one more, or with one changed."""
        return replace(self, contexts={**self.contexts, name: context})

    def without(self, name: str) -> "Contexts":
        """Return these without one."""
        return replace(self, contexts={key: context for key, context in self.contexts.items() if key != name})


def check_name(name: str) -> None:
    """Refuse what is no name of a context.

    Raises:
        UsageError: It has other characters, is too long, or means having none.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name of a context", "up to 63 letters, digits, dots, dashes and underscores")
    if name == DEFAULT_CONTEXT:
        raise UsageError(f"{name!r} is the name of having no context", "take another name")


def no_such_context(name: str, known: tuple[str, ...]) -> UsageError:
    """Build the error about a name that no context has."""
    meant = get_close_matches(name, known, n=3)
    if meant:
        return UsageError(f"there is no context {name!r}", f"did you mean {' or '.join(meant)}?")
    if known:
        return UsageError(f"there is no context {name!r}", f"there are: {', '.join(known)}")
    return UsageError(f"there is no context {name!r}", f"make it: cosignpy context create {name}")


def parse_contexts(raw: bytes, file: str) -> Contexts:
    """Parse the text of a configuration file; relative paths in it start from its folder.

    Raises:
        DocumentError: Something in it is not as it should be; with file, line and key.
    """
    return parse_settings(raw, Contexts, file)


def load_contexts(path: Path) -> Contexts:
    """Read a configuration file.

    Raises:
        FileError: It cannot be read, or others can write what says whom to believe.
        DocumentError: As `parse_contexts`.
    """
    with explain(path), path.open("rb") as file:
        found, raw = os.fstat(file.fileno()), file.read(MAX_FILE + 1)  # of one file, whatever the path leads to later
    if found.st_uid not in {0, os.geteuid()} or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        hint = f"it should be yours, and only you should write it: chmod go-w {path}"
        raise FileError(str(path), "others can write it, and it says whom to believe", hint)
    return parse_contexts(raw, str(path))


def encode_contexts(contexts: Contexts, folder: Path) -> bytes:
    """Encode a configuration file that will lie in a folder; what lies there too is named from there."""
    import yaml

    named = {
        name: {member: _encode(content, folder) for member, content in context.members().items()}
        for name, context in contexts.contexts.items()
    }
    document = {"current": contexts.current, "contexts": named}
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=2**31)
    if any(mark in text for mark in _LINE_ENDS):
        text = yaml.safe_dump(document, sort_keys=False, width=2**31)
    return text.encode()


def _encode(content: object, folder: Path) -> object:
    if not isinstance(content, Path):
        return content
    if content.is_relative_to(folder):
        return str(content.relative_to(folder))  # as it was read
    absolute = Path(os.path.abspath(content))  # noqa: PTH100 - `resolve` would follow links, which may be moved
    home = Path(os.path.abspath(folder))  # noqa: PTH100
    return str(absolute.relative_to(home) if absolute.is_relative_to(home) else absolute)


def _check_text(name: str, content: object) -> None:
    if content == "":
        raise UsageError(f"{name} is empty", "leave it out")
    parse = _select_parser(name)
    if parse is None:
        return
    try:
        parse(str(content))
    except MalformedError as error:
        raise UsageError(f"{name}: {error}") from error


def _select_parser(name: str) -> Callable[[str], object] | None:
    """Return what parses the text of a setting when it is used, None for texts without a grammar."""
    if name in _URLS:
        return Url.parse
    if name == "tuf_mirror":
        from cosignpy.services.tuf.mirror import Mirror

        return Mirror.parse
    if name == "oidc_redirect_url":
        from cosignpy.services.oidc.redirect import Redirect

        return Redirect.parse
    if name == "repository":
        from cosignpy.core.oci.reference import parse_repository

        return parse_repository
    return None
