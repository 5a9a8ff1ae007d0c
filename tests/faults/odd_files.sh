#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# odd_files.sh <hqsam binary> <source folder> [seconds]: a pipe, a device or a folder where a file is expected is told at
# once, in one line; and while another process rewrites pictures in place, cuts, removes and restores them, data check,
# evaluate and predict end by an exit code of their own, never by a signal.
export hqsam=$1 source=$2
seconds=${3:-40}
# shellcheck source=tests/faults/lib.sh
. "$(dirname "$0")/lib.sh"
model=$(golden sam_hq_micro.pth)

# refused <words> <command...>: within five seconds, exit code 1, the error in the last line with these words.
refused() {
  local words=$1 code=0
  shift
  timeout -s KILL 5 "$hqsam" "$@" >out 2>err || code=$?
  [ $code -eq 1 ] || fault "$*: exit code $code"
  cat out err | grep -q "$words" || fault "$*: expected '$words', got: $(tail -n 1 err)"
}

odd_files() {
  local pipe="is a FIFO (a pipe), expected a file" device="is a device, expected a file"
  mkfifo pipe pipe.json pipe.pth pipe.png
  refused "/dev/zero $device" train --config /dev/zero --output run
  refused "pipe $pipe" data check --config pipe
  refused "/dev/zero $device" predict --checkpoint "$model" --image set/im --prompts /dev/zero --output p
  refused "pipe.json $pipe" predict --checkpoint "$model" --image set/im --prompts pipe.json --output p
  refused "pipe.png $pipe" predict --checkpoint "$model" --image pipe.png --box 1,1,50,50 --output p
  refused "pipe.pth $pipe" info pipe.pth
  refused "/dev/zero $device" info /dev/zero
  refused "pipe.pth $pipe" evaluate --config run.yaml --checkpoint pipe.pth --output e
  local place
  for place in im gt; do # a picture or mask among others, and a link to a device
    mkfifo "set/$place/odd.png"
    refused "odd.png $pipe" train --config run.yaml --output run
    refused "odd.png $pipe" evaluate --config run.yaml --checkpoint "$model" --output e
    refused "odd.png $pipe" data check --config run.yaml
    refused "odd.png $pipe" init set --output made.yaml
    rm "set/$place/odd.png" && ln -s /dev/zero "set/$place/odd.png"
    refused "odd.png $device" train --config run.yaml --output run
    rm "set/$place/odd.png"
  done
  sed "s|images: set/im, masks: set/gt|type: coco, images: set/im, annotations: pipe.json|g" run.yaml >coco.yaml
  refused "pipe.json $pipe" data check --config coco.yaml
}

# no_signal <command...>
no_signal() {
  local code=0
  timeout -s KILL 60 "$hqsam" "$@" >out 2>err || code=$?
  runs=$((runs + 1)) by_error=$((by_error + (code > 0)))
  [ $code -le 1 ] || fault "$1 $2 exits with $code: $(tail -n 2 err)"
}

make_run 24
odd_files
cp -r set whole
runs=0 by_error=0 until_when=$((SECONDS + seconds))
while [ $SECONDS -lt "$until_when" ] && [ "$failures" -lt 5 ]; do
  start_spoiler
  no_signal data check --config run.yaml
  no_signal evaluate --config run.yaml --checkpoint "$model" --threads 1 --output e
  no_signal predict --checkpoint "$model" --image set/im --box 1,1,99,99 --output p
  restore
  rm -rf e p
done
no_signal data check --config run.yaml
[ "$by_error" -gt 0 ] && [ "$by_error" -lt "$runs" ] || echo "note: $by_error of $runs runs ended by an error"
echo "$runs runs over files that change: $by_error ended by an error, none by a signal"
done_with "odd files"
