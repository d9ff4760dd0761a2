"""The chapters that lie in the package: all of them, found by their names, each in the shape that lists expect."""

import pytest

from actors.doors.guide.chapters import ORDER, Chapter, chapter, chapters
from messages.errors import SettingsError
from tests.house.source import ROOT


def test_every_file_has_its_place_in_the_order() -> None:
    assert sorted(ORDER) == sorted(path.stem for path in (ROOT / "actors/doors/guide").glob("*.md"))


@pytest.mark.parametrize("one", chapters(), ids=lambda one: one.name)
def test_a_chapter_begins_with_its_title_and_a_line_that_says_what_it_is_for(one: Chapter) -> None:
    first, empty, second, after = one.text.split("\n")[:4]

    assert first == f"# {one.title}"
    assert second == one.summary
    assert one.summary.endswith(".")
    assert (empty, after) == ("", "")
    assert "<!--" not in one.text


@pytest.mark.parametrize(("given", "found"), [("live", "live"), ("LIVE ", "live"), ("emb", "embed"), ("j", "json")])
def test_a_chapter_is_found_by_its_name_or_the_beginning_of_it(given: str, found: str) -> None:
    assert chapter(given).name == found


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("livr", "the guide has no chapter 'livr'; nearest: live"),
        ("re", "several chapters begin with 're': repairs, recovery, reference"),
        ("BarWindw", "the guide has no chapter 'BarWindw'; nearest: BarWindow"),
        ("", f"the guide has no chapter ''; there are {', '.join(ORDER)}"),
    ],
)
def test_of_a_name_that_is_none_it_is_said_which_there_are(given: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=f"^{sentence}$"):
        chapter(given)
