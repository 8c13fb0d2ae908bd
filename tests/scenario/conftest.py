"""Fixtures: real servers shared by all tests, a scene for each."""

import itertools
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

_indexes = {name: itertools.count() for name in KINDS}


def _domains(count):
    return [f"sms{i}.{servers.HOST}" for i in range(count)]


def _users(count):
    return [f"{name}{i}" for i in range(count) for name in "ab"]


def pytest_addoption(parser):
    parser.addoption("--shard", default="1/1", metavar="K/N",
                     help="run the K-th of N equal shares of the tests; "
                     "most of them wait, so shares run well side by side")


def pytest_collection_modifyitems(config, items):
    share, shares = map(int, config.getoption("--shard").split("/"))
    config.hook.pytest_deselected(items=[
        item for i, item in enumerate(items) if i % shares != share - 1])
    items[:] = items[share - 1::shares]


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory):
    """Starts each kind of server once, when first asked for."""
    running = {}

    def get(name):
        why = servers.missing(name)
        if why:
            pytest.skip(why)
        if name not in running:
            running[name] = KINDS[name](
                tmp_path_factory.mktemp(name), _domains(SCENES[name]),
                _users(SCENES[name]), ["mallory"]).start()
        return running[name]
    yield get
    for server in running.values():
        server.stop()


@pytest.fixture
def private_server(tmp_path):
    """A server for tests that stop, freeze or reconfigure it."""
    running = []

    def get(name, **options):
        why = servers.missing(name)
        if why:
            pytest.skip(why)
        options.setdefault("domains", ["sms0.localhost", "sms1.localhost"])
        options.setdefault("users", _users(2))
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
    """make_scene("prosody"), or with a private server as argument."""
    if not os.access(program(), os.X_OK):
        pytest.fail(f"{program()} is not there: run make first")
    made = []

    def make(server="prosody", index=0):
        if isinstance(server, str):
            name, server = server, shared_server(server)
            index = next(_indexes[name])
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


@pytest.fixture(params=list(KINDS))
def server_name(request):
    """For tests that must hold on both servers."""
    return request.param


@pytest.fixture
def scene(make_scene, server_name):
    """A running scene on each of the servers."""
    return make_scene(server_name).start()


@pytest.fixture
def simple(make_scene):
    """A running scene on Prosody, where the server does not matter."""
    return make_scene("prosody").start()
