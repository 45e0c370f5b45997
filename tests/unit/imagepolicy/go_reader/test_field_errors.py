"""What is wrong with fields, as `FieldError` of knative.dev/pkg writes it."""

from cosignpy.imagepolicy.go_reader.field_errors import (
    Level,
    below,
    both,
    describe,
    disallowed,
    invalid,
    missing,
    neither,
    of_level,
)
from cosignpy.values import replace


def test_the_words() -> None:
    assert describe(missing("a", "b")) == "missing field(s): a, b"
    assert describe(disallowed("a")) == "must not set the field(s): a"
    assert describe(invalid("x", "a")) == "invalid value: x: a"
    assert describe(invalid("x", "a", "why")) == "invalid value: x: a\nwhy"
    assert describe(neither("a", "b")) == "expected exactly one, got neither: a, b"
    assert describe(both("b", "a")) == "expected exactly one, got both: a, b"
    assert describe(()) == ""


def test_paths_grow_at_their_beginning() -> None:
    assert describe(below(below(missing("glob"), "images", "[0]"), "spec")) == "missing field(s): spec.images[0].glob"
    assert describe(below(missing("metadata.name"), "[1]")) == "missing field(s): [1].metadata.name"
    assert describe(below(invalid("x", ""), "kms")) == "invalid value: x: kms"


def test_the_same_of_several_fields_is_one_line_and_lines_are_sorted() -> None:
    errors = (*missing("b"), *invalid("x", "c", "why"), *missing("a", "b"), *invalid("x", "c"))
    assert describe(errors) == "invalid value: x: c\ninvalid value: x: c\nwhy\nmissing field(s): a, b"


def test_warnings_are_told_apart() -> None:
    (error,), (other,) = missing("a"), missing("b")
    warning = replace(other, level=Level.WARNING)
    assert of_level((error, warning), Level.ERROR) == (error,)
    assert of_level((error, warning), Level.WARNING) == (warning,)
    assert describe((error, warning)) == "missing field(s): a\nmissing field(s): b"
