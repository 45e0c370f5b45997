"""The parts of docs/interop.md about servers: which client uses ours, and what it verifies."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tests.interop import peers
from tests.interop.attested_clients import ATTESTED_BEFORE, ATTESTED_CLIENTS
from tests.interop.cluster_clients import CLUSTER_BEFORE, CLUSTER_CLIENTS
from tests.interop.file_exchange import render_exchange

_LOGS_BEFORE: Final = """\

## Transparency logs

Each client runs unchanged against `python -m log_server serve`, all three logs on one port. Bodies, SETs, SCTs,
inclusion proofs and checkpoints are also shown to clients with one thing changed in them, and refused.
"""

LOG_CLIENTS: Final = (
    (
        "rekor-cli",
        "Rekor v1: upload, search, get, verify, logproof and loginfo, before and after a rotation",
        "body, SET, inclusion and consistency proof, checkpoint",
        "test_log_rekor_cli.py",
    ),
    (
        "cosign-v2",
        "Rekor v1: signs and verifies offline and online; Rekor v2: attests by `dsseRequestV002`",
        "SET, inclusion proof, checkpoint",
        "test_log_cosign.py",
    ),
    (
        "cosign-v3",
        "Rekor v1 and v2 by signing config and trusted root",
        "body, SET, inclusion proof, checkpoint, SCT",
        "test_log_cosign.py",
    ),
    (
        "sigstore-python",
        "Rekor v1 and v2 by its own client classes",
        "SET, inclusion proof, checkpoint, SCT",
        "test_log_sigstore_python.py",
    ),
    (
        "js-client",
        "Rekor v1 (hashedrekord, dsse, intoto) and v2 by @sigstore/sign 4.1.1 and 5.1.0, `dsseRequestV002` included",
        "body, SET, inclusion proof, checkpoint, SCT by @sigstore/verify 3.1.1 and 4.1.3",
        "test_log_sigstore_js.py",
    ),
    (
        "log-client",
        "CT by certificate-transparency-go and as tiles; Rekor v2 as tiles by Tessera's and rekor-tiles' clients",
        "SCT, tree head, entries, every inclusion and consistency proof, both checkpoints",
        "test_log_go.py",
    ),
    (
        "rekor-tiles",
        "the real Rekor v2, asked the same",
        "the same canonical body, byte by byte, and the same answer to a duplicate",
        "test_log_go.py",
    ),
    (
        "rekor-types",
        "the real Rekor's own packages",
        "the same canonical body of every kind",
        "test_rekor_bodies.py",
    ),
)
"""The peer, what it does with our logs, what it verifies or is compared in, and the tests."""

_LOGS_BEHIND: Final = """
Signatures by identity rest on all three logs at once; cosign v3, sigstore-python and @sigstore/verify verify the SCT,
the entry and the time of each in `test_log_identities.py`.

The same entry again is answered with 409, as by the real servers. Then rekor-cli, cosign v2 and @sigstore/sign 5 fetch
the entry of Rekor v1, @sigstore/sign 4 does when told to, and cosign v3 and sigstore-python fail; of Rekor v2 all fail.
With `duplicates: original` in the settings they get the entry that is there.
"""


CA_CLIENTS: Final = (
    (
        "cosign-v3",
        "`/api/v2/signingCert`, timestamps in DER; blobs and images",
        "chain, SCT, timestamp, entry of Rekor v2",
        "test_ca_clients.py",
    ),
    (
        "cosign-v2",
        "`/api/v1/signingCert` with Rekor v1; by signing config with Rekor v2",
        "chain, SCT, SET or timestamp",
        "test_ca_clients.py",
    ),
    (
        "sigstore-python",
        "certificate signing requests; timestamps with nonce and certificates",
        "chain, SCT, timestamp, entry",
        "test_ca_clients.py",
    ),
    (
        "js-client",
        "a key and a proof by @sigstore/sign 4.1.1 and 5.1.0; timestamps asked for in JSON",
        "chain, SCT, timestamp, entry by @sigstore/verify 4.1.3",
        "test_ca_clients.py",
    ),
    (
        "fulcio-identities",
        "the real Fulcio's own packages, given the same tokens and the same configuration",
        "the same name, extensions and challenge, or the same refusal",
        "test_fulcio_identities.py",
    ),
    (
        "fulcio",
        "the real Fulcio, asked the same",
        "the same refusals of keys, proofs and requests",
        "test_fulcio_refusals.py",
    ),
)
"""The same for certificates and timestamps."""

_CA_BEFORE: Final = """\

## Certificates and timestamps

