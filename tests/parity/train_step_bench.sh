#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# train_step_bench.sh <sam-hq checkout> [options of train_step_bench.py]: a training step of the reference beside
# hqsam's, in turn. HQSAM names the binary (default build/hqsam), PARITY_VENV the Python packages as in run.sh.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tools/lib.sh
. "$here/../../tools/lib.sh"
[ $# -ge 1 ] || die "which checkout of SysCV/sam-hq? See the top of $0"
venv=${PARITY_VENV:-$root/build/parity-venv}
if [ ! -x "$venv/bin/python" ]; then
  python3 -m venv "$venv.tmp"
  "$venv.tmp/bin/pip" install --quiet -r "$here/requirements.txt"
  mv "$venv.tmp" "$venv"
fi
exec "$venv/bin/python" "$here/train_step_bench.py" "${HQSAM:-$root/build/hqsam}" "$@"
