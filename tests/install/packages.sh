#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# packages.sh <folder of tools/package.sh's packages>: unpacks each and predicts and trains with it. With a second
# argument, the root of another system (debootstrap's), the tarball is tried there: as root, and it leaves nothing.
set -euo pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)
packages=$(cd "$1" && pwd)
other=${2:-}
work=$(mktemp -d "${other:-/tmp}/hqsam_packages_XXXXXX")
trap 'rm -rf "$work"' EXIT
here=${work#"$other"} # the same folder as the other system sees it
in_system() { if [ -n "$other" ]; then chroot "$other" env -i PATH=/usr/bin:/bin HOME=/tmp "$@"; else env -i PATH=/usr/bin:/bin HOME=/tmp "$@"; fi; }

cp "$source/data/samples/kite.jpg" "$source/tests/golden/sam_hq_micro.pth" "$source/data/base_micro.safetensors" "$work"

# tries <name> <hqsam...>: what a user does first.
tries() {
  local name=$1 start=$SECONDS
  shift
  in_system "$@" --version
  in_system "$@" predict --checkpoint "$here/sam_hq_micro.pth" --image "$here/kite.jpg" --box 30,20,400,400 --output "$here/$name/masks"
  [ -s "$work/$name/masks/kite_0.png" ]
  [ -e "$work/set" ] || in_system "$@" data synth --output "$here/set" --count 8 --seed 3 --size 256
  cat >"$work/train.yaml" <<YAML
model: {checkpoint: $here/base_micro.safetensors}
data: {train: [{name: set, images: $here/set/im, masks: $here/set/gt}]}
train: {epochs: 1, batch_size: 4}
YAML
  in_system "$@" train --config "$here/train.yaml" --output "$here/$name/run"
  [ -s "$work/$name/run/model.pth" ]
  echo "$name: works, $((SECONDS - start)) s"
}

tar -C "$work" -xf "$packages"/hqsam-*-linux-x86_64.tar.xz
folder=$(echo "$work"/hqsam-*-linux-x86_64)
tries tarball "$here/${folder##*/}/bin/hqsam"
[ -z "$other" ] || exit 0

mkdir "$work/deb"
dpkg-deb -x "$packages"/hqsam_*_amd64.deb "$work/deb"
# As if it lay in /usr: the binary looks for its libraries there.
tries deb env LD_LIBRARY_PATH="$here/deb/usr/lib/hqsam" "$here/deb/usr/bin/hqsam"

wheels=("$packages"/hqsam-*.whl)
python3 -m venv "$work/venv"
echo "$source/.deps/python" >"$(echo "$work"/venv/lib/python3*/site-packages)/torch.pth"
"$work/venv/bin/pip" install --quiet --no-deps "${wheels[0]}"
tries wheel "$work/venv/bin/hqsam"
echo "all packages work"
