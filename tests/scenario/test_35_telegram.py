"""Telegram: texts both ways through a Bot API that answers, lies, or is
silent."""

import base64
import hashlib
import json
import os
import re
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
    polls = telegram.wait_calls("getUpdates", 2, ended=False)
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


def befriend(bot):
    bot.alice.presence(bot.romeo, "subscribe")
    bot.alice.expect_presence(bot.romeo, "subscribed")


def test_who_blocked_the_bot(bot, telegram):
    bot.start()
    befriend(bot)
    telegram.blocked.add(USER)
    stanza = bot.alice.text(bot.romeo, "are you there?")
    error = bot.alice.expect_error(stanza)
    assert error.condition == "forbidden"
    assert "blocked" in error.error_text
    bot.alice.expect_presence(bot.romeo, "unsubscribed")
    telegram.blocked.clear()
    telegram.say("here again")
    bot.hears("here again")


def test_who_blocks_the_bot_is_told_at_once(bot, telegram):
    bot.start()
    befriend(bot)
    telegram.say("bye")
    bot.hears("bye")
    telegram.update(my_chat_member={
        "chat": {"id": USER, "type": "private"}, "from": {"id": USER},
        "new_chat_member": {"status": "kicked"}})
    bot.alice.expect_presence(bot.romeo, "unsubscribed")


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
    telegram.fault("getUpdates", status=409, body=conflict)
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


# ---- edits, replies, reactions, retractions, typing ----------------------

CORRECT = "{urn:xmpp:message-correct:0}replace"
REPLY = "{urn:xmpp:reply:0}reply"
REACTIONS = "{urn:xmpp:reactions:0}reactions"


def emoji(stanza):
    return [child.text for child in stanza.find(REACTIONS)]


def test_edits_of_what_came_in(bot, telegram):
    bot.start()
    message = telegram.message("frist")
    telegram.update(message=message)
    first = bot.hears("frist")
    for text in ("first", "first!"):
        telegram.update(edited_message={
            **message, "text": text, "edit_date": message["date"]})
        edit = bot.hears(text)
        assert edit.find(CORRECT).get("id") == first.id
    # Nobody knows what is edited here: it is a text.
    telegram.update(edited_message=telegram.message("unknown"))
    assert bot.hears("unknown").find(CORRECT) is None


def test_edits_of_what_went_out(bot, telegram):
    bot.start()
    first = bot.alice.text(bot.romeo, "helo")
    telegram.wait_sent()
    for text in ("hello", "hello!"):
        bot.alice.text(bot.romeo, text, extra="<replace id="
                       f"'{first}' xmlns='urn:xmpp:message-correct:0'/>")
    telegram.wait_calls("editMessageText", 2)
    assert telegram.texts() == ["hello!"]
    again = bot.alice.text(bot.romeo, "hello!", extra="<replace id="
                           f"'{first}' xmlns='urn:xmpp:message-correct:0'/>")
    telegram.wait_calls("editMessageText", 3)  # "is not modified" is fine
    bot.alice.text(bot.romeo, "lost", extra="<replace id='who-knows' "
                   "xmlns='urn:xmpp:message-correct:0'/>")
    assert telegram.wait_sent(2)[1]["text"] == "Corrected: lost"
    bot.gateway.wait_idle()
    assert not [e for e in bot.alice.errors() if e.id == again]


def test_edits_of_long_texts(bot, telegram):
    """Each message of it is edited; what is left over goes."""
    bot.start()
    first = bot.alice.text(bot.romeo, "a" * 9000)
    telegram.wait_sent(3)
    for text, parts in (("b" * 5000, 2), ("c", 1), ("d" * 9000, 3)):
        bot.alice.text(bot.romeo, text, extra="<replace id="
                       f"'{first}' xmlns='urn:xmpp:message-correct:0'/>")
        wait_for(lambda: len(telegram.sent) == parts
                 and "".join(telegram.texts()) == text, 10,
                 lambda: [len(t) for t in telegram.texts()])


def test_an_edit_that_follows_at_once(bot, telegram):
    """Its target has no number yet when it is accepted."""
    bot.start()
    telegram.fault("sendMessage", delay=1)
    first = bot.alice.text(bot.romeo, "helo")
    bot.alice.text(bot.romeo, "hello", extra="<replace id="
                   f"'{first}' xmlns='urn:xmpp:message-correct:0'/>")
    telegram.wait_calls("editMessageText")
    assert telegram.texts() == ["hello"]


