"""All commands: where each one's code is and its line of help, so that listing them imports none of them."""

from collections.abc import Mapping
from typing import Final

from cosignpy.values import value


@value
class Command:
    """A command: a function of a module in `cosignpy.cli.commands`, and what help lists say of it."""

    module: str
    function: str
    summary: str


@value
class Group:
    """Commands under one word, as in `download signature`."""

    summary: str
    commands: Mapping[str, Command]


COMMANDS: Final[Mapping[str, Command | Group]] = {
    "sign": Command("sign", "sign", "Sign container images."),
    "verify": Command("verify", "verify", "Verify the signatures of container images."),
    "generate-key-pair": Command("generate_key_pair", "generate_key_pair", "Generate a pair of keys."),
    "import-key-pair": Command("import_key_pair", "import_key_pair", "Import a private key made elsewhere."),
    "public-key": Command("public_key", "public_key", "Print the public key of a key pair."),
    "tree": Command("tree", "tree", "Show what is attached to an image."),
    "triangulate": Command("triangulate", "triangulate", "Print where an image's legacy attachments lie."),
    "copy": Command("copy", "copy", "Copy images with everything attached to them."),
    "save": Command("save", "save", "Save an image and its attachments to an OCI layout directory."),
    "load": Command("load", "load", "Push what `save` saved."),
    "clean": Command("clean", "clean", "Remove what is attached to an image."),
    "download": Group(
        "Fetch what is attached to an image.",
        {"signature": Command("download", "signature", "Print the signatures of an image as JSON lines.")},
    ),
    "attach": Group(
        "Attach what was made elsewhere.",
        {"signature": Command("attach", "signature", "Attach a signature to an image.")},
    ),
    "login": Command("login", "login", "Log in to a registry."),
    "logout": Command("logout", "logout", "Forget a registry's credentials."),
    "registry": Group(
        "An OCI registry of your own, for demos and tests.",
        {"serve": Command("registry", "serve", "Serve an OCI registry.")},
    ),
    "env": Command("env", "env", "Print the environment variables that are read."),
    "version": Command("version", "version", "Print the version."),
    "completion": Command("completion", "completion", "Print a completion script for your shell."),
}
