# SPDX-License-Identifier: Apache-2.0
"""Holds hqsam's readers of annotation tools' files against the tools' own readers.

    tests/parity/annotation_tools.py build/tests/parity_objects

- YOLO: 300 pictures of objects with 1 to 3 parts, made into texts as ultralytics' converter makes them. hqsam's masks
  against the COCO masks that they were (IoU above 0.995), and against ultralytics' verify_image_label and polygon2mask.
- YOLO: 300 texts with odd lines: where ultralytics reads a text, hqsam must have the same classes in the same order.
- LabelMe: 300 files of all shapes with an area: objects and labels must be those of shapes_to_label, masks equal to the
  pixel where they are pasted, the rest by IoU: labelme draws outlines too, COCO's rule does not.
- SA-1B: 300 files, masks must be pycocotools' to the bit.

Needs numpy, pillow, opencv, pycocotools, labelme and ultralytics from PyPI.
"""
import argparse
import base64
import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from pycocotools import mask as coco_mask

from labelme.utils import shapes_to_label
from ultralytics.data.converter import merge_multi_segment
from ultralytics.data.utils import polygon2mask, verify_image_label

CLASSES = 8
failed = []


def check(kept, what):
    if not kept:
        failed.append(what)


def ask(program, questions):
    run = subprocess.run([program], input=json.dumps(questions), capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(run.stderr)
    return json.loads(run.stdout)


def decoded(rle):
    return coco_mask.decode({"size": rle["size"], "counts": rle["counts"].encode()}).astype(bool)


def iou(a, b):
    union = (a | b).sum()
    return 1.0 if union == 0 else (a & b).sum() / union


def blob(rng, centre, radius, corners):
    """A polygon around a centre, star-shaped; pixels."""
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    lengths = radius * rng.uniform(0.5, 1.0, corners)
    return np.stack([centre[0] + lengths * np.cos(angles), centre[1] + lengths * np.sin(angles)], 1)


def parts(rng, height, width):
    """1 to 3 polygons that do not touch: each in a cell of its own."""
    cells = [(x, y) for x in range(3) for y in range(3)]
    chosen = rng.permutation(len(cells))[: rng.integers(1, 4)]
    side = min(height, width) / 3
    return [blob(rng, ((cells[i][0] + 0.5) * width / 3, (cells[i][1] + 0.5) * height / 3), 0.48 * side,
                 rng.integers(6, 60)) for i in chosen]


def yolo_line(category, polygons, height, width):
    """As ultralytics.data.converter.convert_coco writes an object."""
    if len(polygons) > 1:
        points = np.concatenate(merge_multi_segment([p.reshape(-1).tolist() for p in polygons]), axis=0)
    else:
        points = polygons[0]
    return " ".join(["%g" % category, *("%g" % v for v in (points / np.array([width, height])).reshape(-1))])


def ultralytics_reads(folder, text, height, width):
    """Class and corners of each line, or None where the text is refused."""
    picture, label = Path(folder) / "a.png", Path(folder) / "a.txt"
    Image.new("L", (width, height)).save(picture)
    label.write_text(text)
    found = verify_image_label((str(picture), str(label), "", False, CLASSES, 0, 0, False))
    return None if found[0] is None else list(zip(found[1][:, 0].astype(int).tolist(), found[3]))


def yolo_masks(program, rng, folder):
    questions, truths = [], []
    for _ in range(300):
        height, width = (int(v) for v in rng.integers(100, 1000, 2))
        objects = [parts(rng, height, width) for _ in range(rng.integers(1, 5))]
        lines = [yolo_line(rng.integers(0, CLASSES), polygons, height, width) for polygons in objects]
        questions.append({"format": "yolo", "text": "\n".join(lines) + "\n", "size": [height, width]})
        truths.append([coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects(
            [p.reshape(-1).tolist() for p in polygons], height, width))).astype(bool) for polygons in objects])
    to_coco, to_tool, tool_to_coco = [], [], []
    for question, truth, answer in zip(questions, truths, ask(program, questions)):
        height, width = question["size"]
        theirs = ultralytics_reads(folder, question["text"], height, width)
        check(theirs is not None and len(theirs) == len(truth) == len(answer["objects"]), "yolo: a number of objects")
        for mask, ours, (category, corners) in zip(truth, answer["objects"], theirs):
            check(ours["category"] == category, "yolo: a class")
            drawn = polygon2mask((height, width), [(corners * [width, height]).reshape(-1)]).astype(bool)
            to_coco.append(iou(mask, decoded(ours["rle"])))
            to_tool.append(iou(drawn, decoded(ours["rle"])))
            tool_to_coco.append(iou(drawn, mask))
    check(min(to_coco) > 0.995, f"yolo: IoU {min(to_coco)} with what was converted")
    print(f"yolo: {len(to_coco)} objects; IoU with COCO's masks: hqsam at least {min(to_coco):.4f}, mean "
          f"{np.mean(to_coco):.5f}; ultralytics at least {min(tool_to_coco):.4f}, mean {np.mean(tool_to_coco):.4f}; "
          f"hqsam with ultralytics at least {min(to_tool):.4f}, mean {np.mean(to_tool):.4f}")


