"""A trust repository built by the framework's own library, file by file, so that a test can spoil one of them."""

import hashlib
import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined] # documented there, as those below
from tuf.api.metadata import (  # type: ignore[attr-defined]
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization.json import JSONSerializer

from tests.support.raw_server import RawRequest, reply

NOW: Final = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
"""When the tests of trust take place."""

CONTENTS: Final[Mapping[str, bytes]] = {
    "trusted_root.json": b'{"a":"trusted root"}',
    "signing_config.v0.2.json": b'{"a":"signing config"}',
}
ONLINE: Final = timedelta(days=8)
OFFLINE: Final = timedelta(days=200)

_SERIALIZER: Final = JSONSerializer()


@dataclass
class TrustRepository:
    """Serves `files` by the path below its URL; `publish` makes them of `contents` and the `lifetimes` of roles."""

    now: datetime = NOW
    contents: dict[str, bytes] = field(default_factory=lambda: dict(CONTENTS))
    files: dict[str, bytes] = field(default_factory=dict)
    lifetimes: dict[str, timedelta] = field(
        default_factory=lambda: {"root": OFFLINE, "targets": OFFLINE, "snapshot": ONLINE, "timestamp": ONLINE}
    )
    kept: dict[str, bytes] = field(default_factory=dict)
    """What was under the names that `publish` used again."""
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.signers = {role: CryptoSigner.generate_ed25519() for role in self.lifetimes}
        self._versions = dict.fromkeys(self.lifetimes, 0)
        self.publish_root()
        self.publish()

    @property
    def root(self) -> bytes:
        """The first root, which is what users are given."""
        return self.files["1.root.json"]

    def publish_root(self, *signed_by: CryptoSigner) -> None:
        """Publish a root with the signers of this moment, signed by others besides when it takes over from them."""
        root = Root(self._next("root"), expires=self._expiry("root"), consistent_snapshot=True)
        for role, signer in self.signers.items():
            root.add_key(signer.public_key, role)
        self._write(f"{root.version}.root.json", root, *dict.fromkeys((*signed_by, self.signers["root"])))

    def rotate_root(self) -> None:
        """Give the root role another key, as its holders do from time to time."""
        before = self.signers["root"]
        self.signers["root"] = CryptoSigner.generate_ed25519()
        self.publish_root(before)

    def publish(self) -> None:
        """Publish new versions of all else."""
        targets = Targets(self._next("targets"), expires=self._expiry("targets"))
        for name, content in self.contents.items():
            targets.targets[name] = TargetFile.from_data(name, content, ["sha256"])
            self.files[self.target_file(name)] = content
        raw = self._write(f"{targets.version}.targets.json", targets, self.signers["targets"])
        self.publish_snapshot(MetaFile.from_data(targets.version, raw, ["sha256"]))

    def publish_snapshot(self, targets: MetaFile) -> None:
        """Publish a snapshot that names targets, and a timestamp that names it."""
        snapshot = Snapshot(self._next("snapshot"), expires=self._expiry("snapshot"))
        snapshot.meta["targets.json"] = targets
        raw = self._write(f"{snapshot.version}.snapshot.json", snapshot, self.signers["snapshot"])
        self.publish_timestamp(MetaFile.from_data(snapshot.version, raw, ["sha256"]))

    def publish_timestamp(self, snapshot: MetaFile) -> None:
        """Publish a timestamp that names a snapshot."""
        timestamp = Timestamp(self._next("timestamp"), expires=self._expiry("timestamp"), snapshot_meta=snapshot)
        self._write("timestamp.json", timestamp, self.signers["timestamp"])

    def last(self, role: str) -> str:
        """Return the name of the newest file of a role."""
        return "timestamp.json" if role == "timestamp" else f"{self._versions[role]}.{role}.json"

    def change(self, role: str, change: Callable[[dict[str, Any]], None]) -> None:
        """Change the newest file of a role without signing it again."""
        document = json.loads(self.files[self.last(role)])
        change(document)
        self.files[self.last(role)] = json.dumps(document).encode()

    def target_file(self, name: str) -> str:
        """Return the name of the file with a target."""
        folder, slash, base = name.rpartition("/")
        return f"targets/{folder}{slash}{hashlib.sha256(self.contents[name]).hexdigest()}.{base}"

    def handle(self, connection: socket.socket, request: RawRequest) -> None:
        """Answer a request as a web server with these files does."""
        name = request.target.removeprefix("/")
        self.asked.append(name)
        answer = reply(200, self.files[name]) if name in self.files else reply(404, b"no such file")
        answer(connection, request)

    def write(self, folder: Path) -> None:
        """Write the files to a folder, as `file:` and other servers need them."""
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def _next(self, role: str) -> int:
        self._versions[role] += 1
        return self._versions[role]

    def _expiry(self, role: str) -> datetime:
        return (self.now + self.lifetimes[role]).replace(microsecond=0)

    def _write(self, name: str, signed: Root | Targets | Snapshot | Timestamp, *signers: CryptoSigner) -> bytes:
        metadata: Metadata[Any] = Metadata(signed)
        for signer in signers:
            metadata.sign(signer, append=True)
        self.kept |= {name: self.files[name]} if name in self.files else {}
        self.files[name] = metadata.to_bytes(_SERIALIZER)
        return self.files[name]
