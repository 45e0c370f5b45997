"""docs/operations/ca.md, step by step, failure by failure: the page says what happens, and what it says helps."""

import inspect
import json
import os
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Final

import pytest
from cryptography.x509 import Certificate, load_pem_x509_certificates

from ca_server.authority.ceremony import NewPasswords, begin_authority
from ca_server.authority.directory import AuthorityDirectory
from ca_server.authority.profile import Role
from ca_server.commands.arguments import utc_now
from cosignpy.values import replace as with_values
from cosignpy.values import value
from tests.support.authorities import PLAN
from tests.support.ca_commands import show
from tests.support.ca_process import CaProcess
from tests.support.ca_site import V2, Site, key_request
from tests.support.log_process import LogProcess, serve_logs
from tests.support.runbook import PAGES, PATIENCE_SECONDS, Operator, failures, free_port, steps
from tests.support.token_server import serve_tokens
from tests.support.tokens import TokenIssuer

PAGE: Final = PAGES / "ca.md"


@value
class World:
    """An authority that was made by the page, its CT log, and an issuer of tokens."""

    data: Path
    roots: Path
    log: LogProcess
    issuer: TokenIssuer


def operator_at(folder: Path, **more: str) -> Operator:
    """Have someone who follows the page in a folder."""
    places = {name: str(folder / name) for name in ("O", "N", "C")}
    passwords = {"COSIGN_PASSWORD": "of the server", "COSIGN_ROOT_PASSWORD": "of the root"}
    known = places | passwords | more
    return Operator(folder / "data", folder / "copy", free_port(), PAGE, known, folder / "data.messages")


def write_issuers(data: Path, issuer: TokenIssuer) -> None:
    """Have the authority believe an issuer."""
    entry = {"IssuerURL": issuer.url, "ClientID": issuer.audience, "Type": "email"}
    (data / "issuers.yaml").write_text(json.dumps({"OIDCIssuers": {issuer.url: entry}}))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    operator = operator_at(folder)
    operator.run("init")
    roots = folder / "roots.pem"
    shutil.copy(operator.data / "authority" / "root" / "certificate.pem", roots)
    with (
        serve_tokens() as issuer,
        serve_logs(folder / "log", f"ct:\n  roots: {roots}\n", "--workers", "0") as log,
    ):
        (operator.data / "ct.pub").write_text(log.shards("ct")[0].public_key)
        write_issuers(operator.data, issuer)
        operator.run("settings", LOG=log.url)
        with (operator.data / "ca.yaml").open("a") as settings:
            settings.write("workers: 1\n")  # so that all requests see what one has seen
        operator.run("part", O=str(folder / "offline"))
        yield World(operator.data, roots, log, issuer)


@pytest.fixture
def operator(tmp_path: Path, world: World) -> Operator:
    found = operator_at(tmp_path, O=str(world.data.with_name("offline")))
    shutil.copytree(world.data, found.data)
    return found


@pytest.fixture
def site(operator: Operator, world: World) -> Site:
    return Site(CaProcess(operator.data, port=operator.port), world.log, world.issuer)


def issue(site: Site) -> list[Certificate]:
    """Get a certificate with its chain."""
    reply = site.post(V2, key_request(site.issuer.token()))
    assert reply.status == HTTPStatus.OK, reply.body
    return reply.certificates


def issuer_of(site: Site) -> str:
    """Return by what a new certificate is issued."""
    leaf, issuer, root = issue(site)
    leaf.verify_directly_issued_by(issuer)
    issuer.verify_directly_issued_by(root)
    return issuer.subject.rfc4514_string()


def bundle(site: Site) -> list[str]:
    """Return which issuing certificates clients are told of."""
    chains = site.get("/api/v2/trustBundle").json["chains"]
    return [
        load_pem_x509_certificates(chain["certificates"][0].encode())[0].subject.rfc4514_string() for chain in chains
    ]


def subject(operator: Operator, number: int, role: Role = Role.ISSUING) -> str:
    """Return the name of a pair's certificate."""
    name: str = show(operator.data)[role][number - 1]["chain"][0]["subject"]
    return name


def states(operator: Operator, role: Role = Role.ISSUING) -> list[str]:
    return [pair["state"] for pair in show(operator.data)[role]]


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_an_authority_is_made_serves_certificates_and_stops(operator: Operator, site: Site) -> None:
    assert not (operator.data / "authority" / "root" / "key.pem").exists()
    assert (Path(operator.more["O"]) / "key.pem").exists()
    with operator.serving():
        assert "SERVING" in operator.run("healthy")
        assert issuer_of(site) == subject(operator, 1)
    assert "key not here" in operator.run("show")