Each client runs unchanged against `python -m ca_server serve`, with tokens of each of three identity providers: npm's
oidc-provider, Keycloak, and the development issuer that comes along. All signatures go into our logs.
"""

_CA_BEHIND: Final = """
How people and machines sign in (code with PKCE, device flow, client credentials), and what becomes of tokens when a key
is exchanged or a provider stops, is tested with all three providers in `test_identity_providers.py` and
`test_devidp_clients.py`. `openssl ts` and rfc3161-client verify timestamps without any peer, in `tests/integration`.
"""

TRUST_CLIENTS: Final = (
    (
        "cosign-v3",
        "makes both documents from the same flags; signs and verifies with ours, with Rekor v1 and v2",
        "entry, timestamp; what our `lint` says it refuses",
        "test_trust_documents.py",
    ),
    (
        "cosign-v2",
        "verifies with our trusted root",
        "entry, timestamp; what our `lint` says it refuses",
        "test_trust_documents.py",
    ),
    (
        "sigstore-python",
        "reads both documents of ours",
        "what our `lint` says it refuses",
        "test_trust_documents.py",
    ),
)
"""The same for trusted roots and signing configs."""

_TRUST_BEFORE: Final = """\

## Trusted roots and signing configs

Documents that cosign makes are read here, and those that `cosignpy trusted-root create` and `cosignpy signing-config
create` make are used by each client.
"""

_TRUST_BEHIND: Final = """
What cosign makes and nobody can use is refused here;
[which client refuses what](formats/trusted-root.md#what-other-clients-refuse).
"""

KEYLESS_CLIENTS: Final = (
    (
        "cosign-v3",
        "signs and verifies images and files",
        "certificate, SCT, entry, timestamp, identity",
        "test_image_exchange.py",
    ),
    (
        "cosign-v2",
        "verifies bundles of images and files",
        "certificate, SCT, entry, timestamp, identity",
        "test_image_exchange.py",
    ),
    (
        "cosign-v3",
        "signs and verifies legacy signatures of images, by certificates of one's own too",
        "certificate, SCT, promise, timestamp, identity",
        "test_legacy_exchange.py",
    ),
    (
        "cosign-v2",
        "signs and verifies legacy signatures of images, by certificates of one's own too",
        "certificate, SCT, promise, timestamp, identity",
        "test_legacy_exchange.py",
    ),
    (
        "cosign-v3",
        "signs and verifies files in its own bundles, and in files for each part, attestations and one's own PKI too",
        "certificate, SCT, promise, entry that the log is asked for, timestamp, identity",
        "test_blob_files_exchange.py",
    ),
    (
        "cosign-v2",
        "signs and verifies files in its own bundles, and in files for each part, attestations and one's own PKI too",
        "certificate, SCT, promise, entry that the log is asked for, timestamp, identity",
        "test_blob_files_exchange.py",
    ),
    (
        "sigstore-python",
        "signs and verifies files",
        "certificate, SCT, entry, timestamp, identity",
        "test_blob_exchange.py",
    ),
    (
        "js-client",
        "signs files, and verifies them but for whose they are, which it leaves to its caller",
        "certificate, SCT, entry, timestamp",
        "test_blob_exchange.py",
    ),
)
"""The same for signatures without a key."""

_KEYLESS_BEFORE: Final = """\

## Signatures without a key

What each signs by identity, against our own services, each other verifies, `cosignpy` among them, and refuses for
somebody else's name. Ours are made with Rekor v2 and a timestamp, and with Rekor v1.
"""

_KEYLESS_BEHIND: Final = "\n".join(
    (
        "\nImages lie on a registry with a referrers API and on one without. Every pair for files is in the table, and",
        "each verifier also refuses somebody else's name (`test_blob_exchange.py`).\n",
        *render_exchange(),
        "\nThousands of bundles with one thing changed are judged by `cosignpy` and by sigstore-python, and where the",
        "verdicts differ, `test_differential.py` says why.",
    )
)

Clients = Sequence[tuple[str, str, str, str]]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the page: what stands before and behind the table of clients."""

    before: str
    clients: Clients
    behind: str

    def render(self) -> Iterator[str]:
        """Yield its lines."""
        yield self.before
        yield "| Client | Version | What it does | What it verifies | Tests |\n|---|---|---|---|---|"
        for key, does, verifies, test in self.clients:
            yield f"| {key} | {_version(key)} | {does} | {verifies} | `{test}` |"
        yield self.behind.rstrip()


PARTS: Final = (
    Part(_LOGS_BEFORE, LOG_CLIENTS, _LOGS_BEHIND),
    Part(_CA_BEFORE, CA_CLIENTS, _CA_BEHIND),
    Part(_TRUST_BEFORE, TRUST_CLIENTS, _TRUST_BEHIND),
    Part(_KEYLESS_BEFORE, KEYLESS_CLIENTS, _KEYLESS_BEHIND),
    Part(ATTESTED_BEFORE, ATTESTED_CLIENTS, ""),
    Part(CLUSTER_BEFORE, CLUSTER_CLIENTS, ""),
)


def _version(key: str) -> str:
    """Return the version of a peer; programs of our own have those of the modules in them."""
    version = peers.PEERS[key].version
    own = isinstance(peers.PEERS[key].source, peers.GoFolder | peers.NpmFolder)
    return "its lock file" if own else version
