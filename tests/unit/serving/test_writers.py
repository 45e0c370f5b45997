import datetime as dt
import hashlib
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from starlette.types import Receive, Scope, Send

from cosignpy.errors import FileError, UsageError
from cosignpy.serving.asgi import answer
from cosignpy.serving.problem import Body, Problem
from cosignpy.serving.slow_clients import PEER_CERTIFICATE
from cosignpy.serving.writers import (
    MAX_TOKEN_FILE,
    MAX_TOKENS,
    WRITER,
    CertificateSubjects,
    Credential,
    Refusal,
    TokenFile,
    WriterRefused,
    WritersOnly,
    certificate_names,
    identify_writer,
)
from tests.support.asgi_calls import Answer, ask, scope_of

TOKEN = "0123456789abcdef"


def token_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    file = folder / "tokens"
    file.write_text(text)
    file.chmod(mode)
    return file


def with_token(token: str, scheme: str = "Bearer") -> Scope:
    return scope_of(headers=[(b"authorization", f"{scheme} {token}".encode("latin-1"))])


def certificate(*alternatives: x509.GeneralName) -> bytes:
    name = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example"), x509.NameAttribute(NameOID.COMMON_NAME, "ci")]
    )
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + dt.timedelta(days=1))
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return builder.sign(key, SHA256()).public_bytes(Encoding.DER)


def with_certificate(der: bytes | None) -> Scope:
    return scope_of(state={PEER_CERTIFICATE: der})


def test_a_token_is_known_in_the_clear_or_by_its_hash(tmp_path: Path) -> None:
    hashed = hashlib.sha256(b"another token, hashed".replace(b" ", b"-")).hexdigest()
    tokens = TokenFile(token_file(tmp_path, f"# writers\n\nci {TOKEN}\n  release\tsha256:{hashed}  \n"))
    assert tokens.identify(with_token(TOKEN)) == "ci"
    assert tokens.identify(with_token(TOKEN, "bearer")) == "ci"
    assert tokens.identify(with_token("another-token,-hashed")) == "release"


@pytest.mark.parametrize(
    "token", [TOKEN[:-1], TOKEN + "0", TOKEN.upper(), "x", hashlib.sha256(TOKEN.encode()).hexdigest()]
)
def test_another_token_is_not_known(tmp_path: Path, token: str) -> None:
    assert isinstance(TokenFile(token_file(tmp_path, f"ci {TOKEN}")).identify(with_token(token)), Refusal)


@pytest.mark.parametrize(
    "scope", [scope_of(), with_token(TOKEN, "Basic"), with_token(""), with_token(f"{TOKEN} x"), with_token("é" * 20)]
)
def test_no_bearer_token_is_no_writer(tmp_path: Path, scope: Scope) -> None:
    assert isinstance(TokenFile(token_file(tmp_path, f"ci {TOKEN}")).identify(scope), Refusal)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610])
def test_a_file_that_others_can_use_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(UsageError) as refused:
        TokenFile(token_file(tmp_path, f"ci {TOKEN}", mode))
    assert refused.value.hint == f"chmod 600 {tmp_path / 'tokens'}"


@pytest.mark.parametrize(
    "line",
    [
        "ci",
        TOKEN,
        f"ci {TOKEN[:-1]}",
        f"ci {TOKEN} more",
        f"c/i {TOKEN}",
        "ci sha256:" + "0" * 63,
        "ci sha256:" + "A" * 64,
        "ci 0123456789abcdeé",
    ],
)
def test_a_line_that_is_not_a_name_and_a_token_is_refused_without_showing_it(tmp_path: Path, line: str) -> None:
    with pytest.raises(UsageError) as refused:
        TokenFile(token_file(tmp_path, f"# first\n{line}"))
    assert refused.value.problem.startswith(f"{tmp_path / 'tokens'}:2: ")
    assert line not in refused.value.problem


def test_the_limits_of_the_file_hold(tmp_path: Path) -> None:
    lines = [f"w{number} {TOKEN}{number}" for number in range(MAX_TOKENS + 1)]
    TokenFile(token_file(tmp_path, "\n".join(lines[:-1])))
    with pytest.raises(UsageError):
        TokenFile(token_file(tmp_path, "\n".join(lines)))
    TokenFile(token_file(tmp_path, "#" * MAX_TOKEN_FILE))
    with pytest.raises(UsageError):
        TokenFile(token_file(tmp_path, "#" * (MAX_TOKEN_FILE + 1)))
    with pytest.raises(FileError):
        TokenFile(tmp_path / "none")


