# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Two machines that are network namespaces, at the two ends of a virtual cable. Needs root. Source it.

# join_by_cable <first> <second> <net>: makes them; <net>.1 is the first, <net>.2 the second.
join_by_cable() {
  local space node=1
  ip netns add "$1" && ip netns add "$2" || return 1
  ip link add cable netns "$1" type veth peer name cable netns "$2" || return 1
  for space in "$1" "$2"; do
    ip -n "$space" addr add "$3.$node/24" dev cable || return 1
    ip -n "$space" link set cable up || return 1
    ip -n "$space" link set lo up || return 1
    node=$((node + 1))
  done
}

cut_cable() { # <first> <second>
  ip netns del "$1" 2>/dev/null
  ip netns del "$2" 2>/dev/null
  return 0
}
