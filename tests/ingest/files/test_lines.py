"""Lines of a file: as the standard library tells them, none too long, not too many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import ConfigError
from ingest.files.lines import LONGEST, lines_of, text_of


@given(st.text(st.sampled_from('a,"\r\n\x85\u2028\u00e9'), max_size=40))
def test_lines_end_where_csv_ends_them(text: str) -> None:
    """At line feeds and carriage returns, at nothing else that a hostile cell may hold; nothing is lost."""
    found = list(lines_of(text_of(text.encode()), most=99))
    assert "".join(line or "" for line in found) == text
    ends = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert [line.rstrip("\r\n") for line in found if line] == ends[: len(found)]


def test_a_line_that_is_too_long_is_passed_over_in_its_place() -> None:
    """The lines after it keep their numbers."""
    long = "x" * LONGEST
    found = list(lines_of(text_of(f"a\n{long}\n{long}x\n{long}{long}{long}\nb".encode()), most=5))
    assert found == ["a\n", None, None, None, "b"]
    assert list(lines_of(text_of((long[:-1] + "\n").encode()), most=1)) == [long[:-1] + "\n"]


def test_more_lines_than_are_taken_are_refused() -> None:
    """The last one that is allowed passes, with and without its end."""
    assert list(lines_of(text_of(b"\n" * 3), most=3)) == list(lines_of(text_of(b"\n\n\n"), most=4))
    with pytest.raises(ConfigError, match="more than 2 lines: split it"):
        list(lines_of(text_of(b"\n" * 3), most=2))