def test_the_next_certificate_is_told_of_before_it_signs(operator: Operator, site: Site) -> None:
    with operator.serving() as process:
        operator.run("rotate-later")
        os.kill(process, signal.SIGHUP)
        wait_until(lambda: len(bundle(site)) == 2)
        assert bundle(site) == [subject(operator, 1), subject(operator, 2)]
        assert issuer_of(site) == subject(operator, 1)
        assert states(operator) == ["active", "coming"]


def test_a_stolen_intermediate_is_replaced_while_it_serves_and_taken_back(operator: Operator, site: Site) -> None:
    with operator.serving() as process:
        operator.run("rotate")
        wait_until(lambda: issuer_of(site) == subject(operator, 2))  # without a signal
        assert bundle(site) == [subject(operator, 2), subject(operator, 1)]
        operator.run("retire")
        os.kill(process, signal.SIGHUP)
        wait_until(lambda: bundle(site) == [subject(operator, 2)])
        assert issuer_of(site) == subject(operator, 2)


def test_an_intermediate_is_certified_where_the_root_is(operator: Operator, site: Site) -> None:
    with operator.serving() as process:
        request = operator.run("request").strip()
        operator.run("sign", R=request, COSIGN_PASSWORD="nobody has it there")
        os.kill(process, signal.SIGHUP)
        assert issuer_of(site) == subject(operator, 1)
        operator.run("install")
        os.kill(process, signal.SIGHUP)
        wait_until(lambda: issuer_of(site) == subject(operator, 2))


def test_what_stamps_is_replaced_and_taken_back(operator: Operator, site: Site) -> None:
    def stamping() -> str:
        chain = site.get("/api/v1/timestamp/certchain").body
        return load_pem_x509_certificates(chain)[0].subject.rfc4514_string()

    with operator.serving() as process:
        assert stamping() == subject(operator, 1, Role.TIMESTAMPING)
        operator.run("rotate-timestamping")
        operator.run("retire-timestamping")
        os.kill(process, signal.SIGHUP)
        wait_until(lambda: stamping() == subject(operator, 2, Role.TIMESTAMPING))
    assert states(operator, Role.TIMESTAMPING) == ["retired", "active"]


def test_a_new_pair_that_is_not_sound_is_not_adopted(operator: Operator, site: Site) -> None:
    with operator.serving() as process:
        operator.run("rotate")
        (operator.data / "authority" / "issuing" / "0002" / "key.pem").chmod(0o644)
        os.kill(process, signal.SIGHUP)
        messages = operator.data.with_name("data.messages")
        wait_until(lambda: "what was read before stays in force" in messages.read_text())
        line = next(line for line in messages.read_text().splitlines() if "stays in force" in line)
        assert "issuing/0002/key.pem" in line
        assert issuer_of(site) == subject(operator, 1)
        (operator.data / "authority" / "issuing" / "0002" / "key.pem").chmod(0o600)
        os.kill(process, signal.SIGHUP)
        wait_until(lambda: issuer_of(site) == subject(operator, 2))


def test_a_lost_directory_is_restored(operator: Operator, site: Site) -> None:
    operator.run("back-up")
    name = subject(operator, 1)
    shutil.rmtree(operator.data)
    assert name in operator.run("restore")
    with operator.serving():
        assert issuer_of(site) == name


def test_a_stolen_root_is_the_end_of_the_authority_and_another_begins(
    operator: Operator, site: Site, world: World
) -> None:
    before = subject(operator, 1)
    operator.run("new-root")
    with world.roots.open("ab") as roots:
        roots.write((operator.data / "authority" / "root" / "certificate.pem").read_bytes())
    with operator.serving():
        wait_until(lambda: site.post(V2, key_request(site.issuer.token())).status == HTTPStatus.OK)
        assert issuer_of(site) == subject(operator, 1) != before
        assert before not in bundle(site)


def test_an_issuer_that_does_not_answer_is_done_without_as_long_as_its_keys_are_known(
    operator: Operator, site: Site
) -> None:
    section = PAGE.read_text().partition("## An identity provider does not answer")[2].partition("\n## ")[0]
    with ExitStack() as provider:
        own = with_values(site, issuer=provider.enter_context(serve_tokens()))
        write_issuers(operator.data, own.issuer)
        with operator.serving():
            issue(own)
            provider.close()
            issue(own)
    with operator.serving():
        reply = own.post(V2, key_request(own.issuer.token()))
        assert f"{reply.status} `{reply.json['message']}`" in section
        assert "the keys of" in operator.data.with_name("data.messages").read_text()


