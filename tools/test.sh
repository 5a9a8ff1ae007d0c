#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sets up, builds and runs all tests, then the tests of what reads foreign bytes once more under AddressSanitizer and
# UndefinedBehaviorSanitizer, and the fuzzers' inputs (tests/fuzz/corpus); with --sanitize every test program.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

programs=(test_core test_mask test_image test_tensorfile)
case ${1:-} in
  '') ;;
  --sanitize) programs=() ;;
  *) die "unknown argument '$1'; usage: tools/test.sh [--sanitize]" ;;
esac

export GOMP_SPINCOUNT=${GOMP_SPINCOUNT:-10000} # as hqsam itself does, see main.cpp

sanitized() {
  # Libraries that are not sanitized keep memory until the process ends.
  export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1
  local folder=$root/build/sanitize program
  if [ ${#programs[@]} -eq 0 ]; then
    build "$folder" -DHQSAM_SANITIZE=ON
    ctest --test-dir "$folder" --output-on-failure
    return
  fi
  build "$folder" -DHQSAM_SANITIZE=ON -- "${programs[@]}" replays
  for program in "${programs[@]}"; do "$folder/tests/$program" --gtest_brief=1; done
  ctest --test-dir "$folder" --output-on-failure -R '^replay_'
}

stage setup "$root/tools/setup.sh" --browser
stage format "$root/tools/format.sh" --check
stage rooms "$root/tools/check_rooms.sh"
stage build build "$root/build"
stage tests ctest --test-dir "$root/build" --output-on-failure
stage sanitized sanitized
say "all tests passed"
stage_times
