#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# completion.sh <hqsam binary> <source folder>: what a shell offers when hqsam's command line is completed.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh" "$@" || exit 1

works "$hqsam" completion bash
cp stdout completion.bash
# shellcheck source=/dev/null
source completion.bash

# offers <words of the line, the last one unfinished> -- <what must come>
offers() {
  COMP_WORDS=()
  while [ "$1" != -- ]; do COMP_WORDS+=("$1") && shift; done
  shift
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  _hqsam
  [ "${COMPREPLY[*]}" = "$*" ] || fault "'${COMP_WORDS[*]}' is completed to '${COMPREPLY[*]}', expected '$*'"
}
offers hqsam tr -- train
offers hqsam data c -- check convert
offers hqsam data convert --no -- --no-images
offers hqsam predict --masks "" -- sam hq sum
offers hqsam predict --image kite.jpg --multimask a -- all
offers hqsam predict --image "" --
offers hqsam completion --log-level w -- warn

for shell in zsh fish; do
  works "$hqsam" completion $shell
  if command -v $shell >/dev/null; then $shell -n stdout || fault "$shell does not read its completion"; fi
done
works "$hqsam" completion man
says stdout '^\.SH "hqsam data convert"$'
says stdout 'protocol'
if command -v groff >/dev/null; then
  [ -z "$(groff -man -Tascii -ww stdout 2>&1 >/dev/null)" ] || fault "groff warns of the manual page"
fi

if [ "$failures" -gt 0 ]; then exit 1; fi
echo "the command line is completed as it is"
