#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh <build folder> <source folder>: installs into a folder of its own and builds and runs the documented example
# against that.
set -euo pipefail
build=$1 source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The example as docs/cpp_api.md shows it, its first C++ block, is the file without its licence line.
awk '/^```cpp$/ { inside = 1; next } /^```$/ { if (inside) exit } inside' "$source/docs/cpp_api.md" |
  diff - <(tail -n +2 "$source/docs/example.cpp")

cmake --install "$build" --prefix "$work/prefix" >/dev/null
"$work/prefix/bin/hqsam" --version
cmake -S "$source/tests/install" -B "$work/user" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_PREFIX_PATH="$work/prefix" >/dev/null
cmake --build "$work/user"
"$work/user/user" "$source/tests/golden/sam_hq_micro.pth" "$source/data/samples/kite.jpg" "$work/mask.png"
[ -s "$work/mask.png" ]
"$work/user/user" "$source/tests/golden/mask_decoder_hq_micro.pth" "$source/data/samples/kite.jpg" "$work/none.png" \
  2>"$work/error" && exit 1
grep -q -- "--base" "$work/error"
