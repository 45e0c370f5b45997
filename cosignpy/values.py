"""Values: frozen, slotted classes as `@dataclass(frozen=True, slots=True)` makes them, without generating code.

A dataclass compiles six methods when its module is imported, half a millisecond each time; the ninety
on the way of one `verify` were a third of what it took (docs/adr/0005-values.md). The six methods here
are written once and look at the class's fields. Type checkers see no difference.

Making an instance that way takes three times as long. Who makes thousands, a server or a verifier of many bundles, is
not a command that lives for a tenth of a second: a class that is used often gets an `__init__` of its own.
"""

from dataclasses import MISSING, Field, FrozenInstanceError, field
from inspect import get_annotations
from operator import attrgetter
from typing import Any, ClassVar, Final, NoReturn, TypeVar, dataclass_transform, get_origin

T = TypeVar("T")

__all__ = ["field", "fields_of", "record", "replace", "value"]

_FIELDS: Final = "__dataclass_fields__"
"""Where `dataclasses.replace` looks, so that it works on values as well."""
_SETTERS: Final = "__value_setters__"
"""What puts a content into each slot: `object.__setattr__` without its search for the slot."""
_COMPARED: Final = "__value_compared__"
"""What fetches the contents that make two values equal, all at once: caches ask for them again and again."""
_CLASS_VARIABLE: Final = str(ClassVar)
_OFTEN: Final = 100
"""Instances after which a class gets its own `__init__`; compiling it takes as long as making some hundred."""
_INSTANCES: Final[dict[type, int]] = {}
"""How many there are of each class that has no `__init__` of its own yet."""


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(cls: type[T]) -> type[T]:
    """Make a value of a class whose annotations are its fields: slots, `__init__`, equality, hash, repr.

    Defaults, `field(default_factory=..., repr=...)`, `__post_init__` and methods of the class's own work as
    they do in a dataclass. As there, methods must not call `super()` without arguments.
    """
    namespace = dict(cls.__dict__)
    own = _own_fields(cls)
    for name in (*own, "__dict__", "__weakref__"):
        namespace.pop(name, None)
    fields = getattr(cls, _FIELDS, {}) | own
    namespace |= {"__slots__": tuple(own), _FIELDS: fields, "__match_args__": tuple(fields)}
    made: type[T] = type(cls)(cls.__name__, cls.__bases__, _METHODS | namespace)  # type: ignore[misc] # a class's type
    made.__qualname__ = cls.__qualname__
    setattr(made, _SETTERS, {name: getattr(made, name).__set__ for name in fields})
    compared = [name for name, item in fields.items() if item.compare]
    setattr(made, _COMPARED, attrgetter(*compared) if compared else _nothing)
    return made


