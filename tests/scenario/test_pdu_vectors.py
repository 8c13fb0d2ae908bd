"""`moongate pdu` against published PDUs: what other gateways, phones and test
suites send or refuse. The table is not part of the tree: set MOONGATE_VECTORS
to the TSV (its first line names the columns). Kinds that need the codecs below
the command line are checked by tests/unit/test_vectors.c.
"""

import datetime
import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MOONGATE = os.environ.get("MOONGATE", str(ROOT / "build" / "moongate"))
VECTORS = pathlib.Path(os.environ.get(
    "MOONGATE_VECTORS", ROOT.parent / "shared" / "data" / "pdu-vectors.tsv"))

pytestmark = pytest.mark.skipif(
    not os.path.exists(MOONGATE) or not VECTORS.exists(),
    reason="needs the built program and MOONGATE_VECTORS")

ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "0": "\0", "e": "\x1b",
           "f": "\f", "\\": "\\", '"': '"'}

# Vectors that we read differently on purpose: hex -> {column: our value}.
DIFFERENT = {
    # ZTE writes the nibble 0xB into the recipient; the peer shows it as the
    # letter b, TS 23.040 9.1.2.3 says '#'.
    "0297F1061C0F910B487228297020F5317062419272803170624192138000":
        {"address": "+#08427829207025"},
}

# Vectors that the peer refuses and we accept, with the reason.
ACCEPTED = {
    "0242049136195150713220052351408132200542AB01":
        "TP-PI that announces a TP-PID which is not there: nothing we need",
    "0242049136195150713220052351408132200542AB04":
        "TP-PI that announces user data which is not there: as above",
}

# TPDUs of other directions: their message type number has another meaning for
# what a modem gives us, so only the absence of a crash is checked.
OTHER_DIRECTION = {"SmsCommand", "SmsDeliverReport", "SmsSubmitReport"}


def unescape(text):
    out, chars = [], iter(text)
    for char in chars:
        out.append(ESCAPES[next(chars)] if char == "\\" else char)
    return "".join(out)


def load(*kinds):
    if not VECTORS.exists():
        return []
    lines = [line.split("\t") for line
             in VECTORS.read_text(encoding="utf-8").split("\n")
             if line and not line.startswith("#")]
    names = lines[0]
    rows = [dict(zip(names, line)) for line in lines[1:]]
    return [pytest.param(row, id=f"{row['kind']}-{n}")
            for n, row in enumerate(rows) if row["kind"] in kinds]


def run(*args):
    return subprocess.run([MOONGATE, "pdu", *args], capture_output=True,
                          timeout=20)


def decode(hex_, *args):
    done = run("decode", "--json", *args, hex_)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def concat_text(fields):
    concat = fields.get("concat")
    if concat is None:
        return ""
    return "ref{bits}={ref},total={total},seq={seq}".format(**concat)


def check_fields(row, got):
    expected = {**row, **DIFFERENT.get(row["hex"], {})}
    assert got["type"] == expected["type"]
    assert got["smsc"] == expected["smsc"]
    assert got["address"] == expected["address"]
    for column, key in [("toa", "toa"), ("timestamp", "timestamp"),
                        ("dcs", "dcs"), ("validity", "validity"),
                        ("tp_st", "status"), ("udh", "udh")]:
        if expected[column]:
            assert got.get(key) == expected[column], column
    for column, key in [("tpdu_len", "tpdu_len"), ("mr", "mr")]:
        if expected[column]:
            assert got.get(key) == int(expected[column]), column
    assert concat_text(got) == expected["concat"]
    assert got["text"] == unescape(expected["text"])
    if expected["data"]:
        assert got["data"] == expected["data"]


@pytest.mark.parametrize("row", load("pdu", "pdu-encode", "pdu-observed"))
def test_decode(row):
    if row["type"] == "INVALID":
        done = run("decode", row["hex"])
        assert done.returncode == 1 and done.stderr.strip()
        return
    check_fields(row, decode(row["hex"]))
    # Lower case and blanks are the same PDU.
    spaced = " ".join(row["hex"][i:i + 2] for i in range(0, len(row["hex"]), 2))
    assert decode(spaced.lower()) == decode(row["hex"])


@pytest.mark.parametrize("row", load("pdu-reject", "tpdu-reject"))
def test_reject(row):
    if row["type"] in OTHER_DIRECTION:
        bare = run("decode", "--tpdu", row["hex"])
        assert bare.returncode in (0, 1)
        return
    args = ["--tpdu"] if row["kind"] == "tpdu-reject" else []
    done = run("decode", *args, row["hex"])
    if row["hex"] in ACCEPTED:
        assert done.returncode == 0
        return
    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr.startswith(b"moongate pdu: ")


