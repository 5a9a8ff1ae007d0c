#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh <hqsam binary> <source folder>: the binary as its users meet it. Bad input must end in the right exit code,
# one line on stderr that says why, and nothing half-written; good input must leave what the manual promises.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh" "$@" || exit 1
files=$source/tests/cli/files
model=$(golden sam_hq_micro.pth) # 128 pixels: quick

# refuses <exit code> <pattern> <command...>: fails with this code and one line "error: ..." that has the pattern.
# Progress lines, which a slow machine gets to see, and lines of information do not count.
refuses() {
  local code=$1 pattern=$2 got=0
  shift 2
  "$@" >stdout 2>stderr || got=$?
  sed -i '/  [0-9]*%  /d; /^info: /d' stderr
  [ "$got" -eq "$code" ] || fault "exit code $got, expected $code: $*"
  [ "$(wc -l <stderr)" -eq 1 ] || fault "stderr has $(wc -l <stderr) lines, expected 1: $*: $(cat stderr)"
  grep -q "^error: " stderr || fault "stderr does not begin with 'error: ': $*: $(cat stderr)"
  grep -q -- "$pattern" stderr || fault "no '$pattern' in the message of: $*: $(cat stderr)"
}

# leaves <file...>: each is there and holds something.
leaves() {
  local file
  for file in "$@"; do [ -s "$file" ] || fault "$file is missing or empty"; done
}

leaves_nothing() {
  local file
  for file in "$@"; do [ ! -e "$file" ] || fault "$file was written"; done
}

# In a subshell, so that the limit (kB per file) ends with the command.
with_file_limit() (
  ulimit -f "$1"
  shift
  exec "$@" # the shell's own files, stdout and stderr, are small
)

write_config() { # <pictures and masks folder>
  cat <<YAML
model: {checkpoint: $model}
data:
  train:
    - {name: t, images: $1/im, masks: $1/gt}
  valid:
    - {name: v, images: $1/im, masks: $1/gt}
  workers: 2
train: {epochs: 1, batch_size: 4}
output: run
YAML
}

usage() {
  refuses 2 "required" "$hqsam"
  refuses 2 "did you mean 'train'" "$hqsam" trian
  refuses 2 "did you mean '--config'" "$hqsam" train --confg x
  refuses 2 "config is required" "$hqsam" train
  refuses 2 "box: expected" "$hqsam" predict --checkpoint a --image b --output c --box 1,2,3
  refuses 2 "point: expected" "$hqsam" predict --checkpoint a --image b --output c --point 1,2,3
  refuses 2 "device" "$hqsam" bench --device gpu
  refuses 2 "excludes" "$hqsam" train --config a --resume --overwrite
  works "$hqsam" --version
  grep -q '^hqsam [0-9]' stdout || fault "--version prints $(cat stdout)"
  for command in train launch evaluate compare predict export info bench "data check" "data synth"; do
    # shellcheck disable=SC2086
    works "$hqsam" $command --help
  done
}

synth() {
  works "$hqsam" data synth --output set --count 8 --seed 3 --size 256
  leaves set/im/00000.jpg set/gt/00007.png set/coarse/00003.png
  write_config set >good.yaml
  works "$hqsam" data check --config good.yaml
  grep -q "8 pictures" stdout || fault "data check prints $(cat stdout)"
}

bad_configs() {
  refuses 1 "absent.yaml: no such file" "$hqsam" train --config absent.yaml
  refuses 1 "unknown key 'train.epoch' (did you mean 'epochs'?)" "$hqsam" train --config good.yaml --set train.epoch=2
  sed 's/train: {epochs: 1/train: {epochs: one/' good.yaml >bad.yaml
  refuses 1 "bad.yaml:8: 'train.epochs' expects a whole number" "$hqsam" train --config bad.yaml
  sed '/output/d' good.yaml >bad.yaml
  refuses 1 "set output in" "$hqsam" train --config bad.yaml
  refuses 1 "no model" "$hqsam" train --config good.yaml --set model.checkpoint=
  refuses 1 "absent.pth" "$hqsam" train --config good.yaml --set model.checkpoint=absent.pth
  refuses 1 "data.train is empty" "$hqsam" train --config good.yaml --set 'data.train=[]'
  refuses 1 "data.valid is empty" "$hqsam" evaluate --config good.yaml --checkpoint "$model" --set 'data.valid=[]'
  refuses 1 "--image-size 8: 'data.image_size' must be auto or in" "$hqsam" evaluate --config good.yaml \
    --checkpoint "$model" --image-size 8
  refuses 2 "--protocol: squashed not in" "$hqsam" evaluate --config good.yaml --checkpoint "$model" --protocol squashed
  refuses 2 "--masks: all not in" "$hqsam" evaluate --config good.yaml --checkpoint "$model" --masks hq,all
  refuses 1 "no folder" "$hqsam" evaluate --config good.yaml --checkpoint "$model" --set data.valid.0.masks=nowhere
  refuses 1 "in this version" "$hqsam" train --config good.yaml --set train.trainable=loro
  refuses 2 "--precision: int8 not in" "$hqsam" train --config good.yaml --precision int8
  refuses 1 "fewer than train.batch_size" "$hqsam" train --config good.yaml --set train.batch_size=9
  leaves_nothing run
}

# A copy of the set in which one file is spoilt.
spoilt_set() {
  rm -rf spoilt
  cp -r set spoilt
  write_config spoilt >spoilt.yaml
}

