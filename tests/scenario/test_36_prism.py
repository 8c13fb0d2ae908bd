"""Requests of ours against a vendor's own description of its API: Prism (npm)
refuses what Twilio's OpenAPI file does not allow."""

import json
import os
import tarfile

import pytest
from test_30_http_driver import Line

from lib import node
from lib.process import Process, free_port, port_open, wait_for

PRISM, OPENAPI = "@stoplight/prism-cli@5.16.0", "@twilio-alpha/mcp@0.7.0"
FILE = "package/twilio-oai/spec/json/twilio_api_v2010.json"
PATH = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
ACCOUNT = "AC" + "0123456789abcdef" * 2


@pytest.fixture(scope="module")
def prism(tmp_path_factory):
    """Its port and log, and the file's one path that we use."""
    folder, why = node.packages(PRISM)
    archive, why_not = node.archive(OPENAPI)
    if folder is None or archive is None:
        pytest.skip(why or why_not)
    with tarfile.open(os.path.join(archive, "package.tgz")) as tar:
        spec = json.load(tar.extractfile(FILE))
    spec["paths"] = {PATH: spec["paths"][PATH]}
    place = tmp_path_factory.mktemp("prism")
    (place / "twilio.json").write_text(json.dumps(spec))
    port = free_port()
    process = Process(
        ["node", f"{folder}/node_modules/@stoplight/prism-cli/dist/index.js",
         "mock", "--errors", "--host", "127.0.0.1", "--port", port,
         place / "twilio.json"], place / "log",
        env=node.environment(folder)).start()
    wait_for(lambda: port_open(port), 60, process.log)
    process.base = f"http://127.0.0.1:{port}"
    yield process
    process.stop()


@pytest.mark.parametrize("text", ["hello", "h\u00e9llo & 100% \U0001F600"])
def test_twilio_takes_it(make_scene, prism, text):
    """It says 201 with an example of a message; its id becomes ours."""
    line = Line(make_scene("prosody"), prism, account=ACCOUNT)
    gateway = line.gateway
    line.scene.alice.text(line.scene.contact(), text)
    gateway.wait_idle()
    sent = gateway.queue("--state", "all")[0]
    assert sent["state"] == "sent"
    assert "SM" in json.dumps(gateway.trace(sent["id"])), "an id of Twilio's"


def test_twilio_would_not_take_that(make_scene, prism):
    """An account that is none: the description is really looked at."""
    line = Line(make_scene("prosody"), prism, account="nobody")
    stanza = line.scene.alice.text(line.scene.contact(), "hello")
    assert line.scene.alice.expect_error(stanza, 20).condition \
        == "not-acceptable"
