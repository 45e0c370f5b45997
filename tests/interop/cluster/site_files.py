"""The files that an API server is started with: certificates, keys, tokens, what is audited; and kubeconfig files."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.tls_files import Authority, Pair

ADMIN_TOKEN: Final = "token-of-the-administrator"
CONTROLLERS_TOKEN: Final = "token-of-the-controllers"
STRANGER_TOKEN: Final = "token-of-a-stranger"
"""Of somebody the API server knows, and who may do nothing."""

_TOKENS: Final = f"""\
{ADMIN_TOKEN},admin,admin,"system:masters"
{CONTROLLERS_TOKEN},system:kube-controller-manager,controllers
{STRANGER_TOKEN},stranger,stranger
"""

_AUDIT_POLICY: Final = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "None", "resources": [{"group": "coordination.k8s.io"}, {"group": "events.k8s.io"}]},
        {"level": "Metadata", "verbs": ["create", "update", "patch", "delete"]},
        {"level": "None"},
    ],
}
"""What was written, by whom, and what admission noted about it."""

_KEY_BITS: Final = 2048


@dataclass(frozen=True, slots=True)
class SiteFiles:
    """The files of one API server, in one folder."""

    folder: Path
    authority: Path
    serving: Pair

    @property
    def tokens(self) -> Path:
        """Return the file of who has which token."""
        return self.folder / "tokens.csv"

    @property
    def accounts_key(self) -> Path:
        """Return the private key that signs the tokens of service accounts."""
        return self.folder / "accounts.key"

    @property
    def audit_policy(self) -> Path:
        """Return the file that says what is audited."""
        return self.folder / "audit-policy.json"

    @property
    def audit_log(self) -> Path:
        """Return the file that gets a line of JSON for each event."""
        return self.folder / "audit.log"


def write_site_files(folder: Path) -> SiteFiles:
    """Write what an API server on loopback needs."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = Authority(folder, "cluster authority")
    files = SiteFiles(folder, authority.certificate, authority.issue("127.0.0.1", "localhost"))
    files.tokens.write_text(_TOKENS)
    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    files.accounts_key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    files.audit_policy.write_text(json.dumps(_AUDIT_POLICY))
    return files


def write_kubeconfig(file: Path, url: str, authority: Path, token: str) -> Path:
    """Write the file that tells clients where the API server is and who they are; JSON is YAML."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "tests", "cluster": {"server": url, "certificate-authority": str(authority)}}],
        "users": [{"name": "tests", "user": {"token": token}}],
        "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": "tests"}}],
        "current-context": "tests",
    }
    file.write_text(json.dumps(document, indent=2))
    return file
