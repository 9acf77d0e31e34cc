"""The table of options: what is taken, what is refused, and what ``getopts`` says."""

from __future__ import annotations

import socket
import warnings
from collections.abc import Callable
from typing import Any

import pytest

import puressl
from puressl.sockets.messages import process_of
from puressl.sockets.options import OPTIONS, Options, Place, markdown

from support.endpoints import PATIENCE, Pair, Server, client_options, refusal, server_options

WRONG: dict[str, tuple[Any, ...]] = {
    "mode": ("text", True, 0),
    "packet": (3, True, False, "http2", [1]),
    "packet_size": (0, -1, True, "1"),
    "header": (-1, True, 1.0),
    "active": (None, "twice", 32_768, -32_769, 1.0),
    "nodelay": (1, None, "true"),
    "keepalive": (0,),
    "send_timeout": (-1, True, 0.5),
    "reuseaddr": (1,),
    "backlog": (-1, True),
    "ip": ("localhost", (1, 2, 3), (256, 0, 0, 0), (True, 0, 0, 0), 7),
    "port": (-1, 65_536, True),
    "verify": (True, False, 3, -1, "peer"),
    "depth": (-1, 256, True),
    "certfile": (b"bytes", 7, "", "a\0b", "\ud800"),
    "cert": ("text", b"", 7),
    "keyfile": (7,),
    "key": ("text",),
    "password": (7, None, "\ud800"),
    "cacertfile": (7,),
    "cacerts": ([], "text", [b""]),
    "ciphers": (7, ["AES"]),
    "secure_renegotiate": (1,),
    "allow_mac_then_encrypt": (1,),
    "versions": ([], "tlsv1.3", ["tlsv1"], ["tlsv1.1"], ["sslv3"], [13]),
    "server_name_indication": (7, "", "a b", None),
    "alpn_advertised_protocols": ([], [b""], ["h2"], b"h2", [bytes(256)]),
    "alpn_preferred_protocols": ([], [b""], ["h2"]),
    "sni_fun": ("name", None),
    "session_tickets": (1,),
    "reuse_sessions": (1,),
    "keylog": (7, "a\0b", "\ud800"),
}


def place(tag: str) -> Place:
    return Place.LISTEN if OPTIONS[tag].places & Place.LISTEN else Place.CONNECT


@pytest.mark.parametrize("tag", OPTIONS)
def test_ill_typed_value_is_refused_by_name(tag: str) -> None:
    for value in WRONG[tag]:
        if tag.startswith("alpn") and value == [bytes(256)]:
            continue  # its length is the core's matter
        with pytest.raises(puressl.SSLError, match=tag) as caught:
            Options.read({tag: value}, place(tag))
        assert caught.value.reason == "eoptions"


@pytest.mark.parametrize(
    ("tag", "value", "said"),
    [
        ("verfy", 1, "'verfy' is unknown; is 'verify' meant?"),
        ("xyzzy", 1, "'xyzzy' is unknown"),
        ("backlog", 1, "'backlog' is out of place here, its place is listen"),
        ("versions", ["TLSv1.3"], "versions: ['TLSv1.3'] has 'TLSv1.3', which is not one of 'tlsv1.3', 'tlsv1.2'"),
        ("alpn_advertised_protocols", [b"h2", "h3"], "[b'h2', 'h3'] has 'h3', which is no bytes, or empty"),
        ("active", "twice", "'twice' is not True, False or 'once', and is no int from -32768 to 32767"),
        ("send_timeout", 0.5, "send_timeout: 0.5 is no int from 0 to 4294967295 (milliseconds)"),
        ("ip", "nowhere", "ip: 'nowhere' is no IP address"),
    ],
)
def test_refusal_names_what_is_wrong_and_what_may_be_meant(tag: str, value: object, said: str) -> None:
    with pytest.raises(puressl.SSLError) as caught:
        Options.read({tag: value}, Place.CONNECT)
    assert (caught.value.detail or "").endswith(said)


def test_secret_values_stay_out_of_errors_and_of_what_is_shown() -> None:
    with pytest.raises(puressl.SSLError) as caught:
        Options.read({"key": "do not show"}, Place.LISTEN)
    assert "do not show" not in str(caught.value)
    assert "do not show" not in repr(Options.read({"key": b"do not show", "password": "do not show"}, Place.LISTEN))


