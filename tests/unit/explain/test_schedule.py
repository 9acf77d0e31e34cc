"""The key schedule computed again is the one that the cores used, in every kind of handshake."""

from __future__ import annotations

import pytest

from puressl.codes import Direction, Epoch
from puressl.crypto.schedule12 import TrafficKeys12
from puressl.crypto.schedule13 import TrafficSecret
from puressl.env import SeededEnv
from puressl.errors import Problem, ProtocolError
from puressl.explain.model import CLIENT, SERVER, Input, Secret, Story
from puressl.explain.schedule import key_schedule
from puressl.explain.secrets import KEY_LOG_NAMES, Told
from puressl.explain.watch import Watch
from puressl.session import TicketKeys

from support.bad_peer import Watcher
from support.configs import TIME
from support.stories import BY_NAME, story, watched

RFC8446_TREE = {
    "early_secret": "",
    "derived_for_handshake": "early_secret",
    "handshake_secret": "derived_for_handshake",
    "client_handshake_traffic_secret": "handshake_secret",
    "server_handshake_traffic_secret": "handshake_secret",
    "client_finished_key": "client_handshake_traffic_secret",
    "derived_for_master": "handshake_secret",
    "master_secret": "derived_for_master",
    "client_application_traffic_secret_0": "master_secret",
    "server_application_traffic_secret_0": "master_secret",
    "client_application_traffic_secret_1": "client_application_traffic_secret_0",
    "exporter_master_secret": "master_secret",
    "resumption_master_secret": "master_secret",
    "ticket_0_PSK": "resumption_master_secret",
}


def secrets(told: Story) -> dict[str, Secret]:
    return {secret.name: secret for secret in told.secrets}


def test_the_tree_is_that_of_rfc_8446() -> None:
    found = secrets(story("tls13"))
    assert {name: found[name].parent for name in RFC8446_TREE} == RFC8446_TREE
    assert found["(EC)DHE"].operation == "x25519"
    assert ("IKM", "(EC)DHE") in [(each.name, each.source) for each in found["handshake_secret"].inputs]


@pytest.mark.parametrize("name", BY_NAME)
def test_every_secret_of_the_key_log_is_in_the_tree(name: str) -> None:
    """That the values are equal is checked where the tree is made."""
    lines: list[str] = []
    joined = BY_NAME[name].join(client={"keylog": lines.append})
    watch, twin = watched(BY_NAME[name])
    joined.handshake().raise_errors()
    twin.handshake().raise_errors()
    found = secrets(watch.story(name))
    for line in lines:
        label, _, value = line.split()
        assert found[KEY_LOG_NAMES[label]].value.hex() == value
    assert lines


@pytest.mark.parametrize("name", BY_NAME)
def test_the_keys_are_those_that_the_cores_installed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    watch, joined = watched(BY_NAME[name])
    installed: dict[tuple[str, Epoch], TrafficSecret | TrafficKeys12] = {}
    connection = joined.client.connection
    install = connection.install

    def spy(direction: Direction, epoch: Epoch, keys: TrafficSecret | TrafficKeys12) -> None:
        installed[CLIENT if direction is Direction.WRITE else SERVER, epoch] = keys
        install(direction, epoch, keys)

    monkeypatch.setattr(connection, "install", spy)
    joined.handshake().raise_errors()
    found = secrets(watch.story(name))
    for (sender, epoch), keys in installed.items():
        if isinstance(keys, TrafficSecret):
            prefix = f"{sender}_{epoch.name.lower()}"
            assert (found[f"{prefix}_write_key"].value, found[f"{prefix}_write_iv"].value) == (keys.key(), keys.iv())
        else:
            assert found[f"{sender}_write_key"].value == keys.key
            assert found[f"{sender}_write_IV"].value == keys.iv if keys.iv else True
            assert found[f"{sender}_write_MAC_key"].value == keys.mac_key if keys.mac_key else True
    assert installed


def test_a_resumption_begins_with_the_tickets_psk() -> None:
    found = secrets(story("tls13 resumed"))
    assert found["early_secret"].parent == "PSK"
    assert found["binder_finished_key"].parent == "binder_key"
    assert found["binder_key"].label == "res binder"
    assert found["early_secret"].step == 0


