"""Macros: what loops over lists and maps, and `cel.bind`."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from tests.support.cel.evaluation import EvaluationError, Names, Optional, Step, truth


def _entries(content: Any, count: int) -> Iterator[tuple[Any, ...]]:
    """Yield what the variables of a loop are: items or names; with two variables, also where and what."""
    if isinstance(content, list):
        yield from ((each,) for each in content) if count == 1 else enumerate(content)
    elif isinstance(content, dict):
        yield from ((name,) for name in content) if count == 1 else content.items()
    else:
        raise EvaluationError("no such overload")


def _loop(operand: Step, variables: list[str], names: Names) -> Iterator[Names]:
    for entry in _entries(operand(names), len(variables)):
        yield {**names, **dict(zip(variables, entry, strict=True))}


def _quantifier(*, ends: bool) -> Callable[[Step, list[str], list[Step]], Step]:
    def build(operand: Step, variables: list[str], bodies: list[Step]) -> Step:
        def step(names: Names) -> bool:
            failure: EvaluationError | None = None
            for inner in _loop(operand, variables, names):
                try:
                    if truth(bodies[0](inner)) is ends:
                        return ends
                except EvaluationError as error:
                    failure = failure or error
            if failure is not None:
                raise failure
            return not ends

        return step

    return build


def _exists_one(operand: Step, variables: list[str], bodies: list[Step]) -> Step:
    return lambda names: sum(truth(bodies[0](inner)) for inner in _loop(operand, variables, names)) == 1


def _filter(operand: Step, variables: list[str], bodies: list[Step]) -> Step:
    return lambda names: [inner[variables[-1]] for inner in _loop(operand, variables, names) if truth(bodies[0](inner))]


def _map(operand: Step, variables: list[str], bodies: list[Step]) -> Step:
    *tests, last = bodies
    return lambda names: [
        last(inner) for inner in _loop(operand, variables, names) if all(truth(test(inner)) for test in tests)
    ]


def _opt_map(operand: Step, variables: list[str], bodies: list[Step], *, flat: bool = False) -> Step:
    def step(names: Names) -> Any:
        content = operand(names)
        if not isinstance(content, Optional):
            raise EvaluationError("no such overload")
        if not content.is_there:
            return content
        found = bodies[0]({**names, variables[0]: content.content})
        return found if flat else Optional(found)

    return step


Builder = Callable[[Step, list[str], list[Step]], Step]

MACROS: Final[Mapping[str, tuple[Builder, tuple[tuple[int, int], ...]]]] = {
    "all": (_quantifier(ends=False), ((1, 1), (2, 1))),
    "exists": (_quantifier(ends=True), ((1, 1), (2, 1))),
    "exists_one": (_exists_one, ((1, 1),)),
    "existsOne": (_exists_one, ((1, 1), (2, 1))),
    "filter": (_filter, ((1, 1),)),
    "map": (_map, ((1, 1), (1, 2))),
    "transformList": (_map, ((2, 1), (2, 2))),
    "optMap": (_opt_map, ((1, 1),)),
    "optFlatMap": (lambda operand, names, bodies: _opt_map(operand, names, bodies, flat=True), ((1, 1),)),
}
"""What builds each, and how many variables and bodies it may have."""


def bind(name: str, content: Step, body: Step) -> Step:
    """Return the step for `cel.bind`."""
    return lambda names: body({**names, name: content(names)})
