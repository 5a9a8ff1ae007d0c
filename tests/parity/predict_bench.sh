#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# predict_bench.sh <checkpoint> <hqsam> [<another hqsam>]: seconds of `predict` on 100 pictures of 1024 x 1024 pixels, a
# box each: three rounds, the binaries in turn. OPTIONS holds more options for the last one.
set -euo pipefail
[ $# -ge 2 ] && [ $# -le 3 ] || { echo "usage: $0 <checkpoint> <hqsam> [<another hqsam>]" >&2; exit 2; }
checkpoint=$(realpath "$1")
shift
binaries=()
for binary in "$@"; do binaries+=("$(realpath "$binary")"); done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"${binaries[0]}" data synth --output set --count 100 --seed 1 --size 1024 >/dev/null
{
  printf '{'
  for i in $(seq 0 99); do printf '%s"%05d.jpg": {"box": [200, 150, 800, 900]}' "$([ "$i" = 0 ] || echo ', ')" "$i"; done
  printf '}\n'
} >prompts.json

for round in 1 2 3; do
  for i in "${!binaries[@]}"; do
    rm -rf out
    options=()
    # shellcheck disable=SC2206 # words
    [ "$i" -lt $((${#binaries[@]} - 1)) ] || options=(${OPTIONS:-})
    /usr/bin/time -o time -f '%e s, %U s of CPU, %M KiB' "${binaries[$i]}" predict --checkpoint \
      "$checkpoint" --image set/im --prompts prompts.json --output out \
      ${options[@]+"${options[@]}"} >/dev/null 2>log || { cat log >&2; exit 1; }
    echo "round $round, ${binaries[$i]} ${options[*]:-}: $(tail -n 1 time)"
  done
done
