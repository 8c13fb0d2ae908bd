"""Telegram: texts both ways through a Bot API that answers, lies, or is
silent."""

import json
import urllib.error
import urllib.request

import pytest

from lib.fake_telegram import GROUP, TOKEN, USER, FakeTelegram
from lib.process import free_port, wait_for


class Bot:
    """A scene whose one line is a bot at the fake Bot API."""

    def __init__(self, scene, telegram):
        self.scene, self.telegram = scene, telegram
        self.domain, self.alice = scene.domain, scene.alice
        self.romeo = f"{USER}@{scene.domain}"
        self.group = f"{GROUP}@{scene.domain}"

    def make(self, network=None, gateway=None, **line):
        self.scene.make_gateway(
            gateway=gateway or {},
            networks={"sms": {"settle": 0, "inbox": [self.alice.jid],
                              **(network or {})}},
            lines={"bot": {"network": "sms", "driver": "telegram",
                           "token": TOKEN, "api": self.telegram.api,
                           "poll_timeout": 5, **line}})
        return self

    def start(self, **changes):
        self.make(**changes)
        self.gateway.start()
        return self

    @property
    def gateway(self):
        return self.scene.gateway

    def hears(self, body, sender=None, timeout=10):
        return self.alice.expect_text(sender or self.romeo, body, timeout)


@pytest.fixture
def telegram():
    telegram = FakeTelegram()
    yield telegram
    telegram.close()


@pytest.fixture
def bot(make_scene, telegram):
    return Bot(make_scene("prosody"), telegram)


def test_texts_both_ways(bot, telegram):
    bot.start()
    telegram.say("hello from Verona")
    heard = bot.hears("hello from Verona")
    nick = heard.find("{http://jabber.org/protocol/nick}nick")
    assert nick is not None and nick.text == "Romeo"
    bot.alice.text(bot.romeo, "hello back")
    sent = telegram.wait_sent()
    assert sent[0]["chat_id"] == USER and sent[0]["text"] == "hello back"
    bot.gateway.wait_idle()
    assert TOKEN not in bot.gateway.log()


def test_the_offset_moves_after_the_commit(bot, telegram):
    """What was not committed is asked for again; what was, never twice."""
    bot.start()
    first = telegram.say("one")
    bot.hears("one")
    polls = telegram.wait_calls("getUpdates", 2)
    assert "offset" not in polls[0]["params"]
    telegram.say("two")
    bot.hears("two")
    bot.gateway.kill()
    telegram.again(first)  # a second copy, after everything
    telegram.again(first, number=first["update_id"] + 1000)
    bot.gateway.start()
    telegram.say("three")
    bot.hears("three")
    # The stream repeats, with the same id, what was not fenced.
    texts = {s.id: s.body for s in bot.alice.stanzas if s.body}
    assert list(texts.values()) == ["one", "two", "three"]


def test_killed_before_the_commit(bot, telegram):
    """Telegram gives again what no commit has kept."""
    bot.make()
    bot.gateway.start(env={"MOONGATE_CRASH": "commit:1"}, wait=False)
    for i in range(5):
        telegram.say(f"text {i}")
    bot.gateway.process.wait(20)
    bot.gateway.start()
    for i in range(5):
        bot.hears(f"text {i}")
    telegram.say("after")
    bot.hears("after")
    assert len(bot.alice.texts(bot.romeo)) == 6


def test_a_lost_answer_is_at_most_one_more_copy(bot, telegram):
    bot.start()
    telegram.fault("sendMessage", lose=True)
    bot.alice.text(bot.romeo, "lost answer")
    telegram.wait_sent(2)
    bot.alice.text(bot.romeo, "next")
    telegram.wait_sent(3)
    bot.gateway.wait_idle()
    assert telegram.texts() == ["lost answer", "lost answer", "next"]


@pytest.mark.parametrize("fault", [
    {"half": True}, {"status": 502, "body": "<html>bad gateway</html>"},
    {"status": 200, "body": "{\"ok\":tr"}])
def test_unclear_answers_keep_the_order(bot, telegram, fault):
    bot.start()
    telegram.fault("sendMessage", **fault)
    bot.alice.text(bot.romeo, "first")
    bot.alice.text(bot.romeo, "second")
    bot.gateway.wait_idle()
    wait_for(lambda: "second" in telegram.texts(), 20, telegram.texts)
    assert list(dict.fromkeys(telegram.texts())) == ["first", "second"]


def test_not_sent_is_tried_again_without_a_copy(bot, telegram):
    bot.start()
    telegram.fault("sendMessage", status=500, body={
        "ok": False, "error_code": 500,
        "description": "Internal Server Error: restart"})
    bot.alice.text(bot.romeo, "once")
    telegram.wait_sent()
    bot.gateway.wait_idle()
    assert telegram.texts() == ["once"]


def test_a_throttled_chat_does_not_hold_others(bot, telegram):
    bot.start()
    telegram.fault("sendMessage", status=429, body={
        "ok": False, "error_code": 429, "description": "Too Many Requests: "
        "retry after 3", "parameters": {"retry_after": 3}})
    bot.alice.text(bot.romeo, "slow")
    telegram.wait_calls("sendMessage")
    bot.alice.text(f"5002@{bot.domain}", "quick")
    assert telegram.wait_sent()[0]["text"] == "quick"
    assert telegram.wait_sent(2)[1]["text"] == "slow"
    first, _, last = telegram.wait_calls("sendMessage", 3)
    assert last["at"] - first["at"] >= 2.9
    assert bot.gateway.line("bot")["state"] == "online"