ODD = ["0 0.5 0.5 0.2 0.2", "{0} 0.9", "0 nan 0.1 0.2 0.3 0.4 0.5", "x 0.1 0.1 0.2 0.3 0.4 0.5", "-1 0.1 0.1 0.2 0.3 0.4 0.5",
       "0 0.1 0.1 1.3 0.3 0.4 0.5", "0 10 10 20 30 40 50", "", "\t ", "{0} ", "{0}\r", "{0}\t", "{0}", "0.5 0.1 0.1 0.2 0.3 0.4 0.5",
       "+1 0.1 0.1 0.2 0.3 0.4 0.5", "1.0 0.1 0.1 2e-1 .3 0.4 0.5", "0 1.005 0.1 0.2 0.3 0.4 0.5", "0 -0.005 0.1 0.2 0.3 0.4 0.5"]


def yolo_texts(program, rng, folder):
    questions = []
    for _ in range(300):
        lines = [yolo_line(rng.integers(0, CLASSES), parts(rng, 200, 300), 200, 300) for _ in range(rng.integers(1, 4))]
        for _ in range(rng.integers(1, 3)):
            lines.insert(rng.integers(0, len(lines) + 1), ODD[rng.integers(0, len(ODD))].format(lines[0]))
        questions.append({"format": "yolo", "text": "\n".join(lines) + "\n", "size": [200, 300]})
    read = refused = told = 0
    for question, answer in zip(questions, ask(program, questions)):
        theirs = ultralytics_reads(folder, question["text"], 200, 300)
        if theirs is None:
            refused += 1
            told += answer.get("skipped", 1) > 0
            check("error" in answer or answer["skipped"] > 0, f"yolo: {question['text']!r} without a word")
            continue
        read += 1
        ours = sorted(o["category"] for o in answer.get("objects", []))  # doubles leave ultralytics' lines in disorder
        check(ours == sorted(c for c, _ in theirs), f"yolo: classes of {question['text']!r}: {answer}")
    print(f"yolo: 300 odd texts: {read} that ultralytics reads, the same classes; {refused} that it leaves out whole, "
          f"{told} of them with what hqsam leaves out counted")


