"""Asking people: passwords without echo, and yes or no. Everything asked is written to stderr."""

import os
from collections.abc import Callable, Mapping
from typing import BinaryIO, Final, Self, TextIO

from cosignpy.errors import FileError, LimitExceeded, UsageError
from cosignpy.values import field, value

PASSWORD_VARIABLE: Final = "COSIGN_PASSWORD"  # noqa: S105 - the name of the variable, as cosign has it

_MAX_INPUT: Final = 64 * 1024
"""A password piped in is read to its end, as cosign does; this much of it is surely something else."""

_REPEATS: Final = 3
"""How often a new password may be typed differently the second time before we give up."""


@value
class Terminal:
    """Where a person answers, or a pipe in place of one."""

    environment: Mapping[str, str] = field(repr=False)
    stdin: BinaryIO
    stderr: TextIO
    ask_secret: Callable[[str], str]

    @classmethod
    def of_process(cls) -> Self:
        """Use this process's own terminal, pipes and environment."""
        import sys
        from getpass import getpass

        return cls(os.environ, sys.stdin.buffer, sys.stderr, lambda prompt: getpass(prompt, sys.stderr))

    def password(self) -> bytes:
        """Return the password that opens a key: COSIGN_PASSWORD even if empty, else typed, else piped in.

        Raises:
            LimitExceeded: More is piped in than any password has.
        """
        given = self._given()
        if given is not None:
            return given
        return self._typed("Enter password for private key: ") if self.stdin.isatty() else self._piped()

    def foreign_password(self) -> bytes:
        """Return the password of a key that is imported. COSIGN_PASSWORD is that of the new file, so it is not used.

        Raises:
            UsageError: There is no terminal to ask on.
        """
        if not self.stdin.isatty():
            raise UsageError(
                "the key to import is encrypted, and there is no terminal to ask for its password on",
                hint="decrypt it into a pipe: `openssl pkey -in FILE | cosignpy import-key-pair --key /dev/stdin`",
            )
        return self._typed("Enter password of the key to import: ")

    def new_password(self) -> bytes:
        """Return the password for a new key: COSIGN_PASSWORD even if empty, else typed twice, else piped in.

        Raises:
            UsageError: Nothing is piped in, or what was typed never agreed.
            LimitExceeded: More is piped in than any password has.
        """
        given = self._given()
        if given is not None:
            return given
        return self._typed_twice() if self.stdin.isatty() else self._piped_new()

    def confirm(self, question: str, otherwise: UsageError | FileError) -> None:
        """Return if a person says yes.

        Raises:
            UsageError: As given, where nobody can be asked or the answer is no.
            FileError: Ditto.
        """
        if not self.stdin.isatty():
            raise otherwise
        self._say(f"{question} [y/N] ")
        answer = self.stdin.readline(_MAX_INPUT).strip().lower()
        if answer not in {b"y", b"yes"}:
            raise otherwise

    def _given(self) -> bytes | None:
        value = self.environment.get(PASSWORD_VARIABLE)
        return None if value is None else os.fsencode(value)

    def _typed(self, prompt: str) -> bytes:
        try:
            return self.ask_secret(prompt).encode("utf-8", "surrogateescape")
        except EOFError as error:
            raise UsageError("no password was typed") from error

    def _typed_twice(self) -> bytes:
        for _ in range(_REPEATS):
            password = self._typed("Enter password for private key: ")
            if password == self._typed("Enter password for private key again: "):
                return password
            self._say("The passwords differ; once more.\n")
        raise UsageError("the passwords differ")

    def _piped(self) -> bytes:
        password = self.stdin.read(_MAX_INPUT + 1)
        if len(password) > _MAX_INPUT:
            raise LimitExceeded("password", f"more than {_MAX_INPUT} bytes on standard input")
        return password

    def _piped_new(self) -> bytes:
        password = self._piped()
        if not password:
            # A closed pipe is far likelier than the wish for a key that anyone can use.
            raise UsageError(
                "no password is given and there is no terminal to ask on",
                hint=f"set {PASSWORD_VARIABLE} (it may be empty), or pipe the password in",
            )
        if password.endswith(b"\n"):
            # cosign takes every byte of the pipe; another rule here would make keys that open in one tool only.
            self._say("WARNING: the password piped in ends with a line break, which is now part of it, as in cosign\n")
        return password

    def _say(self, text: str) -> None:
        self.stderr.write(text)
        self.stderr.flush()
