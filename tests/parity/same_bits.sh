#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# same_bits.sh <hqsam before> <hqsam after>: whether a change of the code left every bit on the CPU as it was. Both
# binaries predict with all kinds of prompts and checkpoints, evaluate with all kinds of prompts under both protocols,
# and train in fp32, in bf16, with LoRA, from kept features and on two ranks; what they write is compared byte by byte,
# but for times, paths and overlays. Names what differs; exit 1 where something does. KEEP=FOLDER leaves the files there,
# and a next call with it runs the second binary alone.
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: $0 <hqsam before> <hqsam after>" >&2; exit 2; }
root=$(cd "$(dirname "$0")/../.." && pwd)
before=$(realpath "$1") after=$(realpath "$2")
work=${KEEP:-$(mktemp -d)}
mkdir -p "$work"
[ -n "${KEEP:-}" ] || trap 'rm -rf "$work"' EXIT
cd "$work"
golden=$root/tests/golden base=$root/data/base_micro.safetensors

make_data() {
  "$before" data synth --output train --count 24 --seed 1 --size 1024 >/dev/null
  "$before" data synth --output valid --count 6 --seed 2 --size 1024 >/dev/null
  {
    printf '{"images": [{"id": 1, "file_name": "00000.jpg", "height": 1024, "width": 1024},'
    printf ' {"id": 2, "file_name": "00001.jpg", "height": 1024, "width": 1024}], "annotations": ['
    for i in $(seq 12); do # more than one decoder batch
      printf '{"id": %d, "image_id": 1, "category_id": 1, "segmentation": [[%d, 20, 800, 30, 180, 720]]}, ' "$i" $((20 * i))
    done
    printf '{"id": 13, "image_id": 2, "category_id": 2, "segmentation": [[20, 320, 500, 330, 480, 920, 60, 700]]}],'
    printf ' "categories": [{"id": 1, "name": "thing"}, {"id": 2, "name": "other"}]}\n'
  } >coco.json
  printf '[{"image_id": 1, "category_id": 1, "bbox": [20, 20, 780, 700], "score": 0.9},
    {"image_id": 1, "category_id": 1, "bbox": [420, 20, 480, 900], "score": 0.7},
    {"image_id": 2, "category_id": 2, "bbox": [300, 0, 90, 90], "score": 0.4}]' >boxes.json
  printf 'data: {valid: [{name: c, type: coco, images: valid/im, annotations: coco.json, detections: boxes.json}]}\n' \
    >coco.yaml
  cat >folder.yaml <<YAML
model: {checkpoint: $base}
data:
  train: [{name: t, images: train/im, masks: train/gt}]
  valid: [{name: v, images: valid/im, masks: valid/gt, coarse: valid/coarse}]
  image_size: auto
  workers: 2
prompts: [{type: box, weight: 1}, {type: points, weight: 1, count: 10}, {type: noisy_mask, weight: 1}]
train: {epochs: 1, batch_size: 4, micro_batch: 4}
output: unused
YAML
  cat >prompts.json <<JSON
{"00000": [{"box": [100, 100, 700, 800]}, {"points": [[300, 300], [500, 420]], "labels": [1, 0]},
           {"box": [50, 200, 900, 900], "points": [[300, 310]]}, {"box": [10, 20, 600, 640]},
           {"mask": "valid/coarse/00000.png"}, {"mask": "valid/coarse/00000.png", "box": [100, 100, 700, 800]}],
 "00001": {"points": [[512, 512]]}, "00002": {"box": [200, 200, 600, 600]}}
JSON
}

# run <log> <command...>
run() {
  local log=$1
  shift
  "$@" >"$log.log" 2>&1 || { cat "$log.log" >&2; exit 1; }
}

predictions() { # <hqsam> <folder>
  local checkpoint name
  for checkpoint in "$base" "$golden"/sam_hq_micro.pth "$golden"/sam_hq_micro_nested_fp16.pth "$golden"/hf; do
    [ -e "$checkpoint" ] || continue
    name=$(basename "$checkpoint")
    for masks in sam hq sum; do
      [ "$masks" = sam ] || [ "$checkpoint" != "$base" ] || continue
      for multimask in none best all; do
        run "$2/log" "$1" predict --checkpoint "$checkpoint" --image valid/im --prompts prompts.json --logits \
          --masks $masks --multimask $multimask --output "$2/predict_${name}_${masks}_$multimask"
      done
    done
  done
  run "$2/log" "$1" predict --checkpoint "$golden/sam_hq_micro.pth" --image valid/im/00000.jpg --box 100,100,700,800 \
    --logits --precision bf16 --output "$2/predict_bf16"
}

evaluations() { # <hqsam> <folder> <checkpoint>
  local prompt protocol
  for protocol in reference keep_aspect; do
    for prompt in box points noisy_mask clicks coarse_mask; do
      run "$2/log" "$1" evaluate --config folder.yaml --checkpoint "$3" --output "$2/evaluate_${prompt}_$protocol" \
        --set evaluate.prompt=$prompt --set evaluate.protocol=$protocol --set evaluate.clicks=3
    done
    for prompt in box detector; do
      run "$2/log" "$1" evaluate --config coco.yaml --checkpoint "$3" --output "$2/evaluate_coco_${prompt}_$protocol" \
        --set evaluate.prompt=$prompt --set evaluate.protocol=$protocol
    done
  done
  run "$2/log" "$1" evaluate --config folder.yaml --checkpoint "$3" --output "$2/evaluate_several" \
    --set 'evaluate.prompts=[{type: box}, {type: points, count: 3}]'
}

trainings() { # <hqsam> <folder>
  run "$2/log" "$1" train --config folder.yaml --set output="$2/train_fp32"
  run "$2/log" "$1" train --config folder.yaml --set output="$2/train_bf16" --set train.precision=bf16
  run "$2/log" "$1" train --config folder.yaml --set output="$2/train_lora" --set train.trainable=lora
  run "$2/log" "$1" train --config folder.yaml --set output="$2/train_cached" --set train.cache_features="$2/features" \
    --set data.augment.flip_probability=0 --set data.augment.scale_min=1 --set data.augment.scale_max=1
  run "$2/log" "$1" launch --nproc 2 -- train --config folder.yaml --set output="$2/train_ranks"
}

all_of() { # <hqsam> <folder>
  mkdir -p "$2"
  trainings "$1" "$2"
  predictions "$1" "$2"
  evaluations "$1" "$2" "$2/train_fp32/model.pth"
}

# What was meant: without times, and without the name of the folder.
plain() { # <folder> <file>
  sed -E -e "s#$1/##g" -e 's/"(seconds|images_per_s|memory_bytes|time|encoder|decoder|decode|measure)": ?[0-9.e+-]+//g' \
    "$1/$2"
}

compare() {
  local file different=0 count=0
  while read -r file; do
    count=$((count + 1))
    case $file in
      *.json | *.jsonl) cmp -s <(plain before "$file") <(plain after "$file") ;;
      *) cmp -s "before/$file" "after/$file" ;;
    esac || { echo "differs: $file"; different=$((different + 1)); }
  done < <(cd before && find . -type f \( -name results.json -o -name samples.jsonl -o -name model.pth -o \
    -path './predict_*' ! -name '*.jpg' \) | sort)
  echo "$count files compared, $different differ"
  [ "$different" -eq 0 ] && [ "$count" -gt 100 ]
}

[ -d train ] || make_data
[ -d before ] || all_of "$before" before
rm -rf after
all_of "$after" after
compare
