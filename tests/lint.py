"""The rules of the house that a machine can check; lint.sh runs this.

Without arguments: layers, libraries, banned calls, file lengths, documented
options and leaks, one line "file:line: problem" each. With --sizes: function
lengths through ctags, with the median and the 90th percentile."""

import json
import pathlib
import re
import socket
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FILE_LINES = 500
FUNCTION_LINES = 80
MEDIAN_LINES = 15
P90_LINES = 45

# Which layers a file of a layer may include from.
ARROWS = {
    "base": {"base"},
    "toolkit": {"base", "toolkit"},
    "store": {"base", "toolkit", "store"},
    "core": {"base", "toolkit", "store", "core", "contract"},
    "xmpp": {"base", "toolkit", "store", "core", "xmpp"},
    "control": {"base", "toolkit", "store", "core", "control"},
    "top": {"base", "toolkit", "store", "core", "xmpp", "control", "top",
            "contract", "table", "sms", "tool"},
    "contract": {"base", "toolkit"},
    "table": {"contract", "table", "driver"},
    "sms": {"base", "sms"},
    "driver": {"contract", "base", "sms", "own", "tool"},
    "tool": {"base"},
}
CONTRACT_TOOLKIT = {"toolkit/loop.h", "toolkit/timer.h", "toolkit/serial.h",
                    "toolkit/http.h", "toolkit/httpd.h",
                    "toolkit/address.h", "toolkit/hash.h", "toolkit/tree.h"}

# Outside libraries and facilities: the only files that may see them.
LIBRARIES = [
    (r"uv\.h", r"gateway/toolkit/"),
    (r"sqlite3\.h", r"gateway/store/db_sqlite\.c"),
    (r"libpq.*\.h", r"gateway/store/db_pgsql\.c"),
    (r"libconfig\.h", r"gateway/toolkit/(config(_more)?|tree)\.[ch]"),
    (r"strophe\.h", r"gateway/xmpp/"),
    (r"expat\.h", r"gateway/xmpp/"),
    (r"curl/.*", r"gateway/toolkit/http(_\w+)?\.[ch]"),
    (r"microhttpd\.h", r"gateway/toolkit/httpd(_\w+)?\.[ch]"),
    (r"libserialport\.h", r"gateway/toolkit/serial\w*\.c"),
    (r"openssl/.*", r"gateway/toolkit/"),
    (r"json(-c)?/.*", r"gateway/(control/|\w+\.c)|drivers/|"
     r"gateway/(core/(command|account|contact|facts|finding)|store/|xmpp/(adhoc|blocking|prompt))"),
    (r"(termios|sys/socket|sys/un|netinet/.*|poll|sys/epoll)\.h",
     r"gateway/toolkit/"),
    (r"pthread\.h", r"gateway/(toolkit|store)/"),
]

BANNED = {
    "sprintf": "snprintf or buf_addf", "vsprintf": "vsnprintf",
    "strcpy": "text_copy", "strcat": "buf_add_text", "stpcpy": "text_copy",
    "strncpy": "text_copy", "strncat": "buf_add_text", "strtok": "strchr",
    "atoi": "strtol", "atol": "strtol", "atof": "strtod", "gets": "getline",
    "scanf": "strtol", "sscanf": "strtol", "fscanf": "strtol",
    "system": "toolkit/process", "popen": "toolkit/process",
    "alloca": "xmalloc", "setjmp": "an error return",
    "longjmp": "an error return", "rand": "id_random_below",
    "random": "id_random_below", "srand": "id_random_below",
    "usleep": "a timer", "sleep": "a timer",
}
# Calls that have one home.
HOMES = {
    "malloc": "gateway/base/mem.c", "calloc": "gateway/base/mem.c",
    "realloc": "gateway/base/mem.c", "strdup": "gateway/base/mem.c",
    "strndup": "gateway/base/mem.c", "asprintf": "gateway/base/mem.c",
    "vasprintf": "gateway/base/mem.c",
    "time": "gateway/base/clock.c", "gettimeofday": "gateway/base/clock.c",
    "clock_gettime": "gateway/base/clock.c",
}

# Where people keep checkouts, and what files may well name.
COMMON_FOLDERS = {"/", "/home", "/mnt", "/opt", "/root", "/srv", "/src",
                  "/tmp", "/usr/local/src", "/usr/src", "/var/tmp"}

problems = []


def problem(path, line, text):
    problems.append(f"{path}:{line}: {text}")


def layer(path):
    """The layer of a source file, by its place."""
    parts = path.split("/")
    if path == "gateway/driver.h":
        return "contract"
    if parts[0] == "gateway":
        return parts[1] if len(parts) > 2 else "top"
    if len(parts) == 2 and parts[1].startswith("drivers."):
        return "table"
    if path == "drivers/http/providertool.h":
        return "tool"
    return "sms" if parts[1] == "sms" else "driver"


def resolve(path, name):
    """The file that `#include "name"` in `path` means, or None."""
    for folder in (pathlib.Path(path).parent, "gateway", "drivers"):
        found = pathlib.Path(folder) / name
        if (ROOT / found).exists():
            return found.as_posix()
    return None


def own(path, target):
    """May the driver file `path` see `target` of its own folder?"""
    a, b = path.split("/"), target.split("/")
    if len(a) > 2:
        return a[:2] == b[:2]
    return len(b) == 2 and a[1].split(".")[0] == b[1].split(".")[0]