bad_data() {
  spoilt_set
  head -c 3000 set/im/00002.jpg >spoilt/im/00002.jpg
  refuses 1 "00002.jpg" "$hqsam" train --log-level error --config spoilt.yaml --output spoilt_run
  refuses 1 "00002.jpg" "$hqsam" evaluate --config spoilt.yaml --checkpoint "$model" --output spoilt_eval
  leaves_nothing spoilt_run/model.pth spoilt_eval
  refuses 1 "problems in 2 sets" "$hqsam" data check --config spoilt.yaml
  grep -q "00002.jpg" stdout || fault "data check does not name the corrupt picture"

  spoilt_set
  head -c 500 set/gt/00001.png >spoilt/gt/00001.png
  refuses 1 "00001.png" "$hqsam" evaluate --config spoilt.yaml --checkpoint "$model" --output spoilt_eval
  works "$hqsam" data synth --output small --count 1 --seed 3 --size 128
  cp small/gt/00000.png spoilt/gt/00001.png
  refuses 1 "00001" "$hqsam" evaluate --config spoilt.yaml --checkpoint "$model" --output spoilt_eval
  cp "$files/huge.png" spoilt/gt/00001.png
  refuses 1 "30000" "$hqsam" evaluate --config spoilt.yaml --checkpoint "$model" --output spoilt_eval
  rm spoilt/gt/00001.png
  works "$hqsam" evaluate --config spoilt.yaml --checkpoint "$model" --output without_one --limit 1 --masks hq
  grep -q "1 of 8 pictures have no mask and are left out: 00001.jpg" stderr || fault "a picture without a mask is not told"
  leaves_nothing spoilt_eval

  spoilt_set
  cp "$files/zero_one.png" spoilt/gt/00001.png
  works "$hqsam" evaluate --config spoilt.yaml --checkpoint "$model" --output zero_one_eval --masks hq
  grep -q "warning" stderr || fault "no warning about a 0/1 mask: $(cat stderr)"
  cp "$files/empty.png" spoilt/gt/00001.png
  works "$hqsam" evaluate --config spoilt.yaml --checkpoint "$model" --output empty_eval --masks hq
  works "$hqsam" train --config spoilt.yaml --output empty_run
}

bad_checkpoints() {
  local bytes size='[1,1,16,16]'
  head -c 300000 "$model" >cut.pth
  refuses 1 "cut.pth" "$hqsam" info cut.pth
  refuses 1 "not a SAM checkpoint" "$hqsam" info "$files/foreign_class.pth"
  works "$hqsam" info "$(golden sam_hq_micro_legacy.pth)"
  works "$hqsam" info "$(golden sam_hq_micro_nested_fp16.pth)"
  printf 'not a checkpoint' >text.pth
  refuses 1 "text.pth" "$hqsam" info text.pth
  : >nothing.pth
  refuses 1 "nothing.pth" "$hqsam" info nothing.pth
  for bytes in '[0,99999]' '[512,1024]' '[-4,1020]' '[1024,0]'; do
    header="{\"a\":{\"dtype\":\"F32\",\"shape\":$size,\"data_offsets\":$bytes}}"
    { printf '%b' "\\x$(printf %02x ${#header})\\0\\0\\0\\0\\0\\0\\0"; printf %s "$header"; head -c 1024 /dev/zero; } >lying.safetensors
    refuses 1 "lying.safetensors" "$hqsam" info lying.safetensors
  done
  refuses 1 "cut.pth" "$hqsam" predict --checkpoint cut.pth --image set/im/00000.jpg --box 1,1,9,9 --output p_bad
  refuses 1 "fp32 or fp16" "$hqsam" export --checkpoint "$model" --format onnx --dtype bf16 --output x_onnx
  refuses 1 "leave them out" "$hqsam" export --checkpoint "$model" --format pth --masks hq --output x.pth
  refuses 1 "name the SAM" "$hqsam" export --checkpoint "$(golden mask_decoder_hq_micro.pth)" --format pth --output x.pth
  leaves_nothing p_bad x.onnx x.pth
}

