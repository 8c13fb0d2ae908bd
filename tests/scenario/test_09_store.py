"""Full and broken disks."""

import os
import shutil
import subprocess

import pytest

from lib.gateway import program
from lib.process import wait_for


@pytest.fixture
def small_disk(tmp_path):
    """A tiny file system of its own, where this is allowed."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)],
        capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("cannot mount a small disk here: " + done.stderr.strip())
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


def test_full_disk_refuses_visibly_and_recovers(make_scene, small_disk):
    scene = make_scene("prosody")
    scene.start(gateway={"state_dir": str(small_disk / "state"),
                         "min_free": 1})
    scene.talk("before")
    filler = small_disk / "filler"
    with open(filler, "wb") as file:
        try:
            while True:
                file.write(b"\0" * 65536)
                file.flush()
        except OSError:
            pass

    def refused():
        stanza = scene.alice.text(scene.contact(), "no room", receipt=False)
        scene.alice.fence(scene.domain)
        errors = [e for e in scene.alice.errors() if e.id == stanza]
        return errors and errors[0]
    error = wait_for(refused, 20, scene.gateway.tail)
    assert error.condition == "resource-constraint"
    assert error.error_type == "wait"
    assert scene.gateway.process.running()
    scene.phone_sends("waits on the SIM")
    os.unlink(filler)

    def accepted():
        stanza = scene.alice.text(scene.contact(), "room again")
        scene.alice.fence(scene.domain)
        return stanza not in [e.id for e in scene.alice.errors()]
    wait_for(accepted, 20, scene.gateway.tail)
    scene.phone_gets("room again")
    scene.alice.expect_text(scene.contact(), "waits on the SIM", 90)
    scene.gateway.stop()


def test_min_free_refuses_new_work(make_scene):
    """The owner's reserve is larger than what is free."""
    free = shutil.disk_usage("/tmp").free // (1024 * 1024)
    if free + 1000 > 1048576:
        pytest.skip("the disk is too large for this trick")
    scene = make_scene("prosody")
    scene.start(gateway={"min_free": free + 1000})
    stanza = scene.alice.text(scene.contact(), "no room")
    error = scene.alice.expect_error(stanza)
    assert error.condition == "resource-constraint"
    assert error.error_type == "wait"


def strace_works():
    if not shutil.which("strace"):
        return False
    return subprocess.run(
        ["strace", "-f", "-e", "inject=fdatasync:error=EIO:when=1",
         "true"], capture_output=True, check=False).returncode == 0


def test_broken_disk_stops_the_daemon_and_nothing_is_lost(make_scene):
    """EIO: the outcome is unknown, so it stops; a restart recovers."""
    if not strace_works():
        pytest.skip("strace cannot inject faults here")
    scene = make_scene("prosody").start(networks={"sms": {"settle": 1}})
    scene.talk("before")
    scene.gateway.stop()
    scene.gateway.wrapper = [
        "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync",
        "-e", "inject=fdatasync:error=EIO:when=4+"]
    # The leak checker cannot run below strace.
    scene.gateway.start(wait=False, env={"ASAN_OPTIONS": "detect_leaks=0"})
    wait_for(lambda: scene.gateway.process.running(), 5, "a start")

    sent = []

    def ended():
        if scene.gateway.process.running():
            sent.append(scene.alice.text(scene.contact(),
                                         f"io {len(sent)}"))
            try:
                scene.alice.fence(scene.domain, 1)
            except AssertionError:
                pass
        return not scene.gateway.process.running()
    wait_for(ended, 60, scene.gateway.tail)
    assert scene.gateway.process.wait() != 0
    assert "store" in scene.gateway.log()
    scene.gateway.wrapper = []
    confirmed = len([s for s in scene.alice.stanzas
                     if s.kind == "iq" and s.type == "result"]) - 1
    scene.gateway.start()
    scene.gateway.wait_idle(60)
    bounced = {e.id for e in scene.alice.errors()}
    texts = scene.phone_texts()
    lost = [n for n in range(confirmed)
            if f"io {n}" not in texts and sent[n] not in bounced]
    assert not lost


def test_damaged_store_is_told(simple):
    """A file that is no database: refused with advice, not overwritten."""
    simple.talk()
    simple.gateway.stop()
    path = os.path.join(simple.gateway.state, "moongate.db")
    assert os.path.exists(path)
    for suffix in ("-wal", "-shm"):
        if os.path.exists(path + suffix):
            os.unlink(path + suffix)
    with open(path, "r+b") as file:
        file.write(b"this is no database " * 100)
    before = os.path.getsize(path)
    done = simple.gateway.cli("run", check=False)
    assert done.returncode != 0 and "moongate.db" in done.stderr
    assert os.path.getsize(path) == before


def test_store_of_a_newer_release_is_refused(simple):
    simple.talk()
    simple.gateway.stop()
    import sqlite3
    path = os.path.join(simple.gateway.state, "moongate.db")
    base = sqlite3.connect(path)
    changed = base.execute("UPDATE meta SET value = 9999 "
                           "WHERE name = 'schema'").rowcount
    assert changed == 1
    base.commit()
    base.close()
    done = simple.gateway.cli("run", check=False)
    assert done.returncode != 0
    assert "newer" in done.stderr or "9999" in done.stderr, done.stderr


def sanitized():
    with open(program(), "rb") as file:
        return b"__asan_init" in file.read()


def test_valgrind_finds_nothing(make_scene):
    """The crash-free scenario under valgrind: no error, no leak."""
    if not shutil.which("valgrind"):
        pytest.skip("no valgrind")
    if sanitized():
        pytest.skip("the sanitizers look at this build")
    scene = make_scene("prosody")
    scene.simulate()
    gateway = scene.make_gateway(wrapper=[
        "valgrind", "-q", "--leak-check=full", "--error-exitcode=99",
        "--errors-for-leak-kinds=definite,indirect",
        "--show-leak-kinds=definite,indirect"])
    gateway.start(wait=False)
    gateway.wait_online(60)
    scene.talk("under valgrind")
    text = "длинный текст \U0001F319 " * 20
    stanza = scene.alice.text(scene.contact(), text)
    scene.phone_gets(text, timeout=60)
    scene.alice.expect_receipt(stanza, 60)
    scene.phone_sends(text)
    scene.alice.expect_text(scene.contact(), text, 60)
    scene.sim.fault("cms", modem="sim1", codes=[28])
    refused = scene.alice.text(scene.contact(), "refused")
    scene.alice.expect_error(refused, 60)
    scene.gateway.queue("--state", "all")
    gateway.stop()
