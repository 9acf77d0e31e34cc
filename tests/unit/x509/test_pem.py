"""PEM blocks: labels, headers, base64 and what is no PEM."""

from __future__ import annotations

import pytest

from puressl.x509 import pem


def test_blocks_come_in_order_and_text_between_them_is_ignored() -> None:
    data = b"Bag: x\n" + pem.encode("A B", b"one") + b"between\n" + pem.encode("C", b"two") + b"after"
    assert [(block.label, block.decode()) for block in pem.blocks(data)] == [("A B", b"one"), ("C", b"two")]


@pytest.mark.parametrize("length", [0, 1, 47, 48, 49, 96, 1000])
def test_what_is_encoded_is_decoded(length: int) -> None:
    data = pem.encode("X", bytes(length))
    assert max(map(len, data.splitlines())) <= 64
    assert [block.decode() for block in pem.blocks(data)] == [bytes(length)]


def test_headers_are_read_up_to_the_empty_line() -> None:
    (block,) = pem.blocks(b"-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\nA:b:c\n\nAAAA\nBBBB\n-----END X-----")
    assert block.headers == {"Proc-Type": "4,ENCRYPTED", "A": "b:c"}
    assert block.text == b"AAAABBBB"


def test_damage_shows_only_where_it_is_read() -> None:
    bad, good = pem.blocks(b"-----BEGIN X-----\nA\n-----END X-----\n" + pem.encode("Y", b"yes"))
    assert good.decode() == b"yes"
    with pytest.raises(pem.PemError, match="the X block is not base64"):
        bad.decode()


@pytest.mark.parametrize(
    "data",
    [
        b"-----BEGIN X-----\nAAAA\n",
        b"-----BEGIN X-----\nAAAA\n-----END Y-----\n",
        b"-----BEGIN X-----\nAAAA\n-----BEGIN X-----\nAAAA\n-----END X-----\n",
    ],
)
def test_block_without_its_end_is_refused(data: bytes) -> None:
    with pytest.raises(pem.PemError, match="the X block has no END line"):
        pem.blocks(data)


def test_text_without_blocks_is_no_pem() -> None:
    assert not pem.is_pem(b"hello")
    assert pem.blocks(b"hello") == ()
