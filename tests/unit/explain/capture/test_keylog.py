"""The NSS key log, as programs write it."""

from __future__ import annotations

from puressl.explain.capture.keylog import read_keylog

RANDOM = "ab" * 32


def test_known_labels_are_read_and_the_rest_is_passed_over() -> None:
    log = f"""# SSL/TLS secrets log file
CLIENT_RANDOM {RANDOM} {"01" * 48}\r
RSA 0102 0304
SOME_LABEL {RANDOM} 00
CLIENT_TRAFFIC_SECRET_0 {RANDOM.upper()} {"02" * 32}
CLIENT_TRAFFIC_SECRET_0 {RANDOM} 0
EXPORTER_SECRET {RANDOM}
"""
    assert read_keylog([log.encode()]) == {
        bytes.fromhex(RANDOM): {"CLIENT_RANDOM": b"\1" * 48, "CLIENT_TRAFFIC_SECRET_0": b"\2" * 32}
    }


def test_several_logs_are_one_and_the_last_word_counts() -> None:
    logs = [f"CLIENT_RANDOM {RANDOM} {value}".encode() for value in ("01", "02")]
    logs.append(f"CLIENT_RANDOM {'00' * 32} 03".encode())
    found = read_keylog(logs)
    assert (found[bytes.fromhex(RANDOM)], found[bytes(32)]) == ({"CLIENT_RANDOM": b"\2"}, {"CLIENT_RANDOM": b"\3"})


def test_bytes_that_are_no_text_do_no_harm() -> None:
    assert read_keylog([b"\xff\x00\n", bytes(range(256))]) == {}
