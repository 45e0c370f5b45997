import pytest

from cosignpy.errors import MalformedError
from cosignpy.serving.quantities import Duration, Range, Size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0s", 0),
        ("500ms", 0.5),
        ("1500ms", 1.5),
        ("2105537ms", 2105.537),
        ("10s", 10),
        ("5m", 300),
        ("2h", 7200),
        ("7d", 604800),
    ],
)
def test_a_duration_is_read_and_written(text: str, seconds: float) -> None:
    assert (Duration.parse(text), str(Duration(seconds))) == (seconds, text)


@pytest.mark.parametrize(
    ("text", "size"), [("0B", 0), ("512B", 512), ("64KiB", 65536), ("4MiB", 2**22), ("3GiB", 3 * 2**30)]
)
def test_a_size_is_read_and_written(text: str, size: int) -> None:
    assert (Size.parse(text), str(Size(size))) == (size, text)


@pytest.mark.parametrize(
    "text", ["", "10", "s", "1.5s", "-1s", "1 s", "01s", "\u0665s", "1s ", "1_0s", "10S", "1" + "0" * 15 + "s", "1m1s"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(MalformedError) as refused:
        Duration.parse(text)
    assert refused.value.what == "duration"


@pytest.mark.parametrize("text", ["", "10", "4MB", "4mib", "-1B", "0x1B", "1.5MiB", "1" + "0" * 15 + "B"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(MalformedError) as refused:
        Size.parse(text)
    assert refused.value.what == "size"


@pytest.mark.parametrize(("number", "inside"), [(0, False), (1, True), (5, True), (6, False)])
def test_both_ends_belong_to_a_range(number: int, inside: bool) -> None:
    assert (number in Range(1, 5)) is inside
