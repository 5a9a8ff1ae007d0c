# SPDX-License-Identifier: Apache-2.0
"""Holds hqsam's masks and average precision against pycocotools.

    tests/parity/coco.py build/tests/parity_cases

- 1,000 random masks and polygons: run lengths (compressed, plain, areas) must be equal to the character.
- 200 synthetic scenes with crowds, empty pictures, equal scores and many predictions: AP, AP_B (the boundary IoU
  API's formula: the smaller of mask IoU and boundary IoU) and strict AP_B, all area ranges, and AR, to 1e-6.

Needs numpy, opencv and pycocotools from PyPI.
"""
import argparse
import json
import subprocess
import sys

import cv2
import numpy as np
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def ask(program, what, question):
    answer = subprocess.run([program, what], input=json.dumps(question), capture_output=True, text=True)
    if answer.returncode != 0:
        sys.exit(f"{program} {what}: {answer.stderr}")
    return json.loads(answer.stdout)


def text_rle(rle):
    return {"size": list(rle["size"]), "counts": rle["counts"].decode()}


def random_polygons(rng, height, width):
    polygons = []
    for _ in range(rng.integers(1, 4)):
        corners = rng.integers(3, 12)
        centre = rng.uniform(-0.2, 1.2, 2) * (width, height)
        spread = rng.uniform(0.01, 0.8) * max(width, height)
        points = centre + rng.normal(0, spread, (corners, 2))
        style = rng.integers(0, 4)
        if style == 0:
            points = np.round(points)
        elif style == 1:
            points = np.round(points * 2) / 2
        elif style == 2:  # a round outline
            angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
            points = centre + spread * np.stack([np.cos(angles), np.sin(angles)], 1)
        polygons.append([float(value) for value in points.flatten()])
    return polygons


def random_mask(rng, height, width):
    style = rng.integers(0, 4)
    if style == 0:
        return (rng.random((height, width)) < rng.random()).astype(np.uint8)
    if style == 1:
        return np.full((height, width), rng.integers(0, 2), np.uint8)
    noise = cv2.GaussianBlur(rng.random((height, width)), (0, 0), rng.uniform(0.5, 6))
    return (noise > np.quantile(noise, rng.random())).astype(np.uint8)


def check_segmentations(program, count, rng):
    questions, expected = [], []
    for i in range(count):
        height, width = (int(side) for side in rng.integers(1, 200, 2))
        if i % 2 == 0:
            polygons = random_polygons(rng, height, width)
            # Fewer than 5 numbers would be boxes to pycocotools; these have 6 or more.
            rle = coco_mask.merge(coco_mask.frPyObjects(polygons, height, width))
            segmentation = polygons
        else:
            rle = coco_mask.encode(np.asfortranarray(random_mask(rng, height, width)))
            segmentation = text_rle(rle)
            if i % 4 == 1:
                segmentation = {"size": [height, width], "counts": plain_counts(coco_mask.decode(rle))}
        questions.append({"size": [height, width], "segmentation": segmentation})
        expected.append(rle)
    wrong = 0
    for answer, rle in zip(ask(program, "segmentations", questions), expected):
        mask = coco_mask.decode(rle)
        text = rle["counts"].decode()
        canonical = coco_mask.encode(np.asfortranarray(mask))["counts"].decode()
        same = (answer["compressed"] in (text, canonical) and answer["again"] == canonical
                and answer["plain"] == plain_counts(mask) and answer["area"] == int(coco_mask.area(rle)))
        wrong += not same
    print(f"segmentations: {count - wrong} of {count} equal")
    return wrong == 0


def plain_counts(mask):
    flat = np.asarray(mask).flatten(order="F")
    turns = np.flatnonzero(np.diff(flat)) + 1
    edges = np.concatenate([[0], turns, [flat.size]])
    counts = np.diff(edges).tolist()
    return counts if flat[0] == 0 else [0] + counts


def boundary(rle, dilation):
    mask = coco_mask.decode(rle)
    height, width = mask.shape
    width_of_band = max(1, int(round(dilation * np.sqrt(height**2 + width**2))))
    padded = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    eroded = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=width_of_band)[1:-1, 1:-1]
    return coco_mask.encode(np.asfortranarray(mask - eroded))


class BoundaryEval(COCOeval):
    """COCOeval whose overlap is the smaller of mask IoU and boundary IoU."""

    dilation = 0.02

    def computeIoU(self, image, category):
        ious = super().computeIoU(image, category)
        if len(ious) == 0:
            return ious
        truths = self._gts[image, category]
        detections = self._dts[image, category]
        order = np.argsort([-d["score"] for d in detections], kind="mergesort")
        detections = [detections[i] for i in order][: self.params.maxDets[-1]]
        bands = coco_mask.iou([boundary(d["segmentation"], self.dilation) for d in detections],
                              [boundary(g["segmentation"], self.dilation) for g in truths],
                              [int(g["iscrowd"]) for g in truths])
        return np.minimum(ious, bands)


