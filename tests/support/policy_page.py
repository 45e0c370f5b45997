"""What the tables of docs/policies.md say, as data: rendered from it, and tested by it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from cosignpy.core.trust.problems import Problem
from cosignpy.imagepolicy.globs import Glob
from cosignpy.imagepolicy.lint import lint_policies
from cosignpy.imagepolicy.model import ImagePolicyDocument
from cosignpy.operations.policy_conditions import load_policy_text
from tests.support import policy_page_conditions, policy_page_fields
from tests.support.image_policies import ALICE, BY_KEY, FAIL, KEYLESS, PASS, PEM, own, parsed
from tests.support.policy_page_own import comparison_rows, entry_rows, field_rows, file_rows

PINNED: Final = "ghcr.io/team/app@sha256:c04be4648dbb74200e06e05fc7a293c979cd29e2cd07e1afd0664863530dc547"
LOG: Final = {"ctlog": {"url": "https://rekor.example.com"}}
NOW: Final = datetime(2026, 7, 24, tzinfo=UTC)
GITHUB: Final = "https://token.actions.githubusercontent.com"


@dataclass(frozen=True)
class Table:
    """A table: what its columns are called, and its rows."""

    columns: tuple[str, ...]
    rows: Callable[[], Sequence[tuple[str, ...]]]

    def render(self) -> str:
        """Write it in Markdown."""
        head, *body = [f"| {' | '.join(line)} |".replace("|  |", "| |") for line in (self.columns, *self.rows())]
        return "".join(f"{line}\n" for line in (head, f"|{'---|' * len(self.columns)}", *body))


GLOBS: Final = (
    ("ghcr.io/team/*", "ghcr.io/team/app:1.0"),
    ("ghcr.io/team/*", "ghcr.io/team/tools/app:1.0"),
    ("ghcr.io/team/**", "ghcr.io/team/tools/app:1.0"),
    ("ghcr.io/team/app*", "ghcr.io/team/app-other:1.0"),
    ("ghcr.io/team/app:*", "ghcr.io/team/app:1.0"),
    ("ghcr.io/team/app:*", PINNED),
    ("ghcr.io/team/app@*", PINNED),
    ("ghcr.io**", "ghcr.io.evil.example/app:1.0"),
    ("*.example.com/**", "registry.example.com/app:1.0"),
    ("*", "nginx:1.27"),
    ("*", "ghcr.io/team/app:1.0"),
    ("nginx*", "nginx"),
    ("docker.io/library/*", "docker.io/library/nginx"),
)
"""Globs, and images that they are about or are not."""


def _globs() -> list[tuple[str, ...]]:
    return [(f"`{glob}`", f"`{image}`", "yes" if Glob.parse(glob).matches(image) else "no") for glob, image in GLOBS]


MEMBERS: Final = (
    ("images[].admitted", "whether it may be used, perhaps with a warning"),
    ("images[].outcome", "`passed`, `warned` or `refused`"),
    ("images[].digest", "what was looked at; null where nobody had to"),
    ("images[].error", "why nothing could be decided, as in [evidence](formats/evidence.md)"),
    (
        "images[].policies[].policy",
        "each policy about it: its name; its `file`, `line`, `mode` and `outcome` beside it",
    ),
    (
        "images[].policies[].decidedBy",
        (
            "the path of the clause that decided: an authority, `spec.authorities` where none passed, or what refuses "
            "beside them, as `spec.policy`"
        ),
    ),
    ("images[].policies[].authorities[].clause", "the path of each authority; its name and `line` beside it"),
    ("images[].policies[].authorities[].outcome", "as of the policy, or `not asked`"),
    ("images[].policies[].authorities[].signatures", "the [evidence](formats/evidence.md) of what counted"),
    ("images[].policies[].authorities[].error", "why nothing did"),
)
"""Members of the decision as JSON."""

TEST_FIELDS: Final = (
    ("policies", "files, folders and `oci://REF`, seen from the folder of this file"),
    ("evidence", "what `policy verify --evidence` wrote, for all cases about images"),
    ("cases[].image", "the image that a case is about"),
    ("cases[].file", "or the file, seen from the folder of this one"),
    ("cases[].verdict", "`admitted`, `warned` or `refused`"),
    (
        "cases[].because",
        "the path of a clause that decided, perhaps behind the name of its policy and a colon; or a part of a reason",
    ),
    ("cases[].digest", "the digest that was looked at: that of a tag, as long as nobody moves it"),
    (
        "cases[].matches",
        "the names of all policies about it; without a verdict, nothing else is looked at and nobody is asked",
    ),
    ("cases[].evidence", "what was written of this image; nobody is asked"),
    ("cases[].bundles", "of a file; without them, the bundle beside it"),
)
"""Fields of files of `policy test`."""


def _identity(**fields: str) -> dict[str, Any]:
    return {"keyless": {"identities": [fields]}}


def _subject(**fields: str) -> ImagePolicyDocument:
    return parsed(_identity(issuer=str(ALICE["issuer"]), **fields))


def _about(*globs: str, name: str = "team", authority: Mapping[str, Any] = BY_KEY) -> ImagePolicyDocument:
    return parsed(authority, name=name, images=[{"glob": glob} for glob in globs])


def _attested(kind: str, text: str) -> ImagePolicyDocument:
    attestation = {"name": "a", "predicateType": "https://example.com/a", "policy": {"type": kind, "data": text}}
    return own({"attestations": [attestation], **KEYLESS})


def _conditioned(*comparisons: Mapping[str, Any]) -> ImagePolicyDocument:
    conditions = [{"field": "predicate.score", **each} for each in comparisons]
    attestation = {"name": "a", "predicateType": "https://example.com/a", "conditions": conditions}
    return own({"attestations": [attestation], **KEYLESS})


LINT: Final[Sequence[tuple[str, Sequence[ImagePolicyDocument]]]] = (
    ("`subjectRegExp: alice@example`", [_subject(subjectRegExp="alice@example")]),
    ("`subjectRegExp: .*`", [_subject(subjectRegExp=".*")]),
    (r"`subjectRegExp: ^.+@example.com$`", [_subject(subjectRegExp="^.+@example.com$")]),
    ("`subject: *@example.com`", [_subject(subject="*@example.com")]),
    ('`subject: "alice@example.com "`', [_subject(subject="alice@example.com ")]),
    (f"`issuer: {GITHUB}/`", [parsed(_identity(issuer=f"{GITHUB}/", subject="a"))]),
    ("`subject: team/app`, of GitHub", [parsed(_identity(issuer=GITHUB, subject="team/app"))]),
    ("`issuer: accounts.example.com`", [parsed(_identity(issuer="accounts.example.com", subject="a"))]),
    ("`insecureIgnoreSCT: true`", [parsed({"keyless": {**KEYLESS["keyless"], "insecureIgnoreSCT": True}})]),
    ("`glob: ghcr.io**`", [_about("ghcr.io**")]),
    ("`glob: ghcr.io/team/app*`", [_about("ghcr.io/team/app*")]),
    ("`glob: ghcr.io/team/app`", [_about("ghcr.io/team/app")]),
    ("`glob: ghcr.io/team/app:1.0`", [_about("ghcr.io/team/app:1.0")]),
    ("`glob: nginx`", [_about("nginx")]),
    ('`glob: "*"`', [_about("*")]),
    ("`glob: ghcr.io/team/*`, beside `ghcr.io/**`", [_about("ghcr.io/team/*", "ghcr.io/**")]),
    ("no authorities", [parsed()]),
    ("`static: {action: pass}`, beside others", [parsed(BY_KEY, PASS)]),
    ("`static: {action: fail}`, beside others", [parsed(BY_KEY, FAIL)]),
    ("two authorities with one key", [parsed({"name": "a", **BY_KEY}, {"name": "b", **BY_KEY})]),
    ("two authorities of one name", [parsed({"name": "a", **BY_KEY}, {"name": "a", **KEYLESS})]),
    ("a key with `signatureFormat: bundle`", [parsed({"signatureFormat": "bundle", **BY_KEY})]),
    ("`ctlog` beside `rfc3161timestamp`", [parsed({"ctlog": {}, "rfc3161timestamp": {}, **KEYLESS})]),
    ("`match: [{resource: pods}]`", [parsed(BY_KEY, match=[{"resource": "pods"}])]),
    ("`predicateType: spdxjson`", [parsed({"attestations": [{"name": "a", "predicateType": "spdxjson"}], **KEYLESS})]),
    ("`type: rego`, `data: allow {`", [_attested("rego", "allow {")]),
    ("one policy twice", [parsed(BY_KEY), parsed(KEYLESS)]),
    (
        "a policy about images that another one refuses",
        [_about("ghcr.io/team/*"), _about("ghcr.io/**", name="closed", authority=FAIL)],
    ),
    (
        "a policy that demands what another one demands",
        [_about("ghcr.io/**", name="company"), _about("ghcr.io/team/*")],
    ),
    (
        "`deny: [{identity: {subject: alice@example.com}}]`, and Alice is to sign",
        [own(KEYLESS, deny=[{"identity": {"subject": "alice@example.com"}}])],
    ),
    ("a key that `deny` has", [own(BY_KEY, deny=[{"key": dict(BY_KEY["key"])}])]),
    ("`require: all`, with `static: {action: fail}`", [own(BY_KEY, FAIL, require="all")]),
    ("`require: all`, with `static: {action: pass}`", [own(BY_KEY, PASS, require="all")]),
    (
        "`conditions: [{field: predicate.score, atLeast: 9}, {field: predicate.score, atMost: 7}]`",
        [_conditioned({"atLeast": 9}, {"atMost": 7})],
    ),
    ("`maxAge: 30d`, and no log is asked", [own({"maxAge": "30d", **BY_KEY})]),
    ("`maxAge: 30d` of a key", [own({"maxAge": "30d", **BY_KEY, **LOG})]),
    ("`validUntil: 2026-01-01T00:00:00Z`", [own({"key": {"data": PEM, "validUntil": "2026-01-01T00:00:00Z"}, **LOG})]),
    ("`validFrom: 2030-01-01T00:00:00Z`", [own({"key": {"data": PEM, "validFrom": "2030-01-01T00:00:00Z"}, **LOG})]),
)
"""What stands in a policy, and a policy in which it does; each has one problem."""


def lint_one(policies: Sequence[ImagePolicyDocument]) -> Problem:
    """Return the only problem of an example."""
    (problem,) = lint_policies(policies, NOW, load_policy_text)
    return problem


def _lint() -> list[tuple[str, ...]]:
    found = [(shown, lint_one(policies)) for shown, policies in LINT]
    return [(shown, each.severity.value, _escape(each.why)) for shown, each in found]


def _escape(text: str) -> str:
    return text.replace("|", r"\|").replace("*", r"\*")


def _named(rows: Sequence[tuple[str, str]]) -> Callable[[], list[tuple[str, ...]]]:
    return lambda: [(f"`{name}`", meaning) for name, meaning in rows]


TABLES: Final[Mapping[str, Table]] = {
    "members": Table(("member", "meaning"), _named(MEMBERS)),
    "globs": Table(("glob", "image", "is it about it"), _globs),
    "tests": Table(("field", "meaning"), _named(TEST_FIELDS)),
    "conditions": Table(policy_page_conditions.LANGUAGE_COLUMNS, lambda: policy_page_conditions.LANGUAGES),
    "evidence": Table(("member", "meaning"), _named(policy_page_conditions.EVIDENCE)),
    "conditions-of-cosign": Table(
        policy_page_conditions.DIFFERENCE_COLUMNS, lambda: policy_page_conditions.DIFFERENCES
    ),
    "fields": Table(("field of an authority", "what is made of it"), policy_page_fields.rows),
    "own-fields": Table(("field", "for example", "what it says"), field_rows),
    "own-denials": Table(("entry", "never counts"), entry_rows),
    "own-comparisons": Table(("comparison", "for example", "holds where"), comparison_rows),
    "own-files": Table(("glob", "file", ""), file_rows),
    "lint": Table(("what stands there", "is", "because"), _lint),
}
"""All tables of the page, in no order."""
