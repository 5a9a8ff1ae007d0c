#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# train_step_bench.sh <sam-hq checkout> [options of train_step_bench.py]: a training step of the reference beside
# hqsam's, in turn. HQSAM names the binary (default build/hqsam), PARITY_VENV the Python packages as in run.sh.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/parity/lib.sh
. "$here/lib.sh"
[ $# -ge 1 ] || die "which checkout of SysCV/sam-hq? See the top of $0"
exec "$python" "$here/train_step_bench.py" "${HQSAM:-$root/build/hqsam}" "$@"
