"""The other end of a conversation: a function in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from puressl.errors import SSLError

#: Seconds after which a test is taken to hang. Nothing takes a tenth of it.
PATIENCE = 20.0


class Task:
    """A function run in a thread; ``result`` waits for it and raises what it raised."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self._thread = threading.Thread(target=self._run, args=(function, arguments), daemon=True)
        self._outcome: Any = None
        self._error: BaseException | None = None
        self._thread.start()

    def _run(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        try:
            self._outcome = function(*arguments)
        except BaseException as error:
            self._error = error

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def result(self) -> Any:
        self._thread.join(PATIENCE)
        assert not self.running, "still waiting"
        if self._error is not None:
            raise self._error
        return self._outcome

    def error(self) -> SSLError:
        with pytest.raises(SSLError) as caught:
            self.result()
        return caught.value
