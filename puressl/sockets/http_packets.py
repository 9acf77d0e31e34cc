"""HTTP packets: one line of a request's or a response's head each, as tuples (inet(3), ``erlang:decode_packet/3``).

Theory of operation: what is an atom in Erlang is ``str`` here, and its strings are ``bytes``, for ``http`` as for
``http_bin``: a method or a field that is known cannot then be mistaken for one that a peer made up, and nothing of the
peer's is decoded by a guessed encoding. A line is matched by one regular expression, none of which can backtrack over
more than a run of blanks; what does not match is ``("http_error", line)``, and the stream goes on. Values are not
interpreted further: a folded field keeps its newlines.

Differences from Erlang: a field has None where Erlang shows the name as it was sent, and numbers of more than nine
digits, which overflow there, are no numbers here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple, Union

AbsPath = tuple[Literal["abs_path"], bytes]
AbsoluteUri = tuple[Literal["absoluteURI"], str, bytes, Union[int, str], bytes]
SchemeUri = tuple[Literal["scheme"], bytes, bytes]
#: "*" · path · (scheme "http" or "https", host, port or "undefined", path) · (scheme, the rest) · anything else.
HttpUri = Union[str, AbsPath, AbsoluteUri, SchemeUri, bytes]
HttpVersion = tuple[int, int]

UNDEFINED = "undefined"
END_OF_HEADER = "http_eoh"


class HttpRequest(NamedTuple):
    """``("http_request", "GET", ("abs_path", b"/"), (1, 1))``; a method that is not in ``METHODS`` is bytes."""

    tag: Literal["http_request"]
    method: str | bytes
    uri: HttpUri
    version: HttpVersion


class HttpResponse(NamedTuple):
    """``("http_response", (1, 1), 200, b"OK")``."""

    tag: Literal["http_response"]
    version: HttpVersion
    status: int
    phrase: bytes


class HttpHeader(NamedTuple):
    """``("http_header", 14, "Host", None, b"a.example")``; a field not in ``FIELDS`` has number 0 and its name bytes.

    Its capitals are those of words in titles then, up to ``MAX_TITLED_NAME`` bytes.
    """

    tag: Literal["http_header"]
    number: int
    field: str | bytes
    reserved: None
    value: bytes


class HttpError(NamedTuple):
    """``("http_error", line)``: a line that is none of HTTP's, with its newline."""

    tag: Literal["http_error"]
    line: bytes


METHODS = frozenset({"OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE"})
#: Erlang's known fields, in the order that gives them their numbers, from 1.
_FIELD_NAMES = (
    "Cache-Control Connection Date Pragma Transfer-Encoding Upgrade Via Accept Accept-Charset Accept-Encoding "
    "Accept-Language Authorization From Host If-Modified-Since If-Match If-None-Match If-Range If-Unmodified-Since "
    "Max-Forwards Proxy-Authorization Range Referer User-Agent Age Location Proxy-Authenticate Public Retry-After "
    "Server Vary Warning Www-Authenticate Allow Content-Base Content-Encoding Content-Language Content-Length "
    "Content-Location Content-Md5 Content-Range Content-Type Etag Expires Last-Modified Accept-Ranges Set-Cookie "
    "Set-Cookie2 X-Forwarded-For Cookie Keep-Alive Proxy-Connection"
)
FIELDS: Mapping[bytes, tuple[int, str]] = MappingProxyType(
    {name.encode(): (number, name) for number, name in enumerate(_FIELD_NAMES.split(), 1)}
)
_METHODS: Mapping[bytes, str] = MappingProxyType({name.encode(): name for name in METHODS})
#: A longer name than this keeps the capitals it was sent with.
MAX_TITLED_NAME = 50
#: The version of a request that names none: HTTP/0.9 (RFC 9110 2.5).
NO_VERSION = (0, 9)

#: RFC 2616 2.2, but for DEL, which Erlang lets pass: what a method or a field's name is made of.
_TOKEN = rb"[!#$%&'*+\-.0-9A-Z^_`a-z|~\x7f]"
_NUMBER = rb"([0-9]{1,9})"
_STATUS_LINE = re.compile(
    rb"HTTP/" + _NUMBER + rb"\." + _NUMBER + rb"[ \t]+(?![ \t])([0-9]{0,9})(?:[ \t]+(?![ \t])(.*))?", re.DOTALL
)
#: After a version's digits anything may stand.
_REQUEST_LINE = re.compile(
    rb"(" + _TOKEN + rb"+)[ \t]+([^ \t]+)(?:[ \t]*|[ \t]+HTTP/" + _NUMBER + rb"\." + _NUMBER + rb"(?:[^0-9].*)?)",
    re.DOTALL,
)
_FIELD = re.compile(rb"(" + _TOKEN + rb"*):[ \t]*(.*)", re.DOTALL)
_ABSOLUTE_URI = re.compile(rb"(https?)://([^/:]*)([^/]*)(.*)", re.DOTALL | re.IGNORECASE)
_PORT = re.compile(rb":" + _NUMBER)
#: As in Erlang, a hyphen after a hyphen begins no word.
_WORD = re.compile(rb"(?:\A|-).")
_SCHEME_URI = re.compile(rb"([^:]*):(.*)", re.DOTALL)


def parse_start_line(line: bytes) -> HttpRequest | HttpResponse | HttpError:
    """A request's or a response's first line, given with its newline."""
    text = _without_newline(line)
    if text.startswith(b"HTTP/"):
        found = _STATUS_LINE.fullmatch(text)
        if found is None:
            return HttpError("http_error", line)
        major, minor, status, phrase = found.groups()
        return HttpResponse("http_response", (int(major), int(minor)), int(status or 0), phrase or b"")
    found = _REQUEST_LINE.fullmatch(text)
    if found is None:
        return HttpError("http_error", line)
    method, uri, major, minor = found.groups()
    version = NO_VERSION if major is None else (int(major), int(minor))
    return HttpRequest("http_request", _METHODS.get(method, method), parse_uri(uri), version)


def parse_header(line: bytes) -> HttpHeader | HttpError | str:
    """A header field with all lines of its value, or the empty line, which is ``"http_eoh"``."""
    text = _without_newline(line)
    if not text:
        return END_OF_HEADER
    found = _FIELD.fullmatch(text)
    if found is None:
        return HttpError("http_error", line)
    sent, value = found.groups()
    name = _titled(sent) if len(sent) <= MAX_TITLED_NAME else sent
    number, field = FIELDS.get(name, (0, name))
    return HttpHeader("http_header", number, field, None, value)


def parse_uri(uri: bytes) -> HttpUri:
    """What a request asks for. A host in brackets ends at its first colon, as in Erlang."""
    if uri == b"*":
        return "*"
    if len(uri) == 1 or uri.startswith(b"/"):
        return ("abs_path", uri)
    if found := _ABSOLUTE_URI.fullmatch(uri):
        scheme, host, colon_port, path = found.groups()
        number = _PORT.fullmatch(colon_port)
        port = int(number[1]) if number else 0
        return ("absoluteURI", scheme.decode("ascii").lower(), host, port or UNDEFINED, path or b"/")
    if found := _SCHEME_URI.fullmatch(uri):
        return ("scheme", found[1], found[2])
    return uri


def _without_newline(line: bytes) -> bytes:
    return line.removesuffix(b"\n").removesuffix(b"\r")


def _titled(name: bytes) -> bytes:
    """The first letter and each after a hyphen upper, the rest lower."""
    return _WORD.sub(lambda start: start[0].upper(), name.lower())
