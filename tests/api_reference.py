"""The API reference in docs/api, written from signatures and docstrings: `python -m tests.api_reference` writes it.

Every public name is on one page, with its shape as the code has it. `python -m tests.docs` compares the pages.
"""

import ast
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import cosignpy

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = ROOT / "docs" / "api"
WIDTH: Final = 110
"""Columns of a signature; wider ones have a line for each parameter."""


@dataclass(frozen=True)
class Page:
    """A page: its title, what it is about, and its names in order."""

    title: str
    about: str
    names: tuple[str, ...]


PAGES: Final[Mapping[str, Page]] = {
    "verifying": Page(
        "Verifying", "A call each for files and images.", ("verify_blob", "verify_image", "Blob", "parse_bundle")
    ),
    "policies": Page(
        "Policies",
        "What must be true. A rule is a value; whatever is not demanded is waived by a value with a loud name.",
        (
            *(
                "BundlePolicy",
                "ImagePolicy",
                "SignedByIdentity",
                "SignedByKey",
                "IdentityRule",
                "Exactly",
                "Matching",
                "Containing",
            ),
            *("PredicateTypeIs", "ProvenanceRule", "KeyWindow"),
            *("RequireLog", "RequireTime", "RequireSignedTime", "RequireSct"),
            *("DenyList", "DeniedIdentity", "DeniedKey", "DeniedCertificate"),
            *("SkipLogUnsafe", "SkipSctUnsafe", "AssumeTimeUnsafe", "AnyPredicateUnsafe"),
        ),
    ),
    "evidence": Page(
        "Evidence",
        "What was shown to be true: with which key, at which time, at which place of which log.",
        (
            *("VerifiedBundle", "VerifiedImage", "VerifiedSignature", "SignedClaim", "SignatureFormat"),
            *("CertificateFinding", "CertificateIdentity", "SctFinding", "ObservedTime", "TimeSource"),
            *(
                "LogEntryFinding",
                "ProvenInclusion",
                "LogFinding",
                "StepFinding",
                "Step",
                "Outcome",
                "trail_of",
                "Trail",
            ),
        ),
    ),
    "signing": Page(
        "Signing",
        "Get ready once, sign as often as needed. What is made is verified before it is returned or pushed.",
        (
            *("open_keyless_signing", "open_key_signing", "Signing", "find_identity_token"),
            *("sign_blob", "attest_blob", "sign_image", "Bundle", "encode_bundle"),
        ),
    ),
    "trust": Page(
        "Trust",
        "Whom verifiers believe, and whom signers ask.",
        (
            *("fetch_trusted_root", "parse_trusted_root", "TrustedRoot"),
            *("fetch_signing_config", "parse_signing_config", "SigningConfig"),
        ),
    ),
    "keys": Page(
        "Keys",
        "Keys by reference: a file, `env://VARIABLE`, or `https://...` for public ones.",
        ("load_public_key", "load_signer", "PublicKey", "Algorithm", "Signer", "DigestSigner"),
    ),
    "images": Page(
        "Images and registries",
        "References, digests, and what a repository has.",
        (
            *("Reference", "Tag", "Digest", "RegistryOptions", "open_repository", "RemoteRepository"),
            *("Manifest", "Descriptor", "Platform"),
        ),
    ),
    "errors": Page(
        "Errors",
        "All that is raised on purpose: each a decision for the caller, with fields. `str` is one line for a person.",
        (
            *("CosignError", "UsageError", "MalformedError", "LimitExceeded", "FileError"),
            *("KeyUnusable", "WrongPassword", "IdentityUnusable", "NoIdentity"),
            *("VerificationError", "NoMatchingSignatures", "Rejection", "SignatureMismatch", "ClaimMismatch"),
            *("IdentityMismatch", "Denied", "CertificateError", "TimestampError", "TransparencyError"),
            *("TransparencyRequired", "DigestMismatch", "UntrustedRepository"),
            *("NotFoundError", "NoSignatures", "NoSuchTag", "NoSuchTarget"),
            *("RemoteError", "Unreachable", "AccessDenied", "RateLimited"),
        ),
    ),
}

_PLACES: Final = {name: page for page, content in PAGES.items() for name in content.names}
_SECTION: Final = re.compile(r"(Args|Attributes|Returns|Yields|Raises):")
_ITEM: Final = re.compile(r"(\w+): (.*)")
_BLANKS: Final = re.compile(r"\n{3,}")
_KNOWN: Final = re.compile(r"`(\w+)`(?!\])")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def render_pages() -> dict[Path, str]:
    """Return every file of the reference and its content."""
    pages = {f"{name}.md": _page(content) for name, content in PAGES.items()} | {"README.md": _index()}
    return {FOLDER / name: _BLANKS.sub("\n\n", "\n".join(lines)) for name, lines in pages.items()}


