#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# sigterm.sh <hqsam binary> <source folder> <signals>: SIGTERM (and SIGINT, SIGUSR1 in turn) at random moments of a run
# must end it within 10 s with exit code 75, and --resume then ends at the unbroken run's weights. One signal in three
# comes before the first step, from when the system has loaded the program: until then a signal ends it as any other.
export hqsam=$1 source=$2
signals=$3
# shellcheck source=tests/faults/lib.sh
. "$(dirname "$0")/lib.sh"

catches_term() { # <process>
  local mask
  mask=$(sed -n 's/^SigCgt:\s*//p' "/proc/$1/status" 2>/dev/null)
  [ "$(readlink "/proc/$1/exe")" = "$hqsam" ] && [ $((16#${mask:-0} >> 14 & 1)) -eq 1 ]
}

make_run
whole 1 unbroken
names=(TERM TERM INT USR1)
slowest=0
for ((round = 0; round < signals; ++round)); do
  rm -rf stopped stopped.*
  begin 1 stopped
  if [ $((round % 3)) -eq 2 ]; then
    until catches_term "${pids[0]}" || ! kill -0 "${pids[0]}" 2>/dev/null; do sleep 0.005; done
    sleep "$(random_seconds 1)"
  else
    until [ -s stopped/metrics.jsonl ] || ! kill -0 "${pids[0]}" 2>/dev/null; do sleep 0.02; done
    sleep "$(random_seconds 0.3)"
  fi
  sent=$(seconds_now)
  kill -"${names[$((round % 4))]}" "${pids[0]}" 2>/dev/null
  end
  took=$(elapsed "$sent")
  slowest=$(printf '%s\n%s\n' "$slowest" "$took" | sort -g | tail -n 1)
  [ "${codes[0]}" -eq 75 ] || { [ "${codes[0]}" -eq 0 ] && [ -e stopped/model.pth ]; } ||
    fault "exit code ${codes[0]}, expected 75: $(tail -n 2 stopped.0)"
  awk -v took="$took" 'BEGIN { exit took > 10 }' || fault "it took $took s to stop"
  begin 1 stopped --resume
  end
  [ "${codes[0]}" -eq 0 ] || fault "--resume exits with ${codes[0]}: $(tail -n 2 stopped.0)"
  same_end unbroken stopped
  [ "$failures" -lt 5 ] || done_with "sigterm"
  [ $(((round + 1) % 20)) -ne 0 ] || echo "$((round + 1)) signals, $failures failures, slowest stop $slowest s"
done
echo "$signals signals, the slowest stop took $slowest s"
done_with "sigterm"
