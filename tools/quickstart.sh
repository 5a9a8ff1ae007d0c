#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a fresh clone to a trained HQ-SAM: builds, makes a synthetic data set, trains HQ modules on the small base that
# comes with the project, evaluates, predicts on a picture and exports. Everything lands in runs/quickstart.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$root"

run=runs/quickstart
hqsam=build/hqsam
config=configs/quickstart.yaml

# Made in a folder of another name first, so that a set is there whole or not at all.
make_set() {
  local folder=$run/data/$1
  if [ -d "$folder" ]; then
    echo "$folder is there"
    return
  fi
  rm -rf "$folder.tmp"
  mkdir -p "$run/data"
  $hqsam data synth --output "$folder.tmp" --count "$2" --seed "$3"
  mv "$folder.tmp" "$folder"
}
make_data() {
  make_set train 240 1
  make_set valid 40 2
}

train() { $hqsam train --config $config --output $run/train --overwrite; }
evaluate() { $hqsam evaluate --config $config --checkpoint $run/train/model.pth --output $run/evaluate | tee $run/table.txt; }
predict() {
  $hqsam predict --checkpoint $run/train/model.pth --image data/samples/chair.jpg --box 45,42,479,487 \
    --masks hq --output $run/predict
}
export_model() {
  $hqsam export --checkpoint $run/train/model.pth --format safetensors --output $run/hq_sam_micro.safetensors
}

stage setup tools/setup.sh
stage build build build -- hqsam_cli
stage data make_data
stage train train
stage evaluate evaluate
stage predict predict
stage export export_model

say "done"
stage_times
printf '\n'
cat $run/table.txt
printf '\n'
printf '%-8s %s\n' picture "$root/$run/predict/chair_overlay.jpg" report "$root/$run/evaluate/report.html" \
  export "$root/$run/hq_sam_micro.safetensors"