# with_header <safetensors file> <header>: the file's data behind another header.
with_header() {
  local length bytes=${#2}
  length=$(od -An -tu8 -N8 "$1")
  printf '%b' "$(printf '\\x%02x' $((bytes & 255)) $((bytes >> 8 & 255)) $((bytes >> 16)))\0\0\0\0\0"
  printf %s "$2"
  tail -c +$((length + 9)) "$1"
}

# JSON that nests 200,000 deep, in what belongs to a checkpoint and in prompts.
deep_json() {
  local deep header file predict=("$hqsam" predict --image set/im/00000.jpg --output p_deep)
  deep=$(printf '[%.0s' $(seq 200000))
  works "$hqsam" export --checkpoint "$model" --format safetensors --output sound.safetensors
  header=$(tail -c +9 sound.safetensors | head -c "$(od -An -tu8 -N8 sound.safetensors)")
  with_header sound.safetensors '{"__metadata__":{"hqsam.options":"{\"mask_decoder.hq\": '"$deep"'",'"${header#'{"__metadata__":{'}" >deep.safetensors
  with_header sound.safetensors '{"__metadata__":{"a":'"$deep" >deep_header.safetensors
  for file in deep.safetensors deep_header.safetensors; do
    refuses 1 "$file" "$hqsam" info $file
    refuses 1 "$file" "${predict[@]}" --checkpoint $file --box 1,1,9,9
  done
  refuses 1 "hqsam.options is nested more than 32 deep" "$hqsam" info deep.safetensors
  mkdir deep_hf
  cp "$(golden hf/model.safetensors)" deep_hf
  printf '{"model_type": %s' "$deep" >deep_hf/config.json
  refuses 1 "config.json is nested more than 32 deep" "$hqsam" info deep_hf
  printf '{"00000.jpg": %s' "$deep" >deep.json
  refuses 1 "deep.json is nested more than 32 deep" "${predict[@]}" --checkpoint "$model" --prompts deep.json
  leaves_nothing p_deep
}

# Checkpoints of every dialect, and what is wrong with a bad one.
dialects() {
  local hf hurt=image_encoder.blocks.1.attn.qkv.weigh
  hf=$(golden hf)
  works "$hqsam" info "$hf"
  grep -q "dialect *Hugging Face SamHQModel" stdout || fault "info on a Hugging Face folder: $(cat stdout)"
  works "$hqsam" info "$(golden mask_decoder_hq_micro.pth)"
  grep -q -- "--base" stdout || fault "info on a mask decoder alone: $(cat stdout)"
  refuses 1 "--base" "$hqsam" predict --checkpoint "$(golden mask_decoder_hq_micro.pth)" --image set/im/00000.jpg \
    --box 1,1,99,99 --output d_bad

  works "$hqsam" export --checkpoint "$model" --format huggingface --output folder
  leaves folder/config.json folder/preprocessor_config.json folder/model.safetensors
  refuses 1 "exists already" "$hqsam" export --checkpoint "$model" --format huggingface --output folder
  works "$hqsam" export --checkpoint folder --format pth --output back.pth
  works "$hqsam" predict --checkpoint back.pth --image set/im/00002.jpg --box 5,5,200,200 --output back
  works "$hqsam" predict --checkpoint "$model" --image set/im/00002.jpg --box 5,5,200,200 --output there
  cmp there/00002_0.png back/00002_0.png || fault "a Hugging Face folder and back predicts another mask"
  works "$hqsam" predict --checkpoint "$(golden mask_decoder_hq_micro.pth)" --base "$model" --image set/im/00002.jpg \
    --box 5,5,200,200 --output over
  cmp there/00002_0.png over/00002_0.png || fault "a mask decoder over its base predicts another mask"

  mv folder/model.safetensors whole.safetensors
  refuses 1 "has neither model.safetensors" "$hqsam" info folder
  printf '{"weight_map": {"x": "model-00001-of-00002.safetensors"}}' >folder/model.safetensors.index.json
  refuses 1 "model-00001-of-00002.safetensors, which is not there" "$hqsam" info folder
  works "$hqsam" info whole.safetensors # without its config.json
  grep -q "^assumed *config.json: none lies beside" stdout || fault "info on a lone Hugging Face file: $(cat stdout)"
  refuses 1 "named .safetensors" "$hqsam" export --checkpoint "$model" --format pth --output other.safetensors
  refuses 1 "named .pth" "$hqsam" export --checkpoint "$model" --format safetensors --output other.pth
  refuses 1 "named .onnx" "$hqsam" export --checkpoint "$model" --format onnx --output other.onnx
  refuses 1 "named .safetensors" "$hqsam" export --checkpoint "$model" --format huggingface --output other.safetensors
  leaves_nothing other.safetensors other.pth other.onnx
  refuses 1 "config.json" "$hqsam" info set

  refuses 1 "model.variant is vit_l" "$hqsam" train --config good.yaml --output d_bad --set model.variant=vit_l
  works "$hqsam" export --checkpoint "$model" --format safetensors --output d.safetensors
  LC_ALL=C sed "s/${hurt}t/${hurt}s/" d.safetensors >slip.safetensors
  refuses 1 "lacks 1 keys.* may be '${hurt}t'" "$hqsam" predict --checkpoint slip.safetensors --image set/im/00000.jpg \
    --box 1,1,99,99 --output d_bad --log-level error
  works "$hqsam" info slip.safetensors
  grep -q "unknown keys *1: ${hurt}s (near '${hurt}t')" stdout || fault "info on a misspelt key: $(cat stdout)"
  cp d.safetensors nan.safetensors
  printf '\377\377\377\177' | dd of=nan.safetensors bs=1 seek=$(($(stat -c %s d.safetensors) - 4)) conv=notrunc status=none
  refuses 1 "1 numbers in 1 tensors are NaN" "$hqsam" predict --checkpoint nan.safetensors --image set/im/00000.jpg \
    --box 1,1,99,99 --output d_bad
  leaves_nothing d_bad
}

bad_prompts() {
  local predict=("$hqsam" predict --checkpoint "$model" --output p_bad)
  local picture=set/im/00000.jpg
  refuses 1 "no prompt" "${predict[@]}" --image $picture
  refuses 1 "absent.jpg" "${predict[@]}" --image absent.jpg --box 1,1,9,9
  refuses 1 "00002.jpg" "${predict[@]}" --image cut/00002.jpg --box 1,1,9,9
  refuses 1 "30000" "${predict[@]}" --image "$files/huge.png" --box 1,1,9,9
  refuses 1 "outside of" "${predict[@]}" --image $picture --box 300,1,400,9
  refuses 1 "outside of" "${predict[@]}" --image $picture --point 1,256
  refuses 1 "go with one box" "${predict[@]}" --image $picture --box 1,1,9,9 --box 2,2,9,9 --point 3,3
  refuses 1 "must be equal" "${predict[@]}" --image $picture --mask small/gt/00000.png
  refuses 1 "no inside" "${predict[@]}" --image $picture --mask "$files/empty.png"
  refuses 1 "same files" "${predict[@]}" --image $picture set/gt/00000.png --box 1,1,9,9
  refuses 1 "device" "${predict[@]}" --image $picture --box 1,1,9,9 --device cuda:77
  printf '{"00000.jpg": {"boxs": [[1, 1, 9, 9]]}}' >prompts.json
  refuses 1 "did you mean 'boxes'" "${predict[@]}" --image $picture --prompts prompts.json
  printf '{"00000.jpg": {"boxes": [[1, 1, 9]]}}' >prompts.json
  refuses 1 "boxes expects" "${predict[@]}" --image $picture --prompts prompts.json
  printf '{"00000.jpg": {"points": [[1, 1]], "labels": {"a": 1}}}' >prompts.json
  refuses 1 'labels expects a list of 0 and 1, one for each point, got {"a":1}' "${predict[@]}" --image $picture --prompts prompts.json
  printf '{"00000.jpg": {"boxes": [[1, 1, 9, 9]], "boxes": [[2, 2, 9, 9]]}}' >prompts.json
  refuses 1 "has the key 'boxes' twice" "${predict[@]}" --image $picture --prompts prompts.json
  printf '{"00000.jpg": ' >prompts.json
  refuses 1 "JSON" "${predict[@]}" --image $picture --prompts prompts.json
  printf '{"other.jpg": {"boxes": [[1, 1, 9, 9]]}}' >prompts.json
  refuses 1 "has no prompts for" "${predict[@]}" --log-level error --image $picture --prompts prompts.json
  leaves_nothing p_bad
}

# What fails is told and listed, the rest is done; detectors' files are prompts.
many_pictures() {
  local predict=("$hqsam" predict --checkpoint "$model")
  mkdir -p batch/sub texts/sub
  cp set/im/00000.jpg batch/a.jpg
  cp cut/00002.jpg batch/b.jpg
  cp set/im/00001.jpg batch/sub/000000000139.JPG
  echo note >batch/notes.txt
  fails_partly "${predict[@]}" --image batch --box 5,5,200,200 --output m
  leaves m/a_0.png m/a.json m/000000000139_0.png
  leaves_nothing m/b_0.png m/b.json
  says stderr "^error: .*batch/b.jpg"
  says stderr "^error: 1 of 3 pictures failed: batch/b.jpg$"
  says stderr "left out: 1 (1 .txt)"
  tail -1 stdout >last
  says last "^2 pictures, 2 masks in m, [0-9.]* s, 1 failed$"

  printf '{"a": [{"box": [5, 5, 200, 200], "points": [[9, 9]], "labels": [0], "id": "first"}, {"box": [300, 5, 400, 9]},
    {"box": [200, 200, 300, 300], "id": 7}], "sub\\\\000000000139.JPG": {"boxes": []}}' >list.json
  fails_partly "${predict[@]}" --image batch/a.jpg batch/sub --prompts list.json --output l
  leaves l/a_0.png l/a_2.png
  leaves_nothing l/a_1.png
  says stderr "batch/a.jpg: 1 of 3 prompts failed: prompt 1: .*lies outside of 256x256"
  says stderr "1 of 2 pictures have no prompts in list.json"
  says l/a.json '"id": "first"'
  says l/a.json '"cut": true'
  printf '{"a": [{"box": [5, 5, 200, 200]}], "b": {"box": [9, 9, 90, 90]}}' >list.json
  works "${predict[@]}" --image batch/a.jpg --prompts list.json --output l
  says stderr "has prompts for b, which is no picture here"
  leaves_nothing l/a_2.png

  printf '[{"image_id": 139, "bbox": [20, 30, 100, 90], "score": 0.75, "category_id": 3}]' >coco_boxes.json
  works "${predict[@]}" --image batch/sub --prompts coco_boxes.json --output d
  says d/000000000139.json '"category_id": 3'
  cp -r d d_first
  works "${predict[@]}" --image batch/sub --box 20,30,120,120 --output d
  cmp d/000000000139_0.png d_first/000000000139_0.png || fault "COCO's box gives another mask than its corners"
  printf '3 0.2734375 0.29296875 0.390625 0.3515625 0.75\n' >texts/sub/000000000139.txt
  works "${predict[@]}" --image batch/sub --prompts texts --output d
  cmp d/000000000139_0.png d_first/000000000139_0.png || fault "YOLO's box gives another mask than COCO's"
  printf '{"a.jpg": {"box": [90, 20, 30, 80]}}' >list.json
  refuses 1 "As x, y, width, height it would be one" "${predict[@]}" --image batch/a.jpg --prompts list.json --output d
  { printf '{"a.jpg": '; head -c 200000 /dev/zero | tr '\0' '['; } >list.json
  refuses 1 "nested more than 32 deep" "${predict[@]}" --image batch/a.jpg --prompts list.json --output d
  works "${predict[@]}" --image batch/a.jpg --box 5,5,200,200 --logits --output batch/out
  works "${predict[@]}" --image batch/a.jpg --box 5,5,200,200 --output batch/out
  leaves_nothing batch/out/a.safetensors
  fails_partly "${predict[@]}" --image batch --box 5,5,200,200 --output m
  says stderr "2 of an earlier run"
}

