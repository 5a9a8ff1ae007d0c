#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# stranger.sh <hqsam binary> <source folder> [test_comm]: who is no rank of a run on one machine can neither end it nor
# join it nor write into its log: a program beside it that speaks the rendezvous' language and writes over every key,
# one that scans its port while it starts, and, as root, a machine (a network namespace) at the other end of a cable.
hqsam=$1 source=$2 test_comm=$(realpath -e "${3:-$(dirname "$1")/tests/test_comm}") || exit 2
# shellcheck source=tests/faults/cable.sh
. "$(dirname "$0")/cable.sh"
# shellcheck source=tests/faults/lib.sh
. "$(dirname "$0")/lib.sh"
home=hqsam_home$$ away=hqsam_away$$

# stranger <role> <seconds> [command to run it with]: test_comm plays a role of tests/comm/stranger_test.cpp.
stranger() {
  local role=$1 seconds=$2
  shift 2
  MASTER_PORT=$port HQSAM_TEST_SECONDS=$seconds "$@" "$test_comm" --gtest_brief=1 --gtest_also_run_disabled_tests \
    --gtest_filter="Rank.DISABLED_$role" >"stranger.$role" 2>&1
}

# launched <folder> [command to run it with]: a run of two ranks begins.
launched() {
  local folder=$1
  shift
  "$@" "$hqsam" launch --nproc 2 --master-port "$port" -- train --config run.yaml --threads 1 --output "$folder" \
    --set train.epochs=10 >"$folder.log" 2>&1 &
  pids=($!)
}

# unharmed <folder>: the run ends as the undisturbed one did, and its log holds nobody else's words.
unharmed() {
  end
  [ "${codes[0]}" -eq 0 ] || fault "$1: the run exits with ${codes[0]}: $(tail -n 3 "$1.log" | cat -v)"
  cmp -s undisturbed/model.pth "$1/model.pth" || fault "$1: not the undisturbed run's weights"
  grep -q $'\x1b' "$1.log" && fault "$1: escape codes in the log"
  grep -q pwned "$1.log" && fault "$1: the stranger's words are in the log"
}

beside() {
  port=$(free_port)
  launched beside
  stranger Stranger 0 || fault "the stranger fails: $(tail -n 3 stranger.Stranger | cat -v)"
  unharmed beside
  says "is not of this group and is ignored" beside.log
}

scanned() {
  local scanner
  port=$(free_port)
  stranger Scans 20 &
  scanner=$!
  launched scanned
  unharmed scanned
  kill $scanner 2>/dev/null
  wait $scanner 2>/dev/null
}

from_outside() {
  trap 'stop_all; cut_cable "$home" "$away"; rm -rf "$work"' EXIT
  if ! join_by_cable "$home" "$away" 10.78.0; then
    echo "no network namespaces here: the stranger outside is left out"
    return
  fi
  port=$(free_port)
  GLOO_SOCKET_IFNAME=cable launched outside ip netns exec "$home"
  first_step outside
  MASTER_ADDR=10.78.0.1 stranger FindsNoPort 0 ip netns exec "$away" ||
    fault "a port of the run is open to the network: $(head -n 5 stranger.FindsNoPort)"
  RANK=1 WORLD_SIZE=2 MASTER_ADDR=10.78.0.1 MASTER_PORT=$port ip netns exec "$away" \
    "$hqsam" train --config run.yaml --output joined --rank-timeout 2 >joined.log 2>&1 && fault "a stranger joined"
  says "can't be reached within 2 s" joined.log
  unharmed outside
}

make_run 8
port=$(free_port)
launched undisturbed
end
[ "${codes[0]}" -eq 0 ] || fault "the undisturbed run exits with ${codes[0]}: $(tail -n 3 undisturbed.log)"
beside
scanned
if [ "$(id -u)" -eq 0 ] && command -v ip >/dev/null; then
  from_outside
else
  echo "not root, or no ip: the stranger outside is left out"
fi
done_with "stranger"
