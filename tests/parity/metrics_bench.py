# SPDX-License-Identifier: Apache-2.0
"""Times hqsam's mask IoU and boundary IoU beside those of the Python reference, on one core, in one run.

    tests/parity/metrics_bench.py build/tests/parity_cases path/to/sam-hq

Needs torch, numpy, opencv and pycocotools from PyPI and a checkout of SysCV/sam-hq.
"""
import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time

import cv2
import numpy as np
import torch
from pycocotools import mask as coco_mask


def reference(folder):
    path = os.path.join(folder, "train", "utils", "misc.py")
    spec = importlib.util.spec_from_file_location("reference_misc", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def blob(rng, height, width):
    noise = cv2.GaussianBlur(rng.random((height, width)), (0, 0), height / 20)
    return (noise > np.quantile(noise, 0.6)).astype(np.uint8)


def median_ms(repeats, call):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="build/tests/parity_cases")
    parser.add_argument("reference", help="a checkout of SysCV/sam-hq")
    parser.add_argument("--repeats", type=int, default=15)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    misc = reference(arguments.reference)
    rng = np.random.default_rng(0)
    pairs, rows = [], []
    for height, width in ((1024, 1024), (2000, 3000)):
        truth = blob(rng, height, width)
        prediction = np.roll(cv2.dilate(truth, np.ones((9, 9), np.uint8)), 5, 1)
        pairs.append([{"size": [height, width],
                       "counts": coco_mask.encode(np.asfortranarray(mask))["counts"].decode()}
                      for mask in (prediction, truth)])
        as_logits = torch.from_numpy(prediction.astype(np.float32))[None] * 2 - 1
        as_label = torch.from_numpy(truth.astype(np.float32))[None] * 255
        rows.append((f"{height}x{width}", misc.mask_iou(as_logits, as_label).item(),
                     misc.boundary_iou(as_label, as_logits * 200).item(),
                     median_ms(arguments.repeats, lambda: misc.mask_iou(as_logits, as_label)),
                     median_ms(arguments.repeats, lambda: misc.boundary_iou(as_label, as_logits * 200))))
    answer = subprocess.run([arguments.program, "times"], capture_output=True, text=True, check=True,
                            input=json.dumps({"pairs": pairs, "repeats": arguments.repeats}))
    print(f"{'size':<12}{'':>14}{'mask IoU ms':>14}{'boundary ms':>14}{'both ms':>10}{'ratio':>8}")
    for (name, iou, boundary, iou_ms, boundary_ms), ours in zip(rows, json.loads(answer.stdout)):
        if abs(iou - ours["values"][0]) > 1e-6 or abs(boundary - ours["values"][1]) > 1e-6:
            sys.exit(f"{name}: the reference says {iou}, {boundary}, hqsam {ours['values']}")
        both, own = iou_ms + boundary_ms, ours["iou"] + ours["boundary_iou"]
        print(f"{name:<12}{'reference':>14}{iou_ms:>14.3f}{boundary_ms:>14.3f}{both:>10.3f}")
        print(f"{name:<12}{'hqsam':>14}{ours['iou']:>14.3f}{ours['boundary_iou']:>14.3f}{own:>10.3f}{both / own:>8.1f}")
        print(f"{name:<12}{'hqsam, strict boundary IoU too':>42}{ours['all_three']:>10.3f}")


main()
