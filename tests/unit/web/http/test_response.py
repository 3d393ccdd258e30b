import pytest

from exporter.web.http.response import write_head


def test_a_head_has_a_line_for_each_header_and_an_empty_one() -> None:
    start, date, *rest = write_head(404, {"Content-Length": "3", "X": "\u00e9"}).split(b"\r\n")
    assert start == b"HTTP/1.1 404 Not Found"
    assert date.startswith(b"Date: ")
    assert date.endswith(b" GMT")
    assert rest == [b"Content-Length: 3", b"X: \xc3\xa9", b"", b""]


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b", "a\nb", "a\rb"])
def test_a_value_of_several_lines_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"^a header has a line break$"):
        write_head(200, {"X": value})
