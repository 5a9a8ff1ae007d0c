#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# soak.sh <hqsam binary> <source folder> [requests]: 10,000 requests to hqsam annotate; prints how its memory grows.
set -euo pipefail
exec python3 "$(dirname "$0")/annotate_load.py" soak "$1" "$2" --requests "${3:-10000}" -- --threads 1