def check_own_include(path, line, name):
    target = resolve(path, name)
    if not target:
        problem(path, line, f'no such file: "{name}"')
        return
    here, there = layer(path), layer(target)
    allowed = ARROWS[here]
    if here == "driver" and there == "driver" and own(path, target):
        return
    if here == "contract" and there == "toolkit":
        if name not in CONTRACT_TOOLKIT:
            problem(path, line, f"driver.h must not show {name} to drivers")
        return
    if there not in allowed:
        problem(path, line, f"{here} must not include {target} ({there})")


def check_includes(path, text):
    for number, line in enumerate(text.split("\n"), 1):
        match = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        if not match:
            continue
        if match[1] == '"':
            check_own_include(path, number, match[2])
            continue
        for header, home in LIBRARIES:
            if re.fullmatch(header, match[2]) and not re.match(home, path):
                problem(path, number, f"<{match[2]}> belongs in {home} only")


def blank(match):
    return re.sub(r"[^\n]", " ", match[0])


def without_text(text):
    """The source with comments, strings and characters blanked out."""
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'
                  r"'(?:\\.|[^'\\\n])*'", blank, text, flags=re.S)


CALL = re.compile(r"(?<![\w.>])(" + "|".join([*BANNED, *HOMES]) + r")\s*\(")


def check_calls(path, text):
    code = without_text(text)
    for match in CALL.finditer(code):
        name = match[1]
        line = code.count("\n", 0, match.start()) + 1
        if name in BANNED:
            problem(path, line, f"{name} is banned: {BANNED[name]}")
        elif path != HOMES[name]:
            problem(path, line, f"{name} belongs in {HOMES[name]} only")


def check_options(path, text):
    """Every row of an option table stands in conf/moongate.conf."""
    conf = (ROOT / "conf/moongate.conf")
    documented = conf.read_text() if conf.exists() else ""
    for match in re.finditer(r'\{\s*(?:\.key\s*=\s*)?"(\w+)",\s*'
                             r'(?:\.type\s*=\s*)?OPT_', text):
        if not re.search(rf"^[\s#]*{match[1]}\s*=", documented, re.M):
            line = text.count("\n", 0, match.start()) + 1
            problem(path, line, f"option {match[1]} is not in "
                    "conf/moongate.conf")


def leaks():
    """Patterns of what must not stand in any file of the project."""
    found = [
        (r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b", "an unfinished thought"),
        (r"/tmp/\w(?![^\"'\s]*XXXXXX)", "a fixed temporary path: use mkdtemp"),
        (r"https?://[^/\s\"'>]*(\.internal|\.corp|\.lan)\b", "a private host"),
        (r"https?://(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)",
         "a private host"),
    ]
    here = str(ROOT.parent)
    if here not in COMMON_FOLDERS and ROOT.parent != pathlib.Path.home():
        found.append((rf"{re.escape(here)}/", "a path of this machine"))
    host = socket.gethostname()
    if len(host) > 7:
        found.append((rf"\b{re.escape(host)}\b", "the name of this machine"))
    return [(re.compile(p), why) for p, why in found]


def check_leaks(path, text, patterns):
    for pattern, why in patterns:
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            problem(path, line, f"{match[0]!r}: {why}")


def files(*suffixes):
    tops = ["gateway", "drivers", "tests", "conf", ".ci", "Makefile",
            "README.md"]
    for top in tops:
        start = ROOT / top
        found = sorted(start.rglob("*")) if start.is_dir() else [start]
        for path in found:
            if not path.is_file() or path.suffix in (".pyc", ".bin"):
                continue
            name = path.relative_to(ROOT).as_posix()
            if "/seeds/" in name or "/__pycache__/" in name:
                continue
            if not suffixes or path.suffix in suffixes:
                yield name, path.read_text(errors="replace")


def check_sources():
    for path, text in files(".c", ".h"):
        lines = text.count("\n")
        if lines > FILE_LINES:
            problem(path, lines, f"{lines} lines, at most {FILE_LINES}")
        if path.startswith("tests/"):
            continue
        check_includes(path, text)
        check_calls(path, text)
        check_options(path, text)
        if path.endswith(".c") and not text.startswith("/*"):
            problem(path, 1, "no design comment at the top")
    patterns = leaks()
    for path, text in files():
        check_leaks(path, text, patterns)
    for text in problems:
        print(text)
    return 1 if problems else 0


def functions():
    """(lines, path, line, name) of every function, longest first."""
    names = [p for p, _ in files(".c") if not p.startswith("tests/")]
    out = subprocess.run(
        ["ctags", "--output-format=json", "--fields=+ne", "--kinds-C=f",
         "-f", "-", *names], cwd=ROOT, capture_output=True, text=True,
        check=True).stdout
    tags = [json.loads(line) for line in out.splitlines()]
    return sorted(((t["end"] - t["line"] + 1, t["path"], t["line"], t["name"])
                   for t in tags if "end" in t), reverse=True)


def check_sizes():
    found = functions()
    if not found:
        return 0
    sizes = sorted(f[0] for f in found)
    median = sizes[len(sizes) // 2]
    p90 = sizes[int(len(sizes) * 0.9)]
    longest = max(t.count("\n") for p, t in files(".c", ".h")
                  if not p.startswith("tests/"))
    bad = [f for f in found if f[0] > FUNCTION_LINES]
    good = not bad and median <= MEDIAN_LINES and p90 <= P90_LINES
    for size, path, line, name in bad:
        print(f"{path}:{line}: {name} has {size} lines, at most "
              f"{FUNCTION_LINES}")
    print(f"R3 {len(sizes)} functions: median {median} <={MEDIAN_LINES}, "
          f"p90 {p90} <={P90_LINES}, max {sizes[-1]} <={FUNCTION_LINES}; "
          f"longest file {longest} <={FILE_LINES} "
          f"{'ok' if good else 'short'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(check_sizes() if "--sizes" in sys.argv else check_sources())