def test_the_binders_of_both_hellos_are_told() -> None:
    found = secrets(story("tls13 resumed with hello retry"))
    assert [name for name in found if name in ("binder_0", "binder_1")] == ["binder_0", "binder_1"]


def test_the_master_secret_of_tls12_has_its_inputs() -> None:
    found = secrets(story("tls12 ECDHE"))
    assert found["premaster_secret"].operation == "ECDHE x25519"
    assert (found["master_secret"].label, found["master_secret"].parent) == (
        "extended master secret",
        "premaster_secret",
    )
    assert found["key_block"].parent == "master_secret"
    parts = b"".join(each.value for each in found.values() if each.parent == "key_block")
    assert parts == found["key_block"].value
    resumed = secrets(story("tls12 resumed by ticket"))
    assert (resumed["master_secret"].operation, resumed["master_secret"].step) == ("resumed session", 1)


@pytest.mark.parametrize("name", BY_NAME)
def test_secrets_come_after_what_they_are_made_of(name: str) -> None:
    seen: dict[str, Secret] = {}
    told = story(name)
    for secret in told.secrets:
        for source in (secret.parent, *(each.source for each in secret.inputs)):
            assert not source or seen[source].step <= secret.step
        assert secret.step < len(told.steps)
        assert secret.clause.startswith("RFC ")
        seen[secret.name] = secret


def messages(name: str) -> tuple[list[Told], dict[str, bytes], Watcher]:
    """The handshake of a scenario as its client saw it, and what was reported."""
    joined = BY_NAME[name].join()
    joined.handshake().raise_errors()
    watcher = joined.client.connection.config.tracer
    assert isinstance(watcher, Watcher)
    told, sent, received = [], iter(watcher.sent), iter(watcher.received)
    for number, (direction, _, raw) in enumerate(watcher.raw):
        message = next(sent if direction is Direction.WRITE else received)
        if hasattr(message, "handshake_type"):
            told.append(Told(number, CLIENT if direction is Direction.WRITE else SERVER, message, raw))
    return told, watcher.secrets, watcher


@pytest.mark.parametrize("name", ["tls13", "tls13 with AES-256 and RSA", "tls12 ECDHE", "tls12 DHE"])
def test_a_key_log_alone_gives_the_keys_below_its_secrets(name: str) -> None:
    told, reported, _ = messages(name)
    found = {each.name: each for each in key_schedule(told, {}, reported)}
    whole = secrets(story(name))
    assert found
    for each in found.values():
        assert each.value == whole[each.name].value
    log = {KEY_LOG_NAMES[label] for label in reported}
    assert {each.name for each in found.values() if not each.parent} == log
    assert any(each.endswith("write_key") for each in found)


def test_a_secret_that_was_reported_otherwise_is_an_error() -> None:
    told, reported, _ = messages("tls13")
    wrong = {**reported, "SERVER_HANDSHAKE_TRAFFIC_SECRET": bytes(32)}
    with pytest.raises(ProtocolError, match="server's Finished differs") as caught:
        key_schedule(told, {}, wrong)
    assert caught.value.problem is Problem.INTERNAL_ERROR
    with pytest.raises(ProtocolError, match="client_handshake_traffic_secret is not what the connection uses"):
        key_schedule(told, {"(EC)DHE": bytes(32)}, reported)


def test_nothing_is_known_before_server_hello() -> None:
    told, reported, _ = messages("tls13")
    assert key_schedule(told[:1], {}, reported) == ()


def test_a_psk_that_was_not_taken_stands_beside_the_schedule() -> None:
    scenario = BY_NAME["tls13 resumed"]
    watch = Watch()
    joined = scenario.join(
        client={"tracer": watch.tracer(CLIENT)},
        server={"tracer": watch.tracer(SERVER), "ticket_keys": TicketKeys(SeededEnv(b"others", TIME))},
    )
    joined.handshake().raise_errors()
    found = secrets(watch.story(""))
    assert found["binder_key"].parent == "early_secret"
    assert found["early_secret"].parent == "PSK"
    assert found["derived_for_handshake"].parent == "early_secret_without_PSK"
    assert found["early_secret_without_PSK"].parent == ""


def test_values_of_secrets_stay_out_of_their_repr() -> None:
    told = Secret("master_secret", "PRF", "", "", (Input("premaster_secret", b"in the dark"),), b"kept dark", "RFC", 1)
    assert "dark" not in repr(told)
