# SPDX-License-Identifier: Apache-2.0
# Shared by the scripts here: where the project is, how it is built, how stages are timed. Source it.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '\n== %s\n' "$*"; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# build <folder> <cmake options and ninja targets, parted by -->. Clang reads libtorch's precompiled header several
# times faster than GCC; CXX names another compiler.
build() {
  local folder=$1
  shift
  local options=()
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  [ $# -gt 0 ] && shift
  local output
  output=$(CXX=${CXX:-clang++} cmake -S "$root" -B "$folder" -G Ninja "${options[@]}" 2>&1) || die "cmake failed: $output"
  ninja -C "$folder" -j "$(nproc)" "$@"
}

# sets <data> <train|val|pretrain> <more keys>: a YAML list of the sets in <data>/<train>/<set>/{im,gt}.
sets() {
  local folder name
  for folder in "$1/$2"/*/; do
    [ -d "$folder" ] || continue
    name=$(basename "$folder")
    printf '    - {name: %s, images: %s/%s/im, masks: %s/%s/gt%s}\n' "$name" "$2" "$name" "$2" "$name" "${3:-}"
  done
}

# stage <name> <command...>: runs it and keeps how long it took for stage_times.
stages=()
stage() {
  local name=$1 start=$SECONDS
  shift
  say "$name"
  "$@"
  stages+=("$(printf '%-12s %4d s' "$name" $((SECONDS - start)))")
}
stage_times() { printf '%s\n' "${stages[@]}"; }
