"""`cosignpy webhook serve`: flags, and what is settled by them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from cosignpy.cli.app import run
from cosignpy.serving.request_log import LogLevel
from cosignpy.serving.threaded import TlsFiles
from cosignpy.webhook import serve
from cosignpy.webhook.certificates.bundles import Bundles
from cosignpy.webhook.certificates.issuing import create_authority
from cosignpy.webhook.engine.settings import RegistryReach, count_workers
from cosignpy.webhook.serve import Announce, CertificateOptions, Listen, ServeOptions

Capture = pytest.CaptureFixture[str]
COMMAND: Final = ("webhook", "serve")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[ServeOptions]:
    """What would be served, in place of serving it."""
    found: list[ServeOptions] = []

    def note(options: ServeOptions, announce: Announce) -> bool:
        announce("127.0.0.1:8443")
        found.append(options)
        return not options.audits

    monkeypatch.setattr(serve, "serve", note)
    monkeypatch.setenv("TUF_ROOT", str(tmp_path / "tuf"))
    for name in ("SYSTEM_NAMESPACE", "POD_NAME"):
        monkeypatch.delenv(name, raising=False)
    return found


def test_without_flags_it_is_what_the_policy_controller_is(asked: list[ServeOptions], capsys: Capture) -> None:
    assert run(COMMAND) == 0
    assert capsys.readouterr().out == "127.0.0.1:8443\n"
    (options,) = asked
    assert options.listen == Listen("0.0.0.0", 8443, 9090)
    assert options.certificates == CertificateOptions(None, "webhook", "webhook-certs", Bundles())
    site = options.site
    assert (site.namespace, site.validating) == ("cosign-system", "policy.sigstore.dev")
    assert site.engine.workers == count_workers()
    assert (site.engine.trust.disabled, site.engine.trust.root, site.engine.cache_file) == (False, None, None)
    assert site.engine.registries == RegistryReach()
    assert (options.kubeconfig, options.log_level, options.audits) == ("", LogLevel.INFO, False)


def test_each_flag_settles_something(asked: list[ServeOptions], tmp_path: Path) -> None:
    for name in ("root.json", "key"):
        (tmp_path / name).write_text(name)
    (tmp_path / "ca.pem").write_bytes(create_authority(datetime(2026, 11, 30, tzinfo=UTC)).certificate_pem)
    flags = (
        *("--secure-port=1", "--metrics-port=-1", "--host=127.0.0.1", "--kubeconfig=config", "--namespace=here"),
        *("--webhook-name=a", "--mutating-webhook-name=b", "--validating-webhook-name=c", "--service-name=s"),
        *("--tls-cert=cert.pem", "--tls-key=key.pem", "--tuf-mirror=https://tuf.example", "--disable-tuf"),
        *(f"--tuf-root={tmp_path}/root.json", "--workers=3", "--cache-file=kept", f"--cache-key={tmp_path}/key"),
        *(f"--registry-cacert={tmp_path}/ca.pem", "--plain-http-registry=r1", "--plain-http-registry=r2:5000"),
        *("--allow-local-registries", "--refuse-private-registries", "--cloud-credentials", "--quiet-seconds=0.5"),
        *("--log-level=debug", "--policy-resync-period=10h", "--trustroot-resync-period=24h"),
    )
    assert run((*COMMAND, *flags)) == 0
    (options,) = asked
    assert options.listen == Listen("127.0.0.1", 1, None)
    files = TlsFiles(Path("cert.pem"), Path("key.pem"))
    bundles = Bundles(("a", "b"), ("a", "c"))
    assert options.certificates == CertificateOptions(files, "s", bundles=bundles)
    engine = options.site.engine
    assert (options.site.namespace, options.site.validating, engine.workers) == ("here", "a", 3)
    assert (engine.trust.mirror, engine.trust.root, engine.trust.disabled) == (
        "https://tuf.example",
        b"root.json",
        True,
    )
    assert (engine.cache_file, engine.cache_key) == (Path("kept"), b"key")
    assert engine.registries == RegistryReach(f"{tmp_path}/ca.pem", ("r1", "r2:5000"), True, False, True)
    assert (options.kubeconfig, options.log_level, options.quiet_seconds) == ("config", LogLevel.DEBUG, 0.5)


def test_where_it_is_stands_in_the_environment_of_its_pod(
    asked: list[ServeOptions], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYSTEM_NAMESPACE", "there")
    monkeypatch.setenv("POD_NAME", "webhook-abc")
    run(COMMAND)
    assert (asked[0].site.namespace, asked[0].site.identity) == ("there", "webhook-abc")


def test_without_a_pod_each_process_has_its_own_name(asked: list[ServeOptions]) -> None:
    run(COMMAND)
    run(COMMAND)
    assert asked[0].site.identity != asked[1].site.identity


def test_a_part_that_fails_is_a_failure(asked: list[ServeOptions]) -> None:
    assert run((*COMMAND, "--audit")) == 1
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        (("--tls-cert=a",), "Error: --tls-certificate and --tls-key belong together"),
        (("--tls-key=a",), "Error: --tls-certificate and --tls-key belong together"),
        (("--cache-file=a",), "Error: --cache-file and --cache-key belong together"),
        (("--cache-key=a",), "Error: --cache-file and --cache-key belong together"),
        (("--log-level=loud",), "Error: --log-level 'loud' is none"),
        (("--namespace=Bad Name",), "Error: 'Bad Name' cannot be a namespace"),
        (("--plain-http-registry=http://r.example",), "Error: --plain-http-registry 'http://r.example' is no host"),
        (("--plain-http-registry=r.example:5000", "--plain-http-registry="), ""),
        (("--kubeconfig=/nonexistent",), ""),
    ],
)
def test_flags_that_do_not_go_together_are_one_line(
    asked: list[ServeOptions], capsys: Capture, flags: tuple[str, ...], line: str
) -> None:
    code = run((*COMMAND, *flags))
    assert (code, len(asked)) == ((2, 0) if line else (0, 1))
    assert capsys.readouterr().err.partition("\n")[0] == line


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_authorities_that_cannot_be_read_are_told_of_at_once(
    asked: list[ServeOptions], capsys: Capture, tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "ca.pem").write_text(content)
    assert run((*COMMAND, f"--registry-cacert={tmp_path}/ca.pem")) == 3
    assert asked == []
    assert capsys.readouterr().err.startswith(f"Error: {tmp_path}/ca.pem: ")