@dataclass_transform(eq_default=False, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    """Give a class the `__init__` that its annotations describe, and nothing else: for errors, and for state.

    Fields of the classes it derives from come first. Instances change, and equal nothing but themselves.
    """
    setattr(cls, _FIELDS, getattr(cls, _FIELDS, {}) | _own_fields(cls))
    cls.__init__ = _init  # type: ignore[method-assign]
    return cls


def _own_fields(cls: type) -> "dict[str, Field[Any]]":
    """Describe the annotations of a class itself that are fields."""
    return {
        name: _as_field(name, cls.__dict__.get(name, MISSING))
        for name, annotation in get_annotations(cls).items()
        if str(get_origin(annotation)) != _CLASS_VARIABLE
    }


def fields_of(cls: object) -> "dict[str, Field[Any]]":
    """Return the fields of a value or record class by name; none for anything else."""
    return dict(getattr(cls, _FIELDS, {})) if isinstance(cls, type) else {}


def replace(instance: T, **changes: Any) -> T:  # noqa: ANN401 - whatever types the fields have
    """Return a copy with some fields changed; `__post_init__` checks it like any other."""
    fields = getattr(type(instance), _FIELDS)
    return type(instance)(**{name: getattr(instance, name) for name in fields} | changes)


def _as_field(name: str, default: Any) -> "Field[Any]":  # noqa: ANN401 - whatever the class body says
    made: Field[Any] = default if isinstance(default, Field) else field(default=default)
    made.name = name
    return made


def _init_value(self: object, *positional: Any, **named: Any) -> None:  # noqa: ANN401
    """Fill all slots at once where every field is given."""
    cls = type(self)
    made = _INSTANCES[cls] = _INSTANCES.get(cls, 0) + 1
    if made == _OFTEN:
        _specialize(cls)
    setters: dict[str, Any] = getattr(cls, _SETTERS)
    if positional and not named and len(positional) == len(setters):
        for put, content in zip(setters.values(), positional, strict=True):
            put(self, content)
    else:
        contents = named
        if positional or named.keys() != setters.keys():
            contents = _complete(cls, positional, named)
        for name, content in contents.items():
            setters[name](self, content)
    check = getattr(self, "__post_init__", None)
    if check is not None:
        check()


def _specialize(cls: type) -> None:
    """Give a class the `__init__` that a dataclass has from the beginning."""
    fields: dict[str, Field[Any]] = getattr(cls, _FIELDS)
    known: dict[str, Any] = {"_missing": MISSING}
    parameters, lines = [], []
    for name, description in fields.items():
        known[f"_set_{name}"] = getattr(cls, _SETTERS)[name]
        known[f"_default_{name}"] = description.default
        default = f" = _default_{name}" if description.default is not MISSING else ""
        content = name
        if description.default_factory is not MISSING:
            known[f"_make_{name}"] = description.default_factory
            default, content = " = _missing", f"_make_{name}() if {name} is _missing else {name}"
        parameters.append(f", {name}{default}")
        lines.append(f"    _set_{name}(_self, {content})\n")
    check = "    _self.__post_init__()\n" if hasattr(cls, "__post_init__") else ""
    exec(f"def __init__(_self{''.join(parameters)}):\n{''.join(lines)}{check}    return\n", known)  # noqa: S102 - ours
    cls.__init__ = known["__init__"]  # type: ignore[misc]


def _init(self: object, *positional: Any, **named: Any) -> None:  # noqa: ANN401
    for name, content in _complete(type(self), positional, named).items():
        setattr(self, name, content)
    check = getattr(self, "__post_init__", None)
    if check is not None:
        check()


def _complete(cls: type, positional: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
    """Return what each field gets: what is given, and for all others their defaults."""
    fields: dict[str, Field[Any]] = getattr(cls, _FIELDS)
    given = dict(zip(fields, positional, strict=False))
    given.update(named)
    if len(given) != len(positional) + len(named) or not given.keys() <= fields.keys():
        raise TypeError(f"{cls.__name__} takes {', '.join(fields)}, each at most once")
    if len(given) < len(fields):
        for name, description in fields.items():
            if name not in given:
                given[name] = _default(cls, description)
    return given


def _default(cls: type, description: "Field[Any]") -> Any:  # noqa: ANN401
    if description.default is not MISSING:
        return description.default
    if description.default_factory is not MISSING:
        return description.default_factory()
    raise TypeError(f"{cls.__name__} needs {description.name}")


def _contents(self: object) -> tuple[Any, ...]:
    return tuple(getattr(self, name) for name in getattr(type(self), _FIELDS))


def _nothing(_: object) -> None:
    """Return what is compared of a value without fields."""


def _eq(self: object, other: object) -> bool:
    compared: Any = getattr(type(self), _COMPARED)
    return bool(compared(self) == compared(other)) if type(self) is type(other) else NotImplemented


def _hash(self: object) -> int:
    cls = type(self)
    return hash((cls, getattr(cls, _COMPARED)(self)))


def _repr(self: object) -> str:
    shown = (f"{name}={getattr(self, name)!r}" for name, item in getattr(type(self), _FIELDS).items() if item.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse_set(self: object, name: str, _content: Any) -> NoReturn:  # noqa: ANN401
    raise FrozenInstanceError(f"{type(self).__name__}.{name} cannot be changed, make a new value")


def _refuse_delete(self: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"{type(self).__name__}.{name} cannot be removed")


def _reduce(self: object) -> tuple[type, tuple[Any, ...]]:
    """Copy and pickle by construction: setting attributes one by one is what a value refuses."""
    return type(self), _contents(self)


_METHODS: Final[dict[str, Any]] = {
    "__init__": _init_value,
    "__eq__": _eq,
    "__hash__": _hash,
    "__repr__": _repr,
    "__setattr__": _refuse_set,
    "__delattr__": _refuse_delete,
    "__reduce__": _reduce,
}
