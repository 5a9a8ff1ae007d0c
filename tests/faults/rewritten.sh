#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# rewritten.sh <hqsam binary> <source folder> <minutes>: runs over pictures, masks and a COCO file that another process
# keeps rewriting in place, truncating, spoiling, removing and restoring. A run ends well or by an error that names the
# file, never by a signal; with data.on_error skip it goes on and counts. Once the files are whole again --resume works,
# and a run that passed over nothing ends at the unbroken run's weights, to the bit.
export hqsam=$1 source=$2
minutes=$3
# shellcheck source=tests/faults/lib.sh
. "$(dirname "$0")/lib.sh"

make_files() {
  make_run 24
  "$hqsam" data convert --from set --to coco --no-images --output coco >convert.log 2>&1 ||
    fault "convert: $(tail -n 1 convert.log)"
  cp "$(find coco -name '*.json')" set/coco.json
  rm -r set/coarse
  sed -i "s|train: \[\(.*\)\]|train: [\1, {name: c, type: coco, images: set/im, annotations: set/coco.json}]|" run.yaml
  sed -i 's/epochs: 3/epochs: 4/' run.yaml
  cp -r set whole
}

# ends_well <what> <output>: of the run that just ended.
ends_well() {
  case ${codes[0]} in
    0) finished=$((finished + 1)) ;;
    1)
      errors=$((errors + 1))
      tail -n 1 "$2" | grep -q "^error: .*set/" || fault "$1: the error names no file: $(tail -n 1 "$2")"
      ;;
    *) fault "$1 exits with ${codes[0]}: $(tail -n 2 "$2")" ;;
  esac
}

# train_round <stop|skip> <early|late>
train_round() {
  local mode=$1
  rm -rf run run.0
  [ "$2" = late ] || start_spoiler
  begin 1 run --set data.on_error="$mode"
  if [ "$2" = late ]; then
    until [ -s run/metrics.jsonl ] || ! kill -0 "${pids[0]}" 2>/dev/null; do sleep 0.02; done
    start_spoiler
  fi
  end
  restore
  ends_well "train with on_error $mode" run.0
  [ -s run/metrics.jsonl ] && begun=$((begun + 1))
  if [ "${codes[0]}" -eq 1 ]; then
    begin 1 run --resume --set data.on_error="$mode"
    end
    # A run that began while a file was away knows fewer.
    [ "$2" = late ] || ! grep -q "the list of training files changed" run.0 || return
    [ "${codes[0]}" -eq 0 ] || fault "with all files restored --resume exits with ${codes[0]}: $(tail -n 2 run.0)"
  fi
  if grep -q '"unread"' run/metrics.jsonl; then
    [ "$mode" = skip ] || fault "a row was passed over with on_error stop"
    says "passed over (data.on_error: skip)" run.0
    skipped=$((skipped + $(grep -o '"unread":[0-9]*' run/metrics.jsonl | tail -n 1 | cut -d: -f2)))
    return
  fi
  [ "$2" = late ] || return
  same=$((same + 1))
  cmp -s unbroken/model.pth run/model.pth || fault "a run that read every file in the end has other weights ($mode)"
}

evaluate_round() { # <stop|skip>
  start_spoiler
  "$hqsam" evaluate --config run.yaml --checkpoint "$(golden sam_hq_micro.pth)" --threads 1 \
    --output evaluation --set data.on_error="$1" >evaluate.0 2>&1 &
  pids=($!)
  end
  restore
  ends_well "evaluate with on_error $1" evaluate.0
}

make_files
finished=0 errors=0 skipped=0 same=0 begun=0 rounds=0
whole 1 unbroken
until_when=$(awk -v now="$(date +%s)" -v minutes="$minutes" 'BEGIN { print int(now + 60 * minutes) }')
while [ "$(date +%s)" -lt "$until_when" ] && [ "$failures" -lt 5 ]; do
  train_round stop late
  train_round skip late
  evaluate_round skip
  [ $((rounds % 4)) -ne 3 ] || train_round skip early
  [ $((rounds % 4)) -ne 1 ] || train_round stop early
  [ $((rounds % 2)) -ne 0 ] || evaluate_round stop
  rounds=$((rounds + 1))
  [ $((rounds % 20)) -ne 0 ] || echo "$rounds rounds, $errors ends by an error, $failures failures"
done
echo "$rounds rounds: $errors runs ended by an error that names a file, $finished ran through, $begun trainings had begun;" \
  "$skipped rows were passed over; $same trainings that read all in the end are the unbroken one to the bit"
done_with "rewritten"
