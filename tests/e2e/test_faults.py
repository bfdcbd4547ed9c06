"""What goes wrong on the road: a killed manager, a cut connection, a manager that is busy, a person who stops."""

from __future__ import annotations

import contextlib
import http.server
import itertools
import signal
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.e2e.field import Field, ended, free_ports, in_the_field, never_answering, until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.nginx, pytest.mark.slow, pytest.mark.xdist_group("e2e")]


@pytest.fixture
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    with in_the_field(tmp_path_factory.mktemp("one")) as here:
        yield here


@pytest.fixture
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    with in_the_field(tmp_path_factory.mktemp("two"), instances=2) as here:
        yield here


def test_a_publish_outlives_the_death_of_its_manager(one: Field) -> None:
    """The next manager puts the node back, the waiting client says so with 6, and the same plan can be run again."""
    assert one.penstock("plan", "slow").code == 0
    with never_answering(one.slow_port):
        publishing = one.begin("publish", "slow.plan.json")
        until(lambda: one.serves() == ["edge-1 one"], "the new configuration, before its probe has answered")
        assert one.end_manager(signal.SIGKILL) == -signal.SIGKILL
        one.start_manager()
        assert one.serves() == ["edge-1, set up by hand"]
        first = ended(publishing)
    assert first.code == 6, first.stdout + first.stderr
    assert "verified back on its earlier version" in first.stdout
    with socket.create_server(("127.0.0.1", one.slow_port)) as listener:
        again = one.begin("publish", "slow.plan.json")
        answer(listener.accept()[0])
        second = ended(again)
    assert second.code == 0, second.stdout + second.stderr
    assert "edge-1: is tried again: the try of " in second.stderr
    assert one.serves() == ["edge-1 one"]


def test_a_manager_that_stays_dead_is_8(one: Field) -> None:
    """The client waits for the node's deadline and its grace, and then says that nobody knows what runs."""
    settings = one.project / "penstock.toml"
    settings.write_text(settings.read_text().replace("deadline_s = 20", "deadline_s = 2"))
    assert one.penstock("plan", "slow").code == 0
    with never_answering(one.slow_port):
        publishing = one.begin("publish", "slow.plan.json")
        until(lambda: one.serves() == ["edge-1 one"], "the new configuration, before its probe has answered")
        one.end_manager(signal.SIGKILL)
        end = ended(publishing)
    assert end.code == 8, end.stderr
    assert "edge-1" in end.stdout
    one.start_manager()
    assert one.serves() == ["edge-1, set up by hand"]


def test_a_second_ctrl_c_leaves_at_once(one: Field) -> None:
    """130 while the node is still at work; what is left in doubt is named, with the way to find out."""
    assert one.penstock("plan", "slow").code == 0
    with never_answering(one.slow_port):
        publishing = one.begin("publish", "slow.plan.json")
        until(lambda: one.serves() == ["edge-1 one"], "the new configuration, before its probe has answered")
        stop(publishing)
        publishing.send_signal(signal.SIGINT)
        end = ended(publishing)
        assert one.pending()
    assert end.code == 130, end.stderr
    assert "edge-1: unknown, interrupted while it was being published to" in end.stderr


def stop(publishing: subprocess.Popen[str]) -> None:
    """One Ctrl-C, and the word that it was heard."""
    publishing.send_signal(signal.SIGINT)
    assert publishing.stderr is not None
    while "Stopping after the current target" not in (line := publishing.stderr.readline()):
        assert line, "the publish ended without a word"


def answer(waiting: socket.socket) -> None:
    """Say 200 to a probe that waits."""
    waiting.recv(4096)
    waiting.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    waiting.close()


def test_ctrl_c_stops_before_the_next_target(two: Field) -> None:
    """The target in hand is finished, the next is not begun; 130, and what was left is said."""
    assert two.penstock("plan", "slow-all").code == 0
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", two.slow_port))
        listener.listen(8)
        publishing = two.begin("publish", "slow-all.plan.json")
        waiting, _ = listener.accept()  # the first target's probe
        stop(publishing)
        answer(waiting)
        end = ended(publishing)
    assert end.code == 130, end.stderr
    assert two.serves() == ["edge-1 one", "edge-2, set up by hand"]
    assert "edge-1: active" in end.stderr
    assert "edge-2: refused, it was not tried: stopped before it" in end.stderr


class Busy(http.server.BaseHTTPRequestHandler):
    """Answers everything with 429 and a second to wait."""

    asked: list[float]

    def do_GET(self) -> None:
        self.asked.append(time.monotonic())
        self.send_response(429)
        self.send_header("Retry-After", "1")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the standard library
        return


@contextlib.contextmanager
def busy(here: Field, port: int) -> Iterator[list[float]]:
    """A proxy before the manager, with its certificate, that has no time; yields when it was asked."""
    Busy.asked = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(here.certificate, here.certificate.with_name("key.pem"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Busy)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Busy.asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_busy_manager_is_waited_for_and_then_5(one: Field) -> None:
    """Retry-After is kept between tries; when it goes on, 5 says that nothing was changed."""
    assert one.penstock("plan", "one").code == 0
    (port,) = free_ports(1)
    one.point_at(port)
    with busy(one, port) as asked:
        end = one.penstock("publish", "one.plan.json")
    assert end.code == 5, end.stderr
    assert "429" in end.stderr or "too many" in end.stderr.lower(), end.stderr
    assert len(asked) == 4
    assert all(0.9 < later - earlier < 5 for earlier, later in itertools.pairwise(asked))
    assert one.serves() == ["edge-1, set up by hand"]


class Cutter:
    """A TCP proxy to the manager that can be told to cut every connection, and to take no more."""

    def __init__(self, port: int, to: int) -> None:
        self._to = to
        self._pairs: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", port))
        self._begin(self._accept)

    def _begin(self, work: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=work, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._to))
            self._pairs += [near, far]
            self._begin(self._pump, near, far)
            self._begin(self._pump, far, near)

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def cut(self) -> None:
        """Cut every connection, and refuse new ones from now on."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._pairs:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for one in self._pairs:
            one.close()


def test_a_connection_cut_after_the_202_is_found_out_by_a_second_run(one: Field) -> None:
    """The publish goes on at the manager; the same plan, run again by the straight way, finds how it ended."""
    assert one.penstock("plan", "slow").code == 0
    (port,) = free_ports(1)
    one.point_at(port)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", one.slow_port))
        listener.listen(8)
        cutter = Cutter(port, one.port)
        publishing = one.begin("publish", "slow.plan.json")
        try:
            waiting, _ = listener.accept()  # the node has the files, so the 202 is long sent
        finally:
            cutter.cut()
        answer(waiting)
        until(lambda: not one.pending(), "the end at the manager")
        stop(publishing)
        publishing.send_signal(signal.SIGINT)
        first = ended(publishing)
    assert first.code == 130, first.stderr
    assert one.serves() == ["edge-1 one"]
    one.point_at(one.port)
    second = one.penstock("publish", "slow.plan.json")
    assert second.code == 0, second.stderr
    assert "active on every target" in second.stdout
