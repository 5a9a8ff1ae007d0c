# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# For the scripts beside it: a run of a few seconds on a model of 128 pixels, by one or more ranks. Needs $hqsam and
# $source, and leaves the shell in a folder of its own.
set -uo pipefail
hqsam=$(realpath -e "$hqsam") && source=$(realpath -e "$source") || exit 2
# shellcheck source=tests/golden.sh
. "$source/tests/golden.sh"
export OMP_NUM_THREADS=1 GOMP_SPINCOUNT=10000
work=$(mktemp -d)
trap 'stop_spoiler; stop_all; rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0
pids=() codes=() spoiler=0

fault() {
  printf 'FAILED: %s\n' "$*"
  failures=$((failures + 1))
}

done_with() { # <what>
  [ $failures -eq 0 ] || {
    echo "$1: $failures failures"
    exit 1
  }
  echo "$1: all passed"
}

# says <pattern> <files...>: one of the runs' outputs has it.
says() {
  local pattern=$1
  shift
  grep -q -- "$pattern" "$@" || fault "no '$pattern' in: $(tail -qn 2 "$@")"
}

# Nothing listens there; below the ports that the system gives out by itself.
free_port() {
  local port
  while :; do
    port=$((10000 + RANDOM % 20000))
    (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo $port
}

make_run() { # [pictures]
  "$hqsam" data synth --output set --count "${1:-8}" --size 256 --seed 1 >/dev/null 2>&1 || exit 1
  cat >run.yaml <<YAML
model: {checkpoint: $(golden sam_hq_micro.pth)}
data:
  train: [{name: t, images: set/im, masks: set/gt}]
  valid: [{name: v, images: set/im, masks: set/gt}]
  workers: 1
evaluate: {limit: 2}
train: {epochs: 3, batch_size: 4, micro_batch: 2, save_minutes: 0, ema: {decay: 0.9}, deterministic: true}
YAML
}

# begin <ranks> <folder> [options...]: starts hqsam train; the processes' numbers go into pids, their words into
# <folder>.<rank>.
begin() {
  local ranks=$1 folder=$2 rank port=0
  shift 2
  pids=()
  [ "$ranks" -eq 1 ] || port=$(free_port)
  for ((rank = 0; rank < ranks; ++rank)); do
    : >"$folder.$rank" # and appended to: two runs of one folder may write to it
    RANK=$rank WORLD_SIZE=$ranks MASTER_ADDR=127.0.0.1 MASTER_PORT=$port "$hqsam" train --config run.yaml \
      --threads 1 --output "$folder" "$@" >>"$folder.$rank" 2>&1 &
    pids+=($!)
  done
}

# end: waits for all; their exit codes go into codes.
end() {
  local pid code
  codes=()
  for pid in "${pids[@]}"; do
    code=0
    wait "$pid" 2>/dev/null || code=$?
    codes+=("$code")
  done
  pids=()
}

stop_all() {
  local pid
  for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null; done
  [ ${#pids[@]} -eq 0 ] || wait "${pids[@]}" 2>/dev/null
}

# One random change of one random file of set/, over and over: cut, removed, spoilt, or made as in whole/ again.
spoil() {
  local files file size
  mapfile -t files < <(cd whole && find . -type f)
  while :; do
    file=${files[RANDOM % ${#files[@]}]}
    size=$(stat -c %s "whole/$file")
    case $((RANDOM % 8)) in
      0) truncate -s $((RANDOM * RANDOM % (size + 1))) "set/$file" 2>/dev/null ;;
      1) rm -f "set/$file" ;;
      2) # a JPEG does not tell such bytes from its own
        [[ $file == *.jpg ]] || head -c 64 /dev/urandom |
          dd of="set/$file" bs=1 seek=$((RANDOM % size)) conv=notrunc status=none
        ;;
      3 | 4) cp "whole/$file" "set/$file" ;; # in place
      *)
        for file in "${files[@]}"; do # most of the time most are whole
          cmp -s "whole/$file" "set/$file" || { cp "whole/$file" "set/$file.new" && mv "set/$file.new" "set/$file"; }
        done
        ;;
    esac
    sleep 0.02
  done
}

start_spoiler() {
  spoil >/dev/null 2>&1 &
  spoiler=$!
}

stop_spoiler() {
  [ $spoiler -eq 0 ] || { kill "$spoiler" && wait "$spoiler"; } 2>/dev/null
  spoiler=0
}

# restore: nobody changes set/ any more, and it is whole.
restore() {
  stop_spoiler
  rm -rf set
  cp -r whole set
}

# whole <ranks> <folder> [options...]: a run to its end.
whole() {
  begin "$@"
  end
  [ "${codes[*]}" = "$(printf '0 %.0s' $(seq "$1") | sed 's/ $//')" ] ||
    fault "a whole run exits with ${codes[*]}: $(tail -n 3 "$2".*)"
}

# Waits until a folder's run has taken a step.
first_step() {
  local i
  for ((i = 0; i < 6000; ++i)); do
    [ -s "$1/metrics.jsonl" ] && return
    sleep 0.02
  done
  fault "no step in two minutes: $(tail -qn 2 "$1".*)"
}

# resume_option <folder>: --resume where there is a run.
resume_option() {
  if [ -e "$1/config.yaml" ] || [ -n "$(ls "$1"/state/state_* 2>/dev/null)" ]; then echo --resume; fi
}

same_end() { # <folder> <folder>: to the bit
  local file
  for file in model.pth best.pth checkpoints/epoch_0002.pth; do
    cmp -s "$1/$file" "$2/$file" || fault "$2/$file is not that of the unbroken run"
  done
}

# A random number of seconds below $1.
random_seconds() { awk -v most="$1" -v seed="$RANDOM$RANDOM" 'BEGIN { srand(seed); printf "%.3f", rand() * most }'; }

seconds_now() { date +%s.%N; }
elapsed() { awk -v a="$1" -v b="$(seconds_now)" 'BEGIN { printf "%.3f", b - a }'; }
