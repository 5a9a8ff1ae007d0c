#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh <hqsam binary> <source folder>: the annotation page in a browser without a window.
set -euo pipefail
export PYTHONDONTWRITEBYTECODE=1
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/golden.sh
source=$2
. "$source/tests/golden.sh"
if ! PYTHONPATH=$here python3 -c 'import sys, devtools; sys.exit(devtools.find_browser() is None)'; then
  echo "skipped: there is no Chromium here (tools/setup.sh --browser installs it where there is a package)"
  exit 77
fi
exec python3 "$here/annotate.py" "$1" "${3:-$(golden sam_hq_micro.pth)}" "$source/data/samples"
