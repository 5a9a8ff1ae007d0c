#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# loader_bench.sh <sam-hq checkout> <pictures> [options of loader_bench.py]: training rows of the reference's loader
# beside hqsam's, in turn. ROWS names the binary (default build/tests/parity_rows), PARITY_VENV the Python packages as in
# run.sh.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/parity/lib.sh
. "$here/lib.sh"
[ $# -ge 2 ] || die "which checkout of SysCV/sam-hq and which pictures? See the top of $0"
exec "$python" "$here/loader_bench.py" "${ROWS:-$root/build/tests/parity_rows}" "$@"
