#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the fuzzers (tests/fuzz) into build-fuzz and runs each from its committed corpus; fails where one found
# something, and names the input. What is new stays in build-fuzz/corpus for the next run; --keep brings the inputs
# that reach new code into tests/fuzz/corpus.
# usage: tools/fuzz.sh [SECONDS] [--runs N] [--keep] [fuzzer...]      (60 seconds each, all fuzzers)
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

all=(safetensors pth pickle rle segmentation yaml image yolo labelme sa1b tar prompts huggingface metadata results
  detections coco ytvis annotate)
seconds=60 runs=-1 keep=0 names=()
while [ $# -gt 0 ]; do
  case $1 in
    --runs) runs=${2:?--runs needs a number} seconds=0 && shift ;;
    --keep) keep=1 ;;
    [0-9]*) seconds=$1 ;;
    *)
      [[ " ${all[*]} " == *" $1 "* ]] || die "unknown fuzzer '$1'; there are: ${all[*]}"
      names+=("$1")
      ;;
  esac
  shift
done
[ ${#names[@]} -gt 0 ] || names=("${all[@]}")

folder=$root/build-fuzz
# Two frames of each allocation are enough, since an input can be run again; libraries without frame pointers make
# longer ones slow.
export ASAN_OPTIONS=${ASAN_OPTIONS:-malloc_context_size=2:detect_leaks=1} UBSAN_OPTIONS=print_stacktrace=1

declare -A max_len=([safetensors]=4096 [pth]=8192 [pickle]=4096 [rle]=256 [segmentation]=1024 [yaml]=2048 [image]=2048
  [yolo]=1024 [labelme]=2048 [sa1b]=1024 [tar]=8192
  [prompts]=2048 [huggingface]=4096 [metadata]=1024 [results]=2048 [detections]=1024 [coco]=2048 [ytvis]=2048 [annotate]=2048)

value() { sed -n "s/^stat::$2: *//p" "$1" | tail -1; } # of libFuzzer's final figures

run_one() {
  local name=$1 found=$folder/findings/$1 corpus=$folder/corpus/$1 log=$folder/$1.log begun=$folder/$1.begun rc=0
  mkdir -p "$found" "$corpus"
  touch "$begun"
  "$folder/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -runs="$runs" -max_len="${max_len[$name]}" -timeout=10 \
    -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$found/" "$corpus" "$root/tests/fuzz/corpus/$name" \
    >"$log" 2>&1 || rc=$?
  local inputs findings
  findings=$(find "$found" -type f -newer "$begun" ! -name 'slow-unit-*' -printf '  found: %p\n')
  inputs=$(value "$log" number_of_executed_units)
  # A run that ends badly without an input to show for it found nothing: it did not run.
  if [ -z "$inputs" ] || { [ $rc -ne 0 ] && [ -z "$findings" ]; }; then
    die "fuzz_$name did not run to its end, see $log"
  fi
  printf '%-12s %10s %9s %9s %9s\n' "$name" "$inputs" "$(value "$log" average_exec_per_sec)" \
    "$(sed -n 's/.*cov: \([0-9]*\).*/\1/p' "$log" | tail -1)" "$(grep -c . <<<"$findings" || true)"
  [ -n "$findings" ] || return 0
  failed=1
  printf '%s\n' "$findings"
}

# The fewest inputs that reach all code that is reached, under short names.
keep_corpus() {
  local name=$1 corpus=$root/tests/fuzz/corpus/$1 merged=$folder/merged file
  rm -rf "$merged"
  mkdir -p "$merged" "$corpus"
  "$folder/tests/fuzz/fuzz_$name" -set_cover_merge=1 -use_counters=0 -max_len="${max_len[$name]}" -timeout=10 -rss_limit_mb=2048 \
    "$merged" "$corpus" "$folder/corpus/$name" >"$folder/$name.merge.log" 2>&1 || die "see $folder/$name.merge.log"
  find "$corpus" -type f ! -name 'found_*' -delete
  for file in "$merged"/*; do mv "$file" "$corpus/$(basename "$file" | cut -c1-8)"; done
}

build "$folder" -DHQSAM_FUZZ=ON -- >/dev/null
failed=0
printf '%-12s %10s %9s %9s %9s\n' fuzzer inputs inputs/s coverage findings
for name in "${names[@]}"; do
  run_one "$name"
  [ $keep -eq 0 ] || keep_corpus "$name"
done
[ $failed -eq 0 ] || die "run build-fuzz/tests/fuzz/fuzz_<name> <the input> for the fault"
