"""The gateway as a person sees it: Converse.js in Chromium, on the websocket
of a Prosody. Screenshots of every step are kept: in SCREENSHOTS if that is
set, or in a temporary folder."""

import os

import pytest

from lib import browser
from lib.scene import PHONE

NETWORK = "sms.localhost"
COMMANDS = "#commands-tabpanel"


@pytest.fixture
def desk(make_scene, private_server):
    why = browser.missing()
    if why:
        pytest.skip(why)
    return make_scene(private_server(
        "prosody", domains=[NETWORK], users=["juliet"],
        browsers=True)).start()


@pytest.fixture
def screen(desk, tmp_path, capsys):
    """Chromium with Converse in it."""
    web = tmp_path / "web"
    web.mkdir()
    why = browser.fetch_converse(str(web))
    if why:
        pytest.skip(why)
    page = browser.Page(str(web), desk.server.websocket)
    screen = browser.Browser(
        tmp_path / "profile",
        os.environ.get("SCREENSHOTS") or str(tmp_path / "screenshots"))
    screen.open(page.url)
    yield screen
    screen.close()
    page.close()
    with capsys.disabled():
        print(f"\nscreenshots: {screen.screenshots}")


def log_in(screen, jid, password):
    screen.type("#converse-login-jid", jid)
    screen.type("#converse-login-password", password)
    screen.click("button[type=submit]")
    screen.wait(".xmpp-status", "I am online")
    screen.shot("logged-in")


def register(screen):
    """By the gateway's commands: Converse has no page for gateways."""
    screen.click("a.show-client-info")
    screen.click("#commands-tab")
    screen.type(f"{COMMANDS} input[name=jid]", NETWORK)
    screen.click(f"{COMMANDS} input[type=submit]")
    screen.wait(f"{COMMANDS} a", "My settings")
    screen.shot("commands")
    screen.click(f"{COMMANDS} a", "Register")
    screen.wait(f"{COMMANDS} .alert", "You are registered")
    screen.shot("registered")
    screen.click(".modal-footer button", "Close")


def approve(screen):
    """The gateway, by name and picture, asks to see when she is there."""
    screen.click(f".open-chat[data-jid='{NETWORK}']", "Moongate: sms")
    screen.click(".alert button", "Approve")
    screen.wait(".modal", "Contact Request")
    screen.shot("contact-request")
    screen.click(".modal button[type=submit]", "Accept")
    screen.wait(".toast", "accepted")


def add_phone(screen, jid, name):
    screen.click(".dropdown--contacts button")
    screen.click("a.add-contact")
    screen.type(".add-xmpp-contact input[name=jid]", jid)
    screen.type(".add-xmpp-contact input[name=name]", name)
    screen.shot("add-contact")
    screen.click(".add-xmpp-contact button[type=submit]")
    screen.wait(".chat-head", name)
    screen.wait(".open-chat .chat-status--avatar")
    screen.shot("contact-is-there")


def test_converse_registers_adds_a_phone_and_sees_the_receipt(desk, screen):
    log_in(screen, "juliet@localhost", "juliet-pw")
    register(screen)
    approve(screen)
    add_phone(screen, f"{PHONE}@{NETWORK}", "Romeo")
    desk.sim.request("report", to=PHONE, delay=2)
    screen.type("textarea.chat-textarea", "Wherefore art thou?", enter=True)
    desk.phone_gets("Wherefore art thou?")
    assert screen.seen(".chat-msg", "Wherefore art thou?")
    screen.shot("texted")
    assert not screen.seen(".chat-msg__receipt")
    screen.wait(".chat-msg__receipt")
    screen.shot("receipt")
    desk.phone_sends("Call me but love")
    screen.wait(".chat-msg", "Call me but love")
    screen.shot("answered")
    users = desk.gateway.cli("users").stdout
    assert "juliet@localhost" in users