# One that is far too wide for a JPEG of its size three times, and names as long as a folder takes.
wide_pictures_and_long_names() {
  local predict=("$hqsam" predict --checkpoint "$model") name
  mkdir -p wide long
  { printf 'P6\n30000 40\n255\n' && head -c 3600000 /dev/zero; } >wide/band.ppm
  cp set/im/00000.jpg wide/other.jpg
  works "${predict[@]}" --image wide --box 5,5,30,30 --output w
  leaves w/band_0.png w/band_overlay.jpg w/band.json w/other_0.png
  [ "$(wc -c <w/band_overlay.jpg)" -lt 1000000 ] || fault "the overlay of a wide picture is large"
  name=$(printf 'n%.0s' {1..243})
  cp set/im/00000.jpg "long/$name.jpg"
  works "${predict[@]}" --image long --box 5,5,200,200 --output long_out
  leaves "long_out/${name}_0.png" "long_out/${name}_overlay.jpg" "long_out/$name.json"
  mv "long/$name.jpg" "long/${name}12345678.jpg"
  cp set/im/00000.jpg long/a.jpg
  fails_partly "${predict[@]}" --image long --box 5,5,200,200 --output longer_out
  says stderr "names of 263 bytes where longer_out takes at most 255"
  leaves longer_out/a_0.png
}

full_disk() {
  refuses 1 "full.pth" with_file_limit 100 "$hqsam" export --checkpoint "$model" --format pth --output full.pth
  refuses 1 "full.safetensors" with_file_limit 100 "$hqsam" export --checkpoint "$model" --format safetensors \
    --output full.safetensors
  refuses 1 "encoder.onnx" with_file_limit 100 "$hqsam" export --checkpoint "$model" --format onnx --output full_onnx
  leaves_nothing full_onnx/encoder.onnx full_onnx/decoder.onnx
  refuses 1 "p_full" with_file_limit 1 "$hqsam" predict --checkpoint "$model" --image set/im/00000.jpg --box 1,1,9,9 \
    --output p_full
  refuses 1 "full_run" with_file_limit 100 "$hqsam" train --config good.yaml --output full_run --log-level error
  leaves_nothing full.pth full.safetensors p_full/00000_0.png p_full/00000.json full_run/model.pth
  "$hqsam" info "$model" >/dev/full 2>stderr && fault "a full standard output goes unnoticed"
  grep -q '^error: ' stderr || fault "no message about a full standard output: $(cat stderr)"
}

