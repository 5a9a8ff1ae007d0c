#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# train.sh <hqsam binary> <source folder>: the way of README.md and docs/training.md from pictures to a model that is
# known to be better than SAM, or not: init, check, dry run, training, stop, resume, evaluation, comparison.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh" "$@" || exit 1

settings=(--set train.epochs=2 --set train.batch_size=8)
train=("$hqsam" train --config train.yaml "${settings[@]}")
number='-\?[0-9]*\.[0-9]*'
interval="\[[+-][0-9.]*, [+-][0-9.]*\]"

# value <file> <key>: the last number of that key in a file of JSON.
value() {
  grep -o "\"$2\": *-\?[0-9.e+-]*" "$1" | tail -n 1 | sed 's/.*: *//'
}

has_none_of() { # <folder> <names...>
  local name
  for name in "${@:2}"; do
    [ ! -e "$1/$name" ] || fault "$1/$name is there"
  done
}

begin() {
  works "$hqsam" data synth --output my_data/train --count 26 --seed 1 --size 256
  works "$hqsam" data synth --output my_data/val --count 6 --seed 2 --size 256
  works "$hqsam" init my_data --checkpoint "$source/data/base_micro.safetensors"
  says train.yaml "batch_size: 4"
  says train.yaml "docs/training.md"
  says train.yaml "output: runs/my_data"
  works "$hqsam" data check --config train.yaml --output check
  [ -s check/contact_sheet.html ] || fault "data check leaves no contact sheet"
}

dry_run() {
  local before after
  before=$(find . | sort)
  works "${train[@]}" --dry-run
  cp stdout dry_stdout
  says dry_stdout "^model .*micro, 512 pixels; 0.17 M of 4.14 M parameters train (hq)"
  says dry_stdout "^data .*26 rows an epoch, 24 of them in 3 batches of 8"
  says dry_stdout "^steps .*6 in 2 epochs of 3"
  says dry_stdout "^validation .*6 pictures, 2 times"
  says dry_stdout "^time .*about .* s a step"
  says dry_stdout "^memory .*$number GiB with up to 2 rows at a time, measured; about $number GiB with the 4"
  says dry_stdout "^disk .*model.pth and best.pth"
  rm dry_stdout
  after=$(find . | grep -v '^./std\(out\|err\)$' | sort)
  [ "$(grep -v '^./std\(out\|err\)$' <<<"$before")" = "$after" ] || fault "a dry run leaves $(diff <(echo "$before") <(echo "$after"))"
  refuses "a batch of 26 or less fits" "${train[@]}" --dry-run --set train.batch_size=64
  refuses "unknown key 'train.epoch' (did you mean 'epochs'?)" "${train[@]}" --dry-run --set train.epoch=2
  has_none_of . runs
}

# refuses <pattern> <command...>: exit code 1 and one line that says so.
refuses() {
  local pattern=$1 code=0
  shift
  "$@" >stdout 2>stderr || code=$?
  [ $code -eq 1 ] || fault "exit code $code, expected 1: $*"
  says stderr "^error: .*$pattern"
}

whole_run() {
  works "${train[@]}" --output runs/whole
  cp stderr whole_stderr
  [ "$(grep -c "an epoch trains on 24 of 26 rows, in 3 batches of 8" whole_stderr)" -eq 1 ] ||
    fault "rows that are left out are not told once: $(cat whole_stderr)"
  says whole_stderr "the run has 6 steps in all, too few to learn much: raise train.epochs (to 17 for 50 steps)"
  says whole_stderr "SAM: mBIoU $number, mIoU $number, on 6 masks of 6 pictures"
  says whole_stderr "epoch 1/2: .* images/s, mBIoU $number (SAM $number, [+-]$number $interval)"
  says whole_stderr "HQ is \(not better\|better\|worse\) than SAM here: mBIoU [+-]$number $interval"
  says whole_stderr "model.pth is of the last step, .*best.pth of the best validation (mBIoU "
  head -n 1 runs/whole/metrics.jsonl >first
  says first '"type":"valid","epoch":1,"step":0,"valid":{"sam.mbiou":'
  says runs/whole/metrics.jsonl '"gains":{"hq-sam.mbiou":{"mean":'
  says runs/whole/report.html "validated on <b>6 masks of 6 pictures</b>"
  says runs/whole/report.html "mBIoU over SAM $interval"
  says runs/whole/report.html '<th scope="row">SAM</th>'
  says runs/whole/report.html "<dt>mBIoU</dt>"
  says runs/whole/report.html "rows per epoch</dt><dd>24 of 26"
  ! grep -q "val, HQ" runs/whole/report.html || fault "the only set has a curve beside the mean's"
  if strings -a runs/whole/tensorboard/events* 2>/dev/null | grep -q "valid/"; then
    strings -a runs/whole/tensorboard/events* | grep -q "valid/sam.mbiou" || fault "TensorBoard lacks SAM"
  fi
}