class StrictEval(BoundaryEval):
    dilation = 0.01


def blob(rng, height, width):
    mask = np.zeros((height, width), np.uint8)
    centre = (int(rng.integers(0, width)), int(rng.integers(0, height)))
    axes = tuple(int(axis) for axis in rng.integers(2, max(3, min(height, width) // 2), 2))
    cv2.ellipse(mask, centre, axes, float(rng.uniform(0, 180)), 0, 360, 1, -1)
    return mask


def disturbed(rng, mask):
    size = int(rng.integers(1, 6))
    kernel = np.ones((size, size), np.uint8)
    changed = cv2.dilate(mask, kernel) if rng.random() < 0.5 else cv2.erode(mask, kernel)
    return np.roll(changed, tuple(rng.integers(-3, 4, 2)), (0, 1))


def random_scene(rng):
    height, width = (int(side) for side in rng.integers(60, 260, 2))
    encode = lambda mask: text_rle(coco_mask.encode(np.asfortranarray(mask)))
    truths, predictions = [], []
    for _ in range(rng.choice([0, 1, 2, 4, 7])):
        mask = blob(rng, height, width) * np.uint8(rng.random() < 0.95)  # a few have no inside
        category = int(rng.integers(1, 4))
        truths.append({"category_id": category, "iscrowd": int(rng.random() < 0.15), "segmentation": encode(mask),
                       "area": max(0.0, float(mask.sum()) + float(rng.uniform(-0.5, 0.5)))})
        for _ in range(rng.integers(0, 4)):
            category_of_guess = category if rng.random() < 0.9 else int(rng.integers(1, 4))
            predictions.append({"category_id": category_of_guess, "segmentation": encode(disturbed(rng, mask)),
                                "score": round(float(rng.random()), 1)})
    strays = 120 if rng.random() < 0.03 else rng.integers(0, 3)  # more than the 100 that count
    for _ in range(strays):
        predictions.append({"category_id": int(rng.integers(1, 4)), "segmentation": encode(blob(rng, height, width)),
                            "score": round(float(rng.random()), 2)})
    return {"size": [height, width], "truths": truths, "predictions": predictions}


def coco_of(scenes):
    images, truths, predictions = [], [], []
    for number, scene in enumerate(scenes, 1):
        images.append({"id": number, "height": scene["size"][0], "width": scene["size"][1]})
        for truth in scene["truths"]:
            box = coco_mask.toBbox(truth["segmentation"]).tolist()
            truths.append({**truth, "id": len(truths) + 1, "image_id": number, "bbox": box})
        predictions += [{**prediction, "image_id": number} for prediction in scene["predictions"]]
    coco = COCO()
    coco.dataset = {"info": {}, "images": images, "annotations": truths,
                    "categories": [{"id": i, "name": str(i)} for i in range(1, 5)]}
    coco.createIndex()
    return coco, coco.loadRes(predictions)


def expected_metrics(scenes):
    names = ["{}", "{}50", "{}75", "{}_s", "{}_m", "{}_l", "1", "10", "", "_s", "_m", "_l"]
    metrics = {}
    for suffix, end, evaluator in (("", "", COCOeval), ("_b", "", BoundaryEval), ("_b", "_strict", StrictEval)):
        truth, predictions = coco_of(scenes)
        evaluation = evaluator(truth, predictions, "segm")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
        for i, value in enumerate(evaluation.stats):
            name = names[i].format("ap" + suffix) if i < 6 else "ar" + suffix + names[i]
            metrics[name + end] = 100 * value
    return metrics


def same_numbers(what, got, expected):
    """Prints how far hqsam's percentages are from those expected; whether that is at most 1e-6."""
    differences = {name: abs(got.get(name, -100.0) - value) for name, value in expected.items()}
    for name, difference in differences.items():
        if difference > 1e-6:
            print(f"{name}: hqsam {got.get(name)}, expected {expected[name]}")
    worst = max(differences.values())
    print(f"{what}: {len(expected)} numbers, largest difference {worst:.2e} percent")
    return worst <= 1e-6


def check_average_precision(program, count, rng):
    scenes = [random_scene(rng) for _ in range(count)]
    got = ask(program, "average_precision", {"pictures": scenes})
    return same_numbers(f"average precision over {count} scenes", got, expected_metrics(scenes))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="build/tests/parity_cases")
    parser.add_argument("--segmentations", type=int, default=1000)
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    fine = check_segmentations(arguments.program, arguments.segmentations, rng)
    fine = check_average_precision(arguments.program, arguments.scenes, rng) and fine
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
