# SPDX-License-Identifier: Apache-2.0
"""Holds hqsam's average precision on LVIS against the lvis package.

    tests/parity/lvis_ap.py build/tests/parity_cases

200 synthetic scenes with categories of all three frequencies, categories that are known to be absent, categories not
exhaustively marked and categories that nobody looked for, some scenes with more than 300 predictions: AP, AP_r, AP_c,
AP_f and AR, of masks, of boundaries (the smaller of mask IoU and boundary IoU) and of strict ones, to 1e-6.

Needs numpy, opencv, pycocotools and lvis from PyPI.
"""
import argparse
import json
import sys
import tempfile

import numpy as np
from coco import ask, blob, boundary, disturbed, same_numbers, text_rle
from pycocotools import mask as coco_mask

if not hasattr(np, "float"):
    np.float = float  # lvis 0.5.3 was written for an older numpy
from lvis import LVIS, LVISEval, LVISResults

FREQUENCIES = {1: "r", 2: "r", 3: "c", 4: "c", 5: "f", 6: "f", 7: "f", 8: "r"}  # 8 is never in a picture
NAMES = {"AP": "ap", "AP50": "ap50", "AP75": "ap75", "APs": "ap_s", "APm": "ap_m", "APl": "ap_l", "APr": "ap_r",
         "APc": "ap_c", "APf": "ap_f", "AR@300": "ar", "ARs@300": "ar_s", "ARm@300": "ar_m", "ARl@300": "ar_l"}
FORMS = [("", "", None), ("_b", "", 0.02), ("_b", "_strict", 0.01)]
LIMIT = 300


class BoundaryEval(LVISEval):
    dilation = None

    def compute_iou(self, image, category):
        ious = super().compute_iou(image, category)
        if self.dilation is None or len(ious) == 0:
            return ious
        truths, detections = self._get_gt_dt(image, category)
        order = np.argsort([-d["score"] for d in detections], kind="mergesort")
        bands = coco_mask.iou([boundary(detections[i]["segmentation"], self.dilation) for i in order],
                              [boundary(g["segmentation"], self.dilation) for g in truths], [0] * len(truths))
        return np.minimum(ious, bands)


def random_scene(rng):
    height, width = (int(side) for side in rng.integers(60, 260, 2))
    encode = lambda mask: text_rle(coco_mask.encode(np.asfortranarray(mask)))
    truths, predictions = [], []
    for _ in range(rng.choice([0, 1, 2, 4, 7])):
        mask = blob(rng, height, width)
        category = int(rng.integers(1, 8))
        truths.append({"category_id": category, "iscrowd": 0, "segmentation": encode(mask), "area": float(mask.sum()),
                       "frequency": FREQUENCIES[category]})
        for _ in range(rng.integers(0, 4)):
            guess = category if rng.random() < 0.9 else int(rng.integers(1, 9))
            predictions.append({"category_id": guess, "segmentation": encode(disturbed(rng, mask)),
                                "score": round(float(rng.random()), 1)})
    strays = 340 if rng.random() < 0.02 else rng.integers(0, 4)
    for _ in range(strays):
        predictions.append({"category_id": int(rng.integers(1, 9)), "segmentation": encode(blob(rng, height, width)),
                            "score": round(float(rng.random()), 2)})
    present = {truth["category_id"] for truth in truths}
    absent = [c for c in FREQUENCIES if c not in present]
    return {"size": [height, width], "truths": truths, "predictions": predictions,
            "negative": [c for c in absent if rng.random() < 0.4],
            "not_exhaustive": [c for c in present if rng.random() < 0.3]}


def lvis_of(scenes, path):
    images, truths, predictions = [], [], []
    for number, scene in enumerate(scenes, 1):
        images.append({"id": number, "height": scene["size"][0], "width": scene["size"][1],
                       "neg_category_ids": scene["negative"], "not_exhaustive_category_ids": scene["not_exhaustive"]})
        for truth in scene["truths"]:
            box = coco_mask.toBbox(truth["segmentation"]).tolist()
            own = {key: truth[key] for key in ("category_id", "segmentation", "area")}
            truths.append({**own, "id": len(truths) + 1, "image_id": number, "bbox": box})
        predictions += [{**prediction, "image_id": number} for prediction in scene["predictions"]]
    categories = [{"id": i, "name": str(i), "frequency": frequency} for i, frequency in FREQUENCIES.items()]
    with open(path, "w") as file:
        json.dump({"images": images, "annotations": truths, "categories": categories}, file)
    return LVIS(path), predictions


def expected_metrics(scenes):
    metrics = {}
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        truth, predictions = lvis_of(scenes, file.name)
        for middle, end, dilation in FORMS:
            evaluation = BoundaryEval(truth, LVISResults(truth, [dict(p) for p in predictions], LIMIT), "segm")
            evaluation.dilation = dilation
            evaluation.run()
            for name, value in evaluation.get_results().items():
                ours = NAMES[name]
                metrics[ours[:2] + middle + ours[2:] + end] = 100 * value
    return metrics


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="build/tests/parity_cases")
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    scenes = [random_scene(rng) for _ in range(arguments.scenes)]
    got = ask(arguments.program, "average_precision",
              {"pictures": scenes, "max_detections": LIMIT, "max_detections_in_picture": LIMIT})
    expected = expected_metrics(scenes)
    same = same_numbers(f"LVIS over {len(scenes)} scenes", got, expected)
    print("  " + ", ".join(f"{name} {expected[name]:.2f}" for name in ("ap", "ap_r", "ap_c", "ap_f", "ap_b_f_strict")))
    sys.exit(0 if same else 1)


main()
