#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What another input size than the checkpoint's costs: evaluates it at several and prints the means side by side.
#   tools/image_sizes.sh OUTPUT [CHECKPOINT CONFIG [SIZE]...]
# Without more arguments: SAM's masks of the shipped micro base (512 pixels) on 60 synthetic pictures that it never saw.
# CONFIG names the sets in data.valid; OUTPUT receives one evaluation per size.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -eq 1 ] || [ $# -ge 3 ] || die "usage: tools/image_sizes.sh OUTPUT [CHECKPOINT CONFIG [SIZE]...]"
hqsam=$root/build/hqsam
[ -x "$hqsam" ] || die "build hqsam first: tools/setup.sh, then cmake and ninja, or tools/quickstart.sh"
mkdir -p "$1"
output=$(cd "$1" && pwd)
checkpoint=${2:-$root/data/base_micro.safetensors}
config=${3:-$output/synthetic.yaml}
sizes=("${@:4}")
[ ${#sizes[@]} -gt 0 ] || sizes=(384 512 640 768)

if [ $# -eq 1 ]; then
  if [ ! -d "$output/data" ]; then
    rm -rf "$output/data.tmp"
    "$hqsam" data synth --output "$output/data.tmp" --count 60 --seed 2024
    mv "$output/data.tmp" "$output/data"
  fi
  cat >"$config" <<YAML
data:
  root: $output/data
  valid:
    - {name: synth, images: im, masks: gt}
evaluate: {prompt: box, protocol: reference, masks: [sam]}
YAML
fi

for size in "${sizes[@]}"; do
  say "$size pixels"
  "$hqsam" evaluate --config "$config" --checkpoint "$checkpoint" --image-size "$size" --output "$output/$size" |
    tee "$output/$size.txt"
done
say "means"
head -n 2 "$output/${sizes[0]}.txt" | sed 's/^/      /'
for size in "${sizes[@]}"; do grep -m 1 '^mean ' "$output/$size.txt" | sed "s/^/$(printf '%-6s' "$size")/"; done