def test_replies(bot, telegram):
    bot.start()
    message = telegram.message("question?")
    telegram.update(message=message)
    asked = bot.hears("question?")
    body = "> question?\nanswer!"
    answer = bot.alice.text(bot.romeo, body, extra=(
        f"<reply id='{asked.id}' to='{bot.romeo}' xmlns='urn:xmpp:reply:0'/>"
        "<fallback for='urn:xmpp:reply:0' xmlns='urn:xmpp:fallback:0'>"
        "<body start='0' end='12'/></fallback>"))
    sent = telegram.wait_sent()[0]
    assert sent["text"] == "answer!"
    assert sent["reply_parameters"]["message_id"] == message["message_id"]
    bot.gateway.wait_idle()  # it knows the number of its message
    telegram.say("thanks", reply_to_message={
        "message_id": sent["message_id"]})
    reply = bot.hears("thanks").find(REPLY)
    assert (reply.get("id"), reply.get("to")) == (answer, bot.alice.jid)
    telegram.say("more", reply_to_message=message)
    reply = bot.hears("more").find(REPLY)
    assert (reply.get("id"), reply.get("to")) == (asked.id, bot.romeo)


def test_reactions(bot, telegram):
    bot.start()
    message = telegram.message("joke")
    telegram.update(message=message)
    joke = bot.hears("joke")
    key = USER, message["message_id"]

    def react(*all_emoji):
        inside = "".join(f"<reaction>{e}</reaction>" for e in all_emoji)
        stanza = "r" + "".join(f"{ord(e[0]):x}" for e in all_emoji)
        bot.alice.raw(f"<message to='{bot.romeo}' id='{stanza}' type='chat'>"
                      f"<reactions id='{joke.id}' "
                      "xmlns='urn:xmpp:reactions:0'>"
                      f"{inside}</reactions></message>")
        return stanza
    react("\U0001F44D")
    wait_for(lambda: telegram.reactions.get(key) == ["\U0001F44D"], 10,
             lambda: telegram.reactions)
    react()
    wait_for(lambda: telegram.reactions.get(key) == [], 10,
             lambda: telegram.reactions)
    refused = bot.alice.expect_error(react("\U0001FAE0"))
    assert refused.condition == "feature-not-implemented"

    mine = bot.alice.text(bot.romeo, "my joke")
    number = telegram.wait_sent()[0]["message_id"]
    for news in (["\U0001F525"], []):
        telegram.update(message_reaction={
            "chat": message["chat"], "user": message["from"],
            "message_id": number, "date": message["date"],
            "old_reaction": [], "new_reaction": [
                {"type": "emoji", "emoji": e} for e in news]})
        stanza = bot.alice.expect(lambda s: s.find(REACTIONS) is not None)
        assert emoji(stanza) == news and stanza.body is None
        assert stanza.find(REACTIONS).get("id") == mine


def test_retractions(bot, telegram):
    bot.start()
    long = bot.alice.text(bot.romeo, "x" * 5000)
    telegram.wait_sent(2)
    bot.alice.text(bot.romeo, "stays")
    telegram.wait_sent(3)
    bot.alice.raw(f"<message to='{bot.romeo}' id='gone' type='chat'><body>"
                  f"retracted</body><retract id='{long}' "
                  "xmlns='urn:xmpp:message-retract:1'/></message>")
    wait_for(lambda: telegram.texts() == ["stays"], 10, telegram.texts)


def test_typing_and_what_is_advertised(bot, telegram):
    bot.start()
    telegram.say("hello")
    bot.hears("hello")
    bot.alice.raw(f"<message to='{bot.romeo}' type='chat'><composing xmlns="
                  "'http://jabber.org/protocol/chatstates'/></message>")
    call = telegram.wait_calls("sendChatAction")[0]
    assert call["params"] == {"chat_id": USER, "action": "typing"}
    info = bot.alice.iq(bot.romeo, "<query xmlns="
                        "'http://jabber.org/protocol/disco#info'/>")
    features = {f.get("var") for f in info.xml.iter(
        "{http://jabber.org/protocol/disco#info}feature")}
    assert {"urn:xmpp:message-correct:0", "urn:xmpp:message-retract:1",
            "urn:xmpp:reactions:0", "urn:xmpp:reply:0",
            "http://jabber.org/protocol/chatstates"} <= features
    assert "urn:xmpp:receipts" not in features


