"""Programs from npm, each at one version: they are installed once into a
cache outside the tree, and what needs them is skipped where npm is missing or
does not answer."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess

CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME")
                     or os.path.expanduser("~/.cache"), "moongate-tests")

# Whatever a program binds, it binds on loopback.
LOOPBACK = """
const net = require("net"), listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...args) {
  if (typeof args[0] === "number" && typeof args[1] !== "string")
    args.splice(1, args[1] === undefined && args.length > 1 ? 1 : 0,
                "127.0.0.1");
  return listen.apply(this, args);
};
"""


def packages(*wanted):
    """The folder with their node_modules, and why there is none."""
    return cached(("install", "--no-audit", "--no-fund", "--ignore-scripts"),
                  wanted)


def archive(wanted):
    """The folder with a package's archive alone, as package.tgz, unpacked in
    memory by who needs a file of it; and why there is none."""
    return cached(("pack", "--silent"), (wanted,))


def cached(command, wanted):
    for name in ("npm", "node"):
        if not shutil.which(name):
            return None, f"no {name}"
    name = hashlib.sha256(" ".join([command[0], *sorted(wanted)]).encode())
    folder = os.path.join(CACHE, "npm-" + name.hexdigest()[:16])
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        why = None if os.path.exists(os.path.join(folder, "done")) \
            else fetch(folder, command, wanted)
    return (None, why) if why else (folder, None)


def fetch(folder, command, wanted):
    """Runs npm; returns what went wrong."""
    command = (*command, "--prefer-offline", "--fetch-retries=1")
    if command[0] == "install":
        command = (*command, "--prefix", folder)
    try:
        ran = subprocess.run(["npm", *command, *wanted], cwd=folder,
                             capture_output=True, text=True, timeout=180,
                             check=False)
    except subprocess.TimeoutExpired:
        return "npm does not answer"
    if ran.returncode != 0:
        return f"npm has no {' '.join(wanted)}"
    if command[0] == "pack":
        os.rename(os.path.join(folder, ran.stdout.split()[-1]),
                  os.path.join(folder, "package.tgz"))
    for name, text in (("loopback.js", LOOPBACK), ("done", "")):
        with open(os.path.join(folder, name), "w", encoding="ascii") as file:
            file.write(text)
    return None


def environment(folder):
    """For a node that listens: on loopback only."""
    return {"NODE_OPTIONS": "--require "
                            + os.path.join(folder, "loopback.js")}


def script(folder, code, *values):
    """Runs a line of JavaScript with `values` (JSON); the value it returns."""
    ran = subprocess.run(
        ["node", "-e", f"const values = JSON.parse(process.argv[1]);"
         f"console.log(JSON.stringify((() => {{ {code} }})()))",
         json.dumps(values)], cwd=folder, capture_output=True, text=True,
        timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
