"""Documents of other admission controllers, and the policies that are made of them."""

from collections.abc import Iterator, Sequence
from typing import Final

from cosignpy.core.trust.problems import Problem
from cosignpy.documents import Members, Node, Place, Word, parse_documents
from cosignpy.imagepolicy.convert.connaisseur import convert_values, is_connaisseur
from cosignpy.imagepolicy.convert.drafts import Draft, name_drafts
from cosignpy.imagepolicy.convert.findings import Findings
from cosignpy.imagepolicy.convert.kyverno import convert_policy
from cosignpy.imagepolicy.convert.kyverno_validating import convert_validating
from cosignpy.imagepolicy.convert.writing import write_documents
from cosignpy.imagepolicy.fields import Fields
from cosignpy.values import field, value

MAX_DEPTH: Final = 24
"""A key of an attestor of an attestation of an image of a rule of Kyverno lies 15 levels deep."""

_KYVERNO: Final = ("kyverno.io/v1", "kyverno.io/v2beta1")
_VALIDATING: Final = tuple(f"policies.kyverno.io/{each}" for each in ("v1", "v1beta1", "v1alpha1"))
_KINDS: Final = {
    "ClusterPolicy": (_KYVERNO, convert_policy),
    "Policy": (_KYVERNO, convert_policy),
    "ImageValidatingPolicy": (_VALIDATING, convert_validating),
    "NamespacedImageValidatingPolicy": (_VALIDATING, convert_validating),
}
_NAMESPACED: Final = frozenset({"Policy", "NamespacedImageValidatingPolicy"})


@value
class Conversion:
    """What became of documents: the policies as YAML, empty where something cannot be said, and what is to be known."""

    text: str
    problems: tuple[Problem, ...] = field(default=())
    is_refused: bool = False


def convert(contents: Sequence[tuple[str, bytes]]) -> Conversion:
    """Convert the documents of files, each with what it is called in errors.

    One error refuses all: policies are demands of which all count, and fewer would let in more.
    """
    findings = Findings()
    drafts = list[Draft]()
    for file, content in contents:
        with findings.collected():
            for node in parse_documents(content, file, MAX_DEPTH):
                with findings.collected():
                    drafts += _convert(node, findings)
    kept = list[Draft]()
    for draft in drafts:
        with findings.collected():
            draft.check()
            if not any(each.says_the_same(draft) for each in kept):
                kept.append(draft)
    _report_namespaces(contents, kept, findings)
    text = "" if findings.is_refused else write_documents(name_drafts(kept))
    return Conversion(text, tuple(findings.problems), findings.is_refused)


def _convert(node: Node, findings: Findings) -> Iterator[Draft]:
    if is_connaisseur(node):
        yield from convert_values(node, findings)
        return
    kind = node.members.get("kind") if isinstance(node, Members) else None
    name = kind.text if isinstance(kind, Word) else ""
    if name not in _KINDS:
        why = f"the kind {name} is not read" if name else "is not a document that is read"
        raise node.place.error(why, f"allowed: {', '.join(_KINDS)}, and the values of Connaisseur")
    versions, convert_spec = _KINDS[name]
    fields = Fields.read(node, ("apiVersion", "kind", "metadata", "spec", "status"))
    if fields.required("apiVersion") not in versions:
        raise fields.error("apiVersion", "is not known", f"allowed: {', '.join(versions)}")
    metadata = fields.child("metadata", lambda each: Fields.read(each, tuple(getattr(each, "members", ()))))
    if metadata is None or "spec" not in fields:
        raise fields.error("spec" if metadata else "metadata", "missing")
    namespace = (metadata.text("namespace") or "default") if name in _NAMESPACED else ""
    yield from convert_spec(metadata.required("name"), namespace, fields.members["spec"], findings)


def _report_namespaces(contents: Sequence[tuple[str, bytes]], drafts: Sequence[Draft], findings: Findings) -> None:
    """Say which namespaces the webhook is asked about: others are about all by themselves."""
    if drafts:
        why = (
            "the webhook is asked about namespaces with the label policy.sigstore.dev/include=true; "
            "namespaces.mode=opt-out of its chart makes it all"
        )
        findings.warn(drafts[0].place, why)
    elif not findings.is_refused:
        with findings.collected():
            raise Place(contents[0][0], 1).error("nothing that becomes a policy", "what only denies all is the default")
