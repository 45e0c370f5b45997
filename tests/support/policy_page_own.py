"""What docs/policies.md says in tables of our own kind of policy, as data."""

from pathlib import PurePath
from typing import Final

from cosignpy.imagepolicy.file_globs import FileGlob

FIELDS: Final = (
    (
        "spec.require",
        "2",
        (
            "so many authorities have to pass, a `static` one counts as any other; `any` (which is meant "
            "where it is absent), `all`, or a number up to theirs"
        ),
    ),
    (
        "spec.authorities[].keyless.require",
        "all",
        (
            "so many of `identities` have to have signed, each by a signer of its own; [how they are "
            "counted](formats/policies.md#thresholds)"
        ),
    ),
    (
        "spec.authorities[].maxAge",
        "30d",
        "signed no longer ago, in hours (`h`), days (`d`) or weeks (`w`)",
    ),
    (
        "spec.authorities[].key.validFrom",
        "2026-01-01T00:00:00Z",
        "what the key signed before does not count",
    ),
    (
        "spec.authorities[].key.validUntil",
        "2027-01-01T00:00:00Z",
        "what the key signed then or later does not count",
    ),
    (
        "spec.deny",
        '[{digest: "sha256:c04be4648dbb74200e06e05fc7a293c979cd29e2cd07e1afd0664863530dc547"}]',
        "what never counts, whoever vouches for it",
    ),
    (
        "spec.files",
        '[{glob: "*.whl"}]',
        "the policy is about files of these names, beside `images` or in their place",
    ),
    (
        "spec.authorities[].attestations[].conditions",
        "[{field: predicate.score, atLeast: 7}]",
        "what fields of the statement have to be, all of them",
    ),
    (
        "spec.authorities[].attestations[].policy.type",
        "cel",
        (
            "the condition is written in CEL, over `statement`, or its `subject`, `predicateType` and `predicate`; "
            "`spec.policy.type` may say so too, over `document`"
        ),
    ),
)
"""Fields that only our own kind has: where they stand, an example, and what it says."""

ENTRIES: Final = (
    (
        "`digest: sha256:HEX`",
        "the image, or file, whatever its authorities say",
    ),
    (
        "`key: {data: PEM}`, `key: {fingerprint: sha256:HEX}`",
        "a signature by this key, with a certificate or without",
    ),
    (
        "`certificate: sha256:HEX`",
        "this certificate, and all that it issued",
    ),
    (
        "`identity: {subject: NAME}`",
        (
            "a certificate that has this name, whoever vouches for it; with `issuer`, by that one only. "
            "Both may be `RegExp` fields"
        ),
    ),
)
"""Entries of a deny list, and what each denies."""

COMPARISONS: Final = (
    (
        "equals",
        "{field: predicate.result, equals: passed}",
        (
            "the field is this: a number, `true` or `false` as it is written, and otherwise a text, which quotation "
            "marks make of any"
        ),
    ),
    ("in", '{field: "predicate.packages[*].license", in: [MIT, Apache-2.0]}', "it is one of these"),
    (
        "matches",
        "{field: predicate.builder.id, matches: 'https://github[.]com/team/.*'}",
        "it is a text that the pattern (RE2) describes from end to end",
    ),
    ("exists", "{field: predicate.waiver, exists: false}", "it is there, whatever it is; or it is not"),
    ("atLeast", "{field: predicate.score, atLeast: 7}", "it is a number, and not smaller"),
    ("atMost", "{field: 'predicate.scores[0]', atMost: 9.9}", "it is a number, and not larger"),
)
"""Comparisons of conditions on fields: an example, and when they hold."""

FILES: Final = (
    ("*.whl", "app-1.0-py3-none-any.whl"),
    ("*.whl", "dist/app-1.0-py3-none-any.whl"),
    ("*.whl", "dist.whl/app.zip"),
    ("*.whl", "app.WHL"),
    ("app-*", "app-1.0.tar.gz"),
    ("app-*", "my-app-1.0.tar.gz"),
    ("app", "app"),
    ("app", "app.exe"),
    ("*", ".hidden"),
)
"""Globs, and files that they are about or are not."""


def field_rows() -> list[tuple[str, ...]]:
    """Return the rows of the fields."""
    return [(f"`{path}`", f"`{example}`", says) for path, example, says in FIELDS]


def entry_rows() -> list[tuple[str, ...]]:
    """Return the rows of the deny list."""
    return list(ENTRIES)


def comparison_rows() -> list[tuple[str, ...]]:
    """Return the rows of the comparisons."""
    return [(f"`{name}`", f"`{example}`", holds) for name, example, holds in COMPARISONS]


def file_rows() -> list[tuple[str, ...]]:
    """Return the rows of the globs, with what they are about."""
    return [(f"`{glob}`", f"`{file}`", "is about it" if _matches(glob, file) else "is not") for glob, file in FILES]


def _matches(glob: str, file: str) -> bool:
    return FileGlob.parse(glob).matches(PurePath(file).name)