def test_styling(bot, telegram):
    bot.start()
    bot.alice.text(bot.romeo, "*bold* \U0001F600 _it_\n> quote\n```\nx\n```")
    sent = telegram.wait_sent()[0]
    assert sent["text"] == "bold \U0001F600 it\nquote\nx"
    assert [(e["type"], e["offset"], e["length"])
            for e in sent["entities"]] == [
        ("bold", 0, 4), ("italic", 8, 2), ("blockquote", 11, 5),
        ("pre", 17, 1)]
    telegram.say(sent["text"], entities=sent["entities"])
    bot.hears("*bold* \U0001F600 _it_\n> quote\n```\nx\n```")


# ---- media ----------------------------------------------------------------

OOB = "{jabber:x:oob}x/{jabber:x:oob}url"


def test_media_in(bot, telegram):
    """Fetched from Telegram, served by the gateway; what cannot be had is told
    in words. The token is in no URL that anybody sees."""
    port = free_port()
    bot.make(gateway={"hook_listen": f"127.0.0.1:{port}"})
    bot.gateway.write_config({"media": {"ways": ["files"]}})
    bot.gateway.start()
    telegram.files["id-1"] = "photos/file_1.jpg", b"a picture"
    telegram.say(photo=[{"file_id": "small", "file_size": 1},
                        {"file_id": "id-1", "file_size": 9}],
                 caption="look")
    url = bot.alice.expect(lambda s: s.find(OOB) is not None).body
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.read() == b"a picture"
        assert answer.headers["Content-Type"] == "image/jpeg"
    assert TOKEN not in url
    bot.hears("look")
    telegram.say(document={"file_id": "gone", "file_name": "a.bin"})
    words = bot.alice.expect(lambda s: s.body and "a.bin" in s.body).body
    assert words.startswith("[")
    telegram.say(sticker={"file_id": "x", "is_animated": True,
                          "emoji": "\U0001F600"})
    bot.hears("[Sticker \U0001F600]")
    assert TOKEN not in bot.gateway.log()


def test_media_out(bot, telegram):
    bot.start()

    def send(url, body, **extra):
        return bot.alice.text(bot.romeo, body, extra=(
            f"<x xmlns='jabber:x:oob'><url>{url}</url></x>"), **extra)
    photo = "https://upload.example.org/1/cat.JPG?x=1"
    send(photo, photo)
    assert telegram.wait_sent()[0]["photo"] == photo
    assert "caption" not in telegram.sent[0]
    send(photo, f"*my* cat\n{photo}")
    sent = telegram.wait_sent(2)[1]
    assert sent["caption"] == "my cat"
    assert sent["caption_entities"][0]["type"] == "bold"
    other = "https://upload.example.org/1/cat.xyz"
    send(other, other)
    assert telegram.wait_sent(3)[2]["text"] == other
    telegram.fault("sendVideo", status=400, body={
        "ok": False, "error_code": 400, "description":
        "Bad Request: failed to get HTTP URL content"})
    video = "https://upload.example.org/1/cat.mp4"
    send(video, video)
    assert telegram.wait_sent(4)[3]["text"] == video


# ---- pictures -------------------------------------------------------------

SMALL = b"\xff\xd8\xff\xe0 a face"
OTHER = b"\x89PNG\r\n\x1a\n another face"
CARD_TYPE = "{vcard-temp}TYPE"
PHOTO = "{vcard-temp:x:update}x/{vcard-temp:x:update}photo"


def has_picture(bot, sha1):
    """Until the user's last presence names it."""
    def named():
        return [s.find(PHOTO).text for s in bot.alice.stanzas
                if s.bare == bot.romeo and s.find(PHOTO) is not None]
    wait_for(lambda: named()[-1:] == [sha1], 10, named)


def photo_of(bot, client=None):
    card = (client or bot.alice).iq(bot.romeo, "<vCard xmlns='vcard-temp'/>")
    return (card.find(f".//{CARD_TYPE}").text,
            base64.b64decode(card.find(".//{vcard-temp}BINVAL").text))


def look_again(bot, telegram, text):
    """A new life asks again once the user writes; until the answer is there."""
    n = len(telegram.wait_calls("getChat"))
    bot.gateway.restart()
    telegram.say(text)
    bot.hears(text)
    telegram.wait_calls("getChat", n + 1)


