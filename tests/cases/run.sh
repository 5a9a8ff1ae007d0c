#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh <hqsam binary> <source folder>: small files as people have them, each read to its right value or refused with
# its cause (expected.txt), and what train and predict do with some of them.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh" "$@" || exit 1
cases=$source/tests/cases model=$(golden sam_hq_micro.pth)

# expects <exit code> <pattern> <command...>
expects() {
  local code=$1 pattern=$2 got=0
  shift 2
  "$@" >output 2>&1 || got=$?
  [ "$got" -eq "$code" ] || fault "exit code $got, expected $code: $*: $(tail -3 output)"
  grep -q -- "$pattern" output || fault "no '$pattern' from: $*: $(tail -3 output)"
}

while IFS=$'\t' read -r folder code pattern; do
  case $folder in '' | '#'*) continue ;; esac
  expects "$code" "$pattern" "$hqsam" data check --config "$cases/$folder/c.yaml" --set \
    "$(grep -q '^  train' "$cases/$folder/c.yaml" && echo 'data.valid=[]' || echo data.workers=1)"
done <"$cases/expected.txt"

cp -r "$cases/folder_layouts/dangling" dangling
ln -s nowhere.jpg dangling/im/b.jpg
expects 1 "is a link to nowhere.jpg, which is not there" "$hqsam" data check --config dangling/c.yaml

train=("--set" "model.checkpoint=$source/data/base_micro.safetensors" --threads 1)
expects 0 "model.pth" "$hqsam" train --config "$cases/coco_to_train_on/train.yaml" --output coco "${train[@]}"
expects 1 "can be read two ways" "$hqsam" train --config "$cases/many_valued_masks/trimap/c.yaml" --output trimap "${train[@]}"
expects 1 "'train.lr' must be in 1e-12..1, got 1000000" "$hqsam" train --config "$cases/skipped_epoch_has_loss_0/ok/c.yaml" \
  --output skipped "${train[@]}" --set train.lr=1e6 --set train.epochs=6
expects 1 "all 2 annotations are marked iscrowd" "$hqsam" evaluate --config "$cases/coco_all_crowd/rle_crowd_all/c.yaml" \
  --checkpoint "$model" --output crowd

predict() { "$hqsam" predict --checkpoint "$model" --box 20,20,90,90 --threads 1 "$@"; }
for name in plain junk258_before_eoi jfif_major2; do
  expects 0 "" predict --image "$cases/jpeg_warnings/$name.jpg" --output "jpeg_$name"
  cmp -s "jpeg_$name/${name}_0.png" jpeg_plain/plain_0.png || fault "$name.jpg is not read as plain.jpg"
done
for file in dark_16_bit/s2_rgb16.png dark_16_bit/b3_u16_s2.tif dark_16_bit/d12.tif tiff_float_5_bands_gif/b3_f32.tif \
  tiff_float_5_bands_gif/f32_01.tif tiff_float_5_bands_gif/a.gif exif_orientation/exif6.tif; do
  expects 0 "" predict --image "$cases/$file" --output other
done
grep -q '"size": *\[ *160, *120 *\]' <(tr -d '\n' <other/exif6.json | tr -s ' ') || fault "exif6.tif is not upright"
expects 1 "b.jpg" predict --image "$cases/predict_batch_stops/batch" --output batch
[ -s batch/a_0.png ] && [ -s batch/c_0.png ] || fault "a picture that fails ends the others"
expects 0 "" "$hqsam" predict --checkpoint "$model" --image "$cases/prompts_of_several_objects/two" \
  --prompts "$cases/prompts_of_several_objects/list.json" --output list --threads 1
[ -s list/a_1.png ] && [ -s list/b_0.png ] || fault "a list of prompts gives a result for each"

[ $failures -eq 0 ] || exit 1
echo "all cases are right"