def test_a_log_that_does_not_answer_stops_all_issuing_until_it_is_back(operator: Operator, site: Site) -> None:
    section = PAGE.read_text().partition("## The CT log does not answer")[2].partition("\n## ")[0]
    with operator.serving():
        site.log.stop()
        reply = site.post(V2, key_request(site.issuer.token()))
        assert f"{reply.status} `{reply.json['message']}`" in section
        site.log.start()
        issue(site)


KEY: Final = "authority/issuing/0001/key.pem"
CHAIN: Final = "authority/issuing/0001/chain.pem"


def lose(name: str) -> Callable[[Operator], None]:
    return lambda operator: (operator.data / name).unlink()


def change(name: str, how: Callable[[bytes], bytes]) -> Callable[[Operator], None]:
    def act(operator: Operator) -> None:
        path = operator.data / name
        path.write_bytes(how(path.read_bytes()))

    return act


def exchange_key(operator: Operator) -> None:
    shutil.copy(operator.data / "authority" / "timestamping" / "0001" / "key.pem", operator.data / KEY)


def lose_authority(operator: Operator) -> None:
    shutil.rmtree(operator.data / "authority")


def age(operator: Operator) -> None:
    """Have an authority of long ago."""
    lose_authority(operator)
    plan = with_values(PLAN, lifetime=timedelta(days=1))
    passwords = NewPasswords(b"of the root", b"of the server")
    begin_authority(AuthorityDirectory(operator.data / "authority"), plan, passwords, utc_now() - timedelta(days=2))


CASES: Final[Mapping[str, tuple[str, Callable[[Operator], None], str]]] = {
    "a setting that does not exist": ("Settings are wrong", change("ca.yaml", lambda raw: raw + b"prot: 1\n"), ""),
    "no CT log": ("No log is named", change("ca.yaml", lambda _: b"port: 1\n"), ""),
    "another password": (
        "The password is wrong",
        lambda operator: operator.more.update(COSIGN_PASSWORD="another"),
        "",
    ),
    "no password": ("The password is missing", lambda operator: operator.more.pop("COSIGN_PASSWORD"), ""),
    "no key": ("The key is missing", lose(KEY), "mend-key"),
    "another key": ("The key belongs to another certificate", exchange_key, "mend-key"),
    "a key for all": ("Others can read the key", lambda operator: (operator.data / KEY).chmod(0o644), "mend-mode"),
    "half a chain": ("The chain is not sound", change(CHAIN, lambda raw: raw[: len(raw) // 2]), "mend-chain"),
    "a chain of garbage": ("The chain is not sound", change(CHAIN, lambda _: b"nothing"), "mend-chain"),
    "a chain without its root": (
        "The chain is not sound",
        change(CHAIN, lambda raw: raw.partition(b"-----END CERTIFICATE-----\n")[0] + b"-----END CERTIFICATE-----\n"),
        "mend-chain",
    ),
    "an expired certificate": ("The certificate has expired", age, ""),
    "no authority": ("There is no authority", lose_authority, ""),
    "issuers of garbage": ("The file of issuers is wrong", change("issuers.yaml", lambda _: b"OIDCIssuers: 1"), ""),
}


@pytest.mark.parametrize(("heading", "damage", "step"), CASES.values(), ids=CASES)
def test_a_server_that_cannot_start_says_what_the_page_says_and_starts_when_that_is_done(
    operator: Operator, heading: str, damage: Callable[[Operator], None], step: str
) -> None:
    operator.run("back-up")
    damage(operator)
    done = operator.attempt("serve")
    failure = failures(PAGE)[heading]
    assert done.returncode == failure.exit_code, done.stderr
    first, *rest = done.stderr.splitlines()
    assert failure.fits(first), first
    assert len(rest) <= 1
    assert all(line.startswith("hint: ") for line in rest)
    if step:
        operator.run(step)
        with operator.serving():
            operator.run("healthy")


def test_a_port_that_is_taken_is_named(operator: Operator) -> None:
    with socket.create_server(("127.0.0.1", operator.port)):
        done = operator.attempt("serve")
    failure = failures(PAGE)["The port is taken"]
    assert (done.returncode, failure.fits(done.stderr)) == (failure.exit_code, True)


def test_every_step_of_the_page_is_executed_by_a_test() -> None:
    code = Path(__file__).read_text() + inspect.getsource(Operator)
    assert [step for step in steps(PAGE) if f'"{step}"' not in code] == []
