#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh <hqsam binary> <source folder>: the same pictures and masks in every form that hqsam reads. Each trains two
# epochs, is evaluated, and goes to COCO and back without a pixel's change; one picture's masks train to one model
# in whatever form; and a run that is stopped within an epoch and resumed ends in the bits of one that was not.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh" "$@" || exit 1

# same_masks <folder> <folder> <what>: files of the same names and bits.
same_masks() {
  [ -n "$(ls "$1" 2>/dev/null)" ] || fault "$3: there are no masks in $1"
  diff -r "$1" "$2" >difference || fault "$3: $(head -n 1 difference)"
}

# Eight pictures of two masks each, which lie over each other in places: src/im/00000.jpg, src/gt/00000_0.png, ...
# Soft edges are cut at half, as COCO's run lengths cut them.
make_source() {
  local i j
  works "$hqsam" data synth --output soft --count 8 --seed 3 --size 128
  mkdir -p drawn/im drawn/gt
  for i in 0 1 2 3 4 5 6 7; do
    j=$(((i + 3) % 8))
    cp "soft/im/0000$i.jpg" drawn/im/
    cp "soft/gt/0000$i.png" "drawn/gt/0000${i}_0.png"
    cp "soft/gt/0000$j.png" "drawn/gt/0000${i}_1.png"
  done
  works "$hqsam" data convert --from drawn --to coco --output coco
  works "$hqsam" data convert --from coco --to masks --output src
  [ "$(find src/gt -name '*.png' | wc -l)" -eq 16 ] || fault "16 masks became $(find src/gt -name '*.png' | wc -l)"
}

by_conversion() {
  works "$hqsam" data convert --from src --to coco --polygons --output coco_polygons
  works "$hqsam" data convert --from src --to yolo --output yolo
  works "$hqsam" data convert --from src --to labelme --output labelme
  works "$hqsam" data convert --from src --to labelme --rasters --output labelme_rasters
  works "$hqsam" data convert --from src --to masks --labels --output ids # smaller objects lie on top
  mkdir -p one/im one/gt
  cp src/im/* one/im/
  for i in 0 1 2 3 4 5 6 7; do cp "src/gt/0000${i}_0.png" "one/gt/0000$i.png"; done
}

# SA-1B's JSON of each picture, with COCO's own lines of annotations.
make_sa1b() {
  local i
  mkdir sa1b
  cp src/im/* sa1b/
  for i in 1 2 3 4 5 6 7 8; do
    printf '{"image":{"image_id":%d,"file_name":"0000%d.jpg","width":128,"height":128},"annotations":[%s]}' \
      "$i" $((i - 1)) "$(grep "\"image_id\":$i,\"category" coco/annotations.json | sed '$s/,$//')" \
      >"sa1b/0000$((i - 1)).json"
  done
}

# YouTube-VIS: two videos of four frames, an object's masks in one annotation. COCO's annotations are two a picture.
make_ytvis() {
  local video frame object annotations="" masks
  local all=()
  mkdir ytvis
  cp src/im/* ytvis/
  mapfile -t all < <(sed -n 's/.*"segmentation":\({[^}]*}\).*/\1/p' coco/annotations.json)
  [ ${#all[@]} -eq 16 ] || fault "${#all[@]} annotations in coco/annotations.json"
  for video in 0 1; do
    for object in 0 1; do
      masks=""
      for frame in 0 1 2 3; do masks+="${masks:+,}${all[(video * 4 + frame) * 2 + object]}"; done
      annotations+="${annotations:+,}{\"id\":$((video * 2 + object + 1)),\"video_id\":$((video + 1)),"
      annotations+="\"category_id\":1,\"iscrowd\":0,\"segmentations\":[$masks]}"
    done
  done
  printf '{"videos":[{"id":1,"width":128,"height":128,"file_names":["00000.jpg","00001.jpg","00002.jpg","00003.jpg"]},
    {"id":2,"width":128,"height":128,"file_names":["00004.jpg","00005.jpg","00006.jpg","00007.jpg"]}],
    "categories":[{"id":1,"name":"object"}],"annotations":[%s]}' "$annotations" >ytvis/instances.json
}

