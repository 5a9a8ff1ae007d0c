#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs clang-tidy (.clang-tidy says which checks) over the rooms without libtorch, as build/ compiles them, or over the
# files that are named.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

cd "$root"
files=("$@")
[ ${#files[@]} -gt 0 ] || mapfile -t files < <(
  ls hqsam/{core,mask,image,metrics,synth}/*.cpp
  grep -LE "<torch/|tensor_(map|bytes|read)\.h" hqsam/tensorfile/*.cpp
)
# What Ninja runs, without ccache, and without the precompiled header, which is all that these files have of libtorch.
mkdir -p build/tidy
ninja -C build -t compdb | python3 -c '
import json, re, sys
commands = [command for command in json.load(sys.stdin) if command["file"].endswith(".cpp")]
for command in commands:
    command["command"] = re.sub(r"^.*/ccache |-Xclang -include(-pch)? -Xclang \S+|-Winvalid-pch", "", command["command"])
json.dump(commands, open("build/tidy/compile_commands.json", "w"))'
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy -p build/tidy --quiet
