#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# load.sh <hqsam> <ViT-H .pth> [python] [picture]: time and peak memory of loading it, beside Python's
# torch.load(mmap=True) and load_state_dict. Every program is a process of its own; three rounds, in turn, with the file
# in the page cache. With a picture, also the peak of a whole prediction and the seconds load_sam_hq took in it.
set -euo pipefail
hqsam=$1 file=$2 python=${3:-python3} picture=${4:-}
here=$(cd "$(dirname "$0")" && pwd)
weights=$(stat -c %s "$file")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# measure <name> <command...>: prints seconds and peak of the process, and the last line that the command printed.
measure() {
  local name=$1
  shift
  /usr/bin/time -o "$work/time" -f '%e %M' "$@" >"$work/out" 2>"$work/err" || { cat "$work/err" >&2; exit 1; }
  awk -v name="$name" -v bytes="$weights" '{
    printf "%-44s process %6.2f s, peak %4.0f %% of the weights", name, $1, 100 * $2 * 1024 / bytes }' "$work/time"
}

cat "$file" >/dev/null
for round in 1 2 3; do
  echo "round $round"
  measure "hqsam info" "$hqsam" info "$file"
  echo
  for way in copy assign; do
    measure "torch.load(mmap) + load_state_dict, $way" "$python" "$here/load.py" "$file" "$way"
    printf ', the two calls %s s\n' "$(tail -1 "$work/out")"
  done
done
if [ -n "$picture" ]; then
  measure "hqsam predict" "$hqsam" predict --log-level debug --threads 2 --checkpoint "$file" --image "$picture" \
    --box 10,10,60,60 --output "$work/predict"
  printf ', %s\n' "$(grep -o 'loaded in.*' "$work/err")"
fi
