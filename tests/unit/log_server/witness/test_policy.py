"""C2SP tlog-policy: which files are policies, and which cosignatures are enough."""

from itertools import chain, combinations
from pathlib import Path

import pytest

from cosignpy.errors import FileError, LimitExceeded, MalformedError
from log_server.witness.policy import MAX_NAMES, MAX_POLICY_FILE, load_policy, parse_policy
from tests.support.witnesses import log_vkey, new_key, witness_vkey

KEYS = [witness_vkey(new_key(), f"w{number}.example") for number in range(6)]
LOG = log_vkey(new_key())
X1, X2, X3, Y1, Y2, Y3 = (
    f"witness {name} {key}" for name, key in zip(("X1", "X2", "X3", "Y1", "Y2", "Y3"), KEYS, strict=True)
)
TWO_LEVELS = f"""# two organisations
log {LOG} https://log.example/

{X1}
\t{X2}   https://x2.example/w/
{X3}
group X 2 X1 X2 X3
{Y1}
{Y2}
{Y3}
group Y any Y1 Y2 Y3
group X-and-Y all X Y
quorum X-and-Y
"""


def parse(*lines: str) -> object:
    return parse_policy("".join(f"{line}\n" for line in lines).encode())


def test_a_policy_of_two_levels_is_satisfied_by_two_of_one_group_and_one_of_the_other() -> None:
    policy = parse_policy(TWO_LEVELS.encode())
    names = ["X1", "X2", "X3", "Y1", "Y2", "Y3"]
    subsets = chain.from_iterable(combinations(names, count) for count in range(7))
    for subset in map(set, subsets):
        wanted = len(subset & {"X1", "X2", "X3"}) >= 2 and bool(subset & {"Y1", "Y2", "Y3"})
        assert policy.is_satisfied_by(subset) is wanted


def test_keys_names_and_prefixes_are_kept() -> None:
    policy = parse_policy(TWO_LEVELS.encode())
    assert [witness.name for witness in policy.witnesses] == ["X1", "X2", "X3", "Y1", "Y2", "Y3"]
    assert [log.name for log in policy.logs] == ["log.example/witnessed"]
    assert str(policy.witnesses[1].url) == "https://x2.example/w/"
    assert policy.witnesses[0].url is None
    assert policy.witnesses[2].verifier.name == "w2.example"


def test_a_quorum_of_none_is_satisfied_by_nobody() -> None:
    policy = parse_policy(b"quorum none")
    assert (policy.witnesses, policy.quorum) == ((), None)
    assert policy.is_satisfied_by(frozenset())


def test_a_quorum_of_one_witness_needs_that_one() -> None:
    policy = parse_policy(f"{X1}\n{X2}\nquorum X2\n".encode())
    assert policy.is_satisfied_by({"X2"})
    assert not policy.is_satisfied_by({"X1"})