happy_path() {
  works "$hqsam" train --config good.yaml
  [ "$(cat stdout)" = "$PWD/run/model.pth" ] || fault "train prints $(cat stdout)"
  leaves run/model.pth run/best.pth run/checkpoints/epoch_0001.pth run/metrics.jsonl run/config.yaml
  refuses 1 "overwrite" "$hqsam" train --config good.yaml --log-level error
  works "$hqsam" train --config run/config.yaml --output again
  cmp run/model.pth again/model.pth || fault "the same seed gave other weights"
  works "$hqsam" train --config good.yaml --overwrite
  cmp run/model.pth again/model.pth || fault "the same seed gave other weights after --overwrite"

  works "$hqsam" evaluate --config good.yaml --checkpoint run/model.pth --limit 3
  leaves run/evaluate/results.json run/evaluate/samples.jsonl run/evaluate/report.html
  [ "$(wc -l <run/evaluate/samples.jsonl)" -eq 3 ] || fault "samples.jsonl has not one line per mask"
  works "$hqsam" evaluate --config good.yaml --checkpoint run/model.pth --masks sam,sum --protocol keep_aspect --output other
  grep -q '"protocol": *"keep_aspect"' other/results.json || fault "results.json does not name the protocol"

  works "$hqsam" predict --checkpoint run/model.pth --image set/im/00000.jpg --box 5,5,200,200 --box 9,9,99,99 \
    --logits --output p
  leaves p/00000_0.png p/00000_1.png p/00000.json p/00000_overlay.jpg p/00000.safetensors
  works "$hqsam" predict --checkpoint run/model.pth --image set/im --point 50,50 --point 9,9,0 --output all --masks hq
  leaves all/00000_0.png all/00007_0.png
  works "$hqsam" predict --checkpoint run/model.pth --image set/im/00001.jpg --mask set/coarse/00001.png --output p
  works "$hqsam" predict --checkpoint run/model.pth --image set/im/00001.jpg --mask "$files/zero_one.png" --output p
  grep -q "0 and 1" stderr || fault "no warning about a 0/1 mask prompt"
  works "$hqsam" predict --checkpoint run/model.pth --image set/im/00002.jpg --box 5,5,200,200 --logits --output p
  works "$hqsam" predict --checkpoint run/model.pth --image set/im/00002.jpg --mask p/00002.safetensors --output p2
  leaves p2/00002_0.png
  printf '{"00003.jpg": {"boxes": [[1, 1, 90, 90]], "points": [[4, 4], [8, 8]], "labels": [1, 0]}}' >prompts.json
  works "$hqsam" predict --checkpoint run/model.pth --image set/im/00003.jpg --prompts prompts.json --multimask best --output p
  leaves p/00003_0.png
  works "$hqsam" predict --checkpoint run/model.pth --image set/im/00003.jpg --prompts prompts.json --multimask all --output p4
  leaves p4/00003_0.png p4/00003_1.png p4/00003_2.png
  cmp p/00003_0.png p4/00003_0.png || fault "the first of all masks is not the best one"

  works "$hqsam" export --checkpoint run/model.pth --format safetensors --output e.safetensors --dtype fp16
  works "$hqsam" export --checkpoint run/checkpoints/epoch_0001.pth --base "$model" --format pth --output e.pth
  works "$hqsam" export --checkpoint "$(golden mask_decoder_hq_micro.pth)" --base "$model" --format pth --output e2.pth
  works "$hqsam" export --checkpoint run/model.pth --format onnx --output e_onnx --masks hq --multimask best --dtype fp16
  leaves e_onnx/encoder.onnx e_onnx/decoder.onnx
  works "$hqsam" info e.safetensors
  grep -q "fp16" stdout || fault "info does not tell fp16: $(cat stdout)"
  works "$hqsam" info --json e.pth
  grep -q '"dialect": "HQ-SAM"' stdout || fault "info --json: $(cat stdout)"
  works "$hqsam" predict --checkpoint e.pth --image set/im/00002.jpg --box 5,5,200,200 --output p3
  cmp p/00002_0.png p3/00002_0.png || fault "trained keys merged over their base predict another mask"
  works "$hqsam" bench --checkpoint e.pth --repeats 1 --json
  grep -q '"stages"' stdout || fault "bench --json prints $(cat stdout)"
  works "$hqsam" bench --checkpoint e.pth --repeats 1 --stage train --rows 2 --micro-batch 1
  { grep -q "train step, 2 rows" stdout && ! grep -q "coder" stdout; } ||
    fault "bench of one stage prints $(cat stdout)"
  works "$hqsam" bench --stage op:rel_pos_attention --stage op:add_layer_norm --repeats 1
  says stdout "rel_pos_attention 32x32, window 32 .*e[-+]" && says stdout "add_layer_norm 1024x192 .*e[-+]"
  refuses 1 "vit_tiny's encoder has no such operation" "$hqsam" bench --variant vit_tiny --stage op:add_layer_norm
}

# What the encoder made of pictures, kept: the same masks and logits, to the bit.
embeddings() {
  local predict=("$hqsam" predict --checkpoint "$model") prompts=(--prompts e.json --logits)
  printf '{"00000.jpg": {"box": [5, 5, 200, 200]}, "00001": [{"points": [[50, 50]]}, {"box": [9, 9, 99, 99]}]}' >e.json
  works "${predict[@]}" --image set/im/00000.jpg --image set/im/00001.jpg "${prompts[@]}" --output e1 --save-embedding e
  leaves e/00000.jpg.safetensors e/00001.jpg.safetensors
  works "${predict[@]}" --embedding e "${prompts[@]}" --output e2
  for file in 00000.safetensors 00000_0.png 00001.safetensors 00001_0.png 00001_1.png 00001.json; do
    cmp "e1/$file" "e2/$file" || fault "$file of an embedding is not that of its picture"
  done
  leaves_nothing e2/00000_overlay.jpg
  works "${predict[@]}" --image set/im/00000.jpg --image set/im/00001.jpg "${prompts[@]}" --batch 2 --output e3
  leaves e3/00000_0.png e3/00001_1.png
  refuses 1 "another encoder" "$hqsam" predict --checkpoint "$source/data/base_micro.safetensors" --masks sam \
    --embedding e/00000.jpg.safetensors --box 1,1,9,9 --output e4
  refuses 1 "expected a .safetensors" "${predict[@]}" --embedding set/im/00000.jpg --box 1,1,9,9 --output e4
  refuses 1 "is not a picture's embedding" "${predict[@]}" --embedding e1/00000.safetensors --box 1,1,9,9 --output e4
  refuses 2 "image" "${predict[@]}" --box 1,1,9,9 --output e4
  leaves_nothing e4/00000_0.png
}

