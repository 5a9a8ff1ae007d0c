#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The paper's ablations on one's own pictures: trains rows of configs/ablation on one SAM, evaluates each, and writes
# OUTPUT/table.md with their differences to that SAM.
#   tools/ablation.sh DATA OUTPUT [--base SAM] [--rows "hq_token fpn ..."] [--seeds "1 2 3"] [key=value]...
# DATA/train/<set>/{im,gt} and DATA/val/<set>/{im,gt} hold pictures (.jpg) and masks (.png) of equal stems. SAM is a
# checkpoint without HQ modules, such as tools/study.sh's OUTPUT/base/model.pth; else data/base_micro.safetensors.
# key=value are settings of all trainings, such as train.precision=bf16. Pictures are not augmented, so that each is
# encoded once for all rows but `everything` (OUTPUT/features, which may go afterwards). What an earlier call did is kept, what it began
# goes on; the table has the rows and seeds of this call.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

usage='usage: tools/ablation.sh DATA OUTPUT [--base SAM] [--rows "a b"] [--seeds "1 2"] [key=value]...'
[ $# -ge 2 ] || die "$usage"
data=$(cd "$1" && pwd) || die "no folder $1"
mkdir -p "$2"
output=$(cd "$2" && pwd)
shift 2
base=$root/data/base_micro.safetensors
rows="context_token hq_token_times_output boundary_loss hq_token hq_token_convs hq_final hq_early hq_final_early
  hq_feature_context_token fpn decoder output_token everything"
seeds=42
overrides=()
while [ $# -gt 0 ]; do
  case $1 in
    --base | --rows | --seeds)
      [ $# -ge 2 ] || die "$1 needs a value; $usage"
      declare "${1#--}=$2"
      shift
      ;;
    *=*) overrides+=(--set "$1") ;;
    *) die "unknown argument '$1'; $usage" ;;
  esac
  shift
done
base=$(realpath -e "$base") || die "no checkpoint $base"
read -ra rows <<<"${rows//$'\n'/ }"
read -ra seeds <<<"$seeds"
for row in "${rows[@]}"; do
  [ -f "$root/configs/ablation/$row.yaml" ] || die "no row '$row'; there are: $(basename -as .yaml "$root"/configs/ablation/*.yaml | xargs)"
done
hqsam=$root/build/hqsam
[ -x "$hqsam" ] || die "build hqsam first: tools/setup.sh, then cmake and ninja, or tools/quickstart.sh"

config() {
  cat <<YAML
model: {checkpoint: "$base"}
data:
  root: "$data"
  train:
$(sets "$data" train)
  augment: {flip_probability: 0, scale_min: 1, scale_max: 1}
prompts: [{type: box, weight: 2}, {type: points, weight: 1}, {type: noisy_mask, weight: 1}]
train: {epochs: 8, batch_size: 8, micro_batch: 8, lr: 1.0e-3, cache_features: "$output/features",
        schedule: {type: step, drop_after_epoch: 6, factor: 0.1}}
YAML
}
val_config() {
  cat <<YAML
data:
  root: "$data"
  valid:
$(sets "$data" val)
evaluate: {prompt: box, protocol: reference}
YAML
}
# keep <file> <command>: what the command prints; an earlier call's file must have been the same.
keep() {
  [ -f "$1" ] || "$2" >"$1"
  "$2" | cmp -s - "$1" || die "$output holds ablations of another SAM or of other data: take another folder"
}
keep "$output/train.yaml" config
keep "$output/val.yaml" val_config

# train <row> <seed> <folder>: goes on where an earlier call was stopped.
train() {
  local how=()
  [ ! -f "$3/config.yaml" ] || how=(--resume)
  "$hqsam" train --config "$output/train.yaml" --config "$root/configs/ablation/$1.yaml" --output "$3" "${how[@]}" \
    "${overrides[@]}" --set "train.seed=$2"
}

# evaluate <checkpoint> <masks> <folder>: unless it is done
evaluate() {
  [ ! "$3/results.json" -nt "$1" ] || return 0
  "$hqsam" evaluate --config "$output/val.yaml" --checkpoint "$1" --masks "$2" --output "$3"
}

stage sam evaluate "$base" sam "$output/sam"
table=(sam)
for row in "${rows[@]}"; do
  folders=
  masks=hq
  ! grep -q 'objective: sam_mask' "$root/configs/ablation/$row.yaml" || masks=sam
  for seed in "${seeds[@]}"; do
    run=$row/seed_$seed
    stage "train $run" train "$row" "$seed" "$output/$run"
    stage "evaluate $run" evaluate "$output/$run/model.pth" "$masks" "$output/$run/evaluate"
    folders+=${folders:+,}$run/evaluate
  done
  table+=("$row=$folders")
done
say "$output/table.md"
(cd "$output" && "$hqsam" compare --table "${table[@]}") | tee "$output/table.md.tmp"
mv "$output/table.md.tmp" "$output/table.md"
stage_times