by_layout() {
  local i
  make_sa1b
  make_ytvis
  mkdir -p voc/JPEGImages voc/SegmentationObject voc/ImageSets/Segmentation
  cp src/im/* voc/JPEGImages/
  cp ids/gt/* voc/SegmentationObject/
  mkdir -p davis/frames/bear davis/frames/cat davis/masks/bear davis/masks/cat
  for i in 0 1 2 3 4 5 6 7; do
    echo "0000$i" >>voc/ImageSets/Segmentation/train.txt
    cp "src/im/0000$i.jpg" "davis/frames/$([ "$i" -lt 4 ] && echo bear || echo cat)/"
    cp "ids/gt/0000$i.png" "davis/masks/$([ "$i" -lt 4 ] && echo bear || echo cat)/"
  done
  mkdir big tar tar_sa1b
  for i in 0 1 2 3 4 5 6 7; do
    cp "src/im/0000$i.jpg" "big/0000${i}_im.jpg"
    cp "one/gt/0000$i.png" "big/0000${i}_gt.png"
    cp "soft/coarse/0000$i.png" "big/0000${i}_seg.png"
  done
  # WebDataset: a sample's files follow each other.
  mkdir pairs
  cp one/im/* one/gt/* pairs/
  (cd pairs && tar cf ../tar/a-000000.tar 0000[0-4].* && tar cf ../tar/a-000001.tar 0000[5-7].*)
  (cd sa1b && tar cf ../tar_sa1b/a-000000.tar 0000[0-2].* && tar cf ../tar_sa1b/a-000001.tar 0000[3-7].*)
}

write_config() { # <name> <set's keys>
  cat >"$1.yaml" <<YAML
model: {checkpoint: $source/data/base_micro.safetensors}
data:
  image_size: 128
  train: [{name: t, $2}]
  valid: [{name: t, $2}]
  workers: 1
train: {objective: hq, epochs: 2, batch_size: 4, micro_batch: 4, save_minutes: 0}
YAML
}

# reader <name> <masks> <masks' folder> <set's keys>: everything that a set is for.
reader() {
  local name=$1 masks=$2 expected=$3 file
  write_config "$name" "$4"
  works "$hqsam" data check --config "$name.yaml"
  grep -q " 8 pictures  *$masks masks" stdout || fault "$name: data check prints $(cat stdout)"
  works "$hqsam" train --config "$name.yaml" --output "$name.run" --set data.valid=[]
  grep -q '"type":"step","epoch":2,"step":4,' "$name.run/metrics.jsonl" || fault "$name: no two epochs of two steps"
  [ -s "$name.run/model.pth" ] || fault "$name: no model.pth"
  works "$hqsam" evaluate --config "$name.yaml" --checkpoint "$name.run/model.pth" --limit 2 --output "$name.results" \
    --masks hq
  [ "$(wc -l <"$name.results/samples.jsonl")" -eq $((masks / 4)) ] ||
    fault "$name: $(wc -l <"$name.results/samples.jsonl") masks of two pictures were measured"
  sed '/^  valid:/d' "$name.yaml" >"$name.one.yaml"
  works "$hqsam" data convert --from "$name.one.yaml" --to coco --output "$name.coco"
  works "$hqsam" data convert --from "$name.coco" --to masks --output "$name.masks"
  find "$name.masks/gt" -mindepth 2 -name '*.png' -exec mv {} "$name.masks/gt/" \; # davis has folders
  find "$name.masks/gt" -type d -empty -delete
  for file in "$name".masks/gt/*_im.png; do [ ! -e "$file" ] || mv "$file" "${file/_im/}"; done # big's pictures
  same_masks "$expected" "$name.masks/gt" "$name to COCO and back"
}

make_source
by_conversion
by_layout
works "$hqsam" data convert --from ids --to masks --output ids_apart
reader folder 8 one/gt "images: one/im, masks: one/gt"
reader several 16 src/gt "images: src/im, masks: src/gt"
reader ids 16 ids_apart/gt "images: ids/im, masks: ids/gt"
reader coco 16 src/gt "images: coco/images, annotations: coco/annotations.json"
reader coco_polygons 16 src/gt "images: coco_polygons/images, annotations: coco_polygons/annotations.json"
reader yolo 16 src/gt "images: yolo/data.yaml, split: train"
reader labelme 16 src/gt "images: labelme"
reader labelme_rasters 16 src/gt "images: labelme_rasters"
reader sa1b 16 src/gt "images: sa1b"
reader ytvis 16 src/gt "images: ytvis, annotations: ytvis/instances.json"
reader voc 16 ids_apart/gt "images: voc, split: train"
reader davis 16 ids_apart/gt "type: davis, images: davis/frames, masks: davis/masks"
reader big 8 one/gt "type: big, images: big, masks: big"
reader tar 8 one/gt "images: tar"
reader tar_sa1b 16 src/gt "images: 'tar_sa1b/a-{000000..000001}.tar'"

# The same pictures with the same masks in the same order train and measure the same.
for name in several coco_polygons yolo labelme labelme_rasters ytvis sa1b tar_sa1b; do
  cmp coco.run/model.pth "$name.run/model.pth" || fault "coco and $name train to other weights"
done
cmp ids.run/model.pth voc.run/model.pth || fault "ids and voc train to other weights"
for name in tar big; do cmp folder.run/model.pth "$name.run/model.pth" || fault "folder and $name train to other weights"; done

# threads_that_take_sigint <process>: how many of its threads do not hold SIGINT back.
threads_that_take_sigint() {
  local blocked count=0
  while read -r blocked; do
    (((0x$blocked & 2) != 0)) || count=$((count + 1))
  done < <(awk '/^SigBlk/ {print $2}' "/proc/$1"/task/*/status)
  echo $count
}

# A run that is stopped within its second epoch and resumed ends in the bits of one that was not.
stop_and_resume() { # <name> <set's keys>
  write_config "$1.resume" "$2"
  local run=("$hqsam" train --config "$1.resume.yaml" --set data.valid=[] --set train.epochs=10 --set train.batch_size=2
    --set data.workers=2)
  works "${run[@]}" --output "$1.whole"
  "${run[@]}" --output "$1.parts" >stdout 2>stderr &
  local pid=$! code=0 steps takers
  for _ in $(seq 400); do
    [ "$(grep -c '"step"' "$1.parts/metrics.jsonl" 2>/dev/null)" -ge 5 ] 2>/dev/null && break
    sleep 0.02
  done
  # A handler on a thread within a product would write over the heap (tools/process.cpp).
  takers=$(threads_that_take_sigint $pid)
  [ "$takers" -eq 1 ] || fault "$1: $takers threads take SIGINT, not 1"
  kill -INT $pid
  wait $pid || code=$?
  [ $code -eq 75 ] || fault "$1: a stopped run exits with $code, expected 75: $(cat stderr)"
  steps=$(grep -c '"step"' "$1.parts/metrics.jsonl")
  works "${run[@]}" --output "$1.parts" --resume
  cmp "$1.whole/model.pth" "$1.parts/model.pth" || fault "$1: resumed after $steps steps it ended in other weights"
}
stop_and_resume coco "images: coco/images, annotations: coco/annotations.json, per_picture: all, weight: 1.3"
stop_and_resume tar "images: tar"

[ $failures -eq 0 ] || { echo "$failures failures"; exit 1; }
echo "all passed"