# Average precision, a detector's boxes, clicks and several prompts, on a COCO file over the synthetic pictures.
protocols() {
  local coco=(--config coco.yaml --checkpoint "$model" --limit 2 --masks hq)
  cat >coco.json <<JSON
{"images": [{"id": 1, "file_name": "00000.jpg", "height": 256, "width": 256},
            {"id": 2, "file_name": "00001.jpg", "height": 256, "width": 256}],
 "annotations": [
   {"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "segmentation": [[20, 20, 200, 30, 180, 220]]},
   {"id": 2, "image_id": 2, "category_id": 1, "segmentation": {"size": [256, 256], "counts": [100, 9000, 56436]}},
   {"id": 3, "image_id": 2, "category_id": 1, "segmentation": {"size": [255, 256], "counts": [65280]}}],
 "categories": [{"id": 1, "name": "thing"}]}
JSON
  printf '[{"image_id": 1, "category_id": 1, "bbox": [20, 20, 180, 200], "score": 0.9},
    {"image_id": 2, "category_id": 1, "bbox": [300, 0, 9, 9], "score": 0.9},
    {"image_id": 5, "category_id": 1, "bbox": [1, 1, 9, 9], "score": 0.9}]' >boxes.json
  printf '[{"image_id": 9, "category_id": 1, "bbox": [1, 1, 9, 9], "score": 0.9}]' >other.json
  printf 'data:\n  valid:\n    - {name: c, type: coco, images: set/im, annotations: coco.json}\n' >coco.yaml
  works "$hqsam" evaluate "${coco[@]}" --output c_gt
  grep -q '"ap_b_strict"' c_gt/results.json || fault "no strict boundary AP in results.json"
  grep -q '"skipped": 1' c_gt/results.json || fault "a lying run length is not counted as skipped"
  works "$hqsam" evaluate "${coco[@]}" --output c_boxes --set data.valid.0.detections=boxes.json \
    --set evaluate.prompt=detector
  grep -q "1 of the detector's boxes are left out: of a picture that 'images' lacks" stderr || fault "no warning about unknown pictures: $(cat stderr)"
  grep -q '"ap50"' c_boxes/results.json || fault "no AP in results.json"
  grep -q '"max_detections_in_picture"' c_boxes/results.json || fault "no settings of AP in results.json"
  works "$hqsam" evaluate "${coco[@]}" --output c_beside --beside c_boxes --beside c_gt
  grep -q "no boundary IoU" stderr || fault "no warning about a detector's results: $(cat stderr)"
  leaves c_beside/report.html
  sed '/"id": 1, "image_id"/d; /"id": 2, "image_id"/d' coco.json >lying.json
  refuses 1 "it has no masks" "$hqsam" evaluate "${coco[@]}" --output c_lying \
    --set data.valid.0.annotations=lying.json
  leaves_nothing c_lying
  works "$hqsam" evaluate "${coco[@]}" --output c_clicks --set evaluate.prompt=clicks --set evaluate.clicks=2
  grep -q '"noc90"' c_clicks/results.json || fault "no NoC in results.json"
  works "$hqsam" evaluate --config good.yaml --checkpoint "$model" --limit 2 --output several \
    --set 'evaluate.prompts=[{type: box}, {type: points, count: 3}]' --set evaluate.protocol=keep_aspect
  leaves several/box/results.json several/points_3/samples.jsonl
  works "$hqsam" evaluate --config good.yaml --checkpoint "$model" --limit 2 --output coarse --masks hq \
    --set data.valid.0.coarse=set/coarse --set evaluate.prompt=coarse_mask
  grep -q '"prompt": "coarse_mask"' coarse/results.json || fault "results.json does not name the prompt"
  refuses 1 "to another data set" "$hqsam" evaluate "${coco[@]}" --output bad_eval --set evaluate.prompt=detector \
    --set data.valid.0.detections=other.json
  refuses 1 "no_such.json" "$hqsam" evaluate "${coco[@]}" --output bad_eval --set data.valid.0.annotations=no_such.json
  refuses 1 "coarse" "$hqsam" evaluate --config good.yaml --checkpoint "$model" --output bad_eval \
    --set evaluate.prompt=coarse_mask
  refuses 1 "did you mean 'coco'" "$hqsam" evaluate "${coco[@]}" --output bad_eval --set data.valid.0.type=cocoo
  leaves_nothing bad_eval
}

compare() {
  works "$hqsam" compare several/box several/points_3
  grep -q "^pooled .* hq .* mbiou " stdout || fault "compare prints $(cat stdout)"
  grep -q "differ in prompt" stderr || fault "compare does not say that the prompts differ: $(cat stderr)"
  works "$hqsam" compare several/box several/box
  grep -q "+0.00  \[+0.00, +0.00\]" stdout || fault "a comparison with itself prints $(cat stdout)"
  refuses 1 "results of other data: 2 of 2 masks" "$hqsam" compare several/box c_gt --log-level error
  refuses 1 "has no samples.jsonl" "$hqsam" compare several nowhere
  cp -r several/box deep_box
  printf '{"prompt": %s%s}' "$(printf '[%.0s' $(seq 200000))" "$(printf ']%.0s' $(seq 200000))" >deep_box/results.json
  refuses 1 "results.json is nested more than 32 deep" "$hqsam" compare several/box deep_box
  refuses 1 "results.json is nested more than 32 deep" "$hqsam" evaluate --config good.yaml --checkpoint "$model" --log-level error \
    --beside deep_box --output e_deep
  refuses 2 "B is required" "$hqsam" compare several/box
}

sam_base() {
  works "$hqsam" train --config good.yaml --output base --set model.checkpoint= --set model.variant=micro \
    --set train.objective=sam --set train.trainable=all --set data.valid=[] --set train.batch_size=2 \
    --set data.train.0.weight=0.25
  works "$hqsam" info base/model.pth
  grep -q "dialect *SAM" stdout || fault "a SAM base is not told as SAM: $(cat stdout)"
  refuses 1 "HQ" "$hqsam" predict --checkpoint base/model.pth --image set/im/00000.jpg --box 1,1,99,99 --output b_bad
  works "$hqsam" predict --checkpoint base/model.pth --masks sam --image set/im/00000.jpg --box 1,1,99,99 --output b
  leaves b/00000_0.png
  leaves_nothing b_bad
}

