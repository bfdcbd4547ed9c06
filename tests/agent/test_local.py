"""A publish to a real nginx ends active, refused or rolled back, and the node says the same."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from penstock.errors import NotFound
from penstock.model import FileSet, State
from penstock.ports import Probe
from tests.agent.nginxes import free_port, hammering

if TYPE_CHECKING:
    from tests.agent.nginxes import Nginx

pytestmark = pytest.mark.nginx

SITE = "sites-enabled/default"


def failures(answers: list[str]) -> list[str]:
    return [answer for answer in answers if answer not in {"old", "new"}]


def test_it_sees_the_master_as_it_runs(nginx: Nginx) -> None:
    """Observed names the binary, the version, the paths and the workers, with the same uid every time."""
    (seen,) = nginx.plane().observe()
    assert (seen.conf_path, seen.root, seen.prefix) == (str(nginx.conf), str(nginx.root), str(nginx.top))
    assert seen.binary.endswith("/nginx")
    assert seen.version[0].isdigit()
    assert len(seen.worker_pids) == 2
    assert any(word.startswith("--prefix=") for word in seen.configure_args)
    assert seen.uid == nginx.plane().observe()[0].uid


def test_a_master_outside_the_allowed_directories_is_not_there(nginx: Nginx) -> None:
    """Neither observed nor fetched."""
    from penstock.agent.local import LocalNginx

    elsewhere = LocalNginx(allowed=[str(nginx.top / "etc" / "ngin")])
    assert not elsewhere.observe()
    with pytest.raises(NotFound):
        elsewhere.fetch(nginx.uid)


def test_a_good_change_is_active_and_nobody_notices(nginx: Nginx) -> None:
    """The new answer is served, the disk is the plan's, other files keep mode and owner, no request failed."""
    before = nginx.tree()
    with hammering(nginx) as answers:
        result = nginx.publish(
            {SITE: nginx.site("new"), "conf.d/more.conf": b"# more\n"},
            probes=(Probe(f"http://127.0.0.1:{nginx.port}/", contains="new"),),
        )
    assert result.state is State.ACTIVE, result
    assert nginx.serves() == "new"
    assert not failures(answers)
    after = nginx.tree()
    assert after["ssl/site.key"] == before["ssl/site.key"]
    assert after[SITE] == before[SITE], "the link stays a link"
    assert after["sites-available/default"][3] == nginx.site("new").hex()
    assert set(after) - set(before) == {"conf.d/more.conf"}
    assert {path.name for path in nginx.beside.iterdir()} == {"lock", "previous"}
    assert any("worker" in fact for fact in result.evidence)


def test_a_removed_file_is_gone_and_its_directory_stays(nginx: Nginx) -> None:
    """What the plan no longer holds is removed; only the link goes where the file was a link."""
    nginx.publish({"conf.d/more.conf": b"# more\n"})
    other = nginx.site("new")
    result = nginx.publish({SITE: None, "conf.d/more.conf": other})
    assert result.state is State.ACTIVE, result
    assert SITE not in nginx.tree()
    assert "sites-available/default" in nginx.tree()
    assert nginx.serves() == "new"


def test_the_same_bytes_touch_nothing(nginx: Nginx) -> None:
    """A second publish of what runs is ACTIVE with the same workers."""
    assert nginx.publish({SITE: nginx.site("new")}).state is State.ACTIVE
    workers = nginx.plane().observe()[0].worker_pids
    inode = nginx.root.stat().st_ino
    assert nginx.publish({}).state is State.ACTIVE
    assert nginx.plane().observe()[0].worker_pids == workers
    assert nginx.root.stat().st_ino == inode


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("conf.d/a.conf", b"servr {}\n", "conf.d/a.conf:1"),
        ("conf.d/a.conf", b"upstream x { server no-such-host.invalid; }\n", "no-such-host.invalid"),
        ("nginx.conf", b"events {}\nhttp {\n", "nginx.conf:"),
    ],
    ids=["unknown directive", "unresolvable host", "unclosed block"],
)
def test_what_nginx_refuses_is_refused_with_its_own_words(nginx: Nginx, name: str, text: bytes, said: str) -> None:
    """The message names the real file and line, nothing is touched, and the same workers serve."""
    before, workers = nginx.tree(), nginx.plane().observe()[0].worker_pids
    result = nginx.publish({name: text})
    assert result.state is State.REFUSED, result
    assert said in result.message
    assert ".penstock" not in result.message
    assert nginx.tree() == before
    assert nginx.plane().observe()[0].worker_pids == workers


