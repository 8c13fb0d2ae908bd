"""Fixtures: real servers shared by all tests, a scene for each."""

import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))

from lib import servers  # noqa: E402
from lib.gateway import program  # noqa: E402
from lib.scene import Scene  # noqa: E402

SCENES = {"prosody": 240, "ejabberd": 120}  # component domains prepared
KINDS = {"prosody": servers.Prosody, "ejabberd": servers.Ejabberd}
USUAL = "prosody"       # where the server does not matter
VARIATIONS = {
    "privilege": {"privilege": True},   # XEP-0356 for every component
    "listeners": {"listeners": 2},      # components on either in turn
}


def _domains(count):
    return [f"sms{i}.{servers.HOST}" for i in range(count)]


def _users(count):
    return [f"{name}{i}" for i in range(count) for name in "ab"]


def pytest_addoption(parser):
    parser.addoption("--shard", default="1/1", metavar="K/N",
                     help="run the K-th of N equal shares of the tests; "
                     "most of them wait, so shares run well side by side")
    parser.addoption("--server", metavar="NAME[+VARIATION...]",
                     help="run every scene on this server, and what must "
                     "hold on both on this one alone; variations: "
                     + ", ".join(VARIATIONS))


def chosen(config):
    """(kind of server, options for it) of --server; (None, {}) without."""
    kind, *names = (config.getoption("--server") or "").split("+")
    options = {}
    for name in names:
        options.update(VARIATIONS[name])
    return (kind, options) if kind in KINDS else (None, {})


def pytest_generate_tests(metafunc):
    """`server_name`: for tests that must hold on both servers."""
    if "server_name" in metafunc.fixturenames:
        kind, _ = chosen(metafunc.config)
        metafunc.parametrize("server_name", [kind] if kind else list(KINDS))


def pytest_configure(config):
    config.addinivalue_line("markers", "without(VARIATION): is about servers "
                            "that are not so")


def pytest_collection_modifyitems(config, items):
    _, options = chosen(config)
    for item in items:
        for mark in item.iter_markers("without"):
            if VARIATIONS[mark.args[0]].items() <= options.items():
                item.add_marker(pytest.mark.skip(
                    reason=f"is about servers without {mark.args[0]}"))
    share, shares = map(int, config.getoption("--shard").split("/"))
    config.hook.pytest_deselected(items=[
        item for i, item in enumerate(items) if i % shares != share - 1])
    items[:] = items[share - 1::shares]


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory, request):
    """Starts each kind of server once, when first asked for."""
    running = {}
    kind, options = chosen(request.config)

    def get(name):
        name = kind if kind and name == USUAL else name
        why = servers.missing(name)
        if why:
            pytest.skip(why)
        if name not in running:
            count = max(SCENES.values()) if kind else SCENES[name]
            running[name] = KINDS[name](
                tmp_path_factory.mktemp(name), _domains(count),
                _users(count), ["mallory"],
                **(options if name == kind else {})).start()
        return running[name]
    yield get
    for server in running.values():
        server.stop()


@pytest.fixture
def private_server(tmp_path, request):
    """A server for tests that stop, freeze or reconfigure it."""
    running = []
    kind, variation = chosen(request.config)

    def get(name, **options):
        why = servers.missing(name)
        if why:
            pytest.skip(why)
        options.setdefault("domains", ["sms0.localhost", "sms1.localhost"])
        options.setdefault("users", _users(2))
        if name == kind:
            options = {**variation, **options}
        server = KINDS[name](
            tmp_path / f"{name}{len(running)}", strangers=["mallory"],
            **options)
        running.append(server)
        return server.start()
    yield get
    for server in running:
        server.stop()


@pytest.fixture
def make_scene(tmp_path, shared_server):
    """make_scene(), or with a private server as argument."""
    if not os.access(program(), os.X_OK):
        pytest.fail(f"{program()} is not there: run make first")
    made = []

    def make(server=USUAL, index=0):
        if isinstance(server, str):
            server = shared_server(server)
            index = server.next_index()
        made.append(Scene(server, index, tmp_path / f"scene{len(made)}"))
        return made[-1]
    yield make
    problems = []
    for scene in made:
        try:
            scene.close()
        except AssertionError as error:
            problems.append(str(error))
    assert not problems, "\n".join(problems)


@pytest.fixture
def scene(make_scene, server_name):
    """A running scene on each of the servers."""
    return make_scene(server_name).start()


@pytest.fixture
def simple(make_scene):
    """A running scene where the server does not matter."""
    return make_scene().start()
