"""The real programs we must agree with: one table, installed by `python -m tests.interop.peers install`.

Each is built once per version into the user's cache directory, so that clean checkouts share it:
`$XDG_CACHE_HOME/cosignpy/peers/<name>-<version>/bin/<binary>`. Only the ordinary package clients (go, npm, pip, mvn,
apt-get) are used. A test asks for `path(key)`; a peer that is not installed is an error there, never a skip.
"""

import argparse
import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from tests.interop.package_clients import PeerUnavailableError, run_with_retries

_APT_WAIT: Final = ("-o", "DPkg::Lock::Timeout=120")
_DEBIAN_PATH: Final = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
"""Daemons lie where the PATH of ordinary users does not lead."""

_HERE: Final = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class GoPackage:
    """A Go program of someone else's module, at the peer's version."""

    package: str


@dataclass(frozen=True, slots=True)
class GoFolder:
    """A Go program in this repository, with its own go.mod and go.sum."""

    folder: Path


@dataclass(frozen=True, slots=True)
class GoTestFolder:
    """Someone else's tests, built as a program; a folder in this repository pins them with go.mod and go.sum."""

    folder: Path
    package: str


@dataclass(frozen=True, slots=True)
class GoTool:
    """A Go program whose module replaces others, so that `go install` refuses it by itself.

    A folder in this repository replaces the same, with go.mod and go.sum; `linker` are flags of the Go linker.
    """

    folder: Path
    package: str
    linker: str = "-s -w"


@dataclass(frozen=True, slots=True)
class DebianPackage:
    """A program of the Linux distribution, in whatever version that has."""

    package: str


@dataclass(frozen=True, slots=True)
class PythonPackage:
    """A Python program, at the peer's version, in a virtual environment of its own."""

    package: str


@dataclass(frozen=True, slots=True)
class NpmFolder:
    """A Node.js program in this repository, with its own package-lock.json; named like its folder."""

    folder: Path


@dataclass(frozen=True, slots=True)
class MavenZip:
    """A Java program of Maven Central, at the peer's version: a zip file with one folder, prepared by the program."""

    package: str
    prepare: tuple[str, ...]


GoSource = GoPackage | GoFolder | GoTestFolder | GoTool


@dataclass(frozen=True, slots=True)
class Peer:
    """One program: what it is called, which version, and where it comes from."""

    name: str
    version: str
    binary: str
    source: GoSource | DebianPackage | PythonPackage | NpmFolder | MavenZip