def test_a_moved_base_is_refused(nginx: Nginx) -> None:
    """A plan made on other bytes touches nothing."""
    wanted = nginx.with_files({SITE: nginx.site("new")})
    base = nginx.live().digest
    (nginx.root / "conf.d" / "hand.conf").write_bytes(b"# by hand\n")
    result = nginx.plane().apply(nginx.uid, wanted, base_digest=base, probes=(), deadline_s=20)
    assert result.state is State.REFUSED
    assert nginx.serves() == "old"
    assert (nginx.root / "conf.d" / "hand.conf").exists()


def test_a_held_port_is_rolled_back_and_nobody_notices(nginx: Nginx) -> None:
    """`nginx -t` and the signal both succeed; the old configuration serves all through, and the message says why."""
    before = nginx.tree()
    with socket.socket() as holder, hammering(nginx) as answers:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        result = nginx.publish({SITE: nginx.site("new", f"listen 127.0.0.1:{port};")})
    assert result.state is State.ROLLED_BACK, result
    assert "bind()" in result.message
    assert str(port) in result.message
    assert nginx.tree() == before
    assert set(answers) == {"old"}


@pytest.mark.parametrize("log", ["stderr", pytest.param("syslog:server=unix:/dev/null", marks=pytest.mark.slow)])
def test_a_held_port_is_told_soon_where_nginx_logs_to_no_file(nginx: Nginx, log: str) -> None:
    """nginx tries to bind for 2.5 s; once its master rests with the old workers it is decided, not at the deadline."""
    quiet = nginx.main().replace(f"{nginx.top}/error.log".encode(), log.encode())
    assert nginx.publish({"nginx.conf": quiet}).state is State.ACTIVE
    before = nginx.tree()
    with socket.socket() as holder, hammering(nginx) as answers:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        began = os.times().elapsed
        result = nginx.publish({SITE: nginx.site("new", f"listen 127.0.0.1:{holder.getsockname()[1]};")}, deadline_s=60)
        took_s = os.times().elapsed - began
    assert result.state is State.ROLLED_BACK, result
    assert "kept its old workers" in result.message
    assert str(nginx.root) in result.message
    assert took_s < 9
    assert nginx.tree() == before
    assert set(answers) == {"old"}


def test_a_reload_that_takes_long_is_waited_for(nginx: Nginx) -> None:
    """While the master has not dealt with the signal, that no new worker comes is no failure."""
    master = nginx.master()
    later = threading.Timer(2.0, os.kill, (master, signal.SIGCONT))

    def stop(step: str) -> None:
        if step == "signal":
            os.kill(master, signal.SIGSTOP)
            later.start()

    result = nginx.publish({SITE: nginx.site("new")}, step=stop)
    later.join()
    assert result.state is State.ACTIVE, result
    assert nginx.serves() == "new"


@pytest.mark.parametrize("log", ["error.log", "stderr"])
def test_workers_that_die_after_the_reload_are_healed(nginx: Nginx, log: str) -> None:
    """A working_directory that is not there passes `nginx -t`, kills every worker, and is taken back soon."""
    if log == "stderr":
        quiet = nginx.main().replace(f"{nginx.top}/error.log".encode(), b"stderr")
        assert nginx.publish({"nginx.conf": quiet}).state is State.ACTIVE
    main = nginx.main(f"working_directory {nginx.top}/nowhere;\n")
    if log == "stderr":
        main = main.replace(f"{nginx.top}/error.log".encode(), b"stderr")
    before = nginx.tree()
    began = os.times().elapsed
    result = nginx.publish({"nginx.conf": main}, deadline_s=60)
    assert result.state is State.ROLLED_BACK, result
    assert nginx.serves() == "old"
    assert nginx.tree() == before
    assert os.times().elapsed - began < 10


def test_a_certificate_that_vanishes_after_the_test_is_rolled_back(nginx: Nginx) -> None:
    """What `nginx -t` saw and the reload does not see leaves the old configuration serving, and is named."""
    pair = nginx.top / "pair.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    subprocess.run([*words, "-keyout", str(pair), "-out", f"{pair}.crt"], check=True, capture_output=True, timeout=30)

    def vanish(step: str) -> None:
        if step == "signal":
            pair.unlink()

    before = nginx.tree()
    text = f"server {{ listen 127.0.0.1:{free_port()} ssl; ssl_certificate {pair}.crt; ssl_certificate_key {pair}; }}\n"
    result = nginx.publish({"conf.d/tls.conf": text.encode()}, step=vanish)
    assert result.state is State.ROLLED_BACK, result
    assert str(pair) in result.message
    assert nginx.tree() == before
    assert nginx.serves() == "old"


def test_a_probe_that_is_not_answered_rolls_back(nginx: Nginx) -> None:
    """A configuration that does not serve what it should is taken back."""
    probe = Probe(f"http://127.0.0.1:{nginx.port}/", contains="something else")
    result = nginx.publish({SITE: nginx.site("new")}, probes=(probe,))
    assert result.state is State.ROLLED_BACK, result
    assert "something else" in result.message
    assert nginx.serves() == "old"


