#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A small study on one's own pictures: pre-trains a micro base on coarse masks, trains HQ modules on the fine ones,
# and evaluates SAM beside HQ-SAM on pictures that neither saw. About an hour and a half on two CPU cores.
#   tools/study.sh DATA OUTPUT [key=value]...      settings for the HQ training, such as train.epochs=2
# DATA/train/<set>/{im,gt} and DATA/val/<set>/{im,gt} hold pictures (.jpg) and fine masks (.png) of equal stems;
# DATA/pretrain/<set>/{im,gt}, where there is one, holds coarse masks. The base learns from those and from the
# training masks made coarse, starting from data/base_micro.safetensors.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -ge 2 ] || die "usage: tools/study.sh DATA OUTPUT [key=value]..."
data=$(cd "$1" && pwd) || die "no folder $1"
output=$2
shift 2
hqsam=$root/build/hqsam
[ -x "$hqsam" ] || die "build hqsam first: tools/setup.sh, then cmake and ninja, or tools/quickstart.sh"
overrides=()
for setting in "$@"; do overrides+=(--set "$setting"); done

# sets <train|val|pretrain> <more keys>: a YAML list of the sets in that folder
sets() {
  local folder name
  for folder in "$data/$1"/*/; do
    [ -d "$folder" ] || continue
    name=$(basename "$folder")
    printf '    - {name: %s, images: %s/%s/im, masks: %s/%s/gt%s}\n' "$name" "$1" "$name" "$1" "$name" "${2:-}"
  done
}

mkdir -p "$output"
cat >"$output/base.yaml" <<YAML
model: {checkpoint: $root/data/base_micro.safetensors}
data:
  root: $data
  train:
$(sets pretrain)
$(sets train ', coarsen: true')
  augment: {scale_min: 0.5, scale_max: 1.5}
prompts: [{type: box, weight: 2}, {type: points, count: 3, weight: 1}]
train: {objective: sam, trainable: all, epochs: 6, batch_size: 8, micro_batch: 4, lr: 3.0e-4,
        schedule: {type: step, drop_after_epoch: 5, factor: 0.1}}
YAML
cat >"$output/hq.yaml" <<YAML
model: {checkpoint: $output/base/model.pth}
data:
  root: $data
  train:
$(sets train)
  valid:
$(sets val)
  augment: {scale_min: 0.5, scale_max: 2.0}
prompts: [{type: box, weight: 2}, {type: points, weight: 1}, {type: noisy_mask, weight: 1}]
train: {objective: hq, trainable: hq, epochs: 10, batch_size: 8, micro_batch: 4, lr: 1.0e-3,
        schedule: {type: step, drop_after_epoch: 8, factor: 0.1}}
evaluate: {prompt: box, protocol: reference}
YAML

# finished <folder>: trains once, goes on where it was stopped
train() {
  local name=$1
  shift
  if [ -e "$output/$name/model.pth" ]; then
    echo "$output/$name/model.pth is there"
  elif [ -d "$output/$name" ]; then
    "$hqsam" train --config "$output/$name.yaml" --output "$output/$name" "$@" --resume
  else
    "$hqsam" train --config "$output/$name.yaml" --output "$output/$name" "$@"
  fi
}

stage base train base
stage hq train hq "${overrides[@]}" --set data.valid=[]
stage before "$hqsam" evaluate --config "$output/hq.yaml" --checkpoint "$output/base/model.pth" --masks sam \
  --output "$output/evaluate_base"
stage after "$hqsam" evaluate --config "$output/hq.yaml" --checkpoint "$output/hq/model.pth" --output "$output/evaluate"
stage_times
