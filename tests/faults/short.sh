#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# short.sh <hqsam binary> <source folder>: a few rounds of every script beside it.
here=$(dirname "$0")
failed=0
"$here/kill_resume.sh" "$1" "$2" 4 || failed=1
"$here/sigterm.sh" "$1" "$2" 3 || failed=1
"$here/seen.sh" "$1" "$2" || failed=1
"$here/rewritten.sh" "$1" "$2" 0.5 || failed=1
"$here/full_disk.sh" "$1" "$2" || failed=1
"$here/stranger.sh" "$1" "$2" || failed=1
exit $failed