@pytest.mark.parametrize("at", ["exchange", "signal", "prove"])
def test_a_master_that_dies_in_the_middle_is_not_called_active(nginx: Nginx, at: str) -> None:
    """The old files are back on the disk, and the verdict says that no nginx runs."""
    before, master = nginx.tree(), nginx.master()

    def kill(step: str) -> None:
        if step == at:
            os.kill(master, signal.SIGSTOP)  # so that it starts no worker that nobody would end
            for pid in (*nginx.plane().observe()[0].worker_pids, master):
                os.kill(pid, signal.SIGKILL)

    result = nginx.publish({SITE: nginx.site("new")}, step=kill)
    assert result.state is State.UNKNOWN, result
    assert nginx.tree() == before


@pytest.mark.slow
def test_an_error_of_the_disk_at_a_step_ends_on_one_side_and_says_which(nginx: Nginx) -> None:
    """ENOSPC at each step in turn: the verdict, the disk and the answer agree."""
    before = nginx.tree()
    for at in ("look", "sync", "verify", "signal", "prove"):  # at the others the disk fills for real: test_places

        def full(step: str, at: str = at) -> None:
            if step == at:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        result = nginx.publish({SITE: nginx.site("new")}, step=full)
        active = result.state is State.ACTIVE
        assert active or result.state in {State.REFUSED, State.ROLLED_BACK}, (at, result)
        nginx.plane().recover()
        assert nginx.serves() == ("new" if active else "old"), (at, result)
        if active:
            assert nginx.publish({SITE: nginx.site("old")}).state is State.ACTIVE, at
        assert {name: held[3] for name, held in nginx.tree().items()} == {
            name: held[3] for name, held in before.items()
        }


@pytest.mark.parametrize(
    "line",
    ["pid {root}/nginx.pid;", "error_log {root}/error.log;", "lock_file {root}/lock;"],
)
def test_what_nginx_writes_may_not_stand_inside_root(nginx: Nginx, line: str) -> None:
    """The swap would take it away; the refusal names it."""
    text = line.format(root=nginx.root)
    main = nginx.main()
    if text.startswith("pid"):
        main = main.replace(f"pid {nginx.top}/nginx.pid;".encode(), b"")
    before = nginx.tree()
    result = nginx.publish({"nginx.conf": main.replace(b"events", f"{text}\nevents".encode(), 1)})
    assert result.state is State.REFUSED, result
    assert str(nginx.root) in result.message
    assert nginx.tree() == before


def test_files_outside_root_are_never_written(nginx: Nginx) -> None:
    """A plan that would change one is refused."""
    outside = nginx.top / "outside.conf"
    outside.write_bytes(b"# outside\n")
    live = nginx.live()
    result = nginx.plane().apply(
        nginx.uid,
        FileSet(live.root, live.entry, {**live.files, str(outside): b"# changed\n"}),
        base_digest=live.digest,
        probes=(),
        deadline_s=20,
    )
    if result.state is State.ACTIVE:
        # The files inside root are what runs already; what lies outside is context.
        assert outside.read_bytes() == b"# outside\n"
    changed = nginx.with_files({SITE: nginx.site("new")})
    result = nginx.plane().apply(
        nginx.uid,
        FileSet(live.root, live.entry, {**changed.files, str(outside): b"# changed\n"}),
        base_digest=live.digest,
        probes=(),
        deadline_s=20,
    )
    assert result.state is State.REFUSED, result
    assert outside.read_bytes() == b"# outside\n"


def test_a_file_that_nothing_includes_is_no_surprise(nginx: Nginx) -> None:
    """nginx would not read it, so it is refused by name before anything is touched."""
    result = nginx.publish({"unused/readme.conf": b"# nobody reads me\n"})
    assert result.state is State.REFUSED, result
    assert "unused/readme.conf" in result.message
    assert nginx.serves() == "old"


def test_a_folder_behind_an_absolute_link_is_not_written_before_the_swap(nginx: Nginx) -> None:
    """sites-enabled as a link to sites-available: a refused candidate leaves the live files untouched."""
    enabled = nginx.root / "sites-enabled"
    (enabled / "default").unlink()
    enabled.rmdir()
    enabled.symlink_to(nginx.root / "sites-available")
    before = nginx.tree()
    result = nginx.publish({SITE: b"servr {}\n"})
    assert result.state is State.REFUSED, result
    assert nginx.tree() == before
    result = nginx.publish({SITE: nginx.site("new")})
    assert nginx.serves() == ("new" if result.state is State.ACTIVE else "old"), result
    if result.state is not State.ACTIVE:
        assert nginx.tree() == before
