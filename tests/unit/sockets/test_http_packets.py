"""The lines of HTTP heads, as Erlang/OTP reads them."""

from __future__ import annotations

import pytest

from puressl.sockets.http_packets import FIELDS, METHODS, parse_header, parse_start_line, parse_uri


@pytest.mark.parametrize("method", sorted(METHODS))
def test_known_method_is_str(method: str) -> None:
    assert parse_start_line(method.encode() + b" * HTTP/1.1\r\n") == ("http_request", method, "*", (1, 1))


@pytest.mark.parametrize("method", [b"get", b"CONNECT", b"PATCH", b"HTTP", b"G\x7fT"])
def test_any_other_method_is_bytes(method: bytes) -> None:
    assert parse_start_line(method + b" * HTTP/1.1\r\n") == ("http_request", method, "*", (1, 1))


@pytest.mark.parametrize(
    ("line", "version"),
    [
        (b"GET /\r\n", (0, 9)),
        (b"GET / \t\n", (0, 9)),
        (b"GET \t/\t HTTP/1.0 \r\n", (1, 0)),
        (b"GET / HTTP/11.22x\n", (11, 22)),
    ],
)
def test_version_of_a_request(line: bytes, version: tuple[int, int]) -> None:
    assert parse_start_line(line) == ("http_request", "GET", ("abs_path", b"/"), version)


@pytest.mark.parametrize(
    ("line", "response"),
    [
        (b"HTTP/1.1 200 OK\r\n", ((1, 1), 200, b"OK")),
        (b"HTTP/1.0 404\n", ((1, 0), 404, b"")),
        (b"HTTP/1.1 \r\n", ((1, 1), 0, b"")),
        (b"HTTP/1.1\t500\t Not  at all \r\n", ((1, 1), 500, b"Not  at all ")),
    ],
)
def test_status_lines(line: bytes, response: tuple[object, ...]) -> None:
    assert parse_start_line(line) == ("http_response", *response)


@pytest.mark.parametrize(
    "line",
    [
        b"\r\n",
        b"GET\r\n",
        b"GET  \r\n",
        b" GET / HTTP/1.1\r\n",
        b"G:T / HTTP/1.1\r\n",
        b"G\x80T / HTTP/1.1\r\n",
        b"GET / a HTTP/1.1\r\n",
        b"GET / HTTP/1\r\n",
        b"GET / HTTP/1234567890.1\r\n",
        b"GET / http/1.1\r\n",
        b"HTTP/1.1\r\n",
        b"HTTP/1.1  OK\r\n",
        b"HTTP/1.1 2x0 OK\r\n",
        b"HTTP/1.1 1234567890 OK\r\n",
        b"HTTP/1 200 OK\r\n",
        b"http/1.1 200 OK\r\n",
    ],
)
def test_line_that_starts_nothing_is_given_whole(line: bytes) -> None:
    assert parse_start_line(line) == ("http_error", line)


@pytest.mark.parametrize(
    ("uri", "parsed"),
    [
        (b"*", "*"),
        (b"/a?b", ("abs_path", b"/a?b")),
        (b"x", ("abs_path", b"x")),
        (b"http://a.b:80/x", ("absoluteURI", "http", b"a.b", 80, b"/x")),
        (b"HTTPS://a.b", ("absoluteURI", "https", b"a.b", "undefined", b"/")),
        (b"http://a:8x/", ("absoluteURI", "http", b"a", "undefined", b"/")),
        (b"http://a:0/", ("absoluteURI", "http", b"a", "undefined", b"/")),
        (b"http://a:1234567890/", ("absoluteURI", "http", b"a", "undefined", b"/")),
        (b"http://a/b:80/", ("absoluteURI", "http", b"a", "undefined", b"/b:80/")),
        (b"http://[::1]:80/", ("absoluteURI", "http", b"[", "undefined", b"/")),
        (b"http:/a", ("scheme", b"http", b"/a")),
        (b"a.example:443", ("scheme", b"a.example", b"443")),
        (b"a:b:c", ("scheme", b"a", b"b:c")),
        (b"foo\xff", b"foo\xff"),
    ],
)
def test_uris(uri: bytes, parsed: object) -> None:
    assert parse_uri(uri) == parsed


def test_known_fields_are_numbered_in_erlangs_order() -> None:
    assert len(FIELDS) == 52
    for number, name in ((1, "Cache-Control"), (14, "Host"), (38, "Content-Length"), (52, "Proxy-Connection")):
        assert parse_header(name.swapcase().encode() + b": x\r\n") == ("http_header", number, name, None, b"x")


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        (b"x-FOO-bar:\tb c \t\r\n", b"X-Foo-Bar", b"b c \t"),
        (b"x--y-:b:c\n", b"X--y-", b"b:c"),
        (b"--a-1b_C: d\r\n", b"--A-1b_c", b"d"),
        (b": no name\r\n", b"", b"no name"),
        (b"a:\r\n", b"A", b""),
        (b"a: \r\n \r\n", b"A", b"\r\n "),
        (b"a: \0\x80\xff\r\r\n", b"A", b"\0\x80\xff\r"),
        (b"x" * 50 + b": y\r\n", b"X" + b"x" * 49, b"y"),
        (b"x" * 51 + b": y\r\n", b"x" * 51, b"y"),
    ],
)
def test_unknown_field_is_titled_bytes(line: bytes, name: bytes, value: bytes) -> None:
    assert parse_header(line) == ("http_header", 0, name, None, value)


@pytest.mark.parametrize(
    "line", [b"a : b\r\n", b" a: b\r\n", b"a b: c\r\n", b"a/b: c\r\n", b"a\x80: b\r\n", b"no colon\r\n", b"\r\r\n"]
)
def test_line_that_is_no_field_is_given_whole(line: bytes) -> None:
    assert parse_header(line) == ("http_error", line)


@pytest.mark.parametrize("line", [b"\r\n", b"\n"])
def test_empty_line_ends_the_header(line: bytes) -> None:
    assert parse_header(line) == "http_eoh"
