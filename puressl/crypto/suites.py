"""The cipher suites, as rows.

Theory of operation: whatever a suite decides (version, key exchange, authentication, cipher, hash, MAC) is a column of
its row, and no other module knows a suite by number. ``SUITES`` holds every suite puressl can run; ``DEFAULT_SUITES``
says which of them are offered unasked, and in which order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from puressl.codes import CipherSuite, ProtocolVersion
from puressl.crypto.hashes import HashAlgorithm

#: AES-GCM protects this many full-size records, 2^24.5, before its margin is gone (RFC 8446 5.5).
AES_GCM_RECORD_LIMIT = 23_726_566


class CipherKind(str, Enum):
    """How a cipher protects a record: authenticated (RFC 5246 6.2.3.3) or block cipher and MAC (RFC 5246 6.2.3.2)."""

    AEAD = "aead"
    CBC = "cbc"


class KeyExchange(str, Enum):
    """How a suite agrees on its secret. ANY: TLS 1.3, where key_share decides (RFC 8446 4.2.8)."""

    ANY = "any"
    ECDHE = "ecdhe"
    DHE = "dhe"
    RSA = "rsa"


class Authentication(str, Enum):
    """Which certificate a suite wants. ECDSA includes EdDSA certificates (RFC 8422 5.10); ANY: TLS 1.3."""

    ANY = "any"
    RSA = "rsa"
    ECDSA = "ecdsa"


@dataclass(frozen=True, slots=True, eq=False)
class BulkCipher:
    """What encrypts records. Lengths in octets.

    fixed_iv_length: the nonce's part from the key block (RFC 5246 6.3); record_iv_length: its part sent in each TLS 1.2
    record. Together they are an AEAD's nonce, all of which TLS 1.3 derives (RFC 8446 5.3). tag_length: 0 for CBC.
    record_limit: full-size records that one key may protect (RFC 8446 5.5), None for as many as there are sequence
    numbers.
    """

    name: str
    kind: CipherKind
    key_length: int
    fixed_iv_length: int
    record_iv_length: int
    tag_length: int
    record_limit: int | None = None

    @property
    def nonce_length(self) -> int:
        return self.fixed_iv_length + self.record_iv_length


# RFC 5288 3 splits GCM's nonce 4 + 8; RFC 7905 2 derives all 12 octets; RFC 5246 6.2.3.2 sends a whole IV per record.
AES_128_GCM = BulkCipher("aes-128-gcm", CipherKind.AEAD, 16, 4, 8, 16, AES_GCM_RECORD_LIMIT)
AES_256_GCM = BulkCipher("aes-256-gcm", CipherKind.AEAD, 32, 4, 8, 16, AES_GCM_RECORD_LIMIT)
CHACHA20_POLY1305 = BulkCipher("chacha20-poly1305", CipherKind.AEAD, 32, 12, 0, 16)
AES_128_CBC = BulkCipher("aes-128-cbc", CipherKind.CBC, 16, 0, 16, 0)
AES_256_CBC = BulkCipher("aes-256-cbc", CipherKind.CBC, 32, 0, 16, 0)

#: Every bulk cipher, by name.
BULK_CIPHERS: Mapping[str, BulkCipher] = MappingProxyType(
    {row.name: row for row in (AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305, AES_128_CBC, AES_256_CBC)}
)


@dataclass(frozen=True, slots=True)
class Suite:
    """One cipher suite.

    id: its code point. openssl_name: what OpenSSL calls it. version: the one version it belongs to. hash: of the PRF or
    HKDF and of the transcript. mac: of the records, None where the cipher authenticates.
    """

    id: CipherSuite
    openssl_name: str
    version: ProtocolVersion
    key_exchange: KeyExchange
    authentication: Authentication
    cipher: BulkCipher
    hash: HashAlgorithm
    mac: HashAlgorithm | None = None

    @property
    def name(self) -> str:
        """The registry's name: TLS_AES_128_GCM_SHA256."""
        return self.id.name


