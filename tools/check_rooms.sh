#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fails where an #include crosses the table of rooms in CMakeLists.txt, and where a room declares another that none of
# its files includes. A room may include itself, what it declares, and what those declare.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$root"

declare -A uses reach
rooms=()
while read -r name used; do
  rooms+=("$name")
  uses[$name]=$used
done < <(sed -nE 's/^hqsam_room\((\w+) .* USES (.*)\)$/\1 \2/p' CMakeLists.txt | sed -E 's/third::\w+//g')
[ ${#rooms[@]} -gt 1 ] || die "CMakeLists.txt has no table of rooms"

for room in "${rooms[@]}"; do # the table's order is from the bottom up
  reach[$room]=" $room "
  for used in ${uses[$room]}; do reach[$room]+="$used ${reach[$used]-} "; done
done

wrong=0
complain() {
  echo "$*" >&2
  wrong=1
}
for room in "${rooms[@]}"; do
  included=$(grep -HnoE '#include "hqsam/\w+/' "hqsam/$room"/*.* | sed -E 's/^([^:]*:[0-9]+):.*hqsam\/(\w+)\/$/\1 \2/')
  while read -r place other; do
    [[ ${reach[$room]} == *" $other "* ]] || complain "$place: room $room may not include room $other"
  done <<<"$included"
  for used in ${uses[$room]}; do
    grep -q " $used$" <<<"$included" || complain "CMakeLists.txt: room $room declares $used and includes nothing of it"
  done
done
[ $wrong = 0 ] || die "the rooms' table in CMakeLists.txt and the #includes differ"
