"""The command line: what an administrator sees."""

import json
import os
import re
import stat
import subprocess

import pytest

from lib.gateway import program
from lib.process import wait_for
from lib.scene import PHONE, PHONE2, SIM

GOOD = """gateway = {
  state_dir = "%(state)s";
};
networks = {
  sms = {
    jid = "sms.example.org";
    secret = "abc";
  };
};
lines = {
  sim1 = { network = "sms"; driver = "gsm"; device = "/dev/ttyUSB0"; };
};
"""


def moongate(*arguments, **options):
    return subprocess.run([program(), *map(str, arguments)], timeout=20,
                          capture_output=True, text=True, check=False,
                          **options)


@pytest.fixture
def check(tmp_path):
    """check(old, new): `check` on a config with one replacement."""
    def run(old="", new=""):
        text = GOOD % {"state": tmp_path}
        assert old in text
        path = tmp_path / "test.conf"
        path.write_text(text.replace(old, new, 1))
        return moongate("-c", path, "check")
    return run


def test_check_of_a_good_configuration(check):
    done = check()
    assert done.returncode == 0, done.stderr


MISTAKES = {
    "unknown key": ('secret =', 'secrte = "x"; secret =', 7, "secret"),
    "unknown key of the driver": ("device =", 'baut = 9600; device =', 11,
                                  "baud"),
    "unknown group": ("networks", "networx = { }; networks", 4, "networks"),
    "wrong type": ('"sms.example.org"', "17", 6, "jid"),
    "missing": ('    secret = "abc";\n', "", None, "secret"),
    "duplicate": ("secret =", 'secret = "x";\n    secret =', 8, "secret"),
    "no such network": ('network = "sms"', 'network = "smss"', 11, "sms"),
    "no such driver": ('"gsm"', '"gms"', 11, "gsm"),
    "syntax": ('"abc";', '"abc;', None, None),
    "bad domain": ("sms.example.org", "sms example org", 6, "domain"),
    "secret file": ('"abc"', '"file:/no/such/file"', 7, "/no/such/file"),
    "secret variable": ('"abc"', '"env:NO_SUCH_VARIABLE_HERE"', 7,
                        "NO_SUCH_VARIABLE_HERE"),
    "plain text to another host": (
        "networks", 'xmpp = { server = "xmpp.example.org:5347"; };\n'
        "networks", 4, "plaintext_ok"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_check_names_file_line_and_remedy(check, tmp_path, name):
    old, new, line, word = MISTAKES[name]
    done = check(old, new)
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert "test.conf" in said
    if line:
        assert f"test.conf:{line}" in said, said
    if word:
        assert word in said, said


def test_check_reports_every_mistake(check):
    done = check('jid = "sms.example.org";\n    secret = "abc";',
                 'jit = "sms.example.org";\n    secret = 5;\n'
                 '    countrycode = 1;')
    said = done.stdout + done.stderr
    assert done.returncode == 1
    for line in (6, 7, 8):
        assert f"test.conf:{line}" in said, said


def test_run_refuses_a_bad_configuration(tmp_path):
    path = tmp_path / "bad.conf"
    path.write_text("gateway = { nonsense = 1; };\n")
    done = moongate("-c", path, "run")
    assert done.returncode != 0 and "bad.conf:1" in done.stderr


def test_missing_configuration(tmp_path):
    path = tmp_path / "none.conf"
    done = moongate("-c", path, "check")
    assert done.returncode == 1 and str(path) in done.stderr


def test_usage(tmp_path):
    assert moongate("--help").returncode == 0
    for words in ("run", "check", "options", "status", "queue", "trace",
                  "send", "pdu"):
        assert words in moongate("--help").stdout
    assert moongate("nonsense").returncode == 2
    assert moongate("pdu", "nonsense").returncode == 2
    assert moongate("trace").returncode == 2
    assert re.search(r"\d+\.\d+", moongate("--version").stdout)


SEND = ("send", "--network", "sms", "--to", PHONE, "--from", "a@example.org")


@pytest.mark.parametrize("words, code, said", [
    ((*SEND, ""), 2, "send: TEXT is empty"),
    ((*SEND, "  "), 2, "send: TEXT is empty"),
    ((*SEND, "two", "words"), 2, "put the text in quotes"),
    (("queue", "-c", "x"), 2, "-c goes before the command"),
    (("check", "x"), 2, "moongate -c FILE check"),
    (("pdu", "decode", "00"), 1, "moongate pdu"),
])
def test_mistakes_are_explained(words, code, said):
    done = moongate(*words)
    assert done.returncode == code and said in done.stderr, done.stderr


def test_help_of_a_command():
    for command in ("run", "queue", "send", "trace", "pdu"):
        done = moongate(command, "--help")
        assert done.returncode == 0 and not done.stderr
        assert "usage:" in done.stdout and command in done.stdout
    for words in (("queue", "hold"), ("queue-hold",)):
        done = moongate("help", *words)
        assert done.returncode == 0 and "queue-hold ID" in done.stdout


def test_pdu_decode_hints_at_a_bare_tpdu():
    done = moongate("pdu", "decode", DELIVER[16:])
    assert done.returncode == 1 and "--tpdu" in done.stderr


def test_options_lists_every_option():
    done = moongate("options")
    assert done.returncode == 0
    for key in ("state_dir", "server", "country_code", "device", "inbox"):
        assert key in done.stdout
    data = json.loads(moongate("options", "--json").stdout)
    assert "country_code" in json.dumps(data)


def test_daemon_not_running(tmp_path):
    path = tmp_path / "test.conf"
    path.write_text(GOOD % {"state": tmp_path})
    for words in (["status"], ["queue"], ["trace", "abcd1234"],
                  ["send", "--network", "sms", "--from", "a@example.org", "--to",
                   "+447700900123", "x"]):
        done = moongate("-c", path, *words)
        assert done.returncode != 0
        assert done.stderr and not done.stdout


# ---- pdu ------------------------------------------------------------------

DELIVER = ("07911326040000F0040B911346610089F60000208062917314080CC8F71D14"
           "969741F977FD07")


def test_pdu_decode():
    done = moongate("pdu", "decode", DELIVER, "--json")
    data = json.loads(done.stdout)
    assert data["text"] == "How are you?"
    assert data["address"] == "+31641600986"
    assert data["smsc"] == "+31624000000"
    assert "deliver" in data["type"].lower()
    assert moongate("pdu", "decode", DELIVER).stdout.count("How are you?")
    bare = moongate("pdu", "decode", "--tpdu", DELIVER[16:], "--json")
    assert json.loads(bare.stdout)["text"] == "How are you?"


@pytest.mark.parametrize("pdu", [
    "", "0", "zz", DELIVER[:-2], DELIVER[:20], "FF" * 300])
def test_pdu_decode_of_nonsense(pdu):
    done = moongate("pdu", "decode", pdu)
    assert done.returncode in (1, 2) and done.stderr


def test_pdu_encode_tells_the_cost():
    def encode(text, *options):
        return moongate("pdu", "encode", "--to", PHONE, "--text", text,
                        *options)

    said = encode("ağaç", "--languages", "turkish,spanish").stdout
    assert "GSM 7-bit with Turkish letters, " in said and "1 part" in said
    said = encode("“so”", "--fallback", "approximate").stdout
    assert 'Sent with 2 letters changed: “ to ", ” to "' in said
    said = json.loads(encode("ağaç", "--json").stdout)
    assert said["alphabet"] == "ucs2" and "remark" not in said
    assert said["about"] == \
        "UCS-2 because of ğ, 66 characters left in the part"
    wrong = encode("x", "--languages", "turkish,klingon")
    assert wrong.returncode == 2 and "no tables for" in wrong.stderr
    assert encode("x", "--fallback", "maybe").returncode == 2
    wrong = encode("x" * 1600)
    assert wrong.returncode == 0
    wrong = encode("x" * 1600, "--max-parts", "10")
    assert wrong.returncode == 1
    assert "the text needs 11 parts, the limit is 10" in wrong.stderr


def test_pdu_encode_and_back():
    text = "Grüße \U0001F319 " * 12
    done = moongate("pdu", "encode", "--to", PHONE, "--text", text, "--json")
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    parts = data["parts"]
    assert len(parts) > 1
    joined = ""
    for number, part in enumerate(parts, 1):
        one = json.loads(moongate("pdu", "decode", part["pdu"],
                                  "--json").stdout)
        assert one["address"] == PHONE
        assert one["concat"]["seq"] == number
        assert one["concat"]["total"] == len(parts)
        joined += one["text"]
    assert joined == text
    plain = moongate("pdu", "encode", "--to", PHONE, "--text", text)
    assert plain.returncode == 0 and str(len(parts)) in plain.stdout


# ---- the running daemon ---------------------------------------------------

def test_status(simple):
    simple.talk()
    status = simple.gateway.status()
    assert status["networks"][0]["jid"] == simple.domain
    assert status["networks"][0]["state"] == "online"
    assert status["lines"][0]["name"] == "sim1"
    text = simple.gateway.cli("status").stdout
    for word in ("sms", "sim1", "online", simple.domain):
        assert word in text


def test_queue_and_trace(simple):
    simple.sim.request("unplug", modem="sim1")
    wait_for(lambda: simple.gateway.line()["state"] != "online", 10, "loss")
    body = "a secret body that nobody must see"
    stanza = simple.alice.text(simple.contact(), body)
    simple.alice.fence(simple.domain)
    rows = simple.gateway.queue()
    assert len(rows) == 1
    row = rows[0]
    assert row["state"] == "queued" and row["account"] == simple.alice.jid
    assert row["contact"] == PHONE and row["direction"]
    assert re.fullmatch("[0-9a-f]{32}", row["id"])
    assert body not in json.dumps(rows)
    text = simple.gateway.cli("queue").stdout
    assert "queued" in text and body not in text
    assert "waits for a line" in text
    simple.sim.request("replug", modem="sim1")
    simple.alice.expect_receipt(stanza, 40)
    assert simple.gateway.queue() == []
    trace = simple.gateway.trace(row["id"])
    events = trace["events"]
    assert trace["state"] == "delivered" and len(events) >= 3
    times = [e["at"] for e in events]
    assert times == sorted(times)
    said = json.dumps(trace)
    for word in ("accepted", "submitted", "delivered"):
        assert word in said, said
    assert simple.gateway.trace(row["id"][:8])["id"] == row["id"]
    human = simple.gateway.cli("trace", row["id"][:8]).stdout
    assert "delivered" in human and body not in human
    assert simple.gateway.cli("trace", "ffffffff",
                              check=False).returncode == 1


def test_trace_tells_of_retries_and_reasons(simple):
    simple.sim.fault("cms", modem="sim1", codes=[38, 28])
    stanza = simple.alice.text(simple.contact(), "x")
    simple.alice.expect_error(stanza, 60)
    row = [r for r in simple.gateway.queue("--state", "all")
           if r["state"] == "failed"][0]
    said = json.dumps(simple.gateway.trace(row["id"]))
    assert "CMS 38" in said and "CMS 28" in said


def test_send(simple):
    simple.alice.fence(simple.domain)
    help_text = simple.gateway.cli("send", check=False)
    assert help_text.returncode == 2
    done = simple.gateway.cli(
        "send", "--network", "sms", "--from", simple.alice.jid,
        "--to", "07700 900123", "from the command line")
    assert re.search("[0-9a-f]{32}", done.stdout)
    simple.phone_gets("from the command line")
    simple.phone_sends("answer")
    simple.alice.expect_text(simple.contact(), "answer")
    done = simple.gateway.cli(
        "send", "--network", "sms", "--from", simple.alice.jid,
        "--to", "my aunt", "x", check=False)
    assert done.returncode == 1 and "number" in done.stderr


def test_the_daemon_refuses_what_cannot_be(simple):
    def refused(*words):
        done = simple.gateway.cli(*words, check=False)
        assert done.returncode == 1
        return done.stderr

    assert 'there is no network "smss"' in refused("queue",
                                                   "--network", "smss")
    said = refused("send", "--network=sms", f"--to={PHONE}",
                   "--from=juliet", "x")
    assert '"juliet" is not a bare JID like juliet@example.org' in said
    text = simple.gateway.cli("queue", "--state=failed").stdout
    assert text == "no such messages\n"
    assert simple.gateway.cli("queue").stdout == "nothing is waiting\n"


def test_control_socket_is_not_for_everybody(simple):
    found = [os.path.join(simple.gateway.state, n)
             for n in os.listdir(simple.gateway.state)
             if stat.S_ISSOCK(os.stat(os.path.join(
                 simple.gateway.state, n)).st_mode)]
    assert len(found) == 1
    mode = stat.S_IMODE(os.stat(found[0]).st_mode)
    assert mode == 0o660
    if os.geteuid() != 0:
        return
    for path in (found[0], simple.gateway.state):
        os.chmod(path, 0o777)       # only the credentials are left
    parent = simple.gateway.state
    script = ("import os, socket, sys\n"
              "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
              "s = socket.socket(socket.AF_UNIX)\n"
              "s.settimeout(5)\n"
              "try:\n"
              "    s.connect(sys.argv[1])\n"
              "    s.sendall(b'{\"command\": \"status\"}\\n')\n"
              "    print(s.recv(100000).decode())\n"
              "except OSError as error:\n"
              "    print('refused', error)\n")
    while parent != "/":
        parent = os.path.dirname(parent)
        if parent != "/" and parent != "/tmp":
            os.chmod(parent, os.stat(parent).st_mode | 0o711)
    done = subprocess.run(["/usr/bin/python3", "-c", script, found[0]],
                          capture_output=True, text=True, check=False)
    assert "sim1" not in done.stdout, done.stdout


def test_logs_hold_no_body_and_no_whole_number(make_scene):
    scene = make_scene("prosody")
    scene.start(gateway={"log_level": "debug"})
    scene.talk("A-VERY-PRIVATE-BODY")
    scene.phone_sends("ANOTHER-PRIVATE-BODY")
    scene.alice.expect_text(scene.contact(), "ANOTHER-PRIVATE-BODY")
    scene.sim.fault("cms", modem="sim1", codes=[28])
    stanza = scene.alice.text(scene.contact(PHONE2), "THIRD-PRIVATE-BODY")
    scene.alice.expect_error(stanza)
    scene.gateway.stop()
    log = scene.gateway.log()
    assert "PRIVATE-BODY" not in log
    for number in (PHONE, PHONE2):
        assert number.lstrip("+") not in log, number
    # Nor what the modem was told, in hex or swapped digits.
    assert "PRIVATE-BODY".encode().hex() not in log.lower()
    assert "447700900123".encode().hex() not in log.lower()
    assert not re.search("4477009010?32", log)


def test_log_has_a_line_for_each_change_of_state(simple):
    simple.talk()
    simple.gateway.stop()
    log = simple.gateway.log()
    assert SIM not in log
    for word in ("sim1", "online", simple.domain):
        assert word in log, log
    assert len(log.splitlines()) < 60, "chatty"
