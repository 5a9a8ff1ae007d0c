#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# kill_resume.sh <hqsam binary> <source folder> <kills> [ranks...]: kill -9 at random moments of a run that saves at
# every step, of a random rank; after each --resume goes on to the end, which must be the unbroken run's to the bit.
# One kill in four comes before the first step, the others after it. They are shared among the numbers of ranks (default
# 1 2). KILL_LOG names a file that gets a line per kill: those
# that it has already count, so that a long series may be broken off and started again.
export hqsam=$1 source=$2
kills=$3
worlds=("${@:4}")
[ ${#worlds[@]} -gt 0 ] || worlds=(1 2)
[ -z "${KILL_LOG:-}" ] || KILL_LOG=$(realpath -m "$KILL_LOG")
# shellcheck source=tests/faults/lib.sh
. "$(dirname "$0")/lib.sh"
log=${KILL_LOG:-$work/kills.log}
touch "$log" || exit 1

in_log() { grep -c "^$1" "$log"; }

times() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", a * b }'; }

# one_kill <ranks>: a run that takes about $start seconds to its first step and then $rest is killed and resumed; a line
# in the log.
one_kill() {
  local ranks=$1 victim=$((RANDOM % $1)) faults=$failures moment when=early writing="" begun=1 options
  rm -rf broken broken.*
  begin "$ranks" broken
  if [ $((RANDOM % 4)) -eq 0 ]; then
    moment="$(random_seconds "$start") s after the start"
  else
    first_step broken
    moment="$(random_seconds "$rest") s after the first step"
  fi
  sleep "${moment%% *}"
  kill -KILL "${pids[$victim]}" 2>/dev/null || when=ended
  # Ranks that wait for each other to appear do so for long: a launcher would end them. Later they notice by themselves.
  [ -s broken/metrics.jsonl ] || begun=0
  [ $begun -eq 1 ] || kill -KILL "${pids[@]}" 2>/dev/null
  end
  [ $when = ended ] || [ $begun -eq 0 ] || when=running
  # Other programs come and go: about three kills in four are to meet the run.
  case $when in ended) rest=$(times "$rest" 0.85) ;; running) rest=$(times "$rest" 1.05) ;; esac
  [ -z "$(find broken -name '*.tmp' 2>/dev/null)" ] || writing=", in the middle of a write"
  [ "$ranks" -eq 1 ] || [ $begun -eq 0 ] || [ -e broken/model.pth ] || grep -qs "rank $victim" broken.* ||
    fault "nobody names rank $victim: $(tail -qn 1 broken.*)"
  mapfile -t options < <(resume_option broken)
  begin "$ranks" broken "${options[@]}"
  end
  [ "${codes[0]}" -eq 0 ] || fault "rank $victim killed $moment: --resume exits with ${codes[*]}: $(tail -qn 2 broken.*)"
  same_end "unbroken_$ranks" broken
  [ -z "$(find broken -name '*.tmp')" ] || fault "unfinished files are left"
  [ "$failures" -eq "$faults" ] && result="the same" || result=FAILED
  echo "$ranks ranks: rank $victim $moment, $when$writing: $result" >>"$log"
}

make_run
for ranks in "${worlds[@]}"; do
  rounds=$(((kills + ${#worlds[@]} - 1) / ${#worlds[@]}))
  before=$(seconds_now)
  begin "$ranks" "unbroken_$ranks"
  first_step "unbroken_$ranks"
  start=$(elapsed "$before")
  end
  rest=$(awk -v all="$(elapsed "$before")" -v start="$start" 'BEGIN { print all - start }')
  [[ "${codes[*]}" =~ ^0( 0)*$ ]] || fault "the unbroken run exits with ${codes[*]}"
  while [ "$(in_log "$ranks ranks")" -lt "$rounds" ]; do
    one_kill "$ranks"
    [ "$failures" -lt 5 ] || done_with "kill_resume"
    [ $(($(in_log "$ranks ranks") % 20)) -ne 0 ] || echo "$ranks ranks: $(in_log "$ranks ranks") kills, $failures failures"
  done
  echo "$ranks ranks: $rounds kills, $(in_log "$ranks ranks.*running") of them in the run," \
    "$(in_log "$ranks ranks.*write") in the middle of a write, $(in_log "$ranks ranks.*FAILED") failed"
done
[ "$(in_log ".*FAILED")" -eq 0 ] || failures=$((failures > 0 ? failures : 1))
done_with "kill_resume"
