#!/usr/bin/env bash
# fuzz.sh FOLDER SECONDS: runs every fuzz target below FOLDER for SECONDS, from
# the seeds in tests/fuzz/seeds/NAME; what it learns stays in FOLDER/corpus.
# Ends with 1 at the first crash, leak, hang or excess of memory.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$1
seconds=$2
found=
for target in "$folder"/tests/fuzz/fuzz_*; do
    case $target in
    *.o | *.d | *'*') continue ;;
    esac
    found=1
    name=${target##*/fuzz_}
    corpus=$folder/corpus/$name
    mkdir -p "$corpus"
    seeds=()
    [ ! -d "tests/fuzz/seeds/$name" ] || seeds=("tests/fuzz/seeds/$name")
    options=()
    [ ! -f "tests/fuzz/$name.dict" ] || options=("-dict=tests/fuzz/$name.dict")
    log=$folder/$name.log
    if "$target" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=512 \
        -print_final_stats=1 -artifact_prefix="$folder/$name-" \
        "${options[@]}" "$corpus" "${seeds[@]}" >"$log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        echo "ok fuzz_$name: $runs inputs"
    else
        tail -n 60 "$log"
        echo "FAILED fuzz_$name: see $log"
        exit 1
    fi
done
[ -n "$found" ] || { echo "no fuzz targets in $folder" >&2; exit 1; }
