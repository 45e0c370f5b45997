from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from bench.keyless_report import KEYLESS, Count, Goal, Row, Section, write_report
from bench.measure import Cost

OURS: Final = (Cost(0.20, 0.15, 40.0), Cost(0.10, 0.12, 42.0), Cost(0.30, 0.14, 41.0))
THEIRS: Final = (Cost(0.40, 0.30, 60.0), Cost(0.50, 0.30, 61.0), Cost(0.45, 0.30, 60.0))
ROW: Final = Row("verify", "cosign", OURS, THEIRS, (9000.0, 11_000.0, 10_000.0))


def test_medians_have_their_spread_and_pairs_their_share() -> None:
    assert ROW.describe() == (
        "| verify | 3 | 200 (100-300) | cosign | 450 (400-500) | **0.50** (0.20-0.67) |  "
        "| 140 ms, 42 MB | 300 ms, 61 MB | 10,000 |"
    )


def test_what_takes_no_ms_has_digits_and_what_has_no_memory_shows_none() -> None:
    row = replace(ROW, ours=(Cost(0.0012, 0.0011, 0.0),), theirs=(Cost(0.002, 0.002, 0.0),))
    assert row.describe().startswith(
        "| verify | 1 | 1.20 | cosign | 2.00 | **0.60** (0.60-0.60) |  | 1.10 ms | 2.00 ms |"
    )


@pytest.mark.parametrize(
    ("goal", "said"),
    [
        (Goal(), ""),
        (Goal(seconds=0.2), "200 ms: met"),
        (Goal(seconds=0.199), "199 ms: time missed"),
        (Goal(share=0.5), "0.50 of it: met"),
        (Goal(share=0.49), "0.49 of it: share missed"),
        (Goal(memory=42), "42 MB: met"),
        (Goal(memory=41), "41 MB: memory missed"),
        (Goal(seconds=0.1, share=0.1), "100 ms, 0.10 of it: time and share missed"),
    ],
)
def test_a_goal_is_about_medians_of_time_and_the_largest_memory(goal: Goal, said: str) -> None:
    assert f" | {said} | 140 ms" in replace(ROW, goal=goal).describe()


def test_only_the_section_of_the_report_is_written(tmp_path: Path) -> None:
    page = tmp_path / "docs" / "benchmarks.md"
    for folder in ("docs", "bench"):
        (tmp_path / folder).mkdir()
    page.write_text(f"before\n{KEYLESS.begin}\nold\n{KEYLESS.end}\nafter\n")
    write_report(tmp_path, [ROW], [Count("sign", 7, 12)], {"cosign": "v3"})
    before, _, rest = page.read_text().partition(KEYLESS.begin)
    section, _, after = rest.partition(KEYLESS.end)
    assert (before, after) == ("before\n", "\nafter\n")
    assert ROW.describe() in section.splitlines()
    assert "| sign | 7 | 12 |" in section.splitlines()
    assert "; cosign v3." in section
    assert "old" not in section


def test_reports_have_sections_of_their_own(tmp_path: Path) -> None:
    page, other = tmp_path / "docs" / "benchmarks.md", Section("bench/other_run.py", "other.json")
    for folder in ("docs", "bench"):
        (tmp_path / folder).mkdir()
    page.write_text(f"{KEYLESS.begin}\nkept\n{KEYLESS.end}\n{other.begin}\nold\n{other.end}\n")
    write_report(tmp_path, [ROW], [], {}, other)
    assert ("kept" in page.read_text(), "old" in page.read_text()) == (True, False)
    assert [each.name for each in (tmp_path / "bench" / "results").iterdir()] == ["other.json"]