# A model with other HQ modules, and one of SAM's own parts, go from training through all that follows; a row that
# another folder trains finds the pictures encoded.
ablations() {
  local rows=$source/configs/ablation name
  local small=(--set "model.checkpoint=$source/data/base_micro.safetensors" --set data.image_size=128
    --set data.valid=[] --set train.epochs=2 --set train.cache_features=features
    --set 'data.augment={flip_probability: 0, scale_min: 1, scale_max: 1}')
  for name in fpn context_token output_token; do
    works "$hqsam" train --config good.yaml --config "$rows/$name.yaml" "${small[@]}" --output "a/$name"
  done
  [ "$(find features -name '*.safetensors' | wc -l)" -eq 8 ] || fault "not each picture was encoded once"
  works "$hqsam" train --config good.yaml --config "$rows/fpn.yaml" "${small[@]}" --output a/again
  cmp a/fpn/model.pth a/again/model.pth || fault "cached features gave other weights"
  works "$hqsam" train --config good.yaml --config "$rows/fpn.yaml" "${small[@]}" --output a/fpn --resume
  refuses 1 "config" "$hqsam" train --config good.yaml --config "$rows/hq_token.yaml" "${small[@]}" --output a/fpn \
    --resume --log-level error
  refuses 1 "flip_probability to 0" "$hqsam" train --config good.yaml --config "$rows/fpn.yaml" "${small[@]}" \
    --set data.augment.scale_min=0.5 --output a_bad --log-level error
  refuses 1 "has HQ modules already" "$hqsam" train --config good.yaml --config "$rows/fpn.yaml" --output a_bad
  leaves_nothing a_bad

  works "$hqsam" evaluate --config good.yaml --checkpoint a/fpn/model.pth --masks sam,hq --output a/fpn/evaluate
  works "$hqsam" evaluate --config good.yaml --checkpoint a/context_token/model.pth --masks hq --output a/context
  works "$hqsam" evaluate --config good.yaml --checkpoint a/output_token/model.pth --masks sam --output a/token
  works "$hqsam" compare --table fpn=a/fpn/evaluate context_token=a/context 'output token=a/token,a/token'
  grep -q '^| output token | 2, mBIoU .* | [0-9.]* \[.*\] |.*\] |$' stdout || fault "the table is $(cat stdout)"
  refuses 1 "table compares more" "$hqsam" compare a/fpn/evaluate a/context a/token
  works "$hqsam" predict --checkpoint a/fpn/model.pth --image set/im/00000.jpg --box 5,5,200,200 --output a_p
  leaves a_p/00000_0.png
  works "$hqsam" info a/fpn/model.pth
  grep -q '"fpn":true' stdout || fault "info does not tell the HQ modules: $(cat stdout)"
  works "$hqsam" export --checkpoint a/fpn/model.pth --format safetensors --output a.safetensors
  grep -q "hqsam alone reads them" stderr || fault "export does not warn of an ablation: $(cat stderr)"
  works "$hqsam" predict --checkpoint a.safetensors --image set/im/00000.jpg --box 5,5,200,200 --output a_q
  cmp a_p/00000_0.png a_q/00000_0.png || fault "an exported ablation predicts another mask"
  refuses 1 "no model for these HQ modules" "$hqsam" export --checkpoint a/fpn/model.pth --format huggingface --output a_hf
  refuses 1 "the graphs are HQ-SAM's" "$hqsam" export --checkpoint a/fpn/model.pth --format onnx --output a_onnx
  leaves_nothing a_hf a_onnx
}

# Several ranks: their lines carry their numbers, and the first failure's exit code is launch's.
launch_ranks() {
  works "$hqsam" launch --nproc 2 -- info "$model"
  grep -q '^\[0\] ' stdout || fault "launch prints no line of rank 0: $(cat stdout)"
  grep -q '^\[1\] ' stdout || fault "launch prints no line of rank 1: $(cat stdout)"
  local code=0
  "$hqsam" launch --nproc 2 -- info absent.pth >stdout 2>stderr || code=$?
  [ $code -eq 1 ] || fault "launch exits with $code where its ranks exit with 1: $(cat stderr)"
  grep -q 'error: .*absent.pth' stderr || fault "launch does not show the ranks' error: $(cat stderr)"
  "$hqsam" launch --nproc 2 --max-restarts 2 -- trian >stdout 2>stderr && fault "launch of an unknown command works"
  [ "$(grep -c "did you mean 'train'" stderr)" -le 4 ] || fault "launch restarts after wrong usage: $(cat stderr)"
  refuses 2 "nproc is required" "$hqsam" launch info "$model"
  refuses 2 "command is required" "$hqsam" launch --nproc 2
  refuses 1 "master_addr" "$hqsam" launch --nproc 2 --nnodes 2 -- info "$model"
}

# A run that is stopped by a signal and resumed ends in the bits of one that was not.
stop_and_resume() {
  local run=("$hqsam" train --config good.yaml --set data.valid=[] --set train.epochs=12)
  works "${run[@]}" --output whole
  "${run[@]}" --output parts >stdout 2>stderr &
  local pid=$! code=0
  for _ in $(seq 200); do
    [ "$(grep -c '"step"' parts/metrics.jsonl 2>/dev/null)" -ge 3 ] 2>/dev/null && break
    sleep 0.05
  done
  kill -TERM $pid
  wait $pid || code=$?
  [ $code -eq 75 ] || fault "a stopped run exits with $code, expected 75: $(cat stderr)"
  grep -q -- "--resume" stderr || fault "a stopped run does not say how to go on: $(cat stderr)"
  refuses 1 "config" "${run[@]}" --output parts --resume --set train.lr=0.1 --log-level error
  works "${run[@]}" --output parts --resume
  cmp whole/model.pth parts/model.pth || fault "a resumed run ended in other weights"
}

# with_memory_limit <kB of address space> <command...>
with_memory_limit() (
  ulimit -v "$1"
  shift
  exec "$@"
)

# Numbers out of bounds: one short line, whatever the number.
numbers() {
  local numbers=(-1 1e300 nan 99999999999999999999) option i=0
  for option in "bench --rows" "bench --repeats" "bench --threads" "data synth --output n --count" \
    "data synth --output n --count 1 --size" "data synth --output n --count 1 --seed" \
    "predict --checkpoint a --image b --output n --box 1,1,9,9 --image-size" \
    "evaluate --config a --checkpoint b --limit" "evaluate --config a --checkpoint b --image-size" \
    "export --checkpoint a --format pth --output n --image-size" "data convert --from a --to coco --output n --workers"; do
    # shellcheck disable=SC2086
    refuses 2 "expected a whole number " "$hqsam" $option "${numbers[i++ % 4]}"
    [ "$(wc -c <stderr)" -le 200 ] || fault "a message of $(wc -c <stderr) characters: $(cat stderr)"
  done
  refuses 2 "from 1 to 16384, got '0'" "$hqsam" predict --checkpoint a --image b --output n --box 1,1,9,9 --image-size 0
  leaves_nothing n
}

# An output that cannot be written is told before the work, not after it: no checkpoint is read, no picture.
outputs_first() {
  local bad=set/im/00000.jpg/out # even for root
  refuses 1 "cannot write to $bad: set/im/00000.jpg is not a folder" "$hqsam" evaluate --config good.yaml \
    --checkpoint absent.pth --output "$bad"
  refuses 1 "cannot write to $bad" "$hqsam" predict --checkpoint absent.pth --image absent.jpg --box 1,1,9,9 --output "$bad"
  refuses 1 "cannot write to set/im/00000.jpg" "$hqsam" export --checkpoint absent.pth --format pth --output "$bad"
  refuses 1 "cannot write to $bad" "$hqsam" export --checkpoint absent.pth --format onnx --output "$bad"
  refuses 1 "cannot write to set: it is a folder" "$hqsam" export --checkpoint absent.pth --format pth --output set
  refuses 1 "cannot write to $bad" "$hqsam" data check --config spoilt.yaml --output "$bad"
  refuses 1 "cannot write to $bad" "$hqsam" data synth --output "$bad" --count 1
  refuses 1 "cannot write to $bad" "$hqsam" data convert --from good.yaml --to coco --output "$bad"
  refuses 1 "cannot write to set/im/00000.jpg" "$hqsam" init absent --output "$bad"
  refuses 1 "cannot write to $bad" "$hqsam" bench --variant vit_h --trace "$bad"
}

