"""The one object through which the layers above reach cryptography.

Theory of operation: a ``Provider`` is a row of tables and functions. ``PROVIDER`` holds what this package implements; a
configuration may hold another, made with ``dataclasses.replace``: fewer suites, a faster AEAD, a signer outside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from puressl.codes import ProtocolVersion
from puressl.crypto import aead, cbc, groups, rsa, signatures
from puressl.crypto.aead import Aead
from puressl.crypto.cbc import AesCbc
from puressl.crypto.groups import Group
from puressl.crypto.keys import PrivateKey, PublicKey, RSAPrivateKey, RSAPublicKey
from puressl.crypto.signatures import SchemeRow, SignatureValid
from puressl.crypto.suites import SUITES, BulkCipher, Suite
from puressl.env import Env


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Provider:
    """What a connection may use.

    suites, groups, schemes: by code point. The functions are documented where they are defined: ``aead.new_aead``,
    ``cbc.AesCbc``, ``groups.finite_field_group``, ``signatures.sign`` and ``verify``, ``rsa.encrypt`` and
    ``decrypt_premaster``.
    """

    suites: Mapping[int, Suite]
    groups: Mapping[int, Group]
    schemes: Mapping[int, SchemeRow]
    new_aead: Callable[[BulkCipher, bytes], Aead]
    new_cbc: Callable[[bytes], AesCbc]
    finite_field_group: Callable[[int, int], Group]
    sign: Callable[[PrivateKey, int, bytes, Env], bytes]
    verify: Callable[[PublicKey, int, bytes, bytes, ProtocolVersion], SignatureValid]
    encrypt_premaster: Callable[[RSAPublicKey, bytes, Env], bytes]
    decrypt_premaster: Callable[[RSAPrivateKey, bytes, int, Env], bytes]


PROVIDER = Provider(
    suites=SUITES,
    groups=groups.GROUPS,
    schemes=signatures.SCHEMES,
    new_aead=aead.new_aead,
    new_cbc=cbc.AesCbc,
    finite_field_group=groups.finite_field_group,
    sign=signatures.sign,
    verify=signatures.verify,
    encrypt_premaster=rsa.encrypt,
    decrypt_premaster=rsa.decrypt_premaster,
)
