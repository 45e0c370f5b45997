"""An exception as an object of the cluster, for people to apply."""

from typing import Any, Final

from cosignpy.webhook.break_glass.grant import Grant
from cosignpy.webhook.kinds import BREAK_GLASS

_TEXT: Final = "tag:yaml.org,2002:str"
_WIDE: Final = 1 << 20
"""Characters of a line, so that no bundle is broken."""


def build_manifest(name: str, grant: Grant, bundle: bytes) -> bytes:
    """Write the object in YAML; the document stands in it as it was signed."""
    import yaml  # only who makes one needs it

    members: dict[str, Any] = {
        "apiVersion": BREAK_GLASS.api_version,
        "kind": BREAK_GLASS.kind,
        "metadata": {"name": name, "namespace": grant.namespace},
        "spec": {"grant": _Block(grant.encode().decode()), "bundle": _Block(bundle.decode() + "\n")},
    }

    class Dumper(yaml.SafeDumper):
        """Writes texts in lines of their own where they want it."""

    Dumper.add_representer(_Block, lambda self, text: self.represent_scalar(_TEXT, str(text), style="|"))
    text: str = yaml.dump(members, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=_WIDE)
    return text.encode()


class _Block(str):
    """A text that is written in lines of its own."""

    __slots__ = ()