def test_names_are_octets_and_need_not_be_utf8() -> None:
    kelvin = f"witness \N{KELVIN SIGN} {KEYS[0]}\n".encode()
    latin = b"witness \xe9 " + KEYS[1].encode() + b"\n"
    policy = parse_policy(kelvin + latin + b"# caf\xe9\ngroup both all \xe2\x84\xaa \xe9\nquorum both\n")
    assert policy.is_satisfied_by({witness.name for witness in policy.witnesses})
    with pytest.raises(MalformedError) as caught:
        parse_policy(kelvin + b"quorum K\n")
    assert caught.value.what.endswith("line 2")


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        pytest.param(1, ["sigsum x"], id="unknown keyword"),
        pytest.param(1, ["Quorum none"], id="keyword in capitals"),
        pytest.param(1, ["log"], id="log without key"),
        pytest.param(1, [f"log {LOG} https://log.example/ more"], id="log with more"),
        pytest.param(1, [f"log {KEYS[0]}"], id="log with the key of a witness"),
        pytest.param(2, [f"log {LOG}", f"log {LOG}"], id="log twice"),
        pytest.param(1, [f"witness X1 {LOG}"], id="witness with the key of a log"),
        pytest.param(1, ["witness X1 w+00000000+AAAA"], id="broken key"),
        pytest.param(1, ["witness X1"], id="witness without key"),
        pytest.param(1, [f"{X1} ftp://w.example/"], id="prefix that is no URL for us"),
        pytest.param(1, [f"{X1} https://w.example/?a=b"], id="prefix with a query"),
        pytest.param(2, [X1, f"witness X1 {KEYS[1]}"], id="name twice"),
        pytest.param(2, [X1, f"witness X2 {KEYS[0]}"], id="key of a witness twice"),
        pytest.param(1, [f"witness none {KEYS[0]}"], id="witness named none"),
        pytest.param(2, [X1, "group none any X1"], id="group named none"),
        pytest.param(2, [X1, "group X1 any X1"], id="group named as a witness"),
        pytest.param(2, [X1, "group G any"], id="group without members"),
        pytest.param(2, [X1, "group G 0 X1"], id="threshold of zero"),
        pytest.param(2, [X1, "group G 01 X1"], id="threshold with a zero in front"),
        pytest.param(2, [X1, "group G 2 X1"], id="threshold above the members"),
        pytest.param(2, [X1, "group G most X1"], id="threshold in words"),
        pytest.param(2, [X1, "group G any X2"], id="unknown member"),
        pytest.param(2, [X1, "group G any none"], id="none as a member"),
        pytest.param(2, [X1, "group G any G"], id="member of itself"),
        pytest.param(2, [X1, "group G any X1 X1"], id="member twice"),
        pytest.param(3, [X1, "group G any X1", "group H any X1"], id="member of two groups"),
        pytest.param(1, ["quorum X1", X1], id="quorum before its witness"),
        pytest.param(2, [X1, "quorum"], id="quorum of nothing"),
        pytest.param(2, [X1, "quorum X1 X1"], id="quorum of two"),
        pytest.param(3, [X1, "quorum X1", "quorum X1"], id="two quorums"),
        pytest.param(2, [X1, "quorum X1\r"], id="carriage return"),
        pytest.param(1, [f"{X1}\x0b"], id="vertical tab"),
        pytest.param(1, ["# \x7f"], id="delete in a comment"),
    ],
)
def test_a_wrong_line_is_refused_with_its_number(line: int, lines: list[str]) -> None:
    with pytest.raises(MalformedError) as caught:
        parse(*lines)
    assert caught.value.what == f"witness policy, line {line}"


def test_a_key_whose_name_is_not_utf8_is_refused() -> None:
    with pytest.raises(MalformedError) as caught:
        parse_policy(b"witness X1 \xe9" + KEYS[0].encode() + b"\nquorum none\n")
    assert caught.value.what == "witness policy, line 1"


def test_a_policy_without_a_quorum_is_refused() -> None:
    with pytest.raises(MalformedError) as caught:
        parse(X1)
    assert caught.value.what == "witness policy"


def test_there_are_limits() -> None:
    with pytest.raises(LimitExceeded):
        parse_policy(b"#" * (MAX_POLICY_FILE + 1))
    names = [f"group g{number} any g{number - 1}" for number in range(1, MAX_NAMES)]
    parse(X1, "group g0 any X1", *names[:-1], "quorum g0")
    with pytest.raises(MalformedError) as caught:
        parse(X1, "group g0 any X1", *names, "quorum g0")
    assert caught.value.what == f"witness policy, line {MAX_NAMES + 1}"


def test_loading_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "witnesses.policy"
    path.write_text(TWO_LEVELS)
    assert len(load_policy(path).witnesses) == 6
    path.write_text("quorum X\n")
    with pytest.raises(MalformedError) as caught:
        load_policy(path)
    assert caught.value.what == f"{path}, line 1"
    with pytest.raises(FileError):
        load_policy(tmp_path / "absent")
