"""Keeping credentials for later, where Docker keeps its own: a helper if one is configured, else `config.json`."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from cosignpy.core.encoding import JsonObject, encode_b64
from cosignpy.errors import UsageError
from cosignpy.files import PRIVATE, explain, write_file
from cosignpy.registry.credential_files import CredentialFile, docker_config, server_name
from cosignpy.registry.credentials import BasicCredential
from cosignpy.values import value

_OWNER_ONLY_FOLDER: Final = 0o700


@value
class CredentialStore:
    """Docker's configuration file, and the helpers it names."""

    path: Path
    environment: Mapping[str, str]

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "CredentialStore":
        """Find the file; a link is followed, so that it stays one.

        Raises:
            UsageError: The environment says neither DOCKER_CONFIG nor HOME.
        """
        path = docker_config(environment)
        if path is None:
            raise UsageError("no place for credentials", hint="set HOME or DOCKER_CONFIG")
        return cls(Path(os.path.realpath(path)), environment)

    def save(self, registry: str, credential: BasicCredential) -> str:
        """Keep credentials and return where: the name of a helper, or the path of the file.

        Raises:
            CosignError: The file or the helper cannot be used.
        """
        file = self._load()
        helper = file.helper_for(registry)
        entry: dict[str, str] = {}
        if helper is not None:
            helper.store_credential(server_name(registry), credential, self.environment)
        else:
            entry["auth"] = encode_b64(f"{credential.username}:{credential.password}".encode())
        auths = self._auths_without(file, registry)
        self._write(file, {**auths, server_name(registry): entry})
        return helper.program if helper is not None else str(self.path)

    def erase(self, registry: str) -> bool:
        """Forget a registry; tell whether there was anything to forget.

        Raises:
            CosignError: The file or the helper cannot be used.
        """
        file = self._load()
        helper = file.helper_for(registry)
        held = helper is not None and self._erase_from_helper(file, registry)
        if not file.keys_for(registry):
            return held
        self._write(file, self._auths_without(file, registry))
        return True

    def _erase_from_helper(self, file: CredentialFile, registry: str) -> bool:
        helper = file.helper_for(registry)
        if helper is None or helper.fetch_credential(server_name(registry), self.environment) is None:
            return False
        helper.erase_credential(server_name(registry), self.environment)
        return True

    def _load(self) -> CredentialFile:
        return CredentialFile.load(self.path) or CredentialFile(self.path, JsonObject({}, str(self.path)))

    def _auths_without(self, file: CredentialFile, registry: str) -> dict[str, Any]:
        auths = file.document.optional_child("auths")
        stale = file.keys_for(registry)
        return {key: entry for key, entry in (auths.members if auths else {}).items() if key not in stale}

    def _write(self, file: CredentialFile, auths: Mapping[str, Any]) -> None:
        """Replace the file in one step; whoever reads it sees the old or the new, and only its owner can."""
        text = json.dumps({**file.document.members, "auths": auths}, indent="\t", ensure_ascii=False)
        with explain(self.path):
            self.path.parent.mkdir(mode=_OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
        write_file(self.path, (text + "\n").encode("utf-8"), PRIVATE)