def test_tokens_are_read_again_when_the_file_changes(tmp_path: Path) -> None:
    tokens = TokenFile(token_file(tmp_path, f"ci {TOKEN}"))
    tokens.reload_if_changed()
    token_file(tmp_path, "other another-token-entirely")
    assert tokens.identify(with_token(TOKEN)) == "ci"
    tokens.reload_if_changed()
    assert isinstance(tokens.identify(with_token(TOKEN)), Refusal)
    assert tokens.identify(with_token("another-token-entirely")) == "other"


def test_a_bad_file_leaves_the_tokens_in_force(tmp_path: Path) -> None:
    tokens = TokenFile(token_file(tmp_path, f"ci {TOKEN}"))
    token_file(tmp_path, "nonsense")
    with pytest.raises(UsageError):
        tokens.reload_if_changed()
    assert tokens.identify(with_token(TOKEN)) == "ci"


def test_a_certificate_has_all_its_names() -> None:
    der = certificate(
        x509.UniformResourceIdentifier("spiffe://example.com/ci"),
        x509.DNSName("ci.example.com"),
        x509.RFC822Name("ci@example.com"),
    )
    assert certificate_names(der) == (
        "CN=ci,O=Example",
        "dns:ci.example.com",
        "uri:spiffe://example.com/ci",
        "email:ci@example.com",
    )


@pytest.mark.parametrize(
    ("allowed", "name"),
    [
        ((), "CN=ci,O=Example"),
        (("CN=ci,O=Example",), "CN=ci,O=Example"),
        (("CN=other", "dns:ci.example.com"), "dns:ci.example.com"),
    ],
)
def test_a_listed_certificate_may_write(allowed: tuple[str, ...], name: str) -> None:
    scope = with_certificate(certificate(x509.DNSName("ci.example.com")))
    assert CertificateSubjects(allowed).identify(scope) == name


@pytest.mark.parametrize("allowed", ["CN=ci", "ci.example.com", "email:ci.example.com", "dns:CI.example.com"])
def test_a_certificate_of_another_name_is_known_and_may_not_write(allowed: str) -> None:
    found = CertificateSubjects((allowed,)).identify(with_certificate(certificate(x509.DNSName("ci.example.com"))))
    assert isinstance(found, Refusal)
    assert found.known


def test_a_malformed_certificate_may_not_write() -> None:
    found = CertificateSubjects().identify(with_certificate(b"not DER"))
    assert isinstance(found, Refusal)
    assert found.known


@pytest.mark.parametrize("scope", [with_certificate(None), with_certificate(b""), {"headers": []}])
def test_no_certificate_is_no_writer(scope: Scope) -> None:
    found = CertificateSubjects().identify(scope)
    assert isinstance(found, Refusal)
    assert not found.known


async def whoami(scope: Scope, _receive: Receive, send: Send) -> None:
    await answer(send, 200, scope["state"][WRITER].encode())


def write(folder: Path, scope: Scope) -> Answer:
    credentials: tuple[Credential, ...] = (
        TokenFile(token_file(folder, f"ci {TOKEN}")),
        CertificateSubjects(("dns:writer",)),
    )
    return ask(WritersOnly(whoami, credentials), dict(scope))


def test_one_credential_is_enough(tmp_path: Path) -> None:
    assert write(tmp_path, with_token(TOKEN)).body == b"ci"
    assert write(tmp_path, with_certificate(certificate(x509.DNSName("writer")))).body == b"dns:writer"


def test_who_shows_nothing_is_asked_for_a_token(tmp_path: Path) -> None:
    found = write(tmp_path, scope_of())
    assert (found.status, found.headers[b"www-authenticate"]) == (401, b"Bearer")


def test_who_is_known_and_not_listed_is_forbidden(tmp_path: Path) -> None:
    found = write(tmp_path, with_certificate(certificate(x509.DNSName("reader"))))
    assert (found.status, b"www-authenticate" in found.headers) == (403, False)


def test_the_face_writes_the_refusal() -> None:
    def shape(problem: Problem) -> Body:
        return Body(b"%d!" % problem.status, b"text/plain")

    assert ask(WritersOnly(whoami, (CertificateSubjects(),), shape)).body == b"401!"


def test_a_refusal_says_what_is_needed() -> None:
    with pytest.raises(WriterRefused) as refused:
        identify_writer((CertificateSubjects(),), scope_of())
    assert str(refused.value) == refused.value.problem.detail == "a client certificate is needed"


def test_a_certificate_without_alternative_names_has_its_subject() -> None:
    assert certificate_names(certificate()) == ("CN=ci,O=Example",)