_13, _12 = ProtocolVersion.TLSv1_3, ProtocolVersion.TLSv1_2
_ANY, _ECDHE, _DHE, _STATIC = KeyExchange.ANY, KeyExchange.ECDHE, KeyExchange.DHE, KeyExchange.RSA
_RSA, _ECDSA = Authentication.RSA, Authentication.ECDSA
_SHA1, _SHA256, _SHA384 = HashAlgorithm.SHA1, HashAlgorithm.SHA256, HashAlgorithm.SHA384
_C = CipherSuite

# The hash of a suite named after SHA (SHA-1) is SHA-256 all the same: RFC 5246 5 knows no weaker PRF.
# fmt: off
_ROWS = (
    # RFC 8446 B.4
    Suite(_C.TLS_AES_128_GCM_SHA256, "TLS_AES_128_GCM_SHA256", _13, _ANY, Authentication.ANY, AES_128_GCM, _SHA256),
    Suite(_C.TLS_AES_256_GCM_SHA384, "TLS_AES_256_GCM_SHA384", _13, _ANY, Authentication.ANY, AES_256_GCM, _SHA384),
    Suite(_C.TLS_CHACHA20_POLY1305_SHA256, "TLS_CHACHA20_POLY1305_SHA256", _13, _ANY, Authentication.ANY,
          CHACHA20_POLY1305, _SHA256),
    # RFC 7905 2
    Suite(_C.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-ECDSA-CHACHA20-POLY1305", _12, _ECDHE, _ECDSA,
          CHACHA20_POLY1305, _SHA256),
    Suite(_C.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-RSA-CHACHA20-POLY1305", _12, _ECDHE, _RSA,
          CHACHA20_POLY1305, _SHA256),
    Suite(_C.TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "DHE-RSA-CHACHA20-POLY1305", _12, _DHE, _RSA,
          CHACHA20_POLY1305, _SHA256),
    # RFC 5289 3.2
    Suite(_C.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "ECDHE-ECDSA-AES128-GCM-SHA256", _12, _ECDHE, _ECDSA,
          AES_128_GCM, _SHA256),
    Suite(_C.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "ECDHE-ECDSA-AES256-GCM-SHA384", _12, _ECDHE, _ECDSA,
          AES_256_GCM, _SHA384),
    Suite(_C.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "ECDHE-RSA-AES128-GCM-SHA256", _12, _ECDHE, _RSA,
          AES_128_GCM, _SHA256),
    Suite(_C.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "ECDHE-RSA-AES256-GCM-SHA384", _12, _ECDHE, _RSA,
          AES_256_GCM, _SHA384),
    # RFC 5288 3
    Suite(_C.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, "DHE-RSA-AES128-GCM-SHA256", _12, _DHE, _RSA, AES_128_GCM, _SHA256),
    Suite(_C.TLS_DHE_RSA_WITH_AES_256_GCM_SHA384, "DHE-RSA-AES256-GCM-SHA384", _12, _DHE, _RSA, AES_256_GCM, _SHA384),
    Suite(_C.TLS_RSA_WITH_AES_128_GCM_SHA256, "AES128-GCM-SHA256", _12, _STATIC, _RSA, AES_128_GCM, _SHA256),
    Suite(_C.TLS_RSA_WITH_AES_256_GCM_SHA384, "AES256-GCM-SHA384", _12, _STATIC, _RSA, AES_256_GCM, _SHA384),
    # RFC 5289 3.1
    Suite(_C.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, "ECDHE-ECDSA-AES128-SHA256", _12, _ECDHE, _ECDSA,
          AES_128_CBC, _SHA256, _SHA256),
    Suite(_C.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384, "ECDHE-ECDSA-AES256-SHA384", _12, _ECDHE, _ECDSA,
          AES_256_CBC, _SHA384, _SHA384),
    Suite(_C.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, "ECDHE-RSA-AES128-SHA256", _12, _ECDHE, _RSA,
          AES_128_CBC, _SHA256, _SHA256),
    Suite(_C.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384, "ECDHE-RSA-AES256-SHA384", _12, _ECDHE, _RSA,
          AES_256_CBC, _SHA384, _SHA384),
    # RFC 8422 6
    Suite(_C.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, "ECDHE-ECDSA-AES128-SHA", _12, _ECDHE, _ECDSA,
          AES_128_CBC, _SHA256, _SHA1),
    Suite(_C.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, "ECDHE-ECDSA-AES256-SHA", _12, _ECDHE, _ECDSA,
          AES_256_CBC, _SHA256, _SHA1),
    Suite(_C.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, "ECDHE-RSA-AES128-SHA", _12, _ECDHE, _RSA,
          AES_128_CBC, _SHA256, _SHA1),
    Suite(_C.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, "ECDHE-RSA-AES256-SHA", _12, _ECDHE, _RSA,
          AES_256_CBC, _SHA256, _SHA1),
    # RFC 5246 A.5
    Suite(_C.TLS_DHE_RSA_WITH_AES_128_CBC_SHA256, "DHE-RSA-AES128-SHA256", _12, _DHE, _RSA,
          AES_128_CBC, _SHA256, _SHA256),
    Suite(_C.TLS_DHE_RSA_WITH_AES_256_CBC_SHA256, "DHE-RSA-AES256-SHA256", _12, _DHE, _RSA,
          AES_256_CBC, _SHA256, _SHA256),
    Suite(_C.TLS_DHE_RSA_WITH_AES_128_CBC_SHA, "DHE-RSA-AES128-SHA", _12, _DHE, _RSA, AES_128_CBC, _SHA256, _SHA1),
    Suite(_C.TLS_DHE_RSA_WITH_AES_256_CBC_SHA, "DHE-RSA-AES256-SHA", _12, _DHE, _RSA, AES_256_CBC, _SHA256, _SHA1),
    Suite(_C.TLS_RSA_WITH_AES_128_CBC_SHA256, "AES128-SHA256", _12, _STATIC, _RSA, AES_128_CBC, _SHA256, _SHA256),
    Suite(_C.TLS_RSA_WITH_AES_256_CBC_SHA256, "AES256-SHA256", _12, _STATIC, _RSA, AES_256_CBC, _SHA256, _SHA256),
    Suite(_C.TLS_RSA_WITH_AES_128_CBC_SHA, "AES128-SHA", _12, _STATIC, _RSA, AES_128_CBC, _SHA256, _SHA1),
    Suite(_C.TLS_RSA_WITH_AES_256_CBC_SHA, "AES256-SHA", _12, _STATIC, _RSA, AES_256_CBC, _SHA256, _SHA1),
)
# fmt: on

#: Every suite puressl can run, by code point.
SUITES: Mapping[int, Suite] = MappingProxyType({row.id: row for row in _ROWS})

#: What is offered and accepted unasked, best first. ChaCha20 leads: in Python it is the fastest, and it indexes no
#: table by a secret. AES-128 stands before AES-256, which costs almost half as much again. CBC comes last, SHA-2
#: first: only encrypt-then-MAC makes it sound (RFC 7366), and that is negotiated apart. RSA key exchange has no
#: forward secrecy, and the groups of DHE are slow and not negotiated: both must be asked for (RFC 9325 4.1).
DEFAULT_SUITES: tuple[CipherSuite, ...] = (
    CipherSuite.TLS_CHACHA20_POLY1305_SHA256,
    CipherSuite.TLS_AES_128_GCM_SHA256,
    CipherSuite.TLS_AES_256_GCM_SHA384,
    CipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    CipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    CipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256,
    CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
    CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384,
    CipherSuite.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384,
    CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
    CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
    CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
    CipherSuite.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
)
