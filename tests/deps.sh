#!/usr/bin/env bash
# deps.sh "PACKAGES": installs the Debian packages that are missing, and does
# nothing, offline too, when all are there. "a|b" is satisfied by either. A
# name that this release does not have is skipped with a word.
#
# Installing a server package must not start or enable that server on the
# machine: the tests and the demo run private ones.
set -euo pipefail

servers="prosody ejabberd smstools kannel gammu-smsd"

installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

known() {
    [ -n "$(apt-cache madison "$1" 2>/dev/null)" ]
}

missing=()
for choice in $1; do
    found=
    for name in ${choice//|/ }; do
        if installed "$name"; then
            found=1
            break
        fi
    done
    [ -n "$found" ] || missing+=("$choice")
done
[ ${#missing[@]} -gt 0 ] || exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "deps: not root and no sudo; please install: ${missing[*]}" >&2
        exit 1
    }
    root=(sudo)
fi

echo "deps: installing ${missing[*]}"
"${root[@]}" apt-get update -qq || echo "deps: apt-get update failed" >&2

wanted=()
for choice in "${missing[@]}"; do
    name=
    for name in ${choice//|/ } ''; do
        if [ -n "$name" ] && known "$name"; then
            break
        fi
    done
    if [ -n "$name" ]; then
        wanted+=("$name")
    else
        echo "deps: this release has no $choice, going on without it" >&2
    fi
done
[ ${#wanted[@]} -gt 0 ] || exit 0

# invoke-rc.d and deb-systemd-invoke ask this script; 101 means "do not start".
policy=/usr/sbin/policy-rc.d
made=
if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee $policy >/dev/null
    "${root[@]}" chmod 755 $policy
    made=1
fi
remove_policy() {
    [ -z "$made" ] || "${root[@]}" rm -f $policy
}
trap remove_policy EXIT

"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
    --no-install-recommends "${wanted[@]}"

if [ -d /run/systemd/system ]; then
    for name in "${wanted[@]}"; do
        case " $servers " in
        *" $name "*)
            "${root[@]}" systemctl disable --quiet "$name" || true
            ;;
        esac
    done
fi