@pytest.mark.parametrize("row", load("pdu-reject-or-lenient"))
def test_reject_or_lenient(row):
    done = run("decode", "--json", row["hex"])
    assert done.returncode in (0, 1)
    if done.returncode == 0:
        assert json.loads(done.stdout)["type"] == row["type"]
    else:
        assert done.stderr.startswith(b"moongate pdu: ")


@pytest.mark.parametrize("row", load("tpdu"))
def test_tpdu(row):
    names = {"SmsStatusReport": "STATUS-REPORT", "SmsDeliver": "DELIVER",
             "SmsSubmit": "SUBMIT"}
    done = run("decode", "--tpdu", "--json", row["hex"])
    if row["type"] in OTHER_DIRECTION:
        assert done.returncode in (0, 1)
        return
    assert done.returncode == 0, done.stderr
    got = json.loads(done.stdout)
    assert got["type"] == names[row["type"]]
    assert got["tpdu_len"] == int(row["tpdu_len"])
    assert got["status"] == "AB" and got["mr"] == 0x42
    assert got["address"] == "+6391"
    assert got["timestamp"] == "2015-05-17T23:02:50+08:00"


def encode_arguments(row):
    """What `pdu encode` needs to say the same, or None when it cannot."""
    coding = {"00": ("gsm7", None), "08": ("ucs2", None),
              "10": ("gsm7", 0), "11": ("gsm7", 1), "18": ("ucs2", 0)}
    if row["type"] not in ("SUBMIT", "DELIVER") or row["udh"] \
            or row["dcs"] not in coding or row["toa"] not in ("81", "91") \
            or row["mr"] not in ("", "0"):
        return None
    args = ["--text", unescape(row["text"]), "--json"]
    args += ["--smsc", row["smsc"]] if row["smsc"] else []
    if coding[row["dcs"]][1] is not None:
        args += ["--class", str(coding[row["dcs"]][1])]
    if row["type"] == "DELIVER":
        stamp = datetime.datetime.fromisoformat(row["timestamp"])
        if stamp.utcoffset():
            return None
        return args + ["--from", row["address"],
                       "--at", str(int(stamp.timestamp()))]
    if row["validity"].startswith("rel:"):
        minutes = decode(row["hex"])["validity_minutes"]
        args += ["--validity", str(minutes)]
    return args + ["--to", row["address"]]


def first_octet(hex_):
    return int(hex_[2 * (1 + int(hex_[:2], 16)):][:2], 16)


@pytest.mark.parametrize("row", load("pdu-encode", "pdu-observed"))
def test_encode(row):
    args = encode_arguments(row)
    if args is None:
        pytest.skip("says more than `pdu encode` can")
    if first_octet(row["hex"]) & 0x20:
        args.append("--report")
    done = run("encode", *args)
    assert done.returncode == 0, done.stderr
    got = json.loads(done.stdout)
    if got["alphabet"] != decode(row["hex"])["alphabet"]:
        pytest.skip("a peer that sends as UCS-2 what GSM 7-bit can say")
    part, = got["parts"]
    wanted = row["hex"]
    # Reply path, TP-RD and TP-MMS are not ours to choose: compare without.
    start = 2 * (1 + int(wanted[:2], 16))
    assert part["pdu"][:start] == wanted[:start]
    mask = 0x7B if row["type"] == "SUBMIT" else 0x7A
    assert first_octet(part["pdu"]) & mask == first_octet(wanted) & mask
    assert part["pdu"][start + 2:] == wanted[start + 2:]
    assert part["tpdu_len"] == int(row["tpdu_len"])


@pytest.mark.parametrize("row", load("split"))
def test_split(row):
    if row["data"] == "max":
        pytest.skip("checked by tests/unit/test_concat.c")
    done = run("encode", "--to", "+447700900123", "--json", "--text",
               row["text"])
    parts = json.loads(done.stdout)["parts"]
    assert len(parts) == 2
    joined = "".join(decode(part["pdu"])["text"] for part in parts)
    assert joined == row["text"]


def test_usage_mistakes():
    for args in ([], ["decode"], ["frobnicate"], ["decode", "--nothing", "00"],
                 ["encode", "--to", "+447700900123"],
                 ["encode", "--text", "x"],
                 ["encode", "--to", "1", "--from", "2", "--text", "x"],
                 ["encode", "--to", "12345", "--text", "x", "--class", "4"]):
        done = run(*args)
        assert done.returncode == 2, args
        assert b"usage:" in done.stderr and done.stdout == b""
