"""A client that never stops asking, and counts every request that is not answered as it should be."""

from __future__ import annotations

import http.client
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.cli.demonstration.fleet import Edge


class Hammer:
    """Asks every edge in turn, each request over a new connection, from `with` to its end.

    asked, failed: the counts so far. A failure is anything but a complete 200.
    """

    def __init__(self, edges: Sequence[Edge]) -> None:
        self.asked = 0
        self.failed = 0
        self.first_failure = ""
        self._edges = edges
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(edge,), daemon=True) for edge in edges]
        self._lock = threading.Lock()

    def _ask(self, edge: Edge) -> None:
        while not self._stop.wait(0.004):
            failure = self._once(edge)
            with self._lock:
                self.asked += 1
                if failure:
                    self.failed += 1
                    self.first_failure = self.first_failure or f"{edge.name}: {failure}"

    @staticmethod
    def _once(edge: Edge) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", edge.listen_port, timeout=10)
        try:
            connection.request("GET", "/", headers={"Host": "shop.example", "Connection": "close"})
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            return f"{type(error).__name__}: {error}"
        finally:
            connection.close()
        return "" if answer.status == 200 and body else f"status {answer.status}"

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=15)