# A reader of the standard output that goes away costs no file and is no failure; a full disk there is one.
closed_pipes() {
  local codes
  "$hqsam" evaluate --config good.yaml --checkpoint "$model" --masks hq --output pipe_eval 2>stderr | true
  codes=${PIPESTATUS[0]}
  [ "$codes" -eq 0 ] || fault "evaluate exits with $codes where its reader is gone: $(cat stderr)"
  leaves pipe_eval/results.json pipe_eval/samples.jsonl pipe_eval/report.html
  "$hqsam" data check --config good.yaml --output pipe_check 2>stderr | true
  codes=${PIPESTATUS[0]}
  [ "$codes" -eq 0 ] || fault "data check exits with $codes where its reader is gone: $(cat stderr)"
  leaves pipe_check/contact_sheet.html
  for _ in 1 2 3; do
    "$hqsam" info --json "$model" 2>stderr | true
    codes=${PIPESTATUS[0]}
    { [ "$codes" -eq 0 ] && [ ! -s stderr ]; } || fault "info | true: exit code $codes: $(cat stderr)"
  done
  "$hqsam" evaluate --config good.yaml --checkpoint "$model" --masks hq --output full_eval >/dev/full 2>stderr &&
    fault "evaluate does not notice a full standard output"
  grep -q "^error: .* standard output: No space left" stderr || fault "no word of a full standard output: $(cat stderr)"
  leaves full_eval/results.json full_eval/report.html
}

# A file of ours must not get the number of a closed standard output and then its lines.
closed_descriptors() {
  "$hqsam" export --checkpoint "$model" --format pth --output closed.pth <&- >&- 2>&- || fault "export without descriptors"
  works "$hqsam" export --checkpoint "$model" --format pth --output open.pth
  cmp closed.pth open.pth || fault "what is exported without descriptors is not the same"
  "$hqsam" data convert --from set --to coco --output closed_coco <&- >&- 2>&- || fault "data convert without descriptors"
  works "$hqsam" data convert --from set --to coco --output open_coco
  cmp closed_coco/annotations.json open_coco/annotations.json || fault "what is converted without descriptors is not the same"
}

# A signal that ends a command takes its unfinished files along.
signals_leave_nothing() {
  local pid code=0
  "$hqsam" data convert --from large --to coco --output killed >stdout 2>stderr &
  pid=$!
  for _ in $(seq 500); do
    compgen -G 'killed/*.tmp' >/dev/null && break
    sleep 0.01
  done
  compgen -G 'killed/*.tmp' >/dev/null || fault "no unfinished file was seen"
  kill -TERM $pid
  wait $pid || code=$?
  [ $code -eq 143 ] || fault "SIGTERM ends data convert with $code: $(cat stderr)"
  [ -z "$(find killed -name '*.tmp')" ] || fault "SIGTERM leaves $(find killed -name '*.tmp')"
}

# What is wrong with the process's surroundings.
surroundings() {
  mkdir gone
  (
    cd gone || exit 1
    rmdir ../gone
    "$hqsam" info "$model" >../gone_stdout 2>../gone_stderr
  )
  [ "$(cat gone_stderr)" = "error: [hqsam] the working directory was removed: change to one that exists" ] ||
    fault "in a removed folder: $(cat gone_stderr)"
  # From the first allocation of a library's start to the last of a command: one line, never a signal's end.
  local limit code
  with_memory_limit 4000000 "$hqsam" --version >stdout 2>stderr || return # a sanitizer, which takes more
  for limit in 580000 600000 620000 640000 700000; do
    code=0
    with_memory_limit $limit "$hqsam" info "$model" >stdout 2>stderr || code=$?
    [ $code -eq 0 ] && continue
    { [ $code -eq 1 ] || [ $code -eq 127 ]; } || fault "with $limit kB info exits with $code: $(cat stderr)"
    [ "$(wc -l <stderr)" -eq 1 ] || fault "with $limit kB info says: $(cat stderr)"
  done
}

# Names with escape codes: shown as text, kept in files.
escape_codes() {
  local name=$'a\e[31m\nb'
  mkdir -p escapes/im escapes/gt
  cp set/im/00000.jpg "escapes/im/$name.jpg"
  head -c 500 set/gt/00000.png >"escapes/gt/$name.png"
  sed 's,set/,escapes/,g' good.yaml >escapes.yaml
  refuses 1 "problems" "$hqsam" data check --config escapes.yaml
  says stdout 'a\\x1b\[31m\\nb.png'
  cp set/gt/00000.png "escapes/gt/$name.png"
  works "$hqsam" predict --checkpoint "$model" --image "escapes/im/$name.jpg" "escapes/im/$name.jpg" --box 1,1,99,99 --output esc
  leaves "esc/${name}_0.png"
  says "esc/$name.json" 'a\\u001b\[31m\\nb.jpg'
  refuses 1 'x\\x1b\[2J' "$hqsam" info $'x\e[2J'
  refuses 2 'x\\x1b\[2J' "$hqsam" $'x\e[2J'
  refuses 1 'x\\x1b\[2J' "$hqsam" train --config good.yaml --set $'x\e[2J=1'
}

mkdir cut
usage
synth
head -c 3000 set/im/00002.jpg >cut/00002.jpg
bad_configs
bad_data
bad_checkpoints
deep_json
dialects
bad_prompts
many_pictures
wide_pictures_and_long_names
full_disk
numbers
outputs_first
closed_pipes
closed_descriptors
works "$hqsam" data synth --output large --count 60 --size 512 --seed 3
signals_leave_nothing
surroundings
escape_codes
happy_path
embeddings
protocols
compare
sam_base
ablations
stop_and_resume
launch_ranks
left=$(find . -name '*.tmp')
[ -z "$left" ] || fault "temporary files are left: $left"
[ $failures -eq 0 ] || { echo "$failures failures"; exit 1; }
echo "all passed"
