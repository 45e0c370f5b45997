"""A headless Chromium, driven over its DevTools protocol through a pair of pipes: no port, and no library.

Messages are JSON, each with a zero octet behind it; the browser reads them from descriptor 3 and writes to 4.
"""

import fcntl
import json
import os
import select
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
SECONDS: Final = 60.0
"""Far longer than anything here takes, so that a browser that hangs fails a test instead of stopping all of them."""

_FLAGS: Final = (
    "--headless",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--no-first-run",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP *.test 127.0.0.1",
)
"""Names under `.test` lead to this machine without being this machine: to a browser, http to them is not secure."""
_LOWEST: Final = 10
"""Our ends of the pipes are moved out of the way of the browser's."""
_CHUNK: Final = 1 << 16


class BrowserError(Exception):
    """The browser refused a command, a script threw, or nothing came in time."""


class Chromium:
    """A browser process; use it as a context manager."""

    def __init__(self, profile: Path) -> None:
        program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
        if program is None:
            raise BrowserError(f"none of {', '.join(PROGRAMS)} is installed; try `apt-get install chromium`")
        theirs_in, self._out = _pipe()
        self._in, theirs_out = _pipe()
        self._rest = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []
        actions = [(os.POSIX_SPAWN_DUP2, theirs_in, 3), (os.POSIX_SPAWN_DUP2, theirs_out, 4)]
        silent = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)]
        self._process = os.posix_spawn(
            program,
            [program, *_FLAGS, f"--user-data-dir={profile}"],
            os.environ,
            file_actions=[*actions, *silent],
            setpgroup=0,
        )
        os.close(theirs_in)
        os.close(theirs_out)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        os.killpg(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        os.close(self._in)
        os.close(self._out)

    def send(self, method: str, parameters: Mapping[str, Any] | None = None, session: str | None = None) -> Any:
        """Have a command carried out, and return its result; events that come meanwhile are kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": dict(parameters or {})}
        if session is not None:
            message["sessionId"] = session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            found = self._receive()
            if found.get("id") == self._number:
                if "error" in found:
                    raise BrowserError(f"{method}: {found['error']['message']}")
                return found["result"]
            self.events.append(found)

    def wait_for(self, method: str, session: str) -> dict[str, Any]:
        """Wait for an event, and forget those before it."""
        while True:
            while self.events:
                event = self.events.pop(0)
                if (event.get("method"), event.get("sessionId")) == (method, session):
                    return event
            self.events.append(self._receive())

    @contextmanager
    def tab(self) -> Iterator["Tab"]:
        """Open a tab of its own, without cookies or a cache from elsewhere."""
        context = self.send("Target.createBrowserContext")["browserContextId"]
        target = self.send("Target.createTarget", {"url": "about:blank", "browserContextId": context})["targetId"]
        session = self.send("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.send(f"{domain}.enable", session=session)
        yield Tab(self, session)
        self.send("Target.disposeBrowserContext", {"browserContextId": context})

    def _receive(self) -> dict[str, Any]:
        deadline = time.monotonic() + SECONDS
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], max(0.0, deadline - time.monotonic()))
            piece = os.read(self._in, _CHUNK) if ready else b""
            if not piece:
                raise BrowserError("the browser does not answer, or has ended")
            self._rest += piece
        message, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found


class Tab:
    """One page at a time."""

    def __init__(self, browser: Chromium, session: str) -> None:
        self._browser = browser
        self._session = session

    def send(self, method: str, **parameters: Any) -> Any:
        """Have a command carried out in this tab."""
        return self._browser.send(method, parameters, self._session)

    def open(self, url: str) -> None:
        """Go to an address, and wait until everything on the page is loaded."""
        self._browser.events.clear()
        self.send("Page.navigate", url=url)
        self.wait_for_load()

    def wait_for_load(self) -> None:
        """Wait until the next page is there, where a key or a click leads to it."""
        self._browser.wait_for("Page.loadEventFired", self._session)

    def alter_before_scripts(self, source: str) -> None:
        """Run a script on every page, when its content is there and none of its own scripts ran yet."""
        guarded = f"if (document.readyState === 'interactive') {{ {source} }}"
        self.send(
            "Page.addScriptToEvaluateOnNewDocument",
            source=f"document.addEventListener('readystatechange', () => {{ {guarded} }});",
        )

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression, awaited if it is a promise."""
        found = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise BrowserError(str(found["exceptionDetails"]))
        return found["result"].get("value")

    def wait_until(self, expression: str) -> None:
        """Wait until an expression is true, looking again whenever the page changes."""
        self.evaluate(
            f"""new Promise((resolve) => {{
                const look = () => ({expression}) && (observer.disconnect(), resolve(true));
                const observer = new MutationObserver(look);
                const all = {{ subtree: true, childList: true, attributes: true, characterData: true }};
                observer.observe(document, all);
                look();
            }})"""
        )

    def type(self, text: str) -> None:
        """Type into what has the focus."""
        self.send("Input.insertText", text=text)

    def press(self, key: str) -> None:
        """Press and release a key, such as `Tab` or `Enter`."""
        codes = {"Tab": (9, ""), "Enter": (13, "\r")}
        code, text = codes[key]
        press = {"type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": code}
        self.send("Input.dispatchKeyEvent", **press, **({"text": text} if text else {}))
        self.send("Input.dispatchKeyEvent", **press | {"type": "keyUp"})

    def problems(self) -> list[str]:
        """Return what the browser complained about: refused scripts and styles, uncaught errors."""
        self.evaluate("0")
        seen = [event for event in self._browser.events if event.get("sessionId") == self._session]
        logged = [event["params"]["entry"]["text"] for event in seen if event["method"] == "Log.entryAdded"]
        return logged + [str(event["params"]) for event in seen if event["method"] == "Runtime.exceptionThrown"]


def _pipe() -> tuple[int, int]:
    """Return a pipe whose ends are not among the descriptors that the browser expects."""
    ends = os.pipe()
    moved = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, _LOWEST) for end in ends]
    for end in ends:
        os.close(end)
    return moved[0], moved[1]
