"""`cosignpy logout`."""

import os

from cosignpy.cli.commands.login import RegistryArgument
from cosignpy.cli.invocation import CURRENT
from cosignpy.core.oci.reference import parse_registry
from cosignpy.registry.credential_store import CredentialStore


def logout(registry: RegistryArgument) -> None:
    """Forget the credentials of a registry."""
    held = CredentialStore.of(os.environ).erase(parse_registry(registry))
    CURRENT.say(f"Logged out of {registry}." if held else f"Not logged in to {registry}.")
