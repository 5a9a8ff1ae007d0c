#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A small study on one's own pictures: pre-trains a micro base on coarse masks, trains HQ modules on the fine ones,
# and evaluates SAM beside HQ-SAM on pictures that neither saw. Under an hour on two CPU cores.
#   tools/study.sh DATA OUTPUT [key=value]...      settings for both trainings, such as train.precision=bf16
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

mkdir -p "$output"
cat >"$output/base.yaml" <<YAML
model: {checkpoint: $root/data/base_micro.safetensors}
data:
  root: $data
  train:
$(sets "$data" pretrain)
$(sets "$data" train ', coarsen: true')
  augment: {scale_min: 0.5, scale_max: 1.5}
prompts:
  - {type: clicks, weight: 3, rounds: 4, pauses: 1, noise: 0.1, noise_cap: 20}
  - {type: box, weight: 3}
  - {type: points, weight: 1, count: [1, 5], negative: 0.2}
  - {type: noisy_mask, weight: 2}
  - {type: rough_mask, weight: 2}
  - {type: [box, rough_mask], weight: 1, noise: 0.1}
train: {objective: sam, trainable: all, epochs: 3, batch_size: 8, micro_batch: 8, lr: 3.0e-4,
        schedule: {type: step, drop_after_epoch: 2, factor: 0.2}}
YAML
cat >"$output/hq.yaml" <<YAML
model: {checkpoint: $output/base/model.pth}
data:
  root: $data
  train:
$(sets "$data" train)
  augment: {scale_min: 0.5, scale_max: 2.0}
prompts: [{type: box, weight: 2}, {type: points, weight: 1}, {type: noisy_mask, weight: 1}]
train: {objective: hq, trainable: hq, epochs: 8, batch_size: 8, micro_batch: 8, lr: 1.0e-3,
        schedule: {type: step, drop_after_epoch: 6, factor: 0.1}}
YAML
cat >"$output/val.yaml" <<YAML
data:
  root: $data
  valid:
$(sets "$data" val)
evaluate: {prompt: box, protocol: reference}
YAML

# train <name>: goes on where an earlier call was stopped.
train() {
  local how=()
  [ ! -d "$output/$1" ] || how=(--resume)
  "$hqsam" train --config "$output/$1.yaml" --output "$output/$1" "${how[@]}" "${overrides[@]}"
}

stage base train base
stage hq train hq
stage before "$hqsam" evaluate --config "$output/val.yaml" --checkpoint "$output/base/model.pth" --masks sam \
  --output "$output/evaluate_base"
stage after "$hqsam" evaluate --config "$output/val.yaml" --checkpoint "$output/hq/model.pth" --output "$output/evaluate"
say "SAM's own masks before and after"
# What is left of samples.jsonl without HQ's columns must be the same, to the last digit.
sam_columns() { sed -E 's/,"(hq|sum)":\{[^}]*\}//g' "$output/$1/samples.jsonl"; }
if cmp <(sam_columns evaluate_base) <(sam_columns evaluate); then echo "the same"; else die "they differ"; fi
stage_times
