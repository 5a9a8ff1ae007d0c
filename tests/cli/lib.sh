# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# For the scripts that try the binary, which source it with their own arguments, <hqsam binary> <source folder>: leaves
# the shell in a folder of its own, and counts faults.
set -uo pipefail
export OMP_NUM_THREADS=1 # small work, and other tests may run beside it
# shellcheck disable=SC2034 # for the scripts
hqsam=$1 source=$2
# shellcheck source=tests/golden.sh
. "$source/tests/golden.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0

fault() {
  printf 'FAILED: %s\n' "$*"
  failures=$((failures + 1))
}

# works <command...>
works() {
  "$@" >stdout 2>stderr || fault "exit code $?: $*: $(cat stderr)"
}

# fails_partly <command...>: exit code 1, after the rest was done.
fails_partly() {
  local got=0
  "$@" >stdout 2>stderr || got=$?
  [ "$got" -eq 1 ] || fault "exit code $got, expected 1: $*: $(cat stderr)"
}

says() { # <file> <pattern>
  grep -q -- "$2" "$1" || fault "no '$2' in $1: $(cat "$1")"
}
