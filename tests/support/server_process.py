"""A server of ours as a process: a data directory, a free port."""

import json
import os
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import ClassVar, Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from cosignpy.values import record

PATIENCE_SECONDS: Final = 30.0
"""For a start or a stop; both take a second on an idle machine."""

_POLL_SECONDS: Final = 0.02
_ANNOUNCED: Final = re.compile(r"serving .* at (https?://\S+:([0-9]+)) ")


class ServerProcessError(Exception):
    """The server did not start, or did not end as it should."""


@record
class ServerProcess:
    """One data directory and the process that serves it; after a restart it has the same port."""

    module: ClassVar[str]

    directory: Path
    options: Sequence[str] = ()
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    tls: ssl.SSLContext | None = None

    @property
    def url(self) -> str:
        """Return where clients reach it."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def messages(self) -> Path:
        """Return the file that has what the server wrote to stdout and stderr."""
        return self.directory.with_name(f"{self.directory.name}.messages")

    def start(self, probe: str = "/readyz") -> None:
        """Start the server and wait until it is ready, or whatever `probe` tells.

        Raises:
            ServerProcessError: It ended, or was not ready in time; with all it said.
        """
        command = [sys.executable, "-m", self.module, "serve", *self._where, "--port", str(self.port), *self.options]
        with self.messages.open("wb") as messages:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=messages, stderr=messages, start_new_session=True
            )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._answers(probe):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise ServerProcessError(self.messages.read_text())
            time.sleep(_POLL_SECONDS)

    def stop(self) -> None:
        """Stop it by SIGTERM.

        Raises:
            ServerProcessError: Its exit code is not 0, or it did not end.
        """
        if self.process is None:
            return
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(PATIENCE_SECONDS)
        if self.process.returncode != 0:
            self.kill()
            raise ServerProcessError(self.messages.read_text())
        self.process = None

    def kill(self) -> None:
        """Kill it and its workers, as a crash of the machine would."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def restart(self) -> None:
        """Stop it and start it again."""
        self.stop()
        self.start()

    def run(self, verb: str, *arguments: str) -> str:
        """Run another command on the data directory and return its stdout.

        Raises:
            ServerProcessError: It failed.
        """
        command = [sys.executable, "-m", self.module, verb, *self._where, *arguments]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        if done.returncode:
            raise ServerProcessError(f"{verb}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def fetch(self, path: str, body: object = None) -> bytes:
        """Return the content of an answer: GET, or POST if there is a body.

        Raises:
            HTTPError: The answer is an error.
        """
        content = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.url}{path}", content, {"Content-Type": "application/json"})
        with urlopen(request, timeout=PATIENCE_SECONDS, context=self.tls) as answer:
            received: bytes = answer.read()
            return received

    @property
    def _where(self) -> Sequence[str]:
        return "--dir", str(self.directory)

    def _answers(self, probe: str) -> bool:
        announced = _ANNOUNCED.search(self.messages.read_text())
        if announced is None:
            return False
        self.port = int(announced[2])
        try:
            with urlopen(f"{self.url}{probe}", timeout=PATIENCE_SECONDS, context=self.tls) as answer:
                return bool(answer.status == HTTPStatus.OK)
        except HTTPError as error:
            error.close()
            return False
        except OSError:
            return False
