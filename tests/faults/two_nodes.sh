#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# two_nodes.sh <hqsam or test_comm> <arguments...>: runs `hqsam launch` on two machines that are network namespaces,
# joined by a virtual cable: two ranks each. Needs root. Where the program is test_comm it is started without hqsam,
# which tests the collectives alone:
#   sudo tests/faults/two_nodes.sh build/hqsam train --config my.yaml
#   sudo tests/faults/two_nodes.sh build/tests/test_comm Collectives
set -euo pipefail
[ $# -ge 2 ] || { sed -n '3,7p' "$0"; exit 2; }
program=$(realpath "$1")
shift
port=29471 first=hqsam_a$$ second=hqsam_b$$
export GOMP_SPINCOUNT=${GOMP_SPINCOUNT:-10000} OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}

# shellcheck source=tests/faults/cable.sh
. "$(dirname "$0")/cable.sh"
trap 'cut_cable "$first" "$second"' EXIT
join_by_cable "$first" "$second" 10.77.0

# start <namespace> <node rank> <arguments...>
start() {
  local space=$1 node=$2 local_rank pids=() code=0
  shift 2
  if [ "$(basename "$program")" != test_comm ]; then
    ip netns exec "$space" "$program" launch --nproc 2 --nnodes 2 --node-rank "$node" --master-addr 10.77.0.1 \
      --master-port $port -- "$@"
    return
  fi
  for local_rank in 0 1; do
    ip netns exec "$space" env RANK=$((2 * node + local_rank)) LOCAL_RANK=$local_rank WORLD_SIZE=4 \
      MASTER_ADDR=10.77.0.1 MASTER_PORT=$port HQSAM_TEST_TIMEOUT=60000 HQSAM_TEST_FOLDER=/tmp \
      "$program" --gtest_brief=1 --gtest_also_run_disabled_tests --gtest_filter="Rank.DISABLED_$1" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || code=$?; done
  return $code
}

start "$second" 1 "$@" &
other=$!
code=0
start "$first" 0 "$@" || code=$?
wait $other || code=$?
exit $code
