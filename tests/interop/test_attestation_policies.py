"""Conditions on attestations in Rego and CUE: cosign 2, cosign 3 and we decide alike over the same policies."""

import json
from collections.abc import Iterator
from typing import Final

import pytest

from tests.interop import peers
from tests.interop.images import push_image
from tests.interop.programs import Run, Tool, Workshop
from tests.support.registries import run_program

REVIEW: Final = "https://example.com/review/v1"
PREDICATE: Final = {
    "score": 7,
    "ratio": 1.5,
    "by": 'us ä/b "q" \\',
    "list": ["a", "b"],
    "deps": [{"uri": "git+https://x"}, {"uri": "pkg:pypi/y@1"}],
    "nested": {"id": "https://b", "empty": {}, "none": None, "yes": True},
}
IGNORED: Final = "--insecure-ignore-tlog=true"
LEGACY: Final = {Tool.OURS: (), Tool.V2: (), Tool.V3: ("--new-bundle-format=false",)}

HEAD: Final = "package signature\n"
REGO: Final[dict[str, tuple[str, bool]]] = {
    "equal": ("allow { input.predicate.score == 7 }", True),
    "unequal": ("allow { input.predicate.score == 8 }", False),
    "default": ("default allow = false\nallow { input.predicate.score == 8 }", False),
    "overridden default": ("default allow = false\nallow { input.predicate.score == 7 }", True),
    "two rules": ("allow { false }\nallow { input.predicate.ratio > 1 }", True),
    "else": ("allow { false } else = true { input.predicate.nested.yes }", True),
    "function": ("good(x) = y { y := x * 2 }\nallow { good(input.predicate.score) == 14 }", True),
    "set": ('bad[u] { u := input.predicate.deps[_].uri; startswith(u, "http:") }\nallow { count(bad) == 0 }', True),
    "set of bad": (
        'bad[u] { u := input.predicate.deps[_].uri; startswith(u, "pkg:") }\nallow { count(bad) == 0 }',
        False,
    ),
    "object": ('by[k] = v { v := input.predicate.nested[k] }\nallow { by.id == "https://b" }', True),
    "keywords": ('import future.keywords\nallow if { every d in input.predicate.deps { contains(d.uri, ":") } }', True),
    "version 1": ('import rego.v1\nallow if { some d in input.predicate.deps\n\tstartswith(d.uri, "git") }', True),
    "version 1, false": ('import rego.v1\ndefault allow := false\nallow if { input.predicate.list[0] == "b" }', False),
    "not": ("allow { not input.predicate.absent }", True),
    "absent": ("allow { input.predicate.absent == 1 }", False),
    "null": ("allow { is_null(input.predicate.nested.none) }", True),
    "text": ('allow { input.predicate.by == "us \\u00e4/b \\"q\\" \\\\" }', True),
    "raw text": ('allow { input.predicate.by == `us ä/b "q" \\` }', True),
    "pattern": ("allow { regex.match(`^pkg:pypi/[a-z]+@[0-9]+$`, input.predicate.deps[1].uri) }", True),
    "comparison of types": ('allow { input.predicate.score == "7" }', False),
    "comprehension": ('allow { [u | u := input.predicate.list[_]] == ["a", "b"] }', True),
    "brace on another line": ("allow\n{\n\tinput.predicate.score == 7 # { yes }\n}", True),
    "subject": ("allow { count(input.subject) == 1; input.subject[0].digest.sha256 }", True),
    "type": (f'allow {{ input.predicateType == "{REVIEW}" }}', True),
    "text for an answer": ('allow = "yes"', False),
    "set for an answer": ('allow[x] { x := "yes" }', False),
    "conflict": ("allow = true\nallow = false { true }", False),
    "unknown function": ("allow { nothing.of_the_kind(1) }", False),
    "misspelled name": ("bad { false }\nallow { not bed }", False),
    "name without a value": ('allow { not input.predicate.list[i] == "z" }', False),
    "empty set": ("allow { input.predicate.list != set() }", True),
    "unclosed": ("allow { input.predicate.score == 7", False),
    "nonsense": ("allow { input.predicate.score = = 7 }", False),
    "no rule": ("other { true }", False),
}
CUE: Final[dict[str, tuple[str, bool]]] = {
    "equal": ("predicate: score: 7", True),
    "unequal": ("predicate: score: 8", False),
    "range": ("predicate: score: >5 & <10", True),
    "out of range": ("predicate: score: >7", False),
    "absent": ("predicate: absent: 8", True),
    "absent, open": ("predicate: absent: string", True),
    "other type": ("predicate: score: string", False),
    "float": ("predicate: score: 7.0", False),
    "closed": ("#P: {score: 7}\npredicate: #P", False),
    "list": ('predicate: list: ["a", ...string]', True),
    "other list": ('predicate: list: ["b", ...string]', False),
    "pattern": ('predicate: nested: id: =~"^https://"', True),
    "disjunction": ('predicate: nested: id: "https://a" | "https://b"', True),
    "import": ('import "strings"\npredicate: nested: id: strings.HasPrefix("https:")', True),
    "import of nothing": ('import "example.com/x"\npredicate: score: x.y', False),
    "package": ("package team\npredicate: score: 7", True),
    "type": (f'predicateType: "{REVIEW}"', True),
    "unclosed": ("predicate: {score: 7", False),
    "undefined": ("predicate: score: nothing", False),
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    made = Workshop(tmp_path_factory.mktemp("shop"))
    made.make_key("signer")
    (made.folder / "review.json").write_text(json.dumps(PREDICATE))
    return made.with_environment(PATH=f"{peers.path('cue').parent}:/usr/bin:/bin")


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    with run_program("ggcr-referrers") as running:
        yield running.address


@pytest.fixture(scope="module")
def image(shop: Workshop, registry: str) -> str:
    pushed = push_image(shop, f"{registry}/attested", "one")
    attest(shop, Tool.V2, pushed)
    return pushed


def attest(shop: Workshop, tool: Tool, image: str, *flags: str) -> None:
    said = ("--key=signer.key", "--tlog-upload=false", "--predicate=review.json", f"--type={REVIEW}", *flags)
    shop.run(tool, "attest", *said, image).expect_success()


def verify(shop: Workshop, tool: Tool, image: str, *flags: str) -> Run:
    asked = ("--key=signer.pub", IGNORED, f"--type={REVIEW}")
    return shop.run(tool, "verify-attestation", *asked, *flags, image)


def write(shop: Workshop, name: str, text: str) -> str:
    (shop.folder / name).write_text(text)
    return f"--policy={name}"


@pytest.mark.parametrize("name", REGO)
def test_all_decide_alike_in_rego(shop: Workshop, image: str, name: str) -> None:
    text, holds = REGO[name]
    policy = write(shop, "policy.rego", f"{HEAD}{text}\n")
    done = {tool: verify(shop, tool, image, *flags, policy) for tool, flags in LEGACY.items()}
    assert {tool: run.exit_code == 0 for tool, run in done.items()} == dict.fromkeys(Tool, holds)


@pytest.mark.parametrize("name", CUE)
def test_all_decide_alike_in_cue(shop: Workshop, image: str, name: str) -> None:
    text, holds = CUE[name]
    policy = write(shop, "policy.cue", f"{text}\n")
    done = {tool: verify(shop, tool, image, *flags, policy) for tool, flags in LEGACY.items()}
    assert {tool: run.exit_code == 0 for tool, run in done.items()} == dict.fromkeys(Tool, holds)


def test_what_all_say(shop: Workshop, image: str) -> None:
    good = write(shop, "good.rego", f"{HEAD}allow {{ true }}\n")
    bad = write(shop, "bad.cue", "predicate: score: 8\n")
    for tool, flags in LEGACY.items():
        done = verify(shop, tool, image, *flags, bad, good)
        assert done.exit_code == 1
        assert "will be validating against CUE policies: [bad.cue]" in done.stderr
        assert "1 validation errors occurred" in done.stderr
        assert "predicate.score: conflicting values" in done.stderr
        done = verify(shop, tool, image, *flags, good).expect_success()
        assert "will be validating against Rego policies: [good.rego]" in done.stderr


def test_bundles_are_judged_alike(shop: Workshop, registry: str) -> None:
    pushed = push_image(shop, f"{registry}/attested", "bundles")
    attest(shop, Tool.V3, pushed, "--use-signing-config=false")
    good = write(shop, "good.rego", f"{HEAD}allow {{ input.predicate.score == 7 }}\n")
    bad = write(shop, "bad.rego", f"{HEAD}allow {{ input.predicate.score == 8 }}\n")
    for tool in (Tool.OURS, Tool.V3):
        verify(shop, tool, pushed, good).expect_success()
        assert verify(shop, tool, pushed, bad).exit_code == 1


def test_every_attestation_has_to_satisfy_the_policy(shop: Workshop, registry: str) -> None:
    pushed = push_image(shop, f"{registry}/attested", "two")
    attest(shop, Tool.V2, pushed)
    good = write(shop, "good.rego", f"{HEAD}allow {{ input.predicate.score == 7 }}\n")
    (shop.folder / "worse.json").write_text('{"score": 6}')
    for tool, flags in LEGACY.items():
        verify(shop, tool, pushed, *flags, good).expect_success()
    worse = ("--key=signer.key", "--tlog-upload=false", "--predicate=worse.json", f"--type={REVIEW}")
    shop.run(Tool.V2, "attest", *worse, pushed).expect_success()
    for tool, flags in LEGACY.items():
        assert verify(shop, tool, pushed, *flags, good).exit_code == 1


def test_where_we_are_stricter_and_where_we_read_more(shop: Workshop, image: str) -> None:
    """docs/policies.md tells each: several files in Rego all have to hold, and each of them stands alone."""
    good = write(shop, "good.rego", f"{HEAD}allow {{ true }}\n")
    bad = write(shop, "bad.rego", f"{HEAD}allow {{ false }}\n")
    library = write(shop, "library.rego", "package library\nfine { true }\n")
    user = write(shop, "user.rego", f"{HEAD}allow {{ data.library.fine }}\n")
    plain = write(shop, "plain.rego", f"{HEAD}allow if {{ true }}\n")
    other = {Tool.OURS: False, Tool.V2: True, Tool.V3: True}
    wanted = {(good, bad): other, (user, library): other, (plain,): {tool: not other[tool] for tool in other}}
    for policies, verdicts in wanted.items():
        done = {tool: verify(shop, tool, image, *flags, *policies) for tool, flags in LEGACY.items()}
        assert {tool: run.exit_code == 0 for tool, run in done.items()} == verdicts


def test_a_field_that_has_to_be_there(shop: Workshop, image: str) -> None:
    present = write(shop, "present.cue", "predicate: score: int\n")
    absent = write(shop, "absent.cue", "predicate: absent: 8\n")
    verify(shop, Tool.OURS, image, present, "--policy-complete").expect_success()
    done = verify(shop, Tool.OURS, image, absent, "--policy-complete")
    assert (done.exit_code, "absent.cue:1: the policy names what the document does not have" in done.stderr) == (
        1,
        True,
    )