def _content_version(folder: Path) -> str:
    seen = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        seen.update(f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return seen.hexdigest()[:12]


_GGCR_REGISTRY: Final = _HERE / "ggcr_registry"
_OCI_CONFORMANCE: Final = _HERE / "oci_conformance"
_REKOR_TYPES: Final = _HERE / "rekor_types"
_LOG_CLIENT: Final = _HERE / "log_client"
_JS_CLIENT: Final = _HERE / "js_client"
_GO_WITNESS: Final = _HERE / "go_witness"
_FULCIO_IDENTITIES: Final = _HERE / "fulcio_identities"
_BUILDKIT_IMAGES: Final = _HERE / "buildkit_images"
_KUBERNETES_DOCUMENTS: Final = _HERE / "kubernetes_documents"
_KUBERNETES_API: Final = _HERE / "kubernetes_api"
_POLICY_CONTROLLER: Final = _HERE / "policy_controller"
_OIDC_PROVIDER: Final = _HERE / "oidc_provider"
_HELM_CHARTS: Final = _HERE / "helm_charts"

_KUBERNETES: Final = "v1.37.0"
_KUBERNETES_VERSION: Final = "k8s.io/component-base/version"
_KUBERNETES_LINKER: Final = (
    f"-s -w -X {_KUBERNETES_VERSION}.gitVersion={_KUBERNETES} -X {_KUBERNETES_VERSION}.gitMajor=1"
    f" -X {_KUBERNETES_VERSION}.gitMinor=37 -X {_KUBERNETES_VERSION}.gitCommit=0000000"
)
"""A server that does not know its version is refused by its clients: they compare."""


def _kubernetes(program: str) -> "Peer":
    tool = GoTool(_KUBERNETES_API, f"k8s.io/kubernetes/cmd/{program}", _KUBERNETES_LINKER)
    return Peer(program, _KUBERNETES, program, tool)


def _policy_controller(program: str) -> "Peer":
    tool = GoTool(_POLICY_CONTROLLER, f"github.com/sigstore/policy-controller/cmd/{program}")
    return Peer(f"policy-controller-{program}", "v0.13.1", program, tool)


_MAVEN_COPY: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
_KEYCLOAK_BUILD: Final = ("build", "--db=dev-mem", "--health-enabled=true")
"""What has to be decided before it starts, and so need not be found out each time: its database is in memory."""

PEERS: Final[Mapping[str, Peer]] = MappingProxyType(
    {
        "cosign-v3": Peer("cosign", "v3.1.3", "cosign", GoPackage("github.com/sigstore/cosign/v3/cmd/cosign")),
        "cosign-v2": Peer("cosign", "v2.6.5", "cosign", GoPackage("github.com/sigstore/cosign/v2/cmd/cosign")),
        "crane": Peer("crane", "v0.22.1", "crane", GoPackage("github.com/google/go-containerregistry/cmd/crane")),
        # What evaluates conditions of policies in CUE.
        "cue": Peer("cue", "v0.16.1", "cue", GoPackage("cuelang.org/go/cmd/cue")),
        # Who pushes and pulls artifacts of any type.
        "oras": Peer("oras", "v1.3.0", "oras", GoPackage("oras.land/oras/cmd/oras")),
        # How Helm pushes and pulls charts: its own client of registries, without all of Helm.
        "helm-charts": Peer("helm_charts", _content_version(_HELM_CHARTS), "helm_charts", GoFolder(_HELM_CHARTS)),
        # go-containerregistry's in-memory registry: no referrers API ...
        "registry": Peer(
            "registry", "v0.22.1", "registry", GoPackage("github.com/google/go-containerregistry/cmd/registry")
        ),
        # ... and the same code with the referrers API switched on.
        "ggcr-referrers": Peer(
            "ggcr_registry", _content_version(_GGCR_REGISTRY), "ggcr_registry", GoFolder(_GGCR_REGISTRY)
        ),
        "distribution": Peer(
            "distribution", "v3.1.2", "registry", GoPackage("github.com/distribution/distribution/v3/cmd/registry")
        ),
        "oci-conformance": Peer(
            "oci-conformance",
            _content_version(_OCI_CONFORMANCE),
            "oci-conformance",
            GoTestFolder(_OCI_CONFORMANCE, "github.com/opencontainers/distribution-spec/conformance"),
        ),
        # What the real Rekor servers would log: their own packages, without a server around them.
        "rekor-types": Peer("rekor_types", _content_version(_REKOR_TYPES), "rekor_types", GoFolder(_REKOR_TYPES)),
        # The real server of Rekor v2, which asks witnesses too.
        "rekor-tiles": Peer(
            "rekor-tiles", "v2.3.0", "posix", GoPackage("github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix")
        ),
        # A witness that decides with Go's signed notes and consistency proofs.
        "go-witness": Peer("go_witness", _content_version(_GO_WITNESS), "go_witness", GoFolder(_GO_WITNESS)),
        # Whom the real Fulcio would certify: its own packages, without a server or a network around them.
        "fulcio-identities": Peer(
            "fulcio_identities", _content_version(_FULCIO_IDENTITIES), "fulcio_identities", GoFolder(_FULCIO_IDENTITIES)
        ),
        # Which images BuildKit fetches for a Dockerfile: its own frontend, which asks nobody here.
        "buildkit-images": Peer(
            "buildkit_images", _content_version(_BUILDKIT_IMAGES), "buildkit_images", GoFolder(_BUILDKIT_IMAGES)
        ),
        # What kubectl reads in a manifest: the decoder of the Kubernetes clients.
        "kubernetes-documents": Peer(
            "kubernetes_documents",
            _content_version(_KUBERNETES_DOCUMENTS),
            "kubernetes_documents",
            GoFolder(_KUBERNETES_DOCUMENTS),
        ),
        # Kubernetes without nodes: its API server, on etcd, and the controllers that make Pods.
        "etcd": Peer("etcd", "debian", "etcd", DebianPackage("etcd-server")),
        "kube-apiserver": _kubernetes("kube-apiserver"),
        "kube-controller-manager": _kubernetes("kube-controller-manager"),
        "kubectl": _kubernetes("kubectl"),
        "helm": Peer("helm", "v3.21.0", "helm", GoPackage("helm.sh/helm/v3/cmd/helm")),
        # Sigstore's admission controller, and the program that asks its policies without a cluster.
        "policy-controller": _policy_controller("webhook"),
        "policy-tester": _policy_controller("tester"),
        # The servers and clients of transparency logs.
        "rekor-cli": Peer("rekor-cli", "v1.5.0", "rekor-cli", GoPackage("github.com/sigstore/rekor/cmd/rekor-cli")),
        "timestamp-server": Peer(
            "timestamp-server",
            "v2.1.3",
            "timestamp-server",
            GoPackage("github.com/sigstore/timestamp-authority/v2/cmd/timestamp-server"),
        ),
        # The real certificate authority, which ours is measured beside.
        "fulcio": Peer("fulcio", "v1.8.8", "fulcio", GoPackage("github.com/sigstore/fulcio")),
        "log-client": Peer("log_client", _content_version(_LOG_CLIENT), "log_client", GoFolder(_LOG_CLIENT)),
        "sigstore-python": Peer("sigstore-python", "4.5.1", "sigstore", PythonPackage("sigstore")),
        "js-client": Peer("js_client", _content_version(_JS_CLIENT), "js_client", NpmFolder(_JS_CLIENT)),
        # Identity providers.
        "oidc-provider": Peer(
            "oidc_provider", _content_version(_OIDC_PROVIDER), "oidc_provider", NpmFolder(_OIDC_PROVIDER)
        ),
        "maven": Peer("maven", "debian", "mvn", DebianPackage("maven")),
        "keycloak": Peer(
            "keycloak", "26.0.7", "kc.sh", MavenZip("org.keycloak:keycloak-quarkus-dist", _KEYCLOAK_BUILD)
        ),
        # distribution 2.8: no referrers API.
        "docker-registry": Peer("docker-registry", "debian", "docker-registry", DebianPackage("docker-registry")),
        # Signers of what Rekor's older kinds carry.
        "gpg": Peer("gnupg", "debian", "gpg", DebianPackage("gnupg")),
        "ssh-keygen": Peer("openssh", "debian", "ssh-keygen", DebianPackage("openssh-client")),
        # A browser: the log's pages check proofs in it.
        "chromium": Peer("chromium", "debian", "chromium", DebianPackage("chromium")),
        # A Docker engine, and Compose for pytest-docker.
        "dockerd": Peer("dockerd", "debian", "dockerd", DebianPackage("docker.io")),
        "docker-compose": Peer("docker-compose", "debian", "docker-compose", DebianPackage("docker-compose")),
    }
)

OPTIONAL: Final = frozenset({"dockerd", "docker-compose"})
"""Only root can start a Docker engine: everybody else may do without, except in continuous integration."""


def cache_folder() -> Path:
    """Return the folder that all checkouts of this user share (XDG base directory specification)."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "cosignpy" / "peers"


def path(key: str) -> Path:
    """Return the program of an installed peer.

    Raises:
        PeerUnavailableError: Not in the table, or not installed.
    """
    if key not in PEERS:
        raise PeerUnavailableError(key, f"unknown, known are {', '.join(PEERS)}")
    found = _location(PEERS[key])
    if not os.access(found, os.X_OK):
        raise PeerUnavailableError(key, f"not installed at {found}; run: make interop")
    return found


def _location(peer: Peer) -> Path:
    if isinstance(peer.source, DebianPackage):
        return Path(shutil.which(peer.binary, path=_DEBIAN_PATH) or f"/usr/bin/{peer.binary}")
    return cache_folder() / f"{peer.name}-{peer.version}" / "bin" / peer.binary


def install(keys: Sequence[str]) -> None:
    """Install what is missing of these peers, one process at a time.

    Raises:
        PeerUnavailableError: One of them cannot be had; the message says why.
    """
    cache_folder().mkdir(parents=True, exist_ok=True)
    for key in keys:
        try:
            _install_if_missing(key, PEERS[key])
        except PeerUnavailableError as error:
            if key not in OPTIONAL or os.geteuid() == 0 or os.environ.get("CI") == "true":
                raise
            print(f"{key:16} none, so the tests with Docker will not run: {error.why}")


def _install_if_missing(key: str, peer: Peer) -> None:
    with _locked(f"{peer.name}-{peer.version}"):
        if not os.access(_location(peer), os.X_OK):
            print(f"installing {peer.name} {peer.version}", file=sys.stderr, flush=True)
            _install_one(key, peer)
    print(f"{key:16} {peer.version:14} {path(key)}")


@contextmanager
def _locked(name: str) -> Iterator[None]:
    with (cache_folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install_one(key: str, peer: Peer) -> None:
    match peer.source:
        case DebianPackage(package):
            _apt_install(key, package)
        case PythonPackage(package):
            _pip_install(key, peer, package)
        case NpmFolder(folder):
            _npm_install(key, peer, folder)
        case MavenZip() as source:
            _maven_install(key, peer, source)
        case GoPackage() | GoFolder() | GoTestFolder() | GoTool() as source:
            _go_build(key, peer, source)


def _go_build(key: str, peer: Peer, source: GoSource) -> None:
    """Build aside and rename: a build that was interrupted never looks installed."""
    if shutil.which("go") is None:
        raise PeerUnavailableError(key, "Go 1.26 or newer is needed to build it and is not on PATH")
    with tempfile.TemporaryDirectory(dir=cache_folder(), prefix=".build-") as aside:
        built = Path(aside) / peer.binary
        command, cwd = _go_command(source, peer.version, built)
        env = {**os.environ, "CGO_ENABLED": "0", "GOBIN": aside, "GOFLAGS": "-trimpath -buildvcs=false"}
        run_with_retries(key, command, env=env, cwd=cwd)
        target = _location(peer)
        target.parent.mkdir(parents=True, exist_ok=True)
        built.replace(target)


def _go_command(source: GoSource, version: str, built: Path) -> tuple[Sequence[str], Path]:
    """Return what builds a Go program, and where to run it; `go install` writes to $GOBIN."""
    match source:
        case GoPackage(package):
            return ("go", "install", f"{package}@{version}"), cache_folder()
        case GoFolder(folder):
            return ("go", "install", "-mod=readonly", "."), folder
        case GoTool(folder, package, linker):
            return ("go", "install", "-mod=readonly", f"-ldflags={linker}", package), folder
        case GoTestFolder(folder, package):
            return ("go", "test", "-c", "-mod=readonly", "-o", str(built), package), folder


def _apt_install(key: str, package: str) -> None:
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise PeerUnavailableError(key, f"install the package {package} as root: apt-get install {package}")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run_with_retries(key, ("apt-get", "update", *_APT_WAIT, "-q"), env=env, cwd=_HERE)
    command = ("apt-get", "install", *_APT_WAIT, "-q", "-y", "--no-install-recommends", package)
    run_with_retries(key, command, env=env, cwd=_HERE)


def _pip_install(key: str, peer: Peer, package: str) -> None:
    """Install in place, as environments cannot be moved; pip writes the program only when all else is there."""
    python = _location(peer).with_name("python")
    venv.create(python.parent.parent, clear=True, with_pip=True)
    command = (str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", f"{package}=={peer.version}")
    run_with_retries(key, command, env=os.environ, cwd=cache_folder())


def _npm_install(key: str, peer: Peer, folder: Path) -> None:
    """Build aside and rename, as with Go; the program finds its modules beside its folder."""
    if shutil.which("npm") is None:
        raise PeerUnavailableError(key, "Node.js 20 or newer with npm is needed and is not on PATH")
    target = _location(peer).parents[1]
    with tempfile.TemporaryDirectory(dir=cache_folder(), prefix=".build-") as aside:
        built = Path(aside) / "built"
        shutil.copytree(folder, built)
        env = {**os.environ, "npm_config_update_notifier": "false"}
        run_with_retries(key, ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"), env=env, cwd=built)
        program = built / "bin" / peer.binary
        program.parent.mkdir()
        (built / f"{peer.binary}.js").rename(program)
        program.chmod(0o755)
        shutil.rmtree(target, ignore_errors=True)
        built.rename(target)


def _maven_install(key: str, peer: Peer, source: MavenZip) -> None:
    """Unpack and prepare aside, then rename; zip files do not tell Python which of their files are programs."""
    target = _location(peer).parents[1]
    with tempfile.TemporaryDirectory(dir=cache_folder(), prefix=".build-") as aside:
        artifact = f"-Dartifact={source.package}:{peer.version}:zip"
        command = (str(path("maven")), "-B", "-q", _MAVEN_COPY, artifact, f"-DoutputDirectory={aside}/zip")
        run_with_retries(key, command, env=os.environ, cwd=Path(aside))
        (archive,) = (Path(aside) / "zip").iterdir()
        shutil.unpack_archive(archive, Path(aside) / "unpacked")
        (unpacked,) = (Path(aside) / "unpacked").iterdir()
        program = unpacked / "bin" / peer.binary
        program.chmod(0o755)
        run_with_retries(key, (str(program), *source.prepare), env=os.environ, cwd=unpacked)
        shutil.rmtree(target, ignore_errors=True)
        unpacked.rename(target)


def main() -> int:
    """Install the peers named on the command line, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.interop.peers", description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=["install"])
    parser.add_argument("--only", action="append", choices=list(PEERS), help="this peer (repeatable)")
    arguments = parser.parse_args()
    try:
        install(arguments.only or list(PEERS))
    except PeerUnavailableError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
