"""The lock that is had in the order it was asked for."""

from __future__ import annotations

import threading
import time

from puressl.io.turns import TurnLock

PATIENCE = 10.0


def test_lock_excludes() -> None:
    lock, inside, most = TurnLock(), [0], [0]

    def work() -> None:
        for _ in range(200):
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0)
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert most == [1]


def test_lock_goes_to_the_longest_waiting() -> None:
    lock, order, threads = TurnLock(), [], []

    def take(number: int) -> None:
        with lock:
            order.append(number)

    with lock:
        for number in range(5):
            threads.append(threading.Thread(target=take, args=(number,)))
            threads[-1].start()
            while len(lock._gates) <= number:
                time.sleep(0.001)
    for thread in threads:
        thread.join(PATIENCE)
    assert order == [0, 1, 2, 3, 4]


def test_busy_thread_does_not_starve_another() -> None:
    lock, rounds, stop = TurnLock(), [0], threading.Event()

    def hog() -> None:
        while not stop.is_set():
            with lock:
                rounds[0] += 1
                sum(range(20_000))

    thread = threading.Thread(target=hog)
    thread.start()
    try:
        for _ in range(20):
            asked = rounds[0]
            with lock:
                assert rounds[0] - asked <= 100
    finally:
        stop.set()
        thread.join(PATIENCE)


def test_lock_is_free_after_an_error() -> None:
    lock = TurnLock()
    try:
        with lock:
            raise RuntimeError
    except RuntimeError:
        pass
    with lock:
        pass


def test_turn_that_is_given_up_is_passed_on() -> None:
    lock = TurnLock()
    with lock:
        gate = threading.Lock()
        lock._gates.append(gate)
        lock._give_up(gate)
        assert not lock._gates
    with lock:
        pass


def test_turn_that_has_come_to_one_who_gave_up_is_passed_on() -> None:
    lock = TurnLock()
    with lock:
        gate = threading.Lock()
        gate.acquire()
        lock._gates.append(gate)
    assert not gate.locked()
    lock._give_up(gate)
    with lock:
        pass
