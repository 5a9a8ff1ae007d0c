#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# memory.sh <hqsam binary> <source folder> [megapixels] [masks]: peak memory and time of predict and evaluate for one
# picture, as a Markdown table; the two lists are "1 6 24 100" and "1 10 40 200" where not given. A fault where memory
# grows by more than packed masks, a bit for each pixel, from the fewest masks of a picture to the most. The checkpoint
# is the tests' own, of an encoder as small as can be, or $CHECKPOINT. Needs python3 and GNU time.
export hqsam=$1 source=$2
megapixels=${3:-1 6 24 100} masks=${4:-1 10 40 200}
# shellcheck source=tests/faults/lib.sh
. "$(dirname "$0")/lib.sh"
unset OMP_NUM_THREADS
checkpoint=${CHECKPOINT:-$(golden sam_hq_micro.pth)}

# make <megapixels> <masks>: <megapixels>.png, once, coco.json of objects here and there, prompts.json of their boxes.
make() {
  python3 - "$1" "$2" <<'PYTHON'
import json, math, os, random, struct, sys, zlib
megapixels, masks = int(sys.argv[1]), int(sys.argv[2])
height = int(math.sqrt(megapixels * 1e6 / 1.5))
width = height * 3 // 2
picture = f"{megapixels}.png"

def chunk(file, kind, data):
    file.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))

if not os.path.exists(picture):
    with open(picture, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        chunk(file, b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        packer = zlib.compressobj(1)
        for y in range(height):  # checks of 64 pixels
            tile = bytes([40, 90, 200]) * 64 + bytes([220, y * 255 // height, 60]) * 64
            row = (tile * (width // 128 + 2))[192 * (y // 64 % 2):][:3 * width]
            chunk(file, b"IDAT", packer.compress(b"\0" + row))
        chunk(file, b"IDAT", packer.flush())
        chunk(file, b"IEND", b"")

draw = random.Random(7)
annotations, boxes = [], []
for i in range(masks):
    w, h = width * draw.uniform(0.1, 0.4), height * draw.uniform(0.1, 0.4)
    x, y = draw.uniform(0, width - w), draw.uniform(0, height - h)
    angles = [2 * math.pi * k / 48 for k in range(48)]
    corners = [(x + w / 2 * (1 + r * math.cos(a)), y + h / 2 * (1 + r * math.sin(a)))
               for a in angles for r in [draw.uniform(0.7, 1)]]
    annotations.append({"id": i + 1, "image_id": 1, "category_id": 1 + i % 3, "iscrowd": 0, "area": w * h / 2,
                        "bbox": [x, y, w, h], "segmentation": [[round(v, 1) for c in corners for v in c]]})
    boxes.append([round(v) for v in (x, y, x + w, y + h)])
json.dump({"images": [{"id": 1, "file_name": picture, "width": width, "height": height}], "annotations": annotations,
           "categories": [{"id": c, "name": f"c{c}"} for c in (1, 2, 3)]}, open("coco.json", "w"))
json.dump({picture: {"boxes": boxes}}, open("prompts.json", "w"))
print(f"data: {{valid: [{{name: v, type: coco, images: ., annotations: coco.json}}]}}", file=open("run.yaml", "w"))
PYTHON
}

# peak <command and options>: "megabytes seconds".
peak() {
  if ! /usr/bin/time -f "%M %e" -o used "$hqsam" "$@" >said 2>&1; then
    fault "$1 fails: $(tail -n 2 said)" >&2
    echo "0 0"
    return 1
  fi
  awk 'END { printf "%.0f %.1f\n", $1 * 1024 / 1e6, $2 }' used
}

for command in predict evaluate; do
  echo "| $command, MP | $(for count in $masks; do printf '%s mask%s | ' "$count" "$([ "$count" = 1 ] || echo s)"; done)"
  echo "| --- |$(for _ in $masks; do printf ' ---: |'; done)"
  for size in $megapixels; do
    line="| $size |" first="" last=""
    for count in $masks; do
      make "$size" "$count" || exit 1
      if [ $command = predict ]; then
        options=(--image "$size.png" --prompts prompts.json)
      else
        options=(--config run.yaml)
      fi
      read -r last seconds < <(peak $command "${options[@]}" --checkpoint "$checkpoint" --output "results")
      [ "$last" != 0 ] || failures=$((failures + 1))
      line+=" $last MB, $seconds s |"
      if [ -z "$first" ]; then first=$last fewest=$count; fi
      rm -rf results
    done
    echo "$line"
    # Pixels are 1e6 to a megapixel, 8 to a byte; 64 MB are threads' own.
    [ $((last - first)) -le $(((count - fewest) * size / 8 + 64)) ] ||
      fault "$command of $size MP: $first MB with $fewest masks, $last MB with $count"
  done
  echo
done
done_with memory