# without_times <metrics.jsonl>
without_times() {
  sed -E 's/"(images_per_s|data_wait|memory_gib|seconds_left)":(null|[0-9.e+-]+),?//g' "$1"
}

# Stopped in the middle, it goes on to the same weights and the same log, and keeps SAM's numbers.
stop_and_resume() {
  local code=0 pid
  "${train[@]}" --output runs/parts >stdout 2>stderr &
  pid=$!
  for _ in $(seq 400); do
    [ "$(grep -c '"type":"step"' runs/parts/metrics.jsonl 2>/dev/null)" -ge 2 ] 2>/dev/null && break
    sleep 0.05
  done
  kill -TERM $pid
  wait $pid || code=$?
  [ $code -eq 75 ] || fault "a stopped run exits with $code, expected 75: $(cat stderr)"
  refuses "the config changed since it began: train.epochs: 2, now 5" "${train[@]}" --output runs/parts --resume \
    --set train.epochs=5
  refuses "train.lr: 0.001, now 0.1; train.seed: 42, now 7" "${train[@]}" --output runs/parts --resume \
    --set train.lr=0.1 --set train.seed=7
  works "${train[@]}" --output runs/parts --resume
  ! grep -q "SAM: mBIoU" stderr || fault "SAM was measured again after the resume"
  says stderr "epoch 2/2: .* images/s, mBIoU $number (SAM $number, "
  cmp runs/whole/model.pth runs/parts/model.pth || fault "a resumed run ended in other weights"
  diff <(without_times runs/whole/metrics.jsonl) <(without_times runs/parts/metrics.jsonl) >difference ||
    fault "a resumed run has another log: $(cat difference)"
  ! grep '"type":"epoch"' runs/parts/metrics.jsonl | grep -q '"images_per_s":\(null\|0\.0\),' ||
    fault "an epoch has no speed: $(grep '"type":"epoch"' runs/parts/metrics.jsonl)"
  refuses "train.epochs: 2, now 5.*model.checkpoint .*runs/parts/model.pth" "${train[@]}" --output runs/parts --resume \
    --set train.epochs=5
}

# What the run said last is what evaluate finds.
evaluate() {
  works "$hqsam" evaluate --config train.yaml --checkpoint runs/whole/model.pth --output runs/whole/evaluate
  local validated evaluated
  for kind in hq sam; do
    validated=$(value runs/whole/metrics.jsonl "$kind.mbiou")
    evaluated=$(sed -n "/^  \"mean\"/,\$p" runs/whole/evaluate/results.json | sed -n "/\"$kind\": {/,/}/p" | grep -m 1 '"mbiou"' |
      sed 's/.*: *//; s/,//')
    [ "$validated" = "$evaluated" ] || fault "mBIoU of $kind: validation found $validated, evaluate $evaluated"
  done
  says runs/whole/evaluate/report.html "measured <b>6 masks of 6 pictures</b>"
  works "$hqsam" evaluate --config train.yaml --checkpoint runs/parts/model.pth --output runs/parts/evaluate
  works "$hqsam" compare runs/whole/evaluate runs/parts/evaluate
  says stdout "+0.00  \[+0.00, +0.00\]"
}

# A run may begin with another's weights, and with too little of anything it says what fits.
others() {
  works "${train[@]}" --set model.checkpoint=runs/whole/best.pth --set train.epochs=1 --output runs/further
  says stderr "SAM: mBIoU"
  works "${train[@]}" --set train.batch_size=20 --set train.epochs=1 --set data.valid=[] --output runs/blind
  says stderr "warning: an epoch trains on 20 of 26 rows.*with train.batch_size 13 none is"
  ! grep -q "SAM" stderr || fault "a run without validation speaks of SAM: $(cat stderr)"
  refuses "'train.precision' is one of auto, fp32, bf16" "${train[@]}" --set train.precision=int8 --output runs/bad
  works "$hqsam" train --help
  says stdout "auto, fp32 or bf16"
}

begin
dry_run
whole_run
stop_and_resume
evaluate
others
[ $failures -eq 0 ] || { echo "$failures failures"; exit 1; }
echo "the road of training leads to a model"
