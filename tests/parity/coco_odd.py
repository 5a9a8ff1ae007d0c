# SPDX-License-Identifier: Apache-2.0
"""Holds hqsam's reading of odd COCO annotations against pycocotools.

    tests/parity/coco_odd.py build/tests/parity_coco [--count 1000] [--seed 1]

Makes one file of odd annotations (no segmentation, NaN, ids as text, run lengths that do not add up, ...) over a few
pictures. hqsam reads it as a whole; pycocotools reads each annotation in a process of its own, since one ends a whole
file and some end the process. Prints for each kind how many are read by both and equal (=), read by both and unequal
(x), read by hqsam alone (+), left out by hqsam alone (-), and read by neither (o). Fails where an outcome is not one
of those that stand beside its kind, and where hqsam has not counted what it leaves out.

Needs numpy, pillow and pycocotools from PyPI.
"""
import argparse
import contextlib
import io
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

SIZES = {1: (60, 80), 2: (48, 40), 3: (100, 33)}  # height, width by image id
FIRST_CATEGORY = 1001  # categories number annotations, so that masks tell whose they are; areas do so too
UNKNOWN = 999_999


def polygon(rng, size):
    corners = int(rng.integers(3, 12))
    points = rng.uniform(-0.1, 1.1, (corners, 2)) * (size[1], size[0])
    return [round(float(value), int(rng.integers(0, 4))) for value in points.flatten()]


def pairs(numbers):
    return [numbers[i : i + 2] for i in range(0, len(numbers), 2)]


def bits(rng, size):
    return (rng.random(size) < rng.uniform(0.05, 0.9)).astype(np.uint8)


def plain(rng, size):
    flat = bits(rng, size).flatten(order="F")
    edges = np.concatenate([[0], np.flatnonzero(np.diff(flat)) + 1, [flat.size]])
    counts = np.diff(edges).tolist()
    return {"size": list(size), "counts": counts if flat[0] == 0 else [0] + counts}


def packed(rng, size):
    rle = coco_mask.encode(np.asfortranarray(bits(rng, size)))
    return {"size": list(size), "counts": rle["counts"].decode()}


def put(numbers, rng, value):
    changed = list(numbers)
    changed[int(rng.integers(0, len(changed)))] = value
    return changed


def first_count(runs, value):
    return {**runs, "counts": [value] + runs["counts"][1:]}


def segmentations():
    """kind: (segmentation of a generator and a size, outcomes that are right)"""
    kinds = {
        "polygon": (lambda r, s: [polygon(r, s)], "="),
        "polygons": (lambda r, s: [polygon(r, s) for _ in range(3)], "="),
        "polygon far outside": (lambda r, s: [[v + 500 for v in polygon(r, s)]], "="),
        "polygon beside an empty one": (lambda r, s: [polygon(r, s), []], "=+"),
        "polygon beside one of two corners": (lambda r, s: [polygon(r, s), [1, 2, 30, 20]], "="),
        "polygon not nested": (lambda r, s: polygon(r, s), "+"),
        # pycocotools takes these for one list of numbers, x and y mixed up, or for a list of boxes
        "polygon in pairs": (lambda r, s: pairs(polygon(r, s)), "+x="),
        "polygons in pairs": (lambda r, s: [pairs(polygon(r, s)) for _ in range(2)], "+x="),
        "polygon as text": (lambda r, s: [[str(v) for v in polygon(r, s)]], "=+"),
        "polygon of an odd number": (lambda r, s: [polygon(r, s) + [3.5]], "-"),  # pycocotools drops the last
        "polygon of two corners": (lambda r, s: [[1, 2, 30, 20]], "o"),
        "polygon of one corner": (lambda r, s: [[1, 2]], "o"),
        "polygon with NaN": (lambda r, s: [put(polygon(r, s), r, float("nan"))], "-o"),
        "polygon with Infinity": (lambda r, s: [put(polygon(r, s), r, float("inf"))], "-o"),
        "polygon with -Infinity": (lambda r, s: [put(polygon(r, s), r, float("-inf"))], "-o"),
        "polygon with null": (lambda r, s: [put(polygon(r, s), r, None)], "-o"),
        "polygon with a text": (lambda r, s: [put(polygon(r, s), r, "x")], "o"),
        "polygon far beyond": (lambda r, s: [put(polygon(r, s), r, 3e6)], "-"),
        "plain runs": (plain, "="),
        "plain runs as floats": (lambda r, s: {**(p := plain(r, s)), "counts": [float(c) for c in p["counts"]]}, "="),
        "plain runs as text": (lambda r, s: {**(p := plain(r, s)), "counts": [str(c) for c in p["counts"]]}, "=+"),
        "plain runs too short": (lambda r, s: {**(p := plain(r, s)), "counts": p["counts"][:-1]}, "-o"),
        "plain runs too long": (lambda r, s: {**(p := plain(r, s)), "counts": p["counts"] + [9]}, "-o"),
        "plain runs below 0": (lambda r, s: first_count(plain(r, s), -1), "-o"),
        "plain runs of fractions": (lambda r, s: first_count(plain(r, s), 3.5), "-o"),
        "compressed runs": (packed, "="),
        "compressed runs as bytes": (lambda r, s: {**(p := packed(r, s)), "counts": str(p["counts"].encode())}, "+x"),
        "compressed runs cut off": (lambda r, s: {**(p := packed(r, s)), "counts": p["counts"][:-3]}, "-o"),
        "compressed runs of other letters": (lambda r, s: {**packed(r, s), "counts": "~~ zz {}"}, "-o"),
        "runs without a size": (lambda r, s: {"counts": plain(r, s)["counts"]}, "o"),
        "runs without counts": (lambda r, s: {"size": list(s)}, "o"),
        "runs of another size": (lambda r, s: plain(r, s[::-1]), "-"),
        "runs with a size as text": (lambda r, s: {**plain(r, s), "size": [str(v) for v in s]}, "+="),
        "several plain runs": (lambda r, s: [plain(r, s), plain(r, s)], "="),
        "several compressed runs": (lambda r, s: [packed(r, s), packed(r, s)], "+x"),
        "a list of an empty list": (lambda r, s: [[]], "o"),
        "an empty list": (lambda r, s: [], "o"),
        "an empty object": (lambda r, s: {}, "o"),
        "null": (lambda r, s: None, "o"),
        "a text": (lambda r, s: "polygon", "o"),
        "a number": (lambda r, s: 7, "o"),
        "true": (lambda r, s: True, "o"),
    }
    return kinds


