"""Credential helpers: programs `docker-credential-NAME` that keep secrets in a keychain.

Protocol (github.com/docker/docker-credential-helpers): an action as argument, the server or a JSON object on
stdin, JSON or one line of failure on stdout.
"""

import re
import shutil
from collections.abc import Mapping, Sequence
from typing import Final

from cosignpy.core.encoding import JsonObject, encode_json
from cosignpy.errors import HelperFailed, LimitExceeded, MalformedError, UsageError
from cosignpy.net.redaction import redact_text
from cosignpy.registry.credentials import BasicCredential, Credential, IdentityToken
from cosignpy.values import value

HELPER_TIMEOUT: Final = 60.0
"""Seconds; some helpers ask their user to unlock a keychain."""

MAX_ANSWER: Final = 256 * 1024
"""Bytes; identity tokens reach some 20 KiB."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TOKEN_USER: Final = "<token>"  # noqa: S105 - how helpers mark an identity token
_NOT_FOUND: Final = ("credentials not found", "no credentials", "not found in native keychain")


@value
class Helper:
    """One helper, and the file that names it."""

    program: str
    named_in: str

    @classmethod
    def named(cls, name: str, named_in: str) -> "Helper":
        """Take a helper's name from a file.

        Raises:
            MalformedError: Not a name: with a slash it would run any program.
        """
        if not _NAME.fullmatch(name):
            raise MalformedError(f"credentials file {named_in}", f"{name!r} is not the name of a helper")
        return cls(f"docker-credential-{name}", named_in)

    def fetch_credential(self, server: str, environment: Mapping[str, str]) -> Credential | None:
        """Ask for a server's credentials, None where the helper has none.

        Raises:
            HelperFailed: It failed for another reason.
            MalformedError: Its answer is not what the protocol says.
            UsageError: It is not installed, or does not end.
        """
        try:
            answer = self._run("get", server.encode(), environment)
        except HelperFailed as error:
            if any(words in error.why.lower() for words in _NOT_FOUND):
                return None
            raise
        document = JsonObject.parse(answer, what=f"answer of {self.program}")
        username, secret = document.optional_text("Username"), document.optional_text("Secret")
        if not secret:
            return None
        return IdentityToken(secret) if username == _TOKEN_USER else BasicCredential(username, secret)

    def store_credential(self, server: str, credential: BasicCredential, environment: Mapping[str, str]) -> None:
        """Hand credentials over.

        Raises:
            HelperFailed: It did not take them.
            UsageError: It is not installed, or does not end.
        """
        document = {"ServerURL": server, "Username": credential.username, "Secret": credential.password}
        self._run("store", encode_json(document), environment)

    def erase_credential(self, server: str, environment: Mapping[str, str]) -> None:
        """Make it forget a server.

        Raises:
            HelperFailed: It did not.
            UsageError: It is not installed, or does not end.
        """
        self._run("erase", server.encode(), environment)

    def is_installed(self, environment: Mapping[str, str]) -> bool:
        """Tell whether there is such a program."""
        return shutil.which(self.program, path=environment.get("PATH", "")) is not None

    def list_servers(self, environment: Mapping[str, str], seconds: float | None = None) -> Sequence[str]:
        """Ask for which servers it has credentials; no secret is part of that.

        Raises:
            HelperFailed: It did not tell.
            MalformedError: Its answer is not what the protocol says.
            UsageError: It is not installed, or does not end within these seconds, else `HELPER_TIMEOUT`.
        """
        answer = self._run("list", b"", environment, seconds)
        return tuple(JsonObject.parse(answer, what=f"answer of {self.program}").members)

    def _run(self, action: str, told: bytes, environment: Mapping[str, str], seconds: float | None = None) -> bytes:
        # Few ever run a helper, and importing this takes 5 ms.
        import subprocess

        patience = HELPER_TIMEOUT if seconds is None else seconds
        path = shutil.which(self.program, path=environment.get("PATH", ""))
        if path is None:
            hint = "install it, or take it out of the file"
            raise UsageError(f"{self.program}, which {self.named_in} names, is not installed", hint=hint)
        try:
            # The name was checked, there is no shell, and stderr is the helper's to speak to its user.
            done = subprocess.run(  # noqa: S603
                [path, action],
                input=told,
                stdout=subprocess.PIPE,
                env=dict(environment),
                timeout=patience,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise UsageError(f"{self.program} {action} did not end within {patience:.0f} s") from error
        except OSError as error:
            raise UsageError(f"{self.program} cannot be run: {error.strerror}") from error
        if len(done.stdout) > MAX_ANSWER:
            raise LimitExceeded(f"answer of {self.program}", f"at most {MAX_ANSWER} bytes are accepted")
        if done.returncode != 0:
            reason = redact_text(done.stdout.decode("utf-8", "replace"))
            raise HelperFailed(self.program, reason or f"exit code {done.returncode}")
        return done.stdout
