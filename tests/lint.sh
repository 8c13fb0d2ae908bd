#!/usr/bin/env bash
# Lint: prints what is wrong with file:line and ends with 1. The rules on our
# own sources are in lint.py; this runs it and the tools that are installed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

bad=0
problems=$(mktemp)
trap 'rm -f "$problems"' EXIT

# check NAME COMMAND...: a command that fails or prints something is a problem.
check() {
    local name=$1
    shift
    if ! "$@" >"$problems" 2>&1 || [ -s "$problems" ]; then
        echo "lint: $name"
        sed 's/^/  /' "$problems"
        bad=1
    fi
}

mapfile -t code < <(find gateway drivers tests -name '*.[ch]' | sort)
mapfile -t shell < <(grep -rlE --include='*' --exclude-dir=build \
    --exclude-dir=.git '^#!(/usr/bin/env bash|/bin/(ba)?sh)$' . | sort)
mapfile -t python < <(find tests -name '*.py' | sort)

# Releases of clang-format disagree in details; one of them is the judge.
check_format() {
    local version
    version=$(clang-format --version 2>/dev/null |
        sed -n 's/.*version \([0-9]*\)\..*/\1/p')
    if [ "${version:-0}" -ne 14 ]; then
        return 0
    fi
    clang-format --dry-run -Werror --ferror-limit=1 "${code[@]}" 2>&1 |
        grep ' error: ' | sed 's/ error: .*/ not formatted: make format/'
    return 0
}

check_shell() {
    local file
    for file in "${shell[@]}"; do
        bash -n "$file"
    done
    if command -v shellcheck >/dev/null; then
        shellcheck -S warning "${shell[@]}"
    fi
}

check_python() {
    /usr/bin/python3 - "${python[@]}" <<'END'
import sys
for path in sys.argv[1:]:
    try:
        compile(open(path, encoding="utf-8").read(), path, "exec")
    except SyntaxError as e:
        print(f"{path}:{e.lineno}: {e.msg}")
END
}

check "sources" /usr/bin/python3 tests/lint.py
check "format" check_format
check "shell" check_shell
check "python" check_python

if command -v ctags >/dev/null; then
    /usr/bin/python3 tests/lint.py --sizes || bad=1
else
    echo "lint: no ctags, function lengths not checked"
fi
exit $bad
