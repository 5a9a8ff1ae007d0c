#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh <build folder> <source folder>: installs into a folder of its own and builds and runs a program against that.
set -euo pipefail
build=$1 source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/prefix" >/dev/null
"$work/prefix/bin/hqsam" --version
cmake -S "$source/tests/install" -B "$work/user" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_PREFIX_PATH="$work/prefix" >/dev/null
cmake --build "$work/user"
"$work/user/user" "$source/tests/golden/sam_hq_micro.pth"
