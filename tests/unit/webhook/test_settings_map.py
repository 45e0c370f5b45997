"""The ConfigMap of the webhook: known keys, good values, and what becomes of others."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from cosignpy.imagepolicy.decision import NoMatch
from cosignpy.values import fields_of, replace
from cosignpy.webhook.live_settings import Enforcement, LiveSettings, PinDigests, PodSpecPath, Unreadable
from cosignpy.webhook.settings_map import KEYS, MAX_ITEMS, MAX_STEPS, read_settings

DEFAULTS = LiveSettings()


def read(before: LiveSettings = DEFAULTS, data: Mapping[str, str] | None = None, /, **more: str) -> LiveSettings:
    return read_settings({name.replace("_", "-"): text for name, text in {**(data or {}), **more}.items()}, before)


def test_without_anything_the_defaults_are_in_force() -> None:
    assert read() == DEFAULTS
    assert read(replace(DEFAULTS, no_match_policy=NoMatch.ALLOW)) == DEFAULTS


@pytest.mark.parametrize(
    ("key", "text", "content"),
    [
        ("no_match_policy", "warn", NoMatch.WARN),
        ("fail_on_empty_authorities", "False", False),
        ("enable_oci11", "1", True),
        ("bundles_with_keys", "f", False),
        ("verdicts", "cosignpy", "cosignpy"),
        ("unreadable_policies", "warn", Unreadable.WARN),
        ("enforcement", " audit\n", Enforcement.AUDIT),
        ("pin_digests", "pods", PinDigests.PODS),
        ("namespaced_policies_cover", "true", True),
        ("verdict_lifetime", "2h", timedelta(hours=2)),
        ("refusal_lifetime", "500ms", timedelta(seconds=0.5)),
        ("grace_period", "0", timedelta()),
        (
            "allowed_registries",
            "*.example.com:5000, docker.io\nghcr.io/team # ours",
            ("*.example.com:5000", "docker.io", "ghcr.io/team"),
        ),
        ("exempt_controllers", "kube-system:replicaset-controller", ("kube-system:replicaset-controller",)),
        ("break_glass", "T", True),
        (
            "pod_specs",
            (
                "argoproj.io/Rollout: spec.template.spec\n\n# more\n"
                "ray.io/RayCluster: spec.groups[].template.spec\nThing: spec"
            ),
            (
                PodSpecPath("argoproj.io", "Rollout", ("spec", "template", "spec")),
                PodSpecPath("ray.io", "RayCluster", ("spec", "groups", "*", "template", "spec")),
                PodSpecPath("", "Thing", ("spec",)),
            ),
        ),
    ],
)  # fmt: skip
def test_each_key_is_read(key: str, text: str, content: object) -> None:
    found = read(DEFAULTS, {key: text})
    assert getattr(found, key) == content
    assert found.problems == ()
    assert replace(found, **{key: getattr(DEFAULTS, key)}) == DEFAULTS


def test_all_settings_have_a_key() -> None:
    assert {name.replace("_", "-") for name in fields_of(LiveSettings)} - {"problems"} == set(KEYS)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("fail_on_empty_authorities", "yes"),
        ("verdicts", "mine"),
        ("unreadable_policies", "allow"),
        ("enforcement", "Deny"),
        ("pin_digests", ""),
        ("verdict_lifetime", "1 hour"),
        ("verdict_lifetime", "31d"),
        ("grace_period", "-1s"),
        ("allowed_registries", "https://"),
        ("allowed_registries", " ".join(f"r{number}.example" for number in range(MAX_ITEMS + 1))),
        ("exempt_controllers", "replicaset-controller"),
        ("exempt_controllers", "kube-system:"),
        ("pod_specs", "argoproj.io/Rollout"),
        ("pod_specs", "argoproj.io/Rollout:"),
        ("pod_specs", "argoproj.io/rollout: spec"),
        ("pod_specs", "argoproj.io/Rollout: [].spec"),
        ("pod_specs", "argoproj.io/Rollout: spec..spec"),
        ("pod_specs", "argoproj.io/Rollout: spec/template"),
        ("pod_specs", "argoproj.io/Rollout: " + ".".join(["a"] * (MAX_STEPS + 1))),
        ("pod_specs", "\n".join(f"g/Kind{number}: spec" for number in range(MAX_ITEMS + 1))),
    ],
)
def test_a_value_that_cannot_be_used_leaves_what_was(key: str, text: str) -> None:
    before = replace(
        DEFAULTS,
        fail_on_empty_authorities=False,
        verdicts="cosignpy",
        unreadable_policies=Unreadable.WARN,
        enforcement=Enforcement.WARN,
        pin_digests=PinDigests.NEVER,
        verdict_lifetime=timedelta(minutes=5),
        grace_period=timedelta(minutes=5),
        allowed_registries=("a.example",),
        exempt_controllers=("a:b",),
        pod_specs=(PodSpecPath("g", "K", ("spec",)),),
    )
    found = read(before, {key: text})
    assert getattr(found, key) == getattr(before, key)
    (problem,) = found.problems
    assert problem.startswith(f"{key.replace('_', '-')}: ")
    assert "; in force is " in problem
    assert len(problem) < 400


def test_what_cannot_be_understood_about_images_without_a_policy_is_deny() -> None:
    found = read(replace(DEFAULTS, no_match_policy=NoMatch.ALLOW), no_match_policy="alow")
    assert found.no_match_policy is NoMatch.DENY
    assert found.problems == ("no-match-policy: 'alow' is not one of deny, warn, allow; in force is deny",)


def test_what_is_in_force_is_told_as_it_is_written() -> None:
    told = [
        read(DEFAULTS, {key: "?!"}).problems[0].rpartition(" is ")[2]
        for key in ("verdict_lifetime", "break_glass", "pod_specs")
    ]
    assert told == ["1h", "false", "0 of them"]


def test_a_key_that_is_not_known_is_a_warning_and_the_example_is_none() -> None:
    found = read_settings({"_example": "text", "no-match": "deny", "enforcement": "warn"}, DEFAULTS)
    assert found.enforcement is Enforcement.WARN
    (problem,) = found.problems
    assert problem.startswith("no-match is no setting; known are no-match-policy, ")
