#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checkpoints beside prompts as people give them: boxes that are off, clicks, rough masks (configs/eval/robust.yaml).
#   tools/robust.sh [--data DATA] [--output DIR] [--set key=value]... [NAME=]CHECKPOINT[,CHECKPOINT]...
# Writes DIR/table.md (DIR: runs/robust): mIoU and mBIoU of each checkpoint's masks, with the differences to the first
# line, mask by mask, and 95 % intervals; and what rough masks gain. Checkpoints joined by commas are one training
# repeated, of which each mask's scores are averaged. DATA/val/<set>/{im,gt} are pictures (.jpg) and masks (.png) of
# equal stems instead of the config's four sets. What an earlier call evaluated is kept where the checkpoint is older.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

usage='usage: tools/robust.sh [--data DATA] [--output DIR] [--set key=value]... [NAME=]CHECKPOINT[,CHECKPOINT]...'
output=$root/runs/robust
configs=(--config "$root/configs/eval/robust.yaml")
settings=()
data=
models=()
while [ $# -gt 0 ]; do
  case $1 in
    --data | --output | --set)
      [ $# -ge 2 ] || die "$1 needs a value; $usage"
      if [ "$1" = --set ]; then settings+=(--set "$2"); else declare "${1#--}=$2"; fi
      shift
      ;;
    -*) die "unknown option '$1'; $usage" ;;
    *) models+=("$1") ;;
  esac
  shift
done
[ ${#models[@]} -gt 0 ] || die "$usage"
hqsam=$root/build/hqsam
[ -x "$hqsam" ] || die "build hqsam first: tools/setup.sh, then cmake and ninja, or tools/quickstart.sh"
mkdir -p "$output"
if [ -n "$data" ]; then
  data=$(cd "$data" && pwd) || die "no folder $data"
  printf 'data:\n  root: "%s"\n  valid:\n%s\n' "$data" "$(sets "$data" val)" >"$output/data.yaml"
  configs+=(--config "$output/data.yaml")
fi

rows=()
for model in "${models[@]}"; do
  name=${model%%=*}
  [ "$name" != "$model" ] || name=$(basename "${model%%,*}")
  folders=
  number=0
  IFS=, read -ra checkpoints <<<"${model#*=}"
  for checkpoint in "${checkpoints[@]}"; do
    [ -f "$checkpoint" ] || die "no checkpoint $checkpoint"
    number=$((number + 1))
    folder=$output/$name/$number
    masks=()  # of SAM alone, its own
    "$hqsam" info --json "$checkpoint" | grep -q '"hq_parameters": *0[,}]' && masks=(--masks sam)
    # settings and data of this call: results of others are made anew
    call=$(printf '%s\n' "$checkpoint" "${settings[@]}" "$data" && cat "$root/configs/eval/robust.yaml")
    if [ ! "$folder/box/results.json" -nt "$checkpoint" ] || [ "$(cat "$folder/call" 2>/dev/null)" != "$call" ]; then
      rm -rf "$folder"
      stage "$name $number" "$hqsam" evaluate "${configs[@]}" --checkpoint "$checkpoint" --output "$folder" \
        "${masks[@]}" "${settings[@]}"
      printf '%s\n' "$call" >"$folder/call"
    fi
    folders+=${folders:+,}$folder
  done
  rows+=("$name=$folders")
done
say "$output/table.md"
"$hqsam" compare --prompts "${rows[@]}" | tee "$output/table.md.tmp"
mv "$output/table.md.tmp" "$output/table.md"
stage_times
