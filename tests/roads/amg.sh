#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# amg.sh <hqsam binary> <source folder>: pictures into masks of all that is in them, and from there on as data.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh" "$@" || exit 1
# A model of random weights, whose masks are sure of nothing.
amg=("$hqsam" amg --checkpoint "$(golden sam_hq_micro.pth)" --points-per-side 6 --predicted-iou 0 --stability 0.01
  --stability-offset 0.01)
pictures=("$source/data/samples/chair.jpg" "$source/data/samples/kite.jpg")

works "${amg[@]}" --image "${pictures[@]}" --output out --format png,coco --format labelme
says stdout "^2 pictures, [1-9][0-9]* masks in out"
for stem in chair kite; do
  for file in "$stem.json" "${stem}_labels.png" "${stem}_overlay.jpg" "${stem}_1.png" "labelme/$stem.json"; do
    [ -s "out/$file" ] || fault "out has no $file"
  done
  says "out/$stem.json" '"predicted_iou":.*"stability_score":.*"point_coords":\[\[.*"parent":'
done
says out/coco/annotations.json '"score":.*"predicted_iou":.*"parent":null'

# SA-1B's form is read as such: the same masks, to the byte.
mkdir sa1b
cp "${pictures[1]}" out/kite.json sa1b
works "$hqsam" data convert --from sa1b --type sa1b --to masks --output back
masks=(out/kite_[0-9]*.png) again=(back/gt/kite*.png)
[ ${#masks[@]} = ${#again[@]} ] || fault "${#masks[@]} masks became ${#again[@]}"
cmp -s out/kite_1.png "$(find back/gt -name "kite*.png" | sort | head -1)" || fault "the first mask came back changed"

# Fewer masks replace more; the label picture and the overlay are no pictures to look at.
works "${amg[@]}" --image "${pictures[1]}" --output out --format png --min-area 1000000
[ -z "$(ls out/kite_[0-9]*.png 2>/dev/null)" ] || fault "masks of an earlier run stay"
[ -s out/chair_1.png ] || fault "another picture's masks are gone"
cp "${pictures[1]}" out
works "${amg[@]}" --image out --output elsewhere --format none
says stdout "^1 picture,"

# SAM step by step, boxes, tiles, and what cannot be meant.
works "${amg[@]}" --image "${pictures[1]}" --output exact --exact --masks sam --format none
echo '{"kite": {"boxes": [[40, 40, 300, 300], [10, 10, 500, 500]]}}' >boxes.json
works "${amg[@]}" --image "${pictures[@]}" --boxes boxes.json --output boxes
says stderr "1 of 2 pictures have no boxes"
says boxes/kite.json '"prompt_box":\[40'
works "${amg[@]}" --image "${pictures[1]}" --tile 256 --output tiles --format none
echo junk >bad.jpg
fails_partly "${amg[@]}" --image bad.jpg "${pictures[1]}" --output few
says stderr "bad.jpg is a text"
[ -s few/kite.json ] || fault "the picture after a bad one was not done"
fails_partly "${amg[@]}" --image "${pictures[1]}" --exact --tile 256 --output few
says stderr "not of SAM's algorithm"
fails_partly "${amg[@]}" --image "${pictures[1]}" --exact --boxes boxes.json --output few
says stderr "takes no boxes"
fails_partly "${amg[@]}" --image "${pictures[1]}" --tile 100 --output few
says stderr "multiple of 64"

if [ "$failures" -gt 0 ]; then exit 1; fi
echo "all that is in the pictures came back"
