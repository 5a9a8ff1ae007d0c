#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# kill_resume.sh <hqsam binary> <source folder> <kills> [ranks...]: kill -9 at random moments of a run that saves at
# every step, of a random rank; after each --resume goes on to the end, which must be the unbroken run's to the bit.
# The kills are shared among the numbers of ranks (default 1 2).
export hqsam=$1 source=$2
kills=$3
worlds=("${@:4}")
[ ${#worlds[@]} -gt 0 ] || worlds=(1 2)
# shellcheck source=tests/faults/lib.sh
. "$(dirname "$0")/lib.sh"

make_run
for ranks in "${worlds[@]}"; do
  before=$(seconds_now)
  whole "$ranks" "unbroken_$ranks"
  length=$(elapsed "$before")
  in_time=0 saving=0
  rounds=$(((kills + ${#worlds[@]} - 1) / ${#worlds[@]}))
  for ((round = 0; round < rounds; ++round)); do
    rm -rf broken broken.*
    before=$(seconds_now)
    begin "$ranks" broken
    victim=$((RANDOM % ranks))
    sleep "$(random_seconds "$length")"
    kill -KILL "${pids[$victim]}" 2>/dev/null && in_time=$((in_time + 1))
    # Ranks that wait for each other to appear do so for long: a launcher would end them. Later they notice by themselves.
    begun=1
    [ -s broken/metrics.jsonl ] || begun=0
    [ $begun -eq 1 ] || kill -KILL "${pids[@]}" 2>/dev/null
    end
    [ -z "$(find broken -name '*.tmp' 2>/dev/null)" ] || saving=$((saving + 1))
    [ "$ranks" -eq 1 ] || [ $begun -eq 0 ] || [ -e broken/model.pth ] || grep -qs "rank $victim" broken.* ||
      fault "nobody names rank $victim: $(tail -qn 1 broken.*)"
    mapfile -t options < <(resume_option broken)
    begin "$ranks" broken "${options[@]}"
    end
    # Both parts together, smoothed: what a run takes while other programs come and go.
    length=$(awk -v a="$length" -v b="$(elapsed "$before")" 'BEGIN { printf "%.3f", 0.7 * a + 0.3 * b }')
    [ "${codes[0]}" -eq 0 ] || fault "round $round, $ranks ranks: --resume exits with ${codes[*]}: $(tail -qn 2 broken.*)"
    same_end "unbroken_$ranks" broken
    [ -z "$(find broken -name '*.tmp')" ] || fault "unfinished files are left"
    [ "$failures" -lt 5 ] || done_with "kill_resume"
    [ $(((round + 1) % 20)) -ne 0 ] || echo "$ranks ranks: $((round + 1)) kills, $failures failures"
  done
  echo "$ranks ranks: $rounds kills, $in_time while the process ran, $saving of them in the middle of a write"
done
done_with "kill_resume"
