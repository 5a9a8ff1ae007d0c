# SPDX-License-Identifier: Apache-2.0
# For the scripts of this folder: what tools/lib.sh gives, and $python with requirements.txt, of PARITY_VENV (default
# build/parity-venv, made where missing).
# shellcheck source=tools/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../tools/lib.sh"
venv=${PARITY_VENV:-$root/build/parity-venv}
if [ ! -x "$venv/bin/python" ]; then
  python3 -m venv "$venv.tmp"
  "$venv.tmp/bin/pip" install --quiet -r "$root/tests/parity/requirements.txt"
  mv "$venv.tmp" "$venv"
fi
python=$venv/bin/python