def test_who_blocked_the_bot(bot, telegram):
    bot.start()
    telegram.blocked.add(USER)
    stanza = bot.alice.text(bot.romeo, "are you there?")
    error = bot.alice.expect_error(stanza)
    assert error.condition == "forbidden"
    assert "blocked" in error.error_text


def test_what_is_no_chat(bot, telegram):
    bot.start()
    stanza = bot.alice.text(f"romeo@{bot.domain}", "hello")
    assert bot.alice.expect_error(stanza).condition == "item-not-found"
    assert not telegram.sent


def test_a_group_that_moves_keeps_its_address(bot, telegram):
    bot.start()
    telegram.say("hi all", chat=GROUP)
    bot.hears("Romeo: hi all", bot.group)
    telegram.moved[GROUP] = -1007001
    bot.alice.text(bot.group, "still here?")
    assert telegram.wait_sent()[0]["chat_id"] == -1007001
    telegram.say("yes", chat=-1007001)
    bot.hears("Romeo: yes", bot.group)
    bot.gateway.restart()
    bot.alice.text(bot.group, "good")
    assert telegram.wait_sent(2)[1]["chat_id"] == -1007001


def test_long_texts_are_cut_between_characters(bot, telegram):
    bot.start()
    family = "\U0001F468\u200D\U0001F469\u200D\U0001F467"  # 8 units
    bot.alice.text(bot.romeo, "x" + family * 1200)
    sent = telegram.wait_sent(3)
    assert "".join(m["text"] for m in sent) == "x" + family * 1200
    for message in sent[1:]:
        assert message["text"].startswith(family)


def test_a_wrong_token_waits_for_the_admin(bot, telegram):
    telegram.token = "1:other"
    bot.make()
    bot.gateway.start(wait=False)
    bot.gateway.wait_log("@BotFather")
    assert bot.gateway.line("bot")["state"] == "waiting"
    assert len(telegram.wait_calls("getMe")) == 1


def test_another_reader_is_told(bot, telegram):
    conflict = {"ok": False, "error_code": 409, "description": "Conflict: "
                "terminated by other getUpdates request"}
    telegram.fault("getUpdates", times=2, status=409, body=conflict)
    bot.start()
    telegram.say("just a moment")
    bot.hears("just a moment", timeout=20)


def test_updates_that_lie(bot, telegram):
    """Bad answers, odd updates and wrong order lose nothing."""
    bot.start()
    telegram.fault("getUpdates", status=200, body='{"ok":true,"result":7}')
    telegram.fault("getUpdates", half=True)
    telegram.update(message={"message_id": "x", "chat": []})
    telegram.update(poll={"id": "1"})
    telegram.update()
    telegram.say("good")
    with telegram.lock:
        telegram.updates.reverse()
    telegram.say("\x00nul \ufffe odd")
    bot.hears("good", timeout=20)
    bot.alice.expect(lambda s: s.body and s.body.endswith("odd"))
    assert bot.gateway.line("bot")["state"] == "online"


# ---- webhook ------------------------------------------------------------


def hooked(bot, **line):
    port = free_port()
    return bot.start(gateway={"hook_listen": f"127.0.0.1:{port}"},
                     mode="webhook", **line)


def post(url, update, **headers):
    body = update if isinstance(update, bytes) else json.dumps(update).encode()
    request = urllib.request.Request(url, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def secret(telegram):
    return {"X-Telegram-Bot-Api-Secret-Token": telegram.hook["secret_token"]}


def test_webhook(bot, telegram):
    hooked(bot)
    update = telegram.say("pushed")
    bot.hears("pushed")
    url = telegram.hook["url"]
    assert post(url, update, **secret(telegram)) == 200  # again
    assert post(url, {"update_id": 1}, **secret(telegram)) == 200
    assert post(url, b"{nonsense", **secret(telegram)) == 200
    telegram.say("second")
    bot.hears("second")
    assert bot.alice.texts(bot.romeo) == ["pushed", "second"]
    for word in (TOKEN, telegram.hook["secret_token"], url.split("/")[-1]):
        assert word not in bot.gateway.log()


def test_webhook_forged(bot, telegram):
    hooked(bot)
    good, url = secret(telegram), telegram.hook["url"]
    name, word = next(iter(good.items()))
    forged = {"update_id": 9, "message": telegram.message("forged")}
    for wrong in ({}, {name: ""}, {name: word[:-1]}, {name: word + "0"},
                  {name: word.upper()}, {name: TOKEN}):
        assert post(url, forged, **wrong) == 403
    assert post(url[:-1], forged, **good) == 404
    telegram.say("true")
    bot.hears("true")
    assert bot.alice.texts() == ["true"]


def test_webhook_comes_again_after_a_crash(bot, telegram):
    """Killed between the request and its commit, nothing is lost."""
    port = free_port()
    bot.make(gateway={"hook_listen": f"127.0.0.1:{port}"}, mode="webhook")
    bot.gateway.start(env={"MOONGATE_CRASH": "commit:1"}, wait=False)
    for i in range(4):
        telegram.say(f"text {i}")
    bot.gateway.process.wait(20)
    bot.gateway.start()
    for i in range(4):
        bot.hears(f"text {i}")


def test_from_webhook_to_poll(bot, telegram):
    hooked(bot)
    telegram.say("pushed")
    bot.hears("pushed")
    bot.gateway.stop()
    telegram.say("between")
    bot.gateway.write_config({"lines": {"bot": {"mode": "poll"}}})
    bot.gateway.start()
    assert telegram.hook is None
    bot.hears("between")


def test_webhook_needs_a_listener(bot, telegram):
    bot.make(mode="webhook")
    bot.gateway.start(wait=False)
    bot.gateway.wait_log("hook_listen")