@pytest.mark.parametrize(
    "options",
    [None, 7, "binary", b"x", [7], [("mode",)], ["text"], [("mode", "list", 1)], [("unknown", 1)], {7: 1}, [([], 1)]],
)
def test_what_is_no_list_of_options_is_refused(options: Any) -> None:
    assert refusal(puressl.connect, "127.0.0.1", 1, options) == "eoptions"


@pytest.mark.parametrize(("tag", "value"), [("backlog", 1), ("reuseaddr", True), ("sni_fun", print)])
def test_options_of_listen_are_out_of_place_on_connect(tag: str, value: object) -> None:
    assert refusal(puressl.connect, "127.0.0.1", 1, {"verify": 0, tag: value}) == "eoptions"


@pytest.mark.parametrize(("tag", "value"), [("port", 1), ("server_name_indication", "a")])
def test_options_of_connect_are_out_of_place_on_listen(tag: str, value: object) -> None:
    assert refusal(puressl.listen, 0, server_options(**{tag: value})) == "eoptions"


@pytest.mark.parametrize("tags", [("certfile", "cert"), ("keyfile", "key"), ("cacertfile", "cacerts")])
def test_file_and_memory_exclude_each_other(tags: tuple[str, str]) -> None:
    options = {"verify": 0, tags[0]: "path", tags[1]: b"bytes"}
    assert refusal(puressl.connect, "127.0.0.1", 1, options) == "eoptions"


def test_first_of_duplicates_counts() -> None:
    read = Options.read(["list", ("mode", "binary"), ("depth", 3), ("depth", "ignored")], Place.CONNECT)
    assert (read["mode"], read["depth"], read["verify"]) == ("list", 3, 0)


def test_connect_without_verify_warns(server: Server) -> None:
    server.pair()  # whatever dependencies warn of when they are first imported, they do it here
    accepting = server.accept()
    with pytest.warns(puressl.InsecureDefaultWarning) as caught:
        client = puressl.connect("127.0.0.1", server.port, {"active": False}, PATIENCE)
    assert caught[0].filename == __file__
    accepting.result()
    puressl.close(client)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        server.pair(verify=0)


def test_getopts_answers_in_the_order_asked(server: Server) -> None:
    client, _ = server.pair(packet="raw", depth=3)
    tags = ["depth", "packet", "mode", "packet_size", "header", "active", "nodelay", "keepalive", "send_timeout"]
    values = [3, 0, "binary", 64 << 20, 0, False, False, False, None]
    assert puressl.getopts(client, tags) == list(zip(tags, values, strict=True))


@pytest.mark.parametrize("tags", ["mode", None, 7, ["unknown"], [7], [["mode"]]])
def test_getopts_refuses_unknown_tags(pair: Pair, tags: Any) -> None:
    assert refusal(puressl.getopts, pair[0], tags) == "einval"


def test_setopts_sets_all_or_none(pair: Pair) -> None:
    client, _ = pair
    assert refusal(puressl.setopts, client, [("mode", "list"), ("packet", 3)]) == "eoptions"
    assert refusal(puressl.setopts, client, [("mode", "list"), ("depth", 3)]) == "eoptions"
    assert puressl.getopts(client, ["mode"]) == [("mode", "binary")]


def test_transport_options_reach_the_transport(server: Server) -> None:
    client, _ = server.pair(nodelay=True)
    sock = process_of(client).transport
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert not sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    puressl.setopts(client, {"nodelay": False, "keepalive": True})
    assert not sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_accepted_sockets_inherit_the_listen_options(serve: Callable[..., Server]) -> None:
    server = serve(packet=4)
    puressl.setopts(server.socket, ["list"])
    _, peer = server.pair()
    assert puressl.getopts(peer, ["packet", "mode"]) == [("packet", 4), ("mode", "list")]
    assert puressl.getopts(server.socket, ["mode"]) == [("mode", "list")]


def test_documentation_has_every_option() -> None:
    table = "\n".join(markdown())
    for tag in OPTIONS:
        assert f"| `{tag}` |" in table


def test_unusable_combination_opens_nothing() -> None:
    assert refusal(puressl.connect, "127.0.0.1", 1, client_options(ciphers="nonsense")) == "ecipher"
    options = server_options(versions=["tlsv1.2"], ciphers="TLS_AES_128_GCM_SHA256")
    assert refusal(puressl.listen, 0, options) == "ecipher"
