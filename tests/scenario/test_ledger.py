"""The crash ledger itself: it must see what it is there to see."""

import json
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))

from lib.ledger import In, Ledger, Out  # noqa: E402
from lib.ledger_provider import NothingInDoubt, Web  # noqa: E402

USER, PHONE = "u@example.org", "+447700900001"


@pytest.fixture
def ledger():
    book = Ledger(lambda: 0.0)
    book.life = 1
    return book


def write(book, token, order=1, receipt=True, refuse=False):
    out = Out(token, USER, PHONE, f"<{token}>", "", False, receipt, refuse,
              order)
    book.outs[token] = out
    book.wrote(out)
    return out


def submit(book, token, to=PHONE, seq=1, total=1, modem="sim1"):
    book.accepted_part({
        "text": f"<{token}>", "concat": {"seq": seq, "total": total},
        "modem": modem, "to": to, "srr": True, "rd": False, "mr": token % 256})


def show(book, token, text=None):
    book.shown({"text": text or f"<{token}>"})


def arrive(book, token):
    text = In(token, USER, PHONE, f"<{token}>", 0.0, 1)
    book.ins[token] = text
    book.stored({"token": str(token), "modem": "sim1", "memory": "SM",
                 "index": token, "part": 1})
    return text


def delete(book, token):
    book.deleted({"modem": "sim1", "memory": "SM", "index": token})


def fence(book):
    book.fenced(book.mark())


def result(book):
    accepted, lost, copies, unexplained = book.audit()
    return accepted, len(lost), copies, len(unexplained)


def test_all_is_well(ledger):
    write(ledger, 1)
    fence(ledger)
    submit(ledger, 1)
    show(ledger, 1)
    ledger.report_taken("sim1", 1, PHONE)
    ledger.receipt_read("t1", USER + "/r", f"{PHONE}@sms")
    arrive(ledger, 2)
    delete(ledger, 2)
    ledger.message_read("id2", f"{PHONE}@sms", USER, "<2>")
    assert result(ledger) == (2, 0, 0, 0) and not ledger.open_items()


def test_accepted_by_the_fence_and_lost(ledger):
    write(ledger, 1)
    write(ledger, 2)
    fence(ledger)
    submit(ledger, 2)
    ledger.report_taken("sim1", 2, PHONE)
    assert result(ledger)[:2] == (2, 2)     # one text, one receipt


def test_not_fenced_is_not_accepted(ledger):
    write(ledger, 1)
    ledger.killed()
    assert result(ledger) == (0, 0, 0, 0)


def test_half_of_a_long_text_is_lost(ledger):
    write(ledger, 1)
    submit(ledger, 1, seq=1, total=2)
    assert result(ledger)[1] == 1


def test_deleted_from_the_sim_and_lost(ledger):
    arrive(ledger, 1)
    delete(ledger, 1)
    assert result(ledger)[:2] == (1, 1)


def test_copy_at_the_message_centre(ledger):
    write(ledger, 1)
    submit(ledger, 1)
    submit(ledger, 1)
    assert result(ledger)[2:] == (1, 1)


def test_copy_after_a_kill_is_explained_once(ledger):
    write(ledger, 1, receipt=False)
    submit(ledger, 1)
    ledger.killed()
    submit(ledger, 1)
    assert result(ledger)[1:] == (0, 1, 0)
    submit(ledger, 1)
    assert result(ledger)[2:] == (2, 1)


def test_kill_after_the_next_part_explains_nothing(ledger):
    write(ledger, 1, receipt=False)
    write(ledger, 2, receipt=False, order=2)
    submit(ledger, 1)
    submit(ledger, 2)
    ledger.killed()
    submit(ledger, 1)
    assert result(ledger)[3] == 1


def test_copy_at_the_server(ledger):
    arrive(ledger, 1)
    delete(ledger, 1)
    ledger.message_read("a", f"{PHONE}@sms", USER, "<1>")
    ledger.stream_lost(False)
    ledger.message_read("a", f"{PHONE}@sms", USER, "<1>")   # not fenced
    assert result(ledger)[2:] == (0, 0) and ledger.repeats == 1
    ledger.ping_answered(ledger.ping_read())
    fence(ledger)
    ledger.stream_lost(False)
    ledger.message_read("a", f"{PHONE}@sms", USER, "<1>")   # it was
    assert result(ledger)[2:] == (1, 1)
    ledger.message_read("b", f"{PHONE}@sms", USER, "<1>")
    assert result(ledger)[3] == 2, "another id is another message"


def test_order(ledger):
    write(ledger, 1, order=1, receipt=False)
    write(ledger, 2, order=2, receipt=False)
    submit(ledger, 2)
    submit(ledger, 1)
    assert result(ledger)[3] == 1


def test_wrong_address(ledger):
    write(ledger, 1, receipt=False)
    submit(ledger, 1, to="+447700900002")
    arrive(ledger, 2)
    ledger.message_read("x", f"{PHONE}@sms", "other@example.org", "<2>")
    assert result(ledger)[3] == 2


def test_receipts(ledger):
    write(ledger, 1)
    submit(ledger, 1)
    ledger.receipt_read("t1", USER + "/r", f"{PHONE}@sms")
    assert result(ledger)[3] == 1, "not on the phone yet"
    write(ledger, 2, order=2, receipt=False)
    submit(ledger, 2)
    show(ledger, 2)
    ledger.receipt_read("t2", USER + "/r", f"{PHONE}@sms")
    assert result(ledger)[3] == 2, "not asked for"


def test_errors(ledger):
    write(ledger, 1)
    submit(ledger, 1)
    ledger.error_read("t1", USER + "/r", "item-not-found", "<x/>")
    assert result(ledger)[3] == 1
    write(ledger, 2, order=2, refuse=True)
    submit(ledger, 2)
    ledger.report_taken("sim1", 2, PHONE)
    assert result(ledger)[1] == 1, "the error is missing"
    ledger.error_read("t2", USER + "/r", "recipient-unavailable", "<x/>")
    assert result(ledger)[1] == 0


def test_changed_text(ledger):
    write(ledger, 1)
    show(ledger, 1, "<1> and more")
    arrive(ledger, 2)
    ledger.message_read("x", f"{PHONE}@sms", USER, "<2")
    ledger.message_read("y", f"{PHONE}@sms", USER, "<2>?")
    assert result(ledger)[3] == 2


# ---- the provider of the http driver ---------------------------------------

@pytest.mark.parametrize("keyed", [True, False])
def test_provider_and_its_keys(ledger, keyed):
    """A request that comes again under its key is no copy; under another, or
    before a provider without keys, it is one, and only a kill explains it."""
    web = Web(ledger, 1, keyed, 1)
    web.faults, web.post = False, lambda *_: None
    ledger.last = NothingInDoubt() if keyed else ledger.last
    write(ledger, 1)
    text = {"id": "a", "to": PHONE, "text": "<1>", "part": "1", "parts": "1"}
    assert web.take(json.dumps(text)) == 202
    assert ledger.outs[1].shown == 1
    ledger.killed()
    assert web.take(json.dumps(text)) == (409 if keyed else 202)
    assert result(ledger)[2:] == (0 if keyed else 1, 0)
    assert web.take(json.dumps({**text, "id": "b"})) == 202
    assert result(ledger)[3] == 1
