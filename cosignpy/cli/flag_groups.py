"""Flag groups: a command takes a value of flags as one parameter, and its fields become the options.

Twenty commands share the registry flags. With this, each of them says so in one parameter, and gets a value.
"""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, Field
from typing import Any, get_type_hints

from cosignpy.values import fields_of


def expand_flag_groups(function: Callable[..., int | None]) -> Callable[..., int | None]:
    """Return the function with every parameter that is a value class replaced by the fields of that class.

    A field's annotation must be `Annotated[..., typer.Option(...)]`; its default is the option's.
    """
    hints = get_type_hints(function, include_extras=True)
    groups = {name: kind for name, kind in hints.items() if fields_of(kind)}
    plain = [
        parameter.replace(annotation=hints[parameter.name])
        for parameter in inspect.signature(function).parameters.values()
        if parameter.name not in groups
    ]
    grouped = [parameter for kind in groups.values() for parameter in _parameters_of(kind)]

    def call(**flags: Any) -> int | None:  # noqa: ANN401  # whatever types the options have
        arguments = {
            name: kind(**{field: flags.pop(field) for field in fields_of(kind)}) for name, kind in groups.items()
        }
        return function(**flags, **arguments)

    parameters = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in sorted([*plain, *grouped], key=lambda item: item.default is not inspect.Parameter.empty)
    ]
    call.__name__, call.__doc__ = function.__name__, function.__doc__
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # read by inspect.signature
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return call


def _parameters_of(kind: type) -> list[inspect.Parameter]:
    hints = get_type_hints(kind, include_extras=True)
    return [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=_default_of(field), annotation=hints[name])
        for name, field in fields_of(kind).items()
    ]


def _default_of(field: "Field[Any]") -> object:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return inspect.Parameter.empty if field.default is MISSING else field.default
