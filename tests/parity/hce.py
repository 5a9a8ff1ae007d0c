# SPDX-License-Identifier: Apache-2.0
"""Holds hqsam's human correction efforts against the script that the DIS5K paper's authors published.

    git clone https://github.com/xuebinqin/DIS
    tests/parity/hce.py build/tests/parity_cases DIS/IS-Net/hce_metric_main.py [--masks FOLDER]

The script counts efforts of drawn truths (objects with holes, poles and hairs) and, with --masks, of the masks of a
folder (0/255, searched through), each with predictions that lack parts, have too much, or are blurred. Twice: with
its own skeleton of scikit-image, and with hqsam's skeleton in its place.

Needs numpy, opencv, pycocotools, scikit-image, matplotlib and tqdm from PyPI. With OpenCV 4 the counts are equal;
OpenCV 5 keeps other corners in its polygons (approxPolyDP), so with it the script's own counts are a little higher.
"""
import argparse
import importlib.util
import json
import pathlib
import sys

import cv2
import numpy as np
import skimage
from coco import ask, text_rle
from pycocotools import mask as coco_mask
from skimage.morphology import skeletonize

KINDS = ["moved", "blurred", "torn", "lumps", "rough"]


def rle(mask):
    return text_rle(coco_mask.encode(np.asfortranarray(mask.astype(np.uint8))))


def drawn_truth(rng):
    height, width = (int(side) for side in rng.integers(150, 420, 2))
    mask = np.zeros((height, width), np.uint8)
    point = lambda: tuple(int(v) for v in rng.uniform(0, 1, 2) * (width, height))
    for _ in range(rng.integers(1, 4)):
        axes = tuple(int(v) for v in rng.integers(10, min(height, width) // 3, 2))
        cv2.ellipse(mask, point(), axes, float(rng.uniform(0, 180)), 0, 360, 1, -1)
    for _ in range(rng.integers(0, 6)):
        cv2.line(mask, point(), point(), 1, int(rng.integers(1, 9)))
    for _ in range(rng.integers(0, 4)):
        cv2.circle(mask, point(), int(rng.integers(3, 25)), 0, -1)
    return mask


def noise(rng, shape, sigma):
    values = cv2.GaussianBlur(rng.random(shape), (0, 0), sigma)
    return (values - values.mean()) / max(values.std(), 1e-12)


def disturbed(rng, truth, kind):
    if kind == "moved":
        return np.roll(truth, tuple(rng.integers(-6, 7, 2)), (0, 1))
    if kind == "blurred":  # thin parts go
        return (cv2.GaussianBlur(truth.astype(float), (0, 0), rng.uniform(1, 8)) > 0.5).astype(np.uint8)
    if kind == "torn":
        return truth * (noise(rng, truth.shape, rng.uniform(4, 20)) < 1).astype(np.uint8)
    if kind == "lumps":
        return truth | (noise(rng, truth.shape, rng.uniform(4, 20)) > 1.6).astype(np.uint8)
    soft = cv2.GaussianBlur(truth.astype(float), (0, 0), rng.uniform(1, 5))
    return (soft + 0.25 * noise(rng, truth.shape, rng.uniform(1.5, 6)) > 0.5).astype(np.uint8)


def folder_truths(folder, count, side, rng):
    files = sorted(path for path in pathlib.Path(folder).rglob("*.png"))
    if not files:
        sys.exit(f"{folder}: no .png files")
    for i in np.sort(rng.permutation(len(files))[:count]):
        mask = cv2.imread(str(files[i]), cv2.IMREAD_GRAYSCALE)
        scale = min(1.0, side / max(mask.shape))
        if scale < 1:
            mask = cv2.resize(mask, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        yield (mask > 128).astype(np.uint8)


def load(script):
    spec = importlib.util.spec_from_file_location("published_hce", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def published(script, prediction, truth, skeleton):
    fp_points, fp_regions, fn_points, fn_regions = script.relax_HCE(255 * truth, 255 * prediction, skeleton)
    return np.array([fp_points + fn_points, int(fp_regions + fn_regions)])


def compare(title, program, script, pairs):
    answers = ask(program, "correction_efforts", {"pairs": [[rle(mask) for mask in pair] for pair in pairs]})
    ours = np.array([[answer["points"], answer["regions"]] for answer in answers])
    own, same = [], []
    differing_pixels = []
    for (prediction, truth), answer in zip(pairs, answers):
        bones = coco_mask.decode(answer["skeleton"]).astype(bool)
        theirs = skeletonize(truth > 0)
        differing_pixels.append((bones != theirs).sum() / max(theirs.sum(), 1))
        own.append(published(script, prediction, truth, theirs))
        same.append(published(script, prediction, truth, bones))
    print(f"{title}: {len(pairs)} pairs, mean efforts {ours.sum(1).mean():.2f} (hqsam), "
          f"{np.sum(own, 1).mean():.2f} (published)")
    print(f"  pixels of the skeletons that differ: {100 * np.mean(differing_pixels):.3f} %")
    fine = True
    for name, values in (("its skeleton", np.array(own)), ("hqsam's skeleton", np.array(same))):
        points, regions = (ours - values).T
        total = np.abs(points + regions)
        print(f"  against the script with {name}: {np.sum(total == 0)} equal, largest difference {total.max()}, "
              f"mean {total.mean():.3f} (points {np.abs(points).max()}, regions {np.abs(regions).max()} at most)")
        fine = fine and total.max() == 0
    return fine


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="build/tests/parity_cases")
    parser.add_argument("script", help="IS-Net/hce_metric_main.py of xuebinqin/DIS, or a clone's folder")
    parser.add_argument("--masks", help="folder of 0/255 masks (.png) to disturb as well")
    parser.add_argument("--count", type=int, default=50, help="of pairs, drawn and of the folder each")
    parser.add_argument("--side", type=int, default=1024, help="the folder's masks are brought to this at most, pixels")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    path = pathlib.Path(arguments.script)
    script = load(path / "IS-Net" / "hce_metric_main.py" if path.is_dir() else path)
    print(f"OpenCV {cv2.__version__}, scikit-image {skimage.__version__}")
    rng = np.random.default_rng(arguments.seed)
    truths = {"drawn": [drawn_truth(rng) for _ in range(arguments.count)]}
    if arguments.masks:
        truths["folder"] = list(folder_truths(arguments.masks, arguments.count, arguments.side, rng))
    fine = True
    for title, masks in truths.items():
        pairs = [(disturbed(rng, truth, KINDS[i % len(KINDS)]), truth) for i, truth in enumerate(masks)]
        fine = compare(title, arguments.program, script, pairs) and fine
    sys.exit(0 if fine else 1)


main()
