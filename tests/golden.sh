# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# For scripts that set $source, the source folder; tests/golden_path.h is the same for C++.
golden_folder=$(realpath -e "${HQSAM_GOLDEN:-$source/tests/golden}") || exit 1

# golden <name>: the path of a file of tests/golden, or of the one of that name in the folder HQSAM_GOLDEN.
golden() {
  if [ -e "$golden_folder/$1" ]; then echo "$golden_folder/$1"; else echo "$source/tests/golden/$1"; fi
}