FIELDS = {  # kind: (keys and values over a good annotation's, "-" removes; outcomes that are right)
    "iscrowd null": ({"iscrowd": None}, "="), "iscrowd \"0\"": ({"iscrowd": "0"}, "="),
    "iscrowd \"false\"": ({"iscrowd": "false"}, "="), "iscrowd true": ({"iscrowd": True}, "="),
    "iscrowd missing": ({"iscrowd": "-"}, "="), "iscrowd a list": ({"iscrowd": []}, "-"),
    "iscrowd \"some\"": ({"iscrowd": "some"}, "-"),
    "category null": ({"category_id": None}, "="), "category missing": ({"category_id": "-"}, "+"),
    "category unknown": ({"category_id": UNKNOWN}, "-"),
    "image as text": ({"image_id": "1"}, "+"), "image as a float": ({"image_id": 1.0}, "="),
    "image unknown": ({"image_id": UNKNOWN}, "o"), "image null": ({"image_id": None}, "o"),
    "image missing": ({"image_id": "-"}, "o"), "image a list": ({"image_id": [1]}, "o"),
    "id missing": ({"id": "-"}, "+"), "id null": ({"id": None}, "="), "id twice": ({"id": 1}, "="),
    "id a text": ({"id": "x-1"}, "="), "id large": ({"id": 10**25}, "="), "id a float": ({"id": 1e300}, "="),
    "area null": ({"area": None}, "="), "area a text": ({"area": "large"}, "="),
    "area NaN": ({"area": float("nan")}, "="),
    "area missing": ({"area": "-"}, "="), "area below 0": ({"area": -3}, "="),
    "box NaN": ({"bbox": [float("nan")] * 4}, "="), "box missing": ({"bbox": "-"}, "="),
    "box null": ({"bbox": None}, "="),
    "no segmentation": ({"segmentation": "-"}, "o"),
    "a caption": ({"segmentation": "-", "caption": "a cat", "category_id": "-", "bbox": "-"}, "o"),
    "keypoints alone": ({"segmentation": "-", "keypoints": [1, 2, 2], "num_keypoints": 1}, "o"),
}
VALUES = {"null for an annotation": (None, "o"), "a number for an annotation": (5, "o"),
          "a list for an annotation": ([1, 2], "o")}