def _index() -> Iterator[str]:
    yield from ("# `import cosignpy`", "")
    yield from ("Generated from the code by `python -m tests.api_reference`. [Examples](../../examples/README.md).", "")
    yield "Synchronous, typed, without globals; nothing is printed. Names are imported when they are first asked for,"
    yield "and only these are public: every other module may change."
    for place, page in PAGES.items():
        yield from ("", f"## [{page.title}]({place}.md)", "", page.about, "", "| name | |", "|---|---|")
        yield from (f"| [`{name}`]({place}.md#{name.lower()}) | {_summary(name)} |" for name in page.names)
    yield ""


def _page(page: Page) -> Iterator[str]:
    yield from (f"# {page.title}", "", page.about, "", "[All names](README.md)")
    for name in page.names:
        yield from ("", f"## {name}", "")
        yield from _entry(name)
    yield ""


def _entry(name: str) -> Iterator[str]:
    node, source = _find(name)
    if isinstance(node, ast.ClassDef):
        yield from _class(getattr(cosignpy, name), node)
    elif isinstance(node, _Function):
        yield from _function(node)
    else:
        yield from ("```python", _unparse(node).replace(": TypeAlias", ""), "```", "", _linked(_below(source, node)))


def _class(kind: type, node: ast.ClassDef) -> Iterator[str]:
    bases = [base.__name__ for base in kind.__bases__ if base.__name__ in _PLACES or base.__name__ == "StrEnum"]
    head = f"class {kind.__name__}" + (f"({', '.join(bases)})" if bases else "")
    fields = [] if _is_enum(kind) else [*_fields(node)]
    yield from ("```python", *_signature(head, fields), "```", "")
    yield from _describe(ast.get_docstring(node) or "")
    if _is_enum(kind):
        yield from ("", "| member | value |", "|---|---|")
        yield from (f"| `{member.name}` | `{member.value}` |" for member in kind)  # type: ignore[attr-defined]
    for method in _methods(kind):
        yield from ("", f"### {kind.__name__}.{method.name}", "")
        yield from _function(method, own=True)


def _is_enum(kind: type) -> bool:
    return any(base.__name__ == "StrEnum" for base in kind.__mro__[1:])


def _fields(node: ast.ClassDef) -> Iterator[str]:
    """Write the fields of a value or an error as parameters, with their defaults."""
    for item in node.body:
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name) and not item.target.id.startswith("_"):
            default = _default(item.value) if item.value is not None else ""
            kind = _unquote(_unparse(item.annotation))
            yield f"{item.target.id}: {kind}" + (f" = {default}" if default else "")


def _default(value: ast.expr) -> str:
    """Write a default; of `field(...)` what the field begins with, the empty text where it has to be given."""
    if not (isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "field"):
        return _unparse(value)
    for keyword in value.keywords:
        if keyword.arg == "default":
            return _unparse(keyword.value)
        if keyword.arg == "default_factory":
            return f"{_unparse(keyword.value)}()"
    return ""


def _methods(kind: type) -> Iterator[_Function]:
    """Return the public methods, those of bases that are not public themselves included, each once."""
    found: dict[str, _Function] = {}
    for base in kind.__mro__:
        if base.__module__.startswith("cosignpy.") and (base is kind or base.__name__ not in _PLACES):
            node = _node(import_module(base.__module__), base.__name__)
            for item in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(item, _Function) and not item.name.startswith("_"):
                    found.setdefault(item.name, item)
    yield from found.values()


def _function(node: _Function, *, own: bool = False) -> Iterator[str]:
    decorators = [_unparse(each) for each in node.decorator_list]
    returned = _unquote(_unparse(node.returns)) if node.returns is not None else "None"
    lines = [f"@{each}" for each in decorators if each in {"property", "classmethod", "contextmanager"}]
    if "property" in decorators:
        lines.append(f"{node.name}: {returned}")
    else:
        lines += _signature(node.name, [*_arguments(node.args)][own:], f" -> {returned}", always=True)
    yield from ("```python", *lines, "```", "")
    yield from _describe(ast.get_docstring(node) or "")


def _arguments(arguments: ast.arguments) -> Iterator[str]:
    """Write the parameters one by one, as the code has them."""
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(plain) - len(arguments.defaults)) + [*arguments.defaults]
    for place, (argument, default) in enumerate(zip(plain, defaults, strict=True), 1):
        yield _argument(argument, default)
        if place == len(arguments.posonlyargs):
            yield "/"
    if arguments.vararg is not None:
        yield f"*{_argument(arguments.vararg, None)}"
    elif arguments.kwonlyargs:
        yield "*"
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield _argument(argument, default)


