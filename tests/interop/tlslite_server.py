"""tlslite-ng's server as a peer of its own process: one connection after the other, configured by a settings file.

Usage: ``python tlslite_server.py PORT CERT KEY SETTINGS``, where SETTINGS is JSON as in the vectors' documents.
"""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path
from typing import Any

from tlslite.api import HandshakeSettings, SessionCache, TLSConnection, X509CertChain, parsePEMKey
from tlslite.x509 import X509

#: Seconds without a byte after which a connection is given up.
PATIENCE = 5.0

_VERSIONS = {"tlsv1.2": (3, 3), "tlsv1.3": (3, 4)}
_CIPHERS = {
    "chacha20": "chacha20-poly1305",
    "aes_128_gcm": "aes128gcm",
    "aes_256_gcm": "aes256gcm",
    "aes_128_cbc": "aes128",
    "aes_256_cbc": "aes256",
}
_EXCHANGES = {"ecdhe_ecdsa": "ecdhe_ecdsa", "ecdhe_rsa": "ecdhe_rsa", "dhe_rsa": "dhe_rsa", "tls_rsa": "rsa"}
_MACS = {"sha": "sha", "sha256": "sha256", "sha384": "sha384"}


def named(table: dict[str, str], suites: list[str]) -> list[str]:
    """tlslite-ng's names for what stands in the suites' names."""
    return list(dict.fromkeys(name for suite in suites for part, name in table.items() if part in suite))


def configured(settings: dict[str, Any]) -> HandshakeSettings:
    suites = settings["cipher_suites"]
    found = HandshakeSettings()
    versions = [_VERSIONS[name] for name in settings["versions"]]
    found.minVersion, found.maxVersion = min(versions), max(versions)
    found.cipherNames = named(_CIPHERS, suites)
    exchanges = named(_EXCHANGES, suites)
    found.keyExchangeNames = exchanges or found.keyExchangeNames
    found.macNames = [*(_MACS[suite.rsplit("_", 1)[1]] for suite in suites if "_cbc_" in suite), "aead"]
    groups = settings["groups"]
    found.eccCurves = [name for name in groups if not name.startswith("ffdhe") and "mlkem" not in name]
    found.dhGroups = [name for name in groups if name.startswith("ffdhe")]
    found.keyShares = [name for name in groups if "mlkem" not in name][:1]
    found.ticketKeys = [bytes(range(32))]
    found.ticket_count = 1 if settings.get("session_tickets", True) else 0
    return found


def serve(port: int, cert: str, key: str, settings: dict[str, Any]) -> None:
    chain = X509CertChain([X509().parse(Path(cert).read_text())])
    private = parsePEMKey(Path(key).read_text(), private=True)
    protocols = [bytearray(name.encode()) for name in settings.get("alpn", ())] or None
    cache = SessionCache()
    with socket.create_server(("127.0.0.1", port)) as listener:
        while True:
            accepted, _ = listener.accept()
            accepted.settimeout(PATIENCE)
            connection = TLSConnection(accepted)
            try:
                connection.handshakeServer(
                    certChain=chain,
                    privateKey=private,
                    reqCert=settings.get("verify", "none") != "none",
                    settings=configured(settings),
                    sessionCache=cache,
                    alpn=protocols,
                )
                while connection.read(max=1024):
                    pass
                connection.close()
            except Exception as error:
                print(type(error).__name__, error, flush=True)
            finally:
                accepted.close()


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2], sys.argv[3], json.loads(Path(sys.argv[4]).read_text()))