def annotations(count, rng):
    """[(kind, right outcomes, annotation)]: all kinds in turn"""
    shapes, made = segmentations(), []
    kinds = [("s", kind) for kind in shapes] + [("f", kind) for kind in FIELDS] + [("v", kind) for kind in VALUES]
    for number in range(count):
        group, kind = kinds[number % len(kinds)]
        image = int(rng.integers(1, len(SIZES) + 1))
        one = {"id": number + 1, "image_id": image, "category_id": FIRST_CATEGORY + number, "iscrowd": 0,
               "area": number + 1.0, "bbox": [1, 1, 5, 5], "segmentation": [polygon(rng, SIZES[image])]}
        if group == "s":
            make, right = shapes[kind]
            one["segmentation"] = make(rng, SIZES[image])
        elif group == "f":
            changes, right = FIELDS[kind]
            for key, value in changes.items():
                if value == "-":
                    one.pop(key)
                else:
                    one[key] = value
            if "image_id" in changes:  # image 1, so that masks fit
                one["segmentation"] = [polygon(rng, SIZES[1])]
        else:
            one, right = VALUES[kind]
        made.append((kind, right, one))
    return made


def read_alone(images, categories, annotation):
    """pycocotools' mask of the annotation, in a process of its own; None where it raises, dies or takes too long."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
            signal.alarm(20)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            coco = COCO()
            coco.dataset = {"images": images, "categories": categories, "annotations": [annotation]}
            with contextlib.redirect_stdout(io.StringIO()):
                coco.createIndex()
            mask = coco.annToMask(coco.imgToAnns[annotation["image_id"]][0])
            content = io.BytesIO()
            np.save(content, mask)
            with os.fdopen(writer, "wb") as out:
                out.write(content.getvalue())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        content = answer.read()
    os.waitpid(child, 0)
    return np.load(io.BytesIO(content)) if content else None


def read_hqsam(program, folder):
    """({number: mask}, warnings, pictures' skipped in all)"""
    answer = subprocess.run([program, folder, folder / "odd.json"], capture_output=True, text=True)
    if answer.returncode != 0:
        sys.exit(f"{program}: {answer.stderr}")
    masks, skipped = {}, 0
    for picture in json.loads(answer.stdout):
        skipped += picture["skipped"]
        for mask in picture["masks"]:
            has_category = FIRST_CATEGORY <= mask["category"] < UNKNOWN
            number = mask["category"] - FIRST_CATEGORY if has_category else round(mask["area"]) - 1
            if number in masks:
                sys.exit(f"annotation {number + 1} is read twice")
            masks[number] = coco_mask.decode(mask["rle"])
    return masks, answer.stderr, skipped


def outcome(ours, theirs):
    if ours is None or theirs is None:
        return "o" if ours is None and theirs is None else "-" if ours is None else "+"
    return "=" if np.array_equal(ours, theirs) else "x"


def report(made, ours, theirs):
    lines, wrong = {}, 0
    for number, (kind, right, _) in enumerate(made):
        what = outcome(ours.get(number), theirs[number])
        line = lines.setdefault(kind, {})
        line[what] = line.get(what, 0) + 1
        wrong += what not in right
    total = {}
    for kind, line in lines.items():
        right = next(allowed for name, allowed, _ in made if name == kind)
        for what, count in line.items():
            total[what] = total.get(what, 0) + count
        shown = " ".join(f"{what} {count}" for what, count in line.items())
        print(f"{kind:<36}{shown}{'' if set(line) <= set(right) else '   WRONG, expected ' + right}")
    print("in all: " + ", ".join(
        f"{total.get(what, 0)} {words}" for what, words in
        {"=": "read by both and equal", "x": "read by both and unequal", "+": "by hqsam alone",
         "-": "left out by hqsam alone", "o": "read by neither"}.items()))
    return wrong == 0


def counted(warnings, skipped):
    """What hqsam says it has left out: of its pictures, and what belongs to none."""
    homeless = r"(\d+) of \d+ annotations are left out: (?:of a picture|without an image_id|no object)"
    return skipped + sum(int(count) for count in re.findall(homeless, warnings))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="build/tests/parity_coco")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    made = annotations(arguments.count, np.random.default_rng(arguments.seed))
    images = [{"id": i, "file_name": f"{i}.png", "height": h, "width": w} for i, (h, w) in SIZES.items()]
    categories = [{"id": FIRST_CATEGORY + i, "name": str(i)} for i in range(arguments.count)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for image in images:
            Image.new("RGB", (image["width"], image["height"])).save(folder / image["file_name"])
        dataset = {"images": images, "categories": categories, "annotations": [one for _, _, one in made]}
        (folder / "odd.json").write_text(json.dumps(dataset))
        ours, warnings, skipped = read_hqsam(arguments.program, folder)
    theirs = [read_alone(images, categories, one) for _, _, one in made]
    fine = report(made, ours, theirs)
    left_out = counted(warnings, skipped)
    print(f"hqsam: {len(ours)} read, {left_out} counted as left out, of {len(made)}")
    print(warnings, file=sys.stderr)
    sys.exit(0 if fine and len(ours) + left_out == len(made) else 1)


if __name__ == "__main__":
    main()