def test_pictures(bot, telegram):
    """Presence, card and node have the user's picture, the next one, and none
    of his when that is too big."""
    telegram.photos[USER] = "small"
    telegram.files["small"] = "photos/small.jpg", SMALL
    telegram.files["other"] = "photos/other.png", OTHER
    telegram.files["big"] = "photos/big.jpg", SMALL + bytes(70000)
    bot.start()
    befriend(bot)
    generic = photo_of(bot)
    assert generic[0] == "image/png"
    telegram.say("look at me")
    has_picture(bot, hashlib.sha1(SMALL).hexdigest())
    assert photo_of(bot) == ("image/jpeg", SMALL)
    node = bot.alice.iq(
        bot.romeo, "<pubsub xmlns='http://jabber.org/protocol/pubsub'>"
        "<items node='urn:xmpp:avatar:metadata'/></pubsub>")
    info = node.find(".//{urn:xmpp:avatar:metadata}info")
    assert info.get("id") == hashlib.sha1(SMALL).hexdigest()
    assert info.get("type") == "image/jpeg"
    telegram.photos[USER] = "other"
    look_again(bot, telegram, "a new one")
    has_picture(bot, hashlib.sha1(OTHER).hexdigest())
    assert photo_of(bot) == ("image/png", OTHER)
    telegram.photos[USER] = "big"
    look_again(bot, telegram, "too big")
    has_picture(bot, hashlib.sha1(generic[1]).hexdigest())
    assert photo_of(bot) == generic
    assert [c["params"]["file_id"] for c in telegram.wait_calls("getFile")] \
        == ["small", "other", "big"]
    assert TOKEN not in bot.gateway.log()


def test_a_picture_that_fails(bot, telegram):
    """It is asked for in the next life; what is there is not fetched again,
    and nobody is asked twice in a life."""
    telegram.photos[USER] = "small"
    telegram.files["small"] = "photos/small.jpg", SMALL
    telegram.fault("getFile", status=500, body={
        "ok": False, "error_code": 500, "description": "Internal"})
    bot.start()
    befriend(bot)
    telegram.say("hello")
    bot.hears("hello")
    telegram.wait_calls("getFile")
    assert photo_of(bot)[0] == "image/png"
    look_again(bot, telegram, "hello again")
    has_picture(bot, hashlib.sha1(SMALL).hexdigest())
    telegram.say("once more")
    bot.hears("once more")
    look_again(bot, telegram, "the same")
    bot.gateway.stop()
    assert len(telegram.wait_calls("getChat")) == 3
    assert len(telegram.wait_calls("getFile")) == 2


# ---- invitations ----------------------------------------------------------


def invite(bot, account):
    """The code of a new link."""
    link = bot.gateway.cli("invite", "--as", account, "--network", "sms").stdout
    return re.fullmatch(r"https://t\.me/moon_bot\?start=([\w-]{1,64})\n",
                        link).group(1)


def test_an_invitation_binds_the_chat(bot, telegram):
    """Who opens the link is the contact of whoever made it; others are
    strangers."""
    bot.start()
    bob = bot.scene.bob
    bob.text(bot.domain, "invite")
    code = re.search(r"start=(\w+)$", bob.expect(
        lambda s: s.body and "t.me" in s.body).body).group(1)
    telegram.say(f"/start {code}")
    bob.expect_text(bot.romeo, "[Your invitation was accepted]")
    telegram.say("hello Bob")
    bob.expect_text(bot.romeo, "hello Bob")
    telegram.say(f"/start {code}", chat=5003, user=5003, name="Paris")
    bot.hears("/start", f"5003@{bot.domain}")
    assert invite(bot, bob.jid) != invite(bot, bob.jid)
    assert not bot.alice.texts(bot.romeo)


# ---- bots that users bring along ------------------------------------------

BOB_TOKEN = "777:a-bot-of-bobs"
SEAL_KEY = "a key for the tests, long enough"


def register(bot, client, **fields):
    fields = "".join(f"<field var='{name}'><value>{value}</value></field>"
                     for name, value in fields.items())
    return client.iq(bot.domain, "<query xmlns='jabber:iq:register'>"
                     "<x xmlns='jabber:x:data' type='submit'>"
                     f"{fields}</x></query>", "set")


