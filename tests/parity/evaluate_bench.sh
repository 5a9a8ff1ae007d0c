#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# evaluate_bench.sh <sam-hq checkout> <pictures> [options of evaluate_bench.py]: an evaluation by the reference beside
# hqsam's, in turn. HQSAM names the binary (default build/hqsam), PARITY_VENV the Python packages as in run.sh.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/parity/lib.sh
. "$here/lib.sh"
[ $# -ge 2 ] || die "which checkout of SysCV/sam-hq and which pictures? See the top of $0"
exec "$python" "$here/evaluate_bench.py" "${HQSAM:-$root/build/hqsam}" "$@"
