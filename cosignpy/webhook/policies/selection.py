"""Which policies of a snapshot are about an image, found fast: among a thousand, and again for the same question.

The answer is that of `cosignpy.imagepolicy.decision.select_policies`, errors too, over the policies that count in the
namespace. Names of images are written in full once and not for each glob, a glob whose first letters differ costs a
comparison, and answers are remembered until the snapshot changes. Of the labels of a workload only those are looked at
that a policy names, so that what a controller writes to each of its pods is no other question.
"""

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from typing import Final

from cosignpy.imagepolicy.decision import Subject
from cosignpy.imagepolicy.globs import Glob, qualify, respell
from cosignpy.imagepolicy.matches import Match
from cosignpy.imagepolicy.workloads import Workload, is_about
from cosignpy.values import field, record
from cosignpy.webhook.ports import CompiledPolicy, PolicySnapshot

MAX_REMEMBERED: Final = 10_000
"""Answers; one takes some hundred bytes, and a cluster has some thousand images."""

_WILD: Final = frozenset({"*", "**"})


@record
class PolicySelector:
    """Selects from one snapshot after the other; used by one thread."""

    most: int = MAX_REMEMBERED
    _snapshot: PolicySnapshot | None = None
    _labels: frozenset[str] = frozenset()
    _answers: OrderedDict[Hashable, tuple[CompiledPolicy, ...]] = field(default_factory=OrderedDict)

    def select(self, snapshot: PolicySnapshot, subject: Subject, namespace: str = "") -> tuple[CompiledPolicy, ...]:
        """Return the policies about an image, in their order: those of the cluster, and those of the namespace.

        Raises:
            MalformedError: The image is no reference.
            PolicyRefused: A policy is about labels that are none.
        """
        if snapshot is not self._snapshot:
            self._snapshot, self._labels = snapshot, _labels_of(snapshot)
            self._answers.clear()
        question = (namespace, subject.full_name, subject.image, self._essence(subject.workload))
        found = self._answers.get(question)
        if found is None:
            found = select(snapshot, subject, namespace)
            self._answers[question] = found
            if len(self._answers) > self.most:
                self._answers.popitem(last=False)
        else:
            self._answers.move_to_end(question)
        return found

    def _essence(self, workload: Workload | None) -> Hashable:
        if workload is None:
            return None
        labels = frozenset([(name, workload.labels[name]) for name in self._labels if name in workload.labels])
        return workload.group, workload.version, workload.resource, labels


def select(snapshot: PolicySnapshot, subject: Subject, namespace: str = "") -> tuple[CompiledPolicy, ...]:
    """Return the policies about an image, without remembering anything.

    Raises:
        MalformedError: The image is no reference.
        PolicyRefused: A policy is about labels that are none.
    """
    names = _Names(subject)
    return tuple(
        [
            each
            for each in snapshot.policies
            if each.namespace in {"", namespace}
            and is_about(each.document, subject.workload)
            and names.are_covered([pattern.glob for pattern in each.document.images])
        ]
    )


@record
class _Names:
    """The names that globs are about: the full name, and that with the plainest name of the registry."""

    subject: Subject
    first: str = ""
    second: str = ""

    def are_covered(self, globs: Sequence[Glob]) -> bool:
        subject = self.subject
        if subject.full_name:
            return _describes(globs, subject.full_name)
        self.first = self.first or qualify(subject.image)
        if _describes(globs, self.first):
            return True
        self.second = self.second or qualify(respell(subject.image))
        return self.second != self.first and _describes(globs, self.second)


def _describes(globs: Sequence[Glob], name: str) -> bool:
    for glob in globs:
        start = glob.pieces[0]
        if (start in _WILD or name.startswith(start)) and glob.describes(name):
            return True
    return False


def _labels_of(snapshot: PolicySnapshot) -> frozenset[str]:
    return frozenset([name for each in snapshot.policies for match in each.document.match for name in _named(match)])


def _named(match: Match) -> tuple[str, ...]:
    if match.selector is None:
        return ()
    return *match.selector.match_labels, *(each.key for each in match.selector.match_expressions)
