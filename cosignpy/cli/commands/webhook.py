"""`cosignpy webhook serve`: the admission webhook, with the flags of the policy controller."""

import os
import re
import secrets
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cosignpy.cli import exit_codes
from cosignpy.cli.input_files import read_input
from cosignpy.cli.invocation import CURRENT
from cosignpy.errors import UsageError
from cosignpy.serving.extra import explaining_absence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cosignpy.serving.threaded import TlsFiles

NAMESPACE: Final = "cosign-system"
CONFIGURATION: Final = "policy.sigstore.dev"
DEFAULTING: Final = "defaulting.clusterimagepolicy.sigstore.dev"
VALIDATING: Final = "validating.clusterimagepolicy.sigstore.dev"
_LABEL: Final = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
"""What namespaces are called (RFC 1123)."""
_MAX_SECRET: Final = 4096
"""Bytes of a file with a key for what is kept; 32 are enough."""


def _port(name: str, text: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(name, min=0, max=65535, help=text)
    return option


def serve(
    *,
    secure_port: Annotated[int, _port("--secure-port", "The port to listen at; 0 for any.")] = 8443,
    metrics_port: Annotated[
        int, typer.Option("--metrics-port", min=-1, max=65535, help="The port of metrics; -1 for none of their own.")
    ] = 9090,
    host: Annotated[str, typer.Option("--host", help="The address to listen at.")] = "0.0.0.0",  # noqa: S104 - a pod's
    kubeconfig: Annotated[
        str,
        typer.Option("--kubeconfig", metavar="FILE", help="The cluster; by default that of KUBECONFIG, or the pod's."),
    ] = "",
    namespace: Annotated[
        str, typer.Option("--namespace", help="Where the webhook is; by default SYSTEM_NAMESPACE, or cosign-system.")
    ] = "",
    webhook_name: Annotated[
        str, typer.Option("--webhook-name", help="The configurations of the webhooks for workloads.")
    ] = CONFIGURATION,
    mutating_webhook_name: Annotated[
        str, typer.Option("--mutating-webhook-name", help="The configuration that fills policies in.")
    ] = DEFAULTING,
    validating_webhook_name: Annotated[
        str, typer.Option("--validating-webhook-name", help="The configuration that checks policies.")
    ] = VALIDATING,
    service_name: Annotated[
        str, typer.Option("--service-name", help="The Service that API servers come through.")
    ] = "webhook",
    tls_certificate: Annotated[
        Path | None,
        typer.Option("--tls-certificate", "--tls-cert", metavar="FILE", help="Serve with this one (PEM), not our own."),
    ] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", metavar="FILE", help="Its private key (PEM).")] = None,
    tuf_mirror: Annotated[
        str, typer.Option("--tuf-mirror", metavar="URL", help="Whom to believe where a policy does not say.")
    ] = "",
    tuf_root: Annotated[
        str, typer.Option("--tuf-root", metavar="FILE", help="The root that trust in the mirror begins with.")
    ] = "",
    disable_tuf: Annotated[
        bool, typer.Option("--disable-tuf", help="Believe nobody whom a policy does not name.")
    ] = False,
    workers: Annotated[
        int, typer.Option("--workers", min=0, max=64, help="Processes that verify; 0 by processors.")
    ] = 0,
    cache_file: Annotated[
        Path | None, typer.Option("--cache-file", metavar="FILE", help="Keep verdicts here; needs --cache-key.")
    ] = None,
    cache_key: Annotated[
        str, typer.Option("--cache-key", metavar="FILE", help="A secret that only this webhook has, for that file.")
    ] = "",
    cluster: Annotated[str, typer.Option("--cluster", help="What signed exceptions call this cluster.")] = "",
    audit: Annotated[bool, typer.Option("--audit", help="Judge running workloads again, and write reports.")] = False,
    registry_cacert: Annotated[
        str, typer.Option("--registry-cacert", metavar="FILE", help="Authorities of registries, besides the system's.")
    ] = "",
    plain_http_registry: Annotated[
        list[str] | None,
        typer.Option("--plain-http-registry", metavar="HOST", help="Speak plain HTTP to this registry. Repeatable."),
    ] = None,
    allow_local_registries: Annotated[
        bool, typer.Option("--allow-local-registries", help="Registries may be on this machine itself.")
    ] = False,
    refuse_private_registries: Annotated[
        bool, typer.Option("--refuse-private-registries", help="Registries have to be on the internet.")
    ] = False,
    cloud_credentials: Annotated[
        bool, typer.Option("--cloud-credentials", help="Show registries of clouds what this pod is there.")
    ] = False,
    quiet_seconds: Annotated[
        float, typer.Option("--quiet-seconds", min=0, max=60, help="How long to serve on once told to stop.")
    ] = 2.5,
    log_level: Annotated[str, typer.Option("--log-level", help="debug, info, warning or error.")] = "info",
    policy_resync_period: Annotated[
        str, typer.Option("--policy-resync-period", hidden=True, help="Accepted; changes are watched.")
    ] = "",
    trustroot_resync_period: Annotated[
        str, typer.Option("--trustroot-resync-period", hidden=True, help="Accepted; changes are watched.")
    ] = "",
) -> int:
    """Serve the admission webhook until interrupted, whatever --timeout says; its address is printed first.

    Policies are ClusterImagePolicies of the cluster, settings are in the ConfigMap config-policy-controller.
    """
    with explaining_absence("the webhook's", "kubernetes"):
        from cosignpy.services.tuf.environment import cache_folder
        from cosignpy.serving.request_log import LogLevel
        from cosignpy.webhook import serve as serving
        from cosignpy.webhook.certificates.bundles import Bundles
        from cosignpy.webhook.engine.settings import EngineSettings, RegistryReach, TrustSettings, count_workers
        from cosignpy.webhook.parts import SiteOptions
    del policy_resync_period, trustroot_resync_period
    if log_level not in list(LogLevel):
        raise UsageError(f"--log-level {log_level!r} is none", f"choose one of {', '.join(LogLevel)}")
    folder = cache_folder(os.environ)
    root = read_input(tuf_root) if tuf_root else None
    _check_registries(registry_cacert, plain_http_registry or ())
    reach = RegistryReach(
        registry_cacert,
        tuple(plain_http_registry or ()),
        allow_local_registries,
        not refuse_private_registries,
        cloud_credentials,
    )
    engine = EngineSettings(
        workers=workers or count_workers(),
        registries=reach,
        trust=TrustSettings(tuf_mirror, root, folder, disable_tuf),
        cache_file=cache_file,
        cache_key=_cache_key(cache_file, cache_key),
    )
    here = _namespace(namespace or os.environ.get("SYSTEM_NAMESPACE") or NAMESPACE)
    bundles = Bundles((webhook_name, mutating_webhook_name), (webhook_name, validating_webhook_name))
    options = serving.ServeOptions(
        SiteOptions(here, _identity(), webhook_name, folder / "trust-roots", engine, cluster=cluster),
        serving.Listen(host, secure_port, None if metrics_port < 0 else metrics_port),
        serving.CertificateOptions(_tls(tls_certificate, tls_key), service_name, bundles=bundles),
        kubeconfig,
        LogLevel(log_level),
        quiet_seconds,
        audit,
    )
    signal.setitimer(signal.ITIMER_REAL, 0)  # --timeout is for commands that wait for others
    return exit_codes.OK if serving.serve(options, _announce) else exit_codes.FAILURE


def _check_registries(authorities: str, plain: "Sequence[str]") -> None:
    """Find mistakes now that only the first image would show.

    Raises:
        FileError: The authorities cannot be read.
        UsageError: What should be a host is none.
    """
    from cosignpy.net.tls import TlsOptions, build_context

    if authorities:
        build_context(TlsOptions(authorities))
    wrong = next((name for name in plain if "/" in name), None)
    if wrong is not None:
        raise UsageError(f"--plain-http-registry {wrong!r} is no host", "write it as registry.example:5000")


def _namespace(name: str) -> str:
    if not re.fullmatch(_LABEL, name):
        raise UsageError(f"{name!r} cannot be a namespace", "give its name with --namespace, or in SYSTEM_NAMESPACE")
    return name


def _announce(address: str) -> None:
    """Print at once, also into a pipe: whoever started us waits for it."""
    CURRENT.print(address)
    sys.stdout.flush()


def _identity() -> str:
    """Return a name that no other replica has: that of the pod."""
    return os.environ.get("POD_NAME") or f"{socket.gethostname()}-{secrets.token_hex(4)}"


def _cache_key(file: Path | None, key: str) -> bytes:
    """Read the secret that what is kept is authenticated with."""
    if (file is None) != (not key):
        raise UsageError("--cache-file and --cache-key belong together", "give both, or none")
    return read_input(key, _MAX_SECRET) if key else b""


def _tls(certificate: Path | None, key: Path | None) -> "TlsFiles | None":
    from cosignpy.serving.threaded import TlsFiles

    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise UsageError("--tls-certificate and --tls-key belong together", "give both, or none")
    return TlsFiles(certificate, key)
