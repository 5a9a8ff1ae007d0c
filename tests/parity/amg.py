# SPDX-License-Identifier: Apache-2.0
"""`hqsam amg --exact` beside segment-anything's SamAutomaticMaskGenerator (three masks a point, --masks sam) and
segment-anything-hq's (one mask a point, --masks sum), on one set of random weights.

amg.py --hqsam PATH [--pictures DIR] [--count N] [--work DIR]

Random weights give predicted IoUs and stabilities of their own kind, so the thresholds are set in the middle of what
they give. Each of the reference's masks must be there with its point, score and pixels; those within rounding of a
threshold may differ in number.
"""
import argparse
import json
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from common import fill, intersection_over_union, pictures, read_rgb
from pycocotools import mask as coco

warnings.filterwarnings("ignore")
POINTS, OFFSET = 4, 0.05
SCORE_TOLERANCE, IOU_TOLERANCE = 1e-4, 0.995


def reference(package, variant, file, seed):
    """The package's model with random weights, which go into the file as well."""
    torch.manual_seed(seed)
    model = package.sam_model_registry[variant]()
    fill(model, seed)
    torch.save(model.state_dict(), file)
    return model.eval()  # now: TinyViT keeps the attention biases that it has at this moment


def masks_of_reference(package, model, image, options):
    generator = package.SamAutomaticMaskGenerator(model, output_mode="coco_rle", **options)
    start = time.time()
    return generator.generate(image), time.time() - start


def masks_of_hqsam(hqsam, checkpoint, picture, kind, options, output, threads):
    words = {"points_per_side": "--points-per-side", "pred_iou_thresh": "--predicted-iou",
             "stability_score_thresh": "--stability", "stability_score_offset": "--stability-offset",
             "box_nms_thresh": "--nms", "crop_n_layers": "--crop-layers",
             "crop_n_points_downscale_factor": "--crop-divisor", "min_mask_region_area": "--min-region"}
    command = [hqsam, "amg", "--exact", "--checkpoint", checkpoint, "--image", picture, "--masks", kind, "--format",
               "none", "--output", output, "--threads", str(threads), "--log-level", "error"]
    for key, value in options.items():
        command += [words[key], str(value)]
    start = time.time()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return json.loads((Path(output) / f"{Path(picture).stem}.json").read_text())["annotations"], time.time() - start


def decoded(annotation):
    return torch.from_numpy(coco.decode(annotation["segmentation"]).astype(bool))


def missing(expected, ours):
    """Masks of `expected` that are not in `ours`, and the smallest IoU of those that are."""
    left, smallest = 0, 1.0
    for one in expected:
        near = [o for o in ours if np.allclose(o["point_coords"], one["point_coords"], atol=1e-3)
                and abs(o["predicted_iou"] - one["predicted_iou"]) < SCORE_TOLERANCE]
        best = max((intersection_over_union(decoded(o), decoded(one)) for o in near), default=0)
        if best < IOU_TOLERANCE:
            left += 1
        else:
            smallest = min(smallest, best)
    return left, smallest


def options_for(every):
    """Thresholds in the middle of what there is, with no other mask near."""
    def gap(values):
        values = sorted(values)
        middle = range(len(values) // 3, max(len(values) // 3 + 1, len(values) // 2))
        at = max(middle, key=lambda i: values[i + 1] - values[i] if i + 1 < len(values) else 0)
        return round((values[at] + values[min(at + 1, len(values) - 1)]) / 2, 6)

    return {"pred_iou_thresh": min(max(gap([m["predicted_iou"] for m in every]), 0), 1),
            "stability_score_thresh": min(max(gap([m["stability_score"] for m in every]), 0), 1)}


def compare(what, package, model, file, kind, arguments):
    good = True
    for picture in pictures(arguments.pictures, arguments.count):
        image = read_rgb(picture)
        base = {"points_per_side": POINTS, "stability_score_offset": OFFSET}
        everything = {**base, "pred_iou_thresh": 0, "stability_score_thresh": 0, "box_nms_thresh": 1.0}
        every, _ = masks_of_reference(package, model, image, everything)
        chosen = options_for(every)
        rows = {"all masks": everything, "filters, suppression": {**base, **chosen, "box_nms_thresh": 0.95},
                "crops, small regions": {**base, **chosen, "crop_n_layers": 1, "crop_n_points_downscale_factor": 2,
                                         "min_mask_region_area": 100}}
        for name, options in rows.items():
            expected, theirs = masks_of_reference(package, model, image, options)
            found, seconds = masks_of_hqsam(arguments.hqsam, file, str(picture), kind, options,
                                            str(arguments.work / "out"), arguments.threads)
            left, smallest = missing(expected, found)
            right = left <= len(expected) // 100 and abs(len(found) - len(expected)) <= max(1, len(expected) // 100)
            good &= right
            print(f"| {what}, {picture.name}, {name} | {len(expected)} | {len(found)} | {left} | {smallest:.4f} "
                  f"| {theirs:.1f} | {seconds:.1f} | {'yes' if right else 'NO'} |", flush=True)
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hqsam", required=True)
    root = Path(__file__).resolve().parents[2]
    parser.add_argument("--pictures", default=root / "data/samples")
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--work", type=Path, default=root / "build/parity-amg")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.work.mkdir(parents=True, exist_ok=True)
    import segment_anything
    import segment_anything_hq

    print("| generator | its masks | hqsam's | missing | smallest IoU | its seconds | hqsam's, with loading | within bounds |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    good = True
    for what, package, variant, kind in (("segment-anything, vit_b", segment_anything, "vit_b", "sam"),
                                         ("segment-anything-hq, vit_tiny", segment_anything_hq, "vit_tiny", "sum")):
        file = str(arguments.work / f"{variant}.pth")
        model = reference(package, variant, file, arguments.seed)
        good &= compare(what, package, model, file, kind, arguments)
    sys.exit(not good)


main()
