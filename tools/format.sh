#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Formats all sources with the pinned clang-format; with --check it only says what differs, and fails.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

version=14.0.6
tool=$root/.deps/clang-format-$version
if [ ! -d "$tool" ]; then
  mkdir -p "$root/.deps"
  rm -rf "$tool.tmp"
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-input \
    --target "$tool.tmp" "clang-format==$version"
  mv "$tool.tmp" "$tool"
fi

mode=(-i)
case ${1:-} in
  '') ;;
  --check) mode=(--dry-run -Werror) ;;
  *) die "unknown argument '$1'; usage: tools/format.sh [--check]" ;;
esac
cd "$root"
find hqsam tools tests \( -name '*.cpp' -o -name '*.h' -o -name '*.cu' \) -print0 |
  xargs -0 "$tool/clang_format/data/bin/clang-format" "${mode[@]}"