def unregister(bot, client):
    return client.iq(bot.domain, "<query xmlns='jabber:iq:register'>"
                     "<remove/></query>", "set")


@pytest.fixture
def own(bot, telegram):
    """Alice has the first bot, Bob another."""
    bot.make(gateway={"seal_key": SEAL_KEY},
             network={"registration": "open"}, personal=True, token=None)
    bot.gateway.start()
    bot.bobs = FakeTelegram(BOB_TOKEN, beside=telegram)
    assert register(bot, bot.alice, token=TOKEN).type == "result"
    assert register(bot, bot.scene.bob, token=BOB_TOKEN).type == "result"
    telegram.wait_calls("getUpdates", ended=False)
    bot.bobs.wait_calls("getUpdates", ended=False)
    return bot


def test_bots_of_users(own, telegram):
    """Each talks through his own, sealed in the store; also after a
    restart."""
    alice, bob = own.alice, own.scene.bob
    telegram.say("for Alice")
    own.bobs.say("for Bob")
    own.hears("for Alice")
    bob.expect_text(own.romeo, "for Bob")
    alice.text(own.romeo, "from Alice")
    bob.text(own.romeo, "from Bob")
    assert telegram.wait_sent()[0]["text"] == "from Alice"
    assert own.bobs.wait_sent()[0]["text"] == "from Bob"
    own.gateway.stop()
    for name in os.listdir(own.gateway.state):
        path = os.path.join(own.gateway.state, name)
        if os.path.isfile(path):
            with open(path, "rb") as file:
                assert BOB_TOKEN.encode() not in file.read(), name
    own.gateway.start()
    own.bobs.say("again")
    bob.expect_text(own.romeo, "again")
    lines = own.gateway.status()["lines"]
    assert {line["owner"] for line in lines} == {alice.jid, bob.jid}
    for token in (TOKEN, BOB_TOKEN):
        assert token not in own.gateway.log()


def test_a_picture_of_one_s_own_bot(own, telegram):
    """Nobody else sees what it tells."""
    own.bobs.photos[USER] = "small"
    own.bobs.files["small"] = "photos/small.jpg", SMALL
    own.bobs.say("for Bob")
    own.scene.bob.expect_text(own.romeo, "for Bob")
    wait_for(lambda: photo_of(own, own.scene.bob)[1] == SMALL, 10, "picture")
    assert photo_of(own)[0] == "image/png"


def test_a_bot_goes_with_its_account(own, telegram):
    bob = own.scene.bob
    assert unregister(own, bob).type == "result"
    polls = len(own.bobs.calls)
    stanza = bob.text(own.romeo, "anybody?")
    assert bob.expect_error(stanza).condition == "registration-required"
    own.bobs.say("nobody reads this")
    telegram.say("for Alice")
    own.hears("for Alice")
    own.gateway.restart()
    telegram.say("later")
    own.hears("later")
    assert len(own.bobs.calls) == polls and not bob.texts(own.romeo)
    # He brings it again.
    assert register(own, bob, token=BOB_TOKEN).type == "result"
    bob.expect_text(own.romeo, "nobody reads this")


def test_another_bot(own, telegram):
    """A token may be changed, taken back, and be a wrong one."""
    alice = own.alice
    third = FakeTelegram("888:a-third-bot", beside=telegram)
    assert register(own, alice, token=third.token).type == "result"
    third.say("on the new one")
    own.hears("on the new one")
    assert register(own, alice, nick="A").type == "result"  # left alone
    alice.text(own.romeo, "over the new one")
    assert third.wait_sent()[0]["text"] == "over the new one"
    refused = register(own, alice, token="file:/etc/passwd")
    assert refused.condition == "not-acceptable"
    assert register(own, alice, token="999:dead").type == "result"
    told = alice.expect(lambda s: s.body and "BotFather" in s.body)
    assert told.bare == own.domain
    assert register(own, alice, token="-").type == "result"
    stanza = alice.text(own.romeo, "over which?")
    assert alice.expect_error(stanza).condition == "registration-required"


def test_another_key_opens_nothing(own, telegram):
    own.gateway.stop()
    own.gateway.write_config({"gateway": {"seal_key": "x" * 20}})
    own.gateway.start()
    own.gateway.wait_log("cannot be opened")
    assert not own.gateway.status()["lines"]