def png(mask):
    file = io.BytesIO()
    Image.fromarray(mask.astype(np.uint8)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def labelme_shape(rng, cell, kind):
    x, y, side = cell
    shape = {"label": f"class {rng.integers(0, CLASSES)}", "group_id": None, "shape_type": kind, "flags": {}}
    corners = np.array([[x, y], [x + side, y + side]]) + rng.uniform(0, 0.2 * side, (2, 2)) * [[1, 1], [-1, -1]]
    if kind == "polygon":
        shape["points"] = blob(rng, (x + side / 2, y + side / 2), side / 2, rng.integers(8, 40)).tolist()
    elif kind == "rectangle":
        shape["points"] = corners[:: rng.choice([1, -1])].tolist()
    elif kind == "circle":
        centre = np.array([x + side / 2, y + side / 2])
        shape["points"] = [centre.tolist(), (centre + [side * 0.3, side * 0.3]).tolist()]
    elif kind == "oriented_rectangle":
        middle, half = np.array([x + side / 2, y + side / 2]), rng.uniform(0.15, 0.3) * side
        turn = rng.uniform(0, np.pi)
        a, b = half * np.array([np.cos(turn), np.sin(turn)]), 0.6 * half * np.array([-np.sin(turn), np.cos(turn)])
        shape["points"] = [(middle + p).tolist() for p in (a + b, a - b, -a - b, b - a)]
    else:
        x0, y0, x1, y1 = (int(v) for v in corners.reshape(-1))
        shape["points"] = [[float(x0), float(y0)], [float(x1), float(y1)]]
        shape["mask"] = rng.random((y1 - y0 + 1, x1 - x0 + 1)) < 0.7
    return shape


def labelme(program, rng):
    kinds = ["polygon", "rectangle", "circle", "oriented_rectangle", "mask"]
    questions, files = [], []
    for _ in range(300):
        side = int(rng.integers(60, 200))
        height, width = 3 * side, 4 * side
        cells = rng.permutation(12)[: rng.integers(1, 8)]
        shapes = [labelme_shape(rng, (c % 4 * side, c // 4 * side, side - 1), kinds[rng.integers(0, 5)]) for c in cells]
        if len(shapes) > 2:  # an object of two shapes
            shapes[0]["group_id"] = shapes[-1]["group_id"] = 3
            shapes[-1]["label"] = shapes[0]["label"]
        plain = [{**s, "mask": png(s["mask"])} if "mask" in s else s for s in shapes]
        file = {"version": "6.0.0", "flags": {}, "shapes": plain, "imagePath": "a.jpg", "imageData": None,
                "imageHeight": height, "imageWidth": width}
        questions.append({"format": "labelme", "text": json.dumps(file), "size": [height, width]})
        files.append(shapes)
    ious = {kind: [] for kind in [*kinds, "group"]}
    for question, shapes, answer in zip(questions, files, ask(program, questions)):
        names = {f"class {i}": i + 1 for i in range(CLASSES)}
        classes, instances = shapes_to_label(tuple(question["size"]), shapes, names)
        firsts = [s for i, s in enumerate(shapes) if s["group_id"] is None or i == 0]
        check(len(firsts) == len(answer["objects"]) == instances.max(), "labelme: a number of objects")
        for number, (first, ours) in enumerate(zip(firsts, answer["objects"]), 1):
            check(ours["name"] == first["label"], "labelme: a label")
            theirs = instances == number
            check((classes[theirs] == names[ours["name"]]).all(), "labelme: a class")
            kind = "group" if first["group_id"] is not None else first["shape_type"]
            ious[kind].append(iou(theirs, decoded(ours["rle"])))
    check(min(ious["mask"]) == 1.0, "labelme: a pasted mask")
    for kind, values in ious.items():
        check(np.mean(values) > 0.9, f"labelme: {kind}")
        print(f"labelme: {len(values):4d} x {kind}: IoU at least {min(values):.4f}, mean {np.mean(values):.4f}")


def sa1b(program, rng):
    questions, truths = [], []
    for number in range(300):
        height, width = (int(v) for v in rng.integers(20, 300, 2))
        masks = [np.asfortranarray(rng.random((height, width)) < p) for p in rng.random(rng.integers(1, 6))]
        annotations = []
        for i, mask in enumerate(masks):
            rle = coco_mask.encode(mask.astype(np.uint8, order="F"))
            annotations.append({"id": i, "area": int(mask.sum()), "bbox": coco_mask.toBbox(rle).tolist(),
                                "segmentation": {"size": list(rle["size"]), "counts": rle["counts"].decode()}})
        file = {"image": {"image_id": number, "width": width, "height": height, "file_name": f"sa_{number}.jpg"},
                "annotations": annotations}
        questions.append({"format": "sa1b", "text": json.dumps(file), "size": [height, width]})
        truths.append(masks)
    count = 0
    for masks, answer in zip(truths, ask(program, questions)):
        check(len(masks) == len(answer["objects"]), "sa1b: a number of objects")
        for mask, ours in zip(masks, answer["objects"]):
            count += 1
            check((mask == decoded(ours["rle"])).all(), "sa1b: a mask")
    print(f"sa1b: {count} masks equal to the bit")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    program = parser.parse_args().program
    with tempfile.TemporaryDirectory() as folder:
        yolo_masks(program, np.random.default_rng(1), folder)
        yolo_texts(program, np.random.default_rng(2), folder)
    labelme(program, np.random.default_rng(3))
    sa1b(program, np.random.default_rng(4))
    for what in failed[:20]:
        print("differs:", what)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