def _argument(argument: ast.arg, default: ast.expr | None) -> str:
    kind = f": {_unquote(_unparse(argument.annotation))}" if argument.annotation is not None else ""
    return f"{argument.arg}{kind}" + (f" = {_unparse(default)}" if default is not None else "")


def _signature(head: str, parameters: Sequence[str], tail: str = "", *, always: bool = False) -> Iterator[str]:
    line = f"{head}({', '.join(parameters)}){tail}" if parameters or always else head
    if len(line) <= WIDTH:
        yield line
    else:
        yield from (f"{head}(", *(f"    {each}," for each in parameters), f"){tail}")


def _unquote(annotation: str) -> str:
    return annotation.replace('"', "")


def _unparse(node: ast.AST) -> str:
    """Write code, with quotes as the formatter has them."""
    text = ast.unparse(node)
    return text if '"' in text else text.replace("'", '"')


def _describe(docstring: str) -> Iterator[str]:
    """Write a docstring in Google's form: its paragraphs, then a list for each section."""
    title = ""
    for block in re.split(r"\n\n", docstring):
        head, _, rest = block.partition("\n")
        section = _SECTION.fullmatch(head)
        if section is None:
            yield from (_linked(block) if not title else _linked(block.strip()), "")
            continue
        title = section[1]
        yield from (f"**{_TITLES[title]}**", "")
        yield from (*(_linked(item) for item in _items(rest)), "")


_TITLES: Final = {
    "Args": "Parameters",
    "Attributes": "Fields",
    "Returns": "Returns",
    "Yields": "Gives",
    "Raises": "Raises",
}


def _items(text: str) -> Iterator[str]:
    """Write `name: what` lines as a list; deeper indented lines go on with the one before."""
    lines = text.splitlines()
    margin = min(len(line) - len(line.lstrip()) for line in lines)
    joined: list[str] = []
    for line in lines:
        if joined and (len(line) - len(line.lstrip()) > margin or not _ITEM.fullmatch(line.strip())):
            joined[-1] += f" {line.strip()}"
        else:
            joined.append(line.strip())
    for item in joined:
        match = _ITEM.fullmatch(item)
        yield f"- `{match[1]}`: {match[2]}" if match else item


def _linked(text: str) -> str:
    """Link every public name that is written as code."""
    return _KNOWN.sub(lambda match: _link(match[1]), text)


def _link(name: str) -> str:
    return f"[`{name}`]({_PLACES[name]}.md#{name.lower()})" if name in _PLACES else f"`{name}`"


def _summary(name: str) -> str:
    node, source = _find(name)
    text = _below(source, node) if isinstance(node, ast.Assign | ast.AnnAssign) else ast.get_docstring(node) or ""
    return _linked(" ".join(text.partition("\n\n")[0].split()))


def _find(name: str) -> tuple[Any, ast.Module]:
    """Return where a public name is defined: its node, and the module around it."""
    module = import_module(cosignpy._MODULES[name])
    kind = getattr(module, name)
    home = import_module(kind.__module__) if inspect.isclass(kind) or inspect.isfunction(kind) else module
    return _node(home, name), _tree(home)


@cache
def _tree(module: ModuleType) -> ast.Module:
    return ast.parse(Path(str(module.__file__)).read_text())


def _node(module: ModuleType, name: str) -> ast.AST:
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.ClassDef | _Function) and node.name == name:
            return node
        if isinstance(node, ast.Assign | ast.AnnAssign) and name in map(ast.unparse, _targets(node)):
            return node
    raise LookupError(f"{module.__name__} does not define {name}")


def _targets(node: ast.Assign | ast.AnnAssign) -> Sequence[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def _below(tree: ast.Module, node: ast.AST) -> str:
    """Return the text below an assignment, which says what it is."""
    place = next(number for number, each in enumerate(tree.body) if ast.dump(each) == ast.dump(node))
    below = tree.body[place + 1]
    assert isinstance(below, ast.Expr)
    return str(ast.literal_eval(below.value))


def stale_pages() -> Iterator[str]:
    """Say which pages are not what the code says."""
    wanted = render_pages()
    for path, content in wanted.items():
        if not path.is_file() or path.read_text() != content:
            yield f"{path.relative_to(ROOT)}: is not what the code says: run python -m tests.api_reference"
    for path in sorted({*FOLDER.glob("*")} - {*wanted}):
        yield f"{path.relative_to(ROOT)}: is no page of the reference"


def main() -> None:
    """Write the pages."""
    FOLDER.mkdir(exist_ok=True)
    for path, content in render_pages().items():
        path.write_text(content)


if __name__ == "__main__":
    main()
