#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# predict.sh <hqsam binary> <source folder>: pictures and prompts into masks as other programs take them, and from there
# back to the same masks.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh" "$@" || exit 1
predict=("$hqsam" predict --checkpoint "$(golden sam_hq_micro.pth)")

# A COCO file as an annotator has it: boxes, sparse ids, named categories.
cat >boxes.json <<'JSON'
{"images": [{"id": 1007, "file_name": "chair.jpg", "height": 512, "width": 512}, {"id": 42, "file_name": "kite.jpg"}],
 "categories": [{"id": 3, "name": "seat"}, {"id": 18, "name": "toy"}],
 "annotations": [{"id": 900, "image_id": 1007, "category_id": 3, "bbox": [60, 40, 300, 400]},
                 {"id": 77, "image_id": 1007, "category_id": 18, "bbox": [0, 0, 200, 200]},
                 {"id": 901, "image_id": 42, "category_id": 18, "bbox": [30, 20, 300, 400], "score": 0.5}]}
JSON
pictures=("$source/data/samples/chair.jpg" "$source/data/samples/kite.jpg")
works "${predict[@]}" --image "${pictures[@]}" --prompts boxes.json --format png,coco,yolo --format labelme --output out
says stdout "^2 pictures, 3 masks in out"
says out/coco/annotations.json '"id":1007,"file_name":"chair.jpg"'
says out/coco/annotations.json '"id":77,"image_id":1007,"category_id":18'
says out/coco/annotations.json '"categories": \[{"id":3,"name":"seat"},{"id":18,"name":"toy"}\]'
says out/coco/annotations.json '"iscrowd":0,"score":0.5}'
says out/yolo/data.yaml '1: "toy"'
says out/labelme/kite.json '"label":"toy"'
says out/chair.json '"category": "seat"'
says stderr "yolo cannot keep: 3 scores"

# same_masks <folder that convert wrote>: the PNGs of predict, to the byte.
same_masks() {
  local mask
  for mask in chair_0 chair_1 kite_0; do
    cmp "out/$mask.png" "$1/gt/$mask.png" || fault "$1 holds another $mask than predict wrote"
  done
}
for set in "out/coco/annotations.json --images $source/data/samples" "$source/data/samples --type labelme --annotations out/labelme"; do
  rm -rf back
  # shellcheck disable=SC2086
  works "$hqsam" data convert --from $set --to masks --output back
  same_masks back
done
mkdir out/yolo/images
cp "${pictures[@]}" out/yolo/images
rm -rf back
works "$hqsam" data convert --from out/yolo --to masks --output back
same_masks back

# Annotations alone; polygons; another picture's text of an earlier run is told.
works "${predict[@]}" --image "${pictures[1]}" --prompts boxes.json --format coco,yolo --polygons --simplify 1 --output out
cmp -s out/kite_0.png back/gt/kite_0.png || fault "masks changed though only annotations were asked for"
says out/coco/annotations.json '"segmentation":\[\['
says stderr "files in out/yolo are of earlier runs.*chair.txt"
works "${predict[@]}" --image "${pictures[@]}" --box 9,9,300,300 --format coco --classes kite --output alone
[ "$(ls alone)" = coco ] || fault "beside COCO's JSON there is $(ls alone)"
says alone/coco/annotations.json '"categories": \[{"id":0,"name":"kite"}\]'

# YOLO's classes stay what they are, whichever of them come.
mkdir texts
echo "5 0.5 0.5 0.5 0.5 0.9" >texts/kite.txt
echo "2 0.5 0.5 0.5 0.5" >texts/chair.txt
works "${predict[@]}" --image "${pictures[@]}" --prompts texts --format yolo --output detected
says detected/yolo/labels/kite.txt "^5 "
says detected/yolo/labels/chair.txt "^2 "
says detected/yolo/data.yaml '5: "5"'
works "${predict[@]}" --image "${pictures[@]}" --prompts texts --format yolo,coco --classes a,b,c,d,e,f --output detected
says detected/yolo/data.yaml '2: "c"'
says detected/coco/annotations.json '"name":"f"'

# A folder: files of the formats that data sets may have, too.
mkdir mixed
printf 'P6 64 64 255\n' >mixed/a.pnm
printf '\x93NUMPY\x01\x00\x76\x00%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': (64, 64, 3), }" >mixed/b.npy
for file in mixed/*; do head -c 12288 /dev/zero >>"$file"; done
touch mixed/c.txt
works "${predict[@]}" --image mixed --box 9,9,50,50 --output of_mixed
says stdout "^2 pictures, 2 masks"
says stderr "left out: 1 (1 .txt)"

# What cannot be meant.
fails_partly "${predict[@]}" --image "${pictures[@]}" --prompts texts --format yolo --classes a,b,c --output few
says stderr "has the category 5, and --classes names 0 to 2"
fails_partly "${predict[@]}" --image "${pictures[@]}" --box 9,9,90,90 --format yolo --classes a,b --output few
says stderr "has no category, and --classes names 2"
fails_partly "${predict[@]}" --image "${pictures[0]}" --box 9,9,90,90 --simplify 1 --output few
says stderr "are for --format coco, yolo or labelme"

if [ "$failures" -gt 0 ]; then exit 1; fi
echo "every road from predict led back"
