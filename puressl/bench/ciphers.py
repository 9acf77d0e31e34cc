"""Ciphers without a connection: puressl's through its own doors, and tlslite-ng's pure Python ones.

Theory of operation: a key is set up once, and what is returned does one operation on one record. A nonce is taken
twice, which would be fatal in a connection and changes nothing for the time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from puressl.crypto.provider import PROVIDER
from puressl.crypto.suites import BULK_CIPHERS

AEADS = ("chacha20-poly1305", "aes-128-gcm", "aes-256-gcm")
AEAD_OPERATIONS = ("seal", "open")
_NONCE = bytes(range(12))
_IV = bytes(range(16))
#: Associated data as TLS 1.3 has it: a record's header.
_AAD = bytes.fromhex("1703034011")
_CBC_MODE = 2


def _key(cipher: str) -> bytes:
    return bytes(range(BULK_CIPHERS[cipher].key_length))


def own(operation: str, cipher: str, content: bytes) -> Callable[[], object]:
    """puressl's ``seal``, ``open`` or ``decrypt`` of a content, ready to run. decrypt: of a cipher in CBC mode."""
    key = _key(cipher)
    if operation == "decrypt":
        return partial(PROVIDER.new_cbc(key).decrypt, _IV, content)
    aead = PROVIDER.new_aead(BULK_CIPHERS[cipher], key)
    if operation == "seal":
        return partial(aead.seal, _NONCE, content, _AAD)
    return partial(aead.open, _NONCE, aead.seal(_NONCE, content, _AAD), _AAD)


def tlslite(operation: str, cipher: str, content: bytes) -> Callable[[], object]:
    """The same of tlslite-ng's."""
    from tlslite.utils import python_aes, python_aesgcm, python_chacha20_poly1305

    key = bytearray(_key(cipher))
    if operation == "decrypt":
        return partial(python_aes.new(key, _CBC_MODE, bytearray(_IV)).decrypt, bytearray(content))
    aead: Any = (python_chacha20_poly1305 if cipher.startswith("chacha20") else python_aesgcm).new(key)
    nonce, aad = bytearray(_NONCE), bytearray(_AAD)
    if operation == "seal":
        return lambda: aead.seal(nonce, bytearray(content), aad)
    sealed = bytes(aead.seal(nonce, bytearray(content), aad))
    return lambda: aead.open(nonce, bytearray(sealed), aad)
