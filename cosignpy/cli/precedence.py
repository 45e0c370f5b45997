"""Who is heard first about a setting: flags, then the environment, then the context, then the public default.

The order, and which settings say the same thing in other ways, are known here alone; `configuration` asks.
"""

from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

from cosignpy.values import field, replace, value

DEFAULT_CONTEXT: Final = "default"
"""The name of having none: the public good instance, and whatever the environment and `initialize` say."""


class Layer(IntEnum):
    """Who may say something; a greater one is heard first."""

    DEFAULT = 0
    CONTEXT = 1
    ENVIRONMENT = 2
    FLAG = 3


@value
class Setting:
    """Something that flag, environment and context can say: `name` in the context is `--name` as a flag.

    `variable` is what the environment calls it. `default` is what counts where nobody says anything.
    """

    name: str
    variable: str
    default: str | bool | tuple[str, ...] = ""

    @classmethod
    def of_flag(cls, name: str, default: str | bool | tuple[str, ...] = "") -> "Setting":  # noqa: FBT001 - a value
        """Describe one that has a flag, and so the variable of that flag."""
        return cls(name, f"COSIGN_{name.upper()}", default)


@value
class Resolved:
    """A setting with the content that counts: a text, a truth or several texts, as the flag would be given.

    `source` is the flag (`--oidc-issuer`), the variable (`COSIGN_OIDC_ISSUER`) or the name of the context, and empty
    for a default. `member` is what the context calls it, which differs for both parts of a `trust_config`.
    """

    setting: Setting
    content: Any
    layer: Layer = Layer.DEFAULT
    source: str = ""
    member: str = ""

    @property
    def described(self) -> str:
        """Say where the content is from."""
        named = f"context {self.source}: {self.member}"
        return {Layer.CONTEXT: named, Layer.DEFAULT: "default"}.get(self.layer, self.source)


@value
class NamedContext:
    """What a context says: its members with their contents, as `Context.members` has them; and the file it is in."""

    name: str
    file: Path
    members: Mapping[str, Any] = field(default_factory=dict)


_ADDRESSES: Final = ("fulcio_url", "rekor_url", "rekor_v2_url", "timestamp_server_url")
_SWITCHES: Final = ("oidc_disable_ambient_providers", "allow_http_registry", "allow_insecure_registry")
_TEXTS: Final = (
    *("trusted_root", "signing_config", "fulcio_url", "rekor_url", "rekor_v2_url"),
    *("oidc_issuer", "oidc_client_id", "oidc_client_secret_file", "oidc_redirect_url", "oidc_audience"),
    *("oidc_provider", "registry_cacert", "registry_client_cert", "registry_client_key", "registry_server_name"),
)
MIRROR: Final = Setting("tuf_mirror", "TUF_MIRROR")
MIRROR_ROOT: Final = Setting("tuf_root", "TUF_ROOT_JSON")
REPOSITORY: Final = Setting("repository", "COSIGN_REPOSITORY")
WITHOUT_FLAGS: Final = (MIRROR, MIRROR_ROOT, REPOSITORY)

SETTINGS: Final[Mapping[str, Setting]] = {
    setting.name: setting
    for setting in (
        *(Setting.of_flag(name) for name in _TEXTS),
        Setting.of_flag("timestamp_server_url", ()),
        *(Setting.of_flag(name, default=False) for name in _SWITCHES),
        *WITHOUT_FLAGS,
    )
}
"""All that a context can say."""

REPLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "tuf_mirror": ("tuf_root", "trusted_root", "signing_config", *_ADDRESSES),
    "signing_config": _ADDRESSES,
    "fulcio_url": ("signing_config",),
    "rekor_url": ("signing_config", "rekor_v2_url"),
    "rekor_v2_url": ("signing_config", "rekor_url"),
    "timestamp_server_url": ("signing_config",),
}
"""Settings that say the same thing in another way: whoever is heard about one is heard about these as well."""


def resolve_settings(
    given: Mapping[str, Resolved], environment: Mapping[str, str], context: NamedContext | None
) -> dict[str, Resolved]:
    """Return each setting with the content that counts.

    `given` is what the flags of a command, and the variables of these flags, were found to say.
    """
    configured = {} if context is None else _contents(context)
    first: dict[str, Resolved] = {}
    for name, setting in SETTINGS.items():
        found = given.get(name) or _of_environment(setting, environment) or configured.get(name)
        first[name] = found or Resolved(setting, setting.default)
    lost = {
        other
        for name, others in REPLACES.items()
        for other in others
        if first[name].layer > first[other].layer and first[name].content
    }
    return {name: Resolved(one.setting, one.setting.default) if name in lost else one for name, one in first.items()}


def _of_environment(setting: Setting, environment: Mapping[str, str]) -> Resolved | None:
    """Return what the environment says to commands that have no such flag, as it stands there."""
    text = environment.get(setting.variable, "")
    return Resolved(setting, text, Layer.ENVIRONMENT, setting.variable) if text else None


def _contents(named: NamedContext) -> dict[str, Resolved]:
    """Return what a context says, as flags would be given."""
    found = {
        name: Resolved(SETTINGS[name], _as_flag(content), Layer.CONTEXT, named.name, name)
        for name, content in named.members.items()
        if name in SETTINGS
    }
    if "trust_config" in named.members:
        both = Resolved(MIRROR, str(named.members["trust_config"]), Layer.CONTEXT, named.name, "trust_config")
        found |= {name: replace(both, setting=SETTINGS[name]) for name in ("trusted_root", "signing_config")}
    if "timestamp_server_url" in found:
        one = found["timestamp_server_url"]
        found["timestamp_server_url"] = replace(one, content=(one.content,))
    return found


def _as_flag(content: object) -> object:
    return str(content) if isinstance(content, Path) else content
