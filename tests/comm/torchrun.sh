#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# torchrun.sh <test_comm>: a group of two under the real torchrun, whose agent keeps the store. TORCHRUN names it where
# it isn't on PATH. Exits with 77, which CTest shows as skipped, where there is none that works.
set -uo pipefail
program=$1 torchrun=${TORCHRUN:-torchrun}
if ! "$torchrun" --help >/dev/null 2>&1; then
  echo "skipped: '$torchrun' is not here or does not start; TORCHRUN=<path> names another"
  exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HQSAM_TEST_TIMEOUT=60000 HQSAM_TEST_FOLDER=$folder OMP_NUM_THREADS=1

# role <role> <torchrun's options...>
role() {
  local name=$1
  shift
  "$torchrun" --standalone --nproc-per-node 2 "$@" --no-python "$program" --gtest_also_run_disabled_tests \
    --gtest_filter="Rank.DISABLED_$name" >"$folder/out" 2>&1
}

role Collectives || { cat "$folder/out"; echo "FAILED: collectives under torchrun"; exit 1; }
# The first start fails on rank 1, which the restarted ranks' groups must not be confused by.
role FailsAtFirst --max-restarts 1 || { cat "$folder/out"; echo "FAILED: a restart under torchrun"; exit 1; }
echo "all passed"
