"""README's table of XEPs against disco, the sources, and the tests."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
INFO = "http://jabber.org/protocol/disco#info"
ROW = re.compile(r"^\| (\d{4}) ([^|]+) \| ([\d.]+) \| ([^|]+) "
                 r"\| ((?:`\w+`(?:, )?)+) \|$")


def texts(folder, *patterns):
    return {path.relative_to(ROOT).as_posix(): path.read_text()
            for pattern in patterns
            for path in (ROOT / folder).rglob(pattern)}


@pytest.fixture(scope="module")
def section():
    readme = (ROOT / "README.md").read_text()
    return readme.split("## XMPP specifications\n")[1].split("\n## ")[0]


@pytest.fixture(scope="module")
def rows(section):
    """{number: (what we do, tests)}, in the order of the table."""
    found = {}
    for line in section.splitlines():
        if line.startswith("| 0"):
            match = ROW.match(line)
            assert match, f"no | NNNN Name | 1.0 | what | `test` |: {line}"
            assert match[1] not in found, f"two rows of {match[1]}"
            found[match[1]] = match[4], re.findall(r"`(\w+)`", match[5])
    return found


def check_namespaces(rows, namespaces):
    """Each stands in some row, in full or behind jabber.org/protocol/."""
    said = {name for what, _ in rows.values()
            for name in re.findall(r"`([^`]+)`", what)}
    lost = [n for n in sorted(namespaces)
            if n.removeprefix("http://jabber.org/protocol/") not in said]
    assert not lost, f"README's table of XEPs lacks {lost}"


def test_rows_are_in_order(rows):
    assert len(rows) > 30
    assert list(rows) == sorted(rows)


def test_what_is_advertised_is_in_the_table(simple, rows):
    simple.talk()
    found = set()
    for jid in (simple.domain, simple.contact()):
        answer = simple.alice.iq(jid, f"<query xmlns='{INFO}'/>")
        features = {feature.get("var") for feature in
                    answer.xml.iter(f"{{{INFO}}}feature")}
        assert INFO in features
        found |= features
    check_namespaces(rows, found)


def test_what_may_be_advertised_is_in_the_table(rows):
    """Features that depend on the configuration or on a line, too."""
    headers = "".join(texts("gateway/xmpp", "*.h").values())
    names = dict(re.findall(r'#define (NS_\w+)\s+(?:\\\n\s*)?"([^"]+)"',
                            headers))
    table = (ROOT / "gateway/xmpp/disco.c").read_text()
    used = re.findall(r"\.var = (\w+)", table)
    assert len(used) > 10
    check_namespaces(rows, [names[name] for name in used])


def test_what_the_sources_speak_of_is_in_the_table(rows, section):
    known = set(re.findall(r"\b0\d{3}\b", section))
    for folder in ("gateway", "drivers"):
        for path, text in texts(folder, "*.c", "*.h").items():
            found = set(re.findall(r"XEP-(\d{4})", text))
            assert found <= known, (
                f"{path} speaks of {sorted(found - known)}, which README's "
                "table of XEPs lacks")


def test_every_row_names_a_test_that_is_there(rows):
    functions = set(re.findall(r"^def (test_\w+)\(", "\n".join(
        texts("tests/scenario", "test_*.py").values()), re.M))
    programs = {path.stem for path in (ROOT / "tests/unit").glob("test_*.c")}
    for number, (_, tests) in rows.items():
        for name in tests:
            assert name in functions | programs, f"{number}: no {name}"
