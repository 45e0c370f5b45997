"""What docs/policies.md says in tables about conditions, as data."""

from typing import Final

LANGUAGE_COLUMNS: Final = (
    "language",
    "what is asked, of `--policy`",
    "what is asked, of a `ClusterImagePolicy`",
    "what is judged",
    "the evidence beside it",
    "what it takes",
)
LANGUAGES: Final[tuple[tuple[str, ...], ...]] = (
    (
        "Rego (`.rego`)",
        "`allow` of `package signature` is `true`",
        "`isCompliant` of `package sigstore` is `true`, or a set with a `result` that is `true`",
        "`input`",
        "`data.evidence`",
        "`pip install 'cosignpy[policy]'`",
    ),
    (
        "CUE (`.cue`)",
        "the document can be unified with it",
        "the same",
        "the document",
        "none: it unifies one document, to which nothing may be added that nobody signed",
        "the program [cue](https://cuelang.org), found on `PATH`",
    ),
    (
        "CEL (`.cel`)",
        "the expression is `true`",
        "nothing: only [our own kind](#what-only-our-own-kind-can-say) has it",
        "`statement`, or `document`; of a statement also `subject`, `predicateType`, `predicate`",
        "`evidence`",
        "`pip install 'cosignpy[policy]'`",
    ),
)
"""Languages, what is asked of a text, what it judges, what it is told beside that, and what has to be installed."""

EVIDENCE: Final[tuple[tuple[str, str], ...]] = (
    ("key.fingerprint", "SHA-256 of the key that signed"),
    ("certificate.names", "whom the certificate names; `certificate` is null where a key alone signed"),
    ("certificate.issuer", "who vouched for that"),
    (
        "certificate.extensions",
        "what Fulcio says besides: by its names, as `source-repository-uri`, and by its numbers",
    ),
    ("times[].time", "not later than then, in RFC 3339; `times` is empty where nobody is asked for one"),
    ("times[].source", "`timestamp authority`, `transparency log` or `nobody`; its address is `times[].authority`"),
    ("logEntries[].log", "which log has it, at `logEntries[].logIndex`"),
    (
        "logEntries[].inclusion.origin",
        "what the log calls itself in the checkpoint; `inclusion` is null where there is a promise only",
    ),
    ("transparencyLog.checked", "whether a log was asked for"),
    ("signed.digest", "the image, or the file"),
    ("statement.digest", "SHA-256 of the statement; a signature that is no attestation has no `statement`"),
)
"""Members of the evidence that conditions are told, and what they say."""

DIFFERENCE_COLUMNS: Final = ("", "cosign", "here")
DIFFERENCES: Final[tuple[tuple[str, ...], ...]] = (
    (
        "several files in Rego",
        "one is enough, since their rules are one",
        "all have to hold",
    ),
    (
        "a module of another package, for the others to use",
        "read",
        "refused: each file stands alone",
    ),
    (
        "several files in CUE",
        "one value",
        "each for itself",
    ),
    (
        "Rego",
        "version 0; version 1 after `import rego.v1`",
        (
            "both, and both in one file; the heads of rules are rewritten. `name[x]` without a body and sets of "
            "several names are refused, since they mean something else in version 1"
        ),
    ),
    (
        "a function that fails, in Rego with `not`, `else`, `default`, comprehensions or sets",
        "undefined",
        "the condition does not hold",
    ),
    (
        "`http.send`, `print` and other functions that the interpreter has not",
        "called",
        "refused with file and line",
    ),
    (
        "texts with a quotation mark, backslash or control character",
        "like any other",
        (
            "compared like any other, and looked into by functions that find, replace and split. `json.unmarshal` "
            "reads one whose JSON has no backslash of its own. Where a policy reads one and calls other functions "
            "that look into texts (`regex.match`), it is refused: the interpreter would look at its spelling, and so "
            "it does in `count`"
        ),
    ),
    (
        "`.cel`",
        "not read",
        "read",
    ),
    (
        "files of attestations (`verify-blob-attestation`)",
        "no policies",
        "the same policies",
    ),
)
"""What is otherwise than with cosign."""
