# SPDX-License-Identifier: Apache-2.0
"""Average recall of `hqsam evaluate` with prompt: proposals beside pycocotools' COCOeval (useCats = 0) on the masks
that `hqsam amg` writes.

proposals.py --hqsam PATH --checkpoint C [--count N] [--masks sam]

The pictures are synthetic ones of many shapes, whose masks are known; thresholds are low, so that small models find
some. Fails where a figure differs by more than 1e-6 points."""
import argparse
import contextlib
import io
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from pycocotools import mask as coco
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

AMG = {"points_per_side": 24, "min_predicted_iou": 0.0, "min_stability": 0.1, "nms_iou": 1.0}
WORDS = {"points_per_side": "--points-per-side", "min_predicted_iou": "--predicted-iou", "min_stability": "--stability",
         "nms_iou": "--nms"}


def draw_pictures(folder, count):
    """Pictures of plain shapes on a plain ground, and a file of ids: shape i has the value i."""
    random = np.random.default_rng(5)
    for name in ("im", "gt"):
        (folder / name).mkdir(parents=True)
    for number in range(count):
        size = tuple(int(n) for n in random.integers(400, 600, 2))
        picture = Image.new("RGB", size, tuple(int(c) for c in random.integers(0, 256, 3)))
        ids = Image.new("L", size)
        for i in range(1, 9):
            x, y = (int(random.integers(0, side - 20)) for side in size)
            w, h = (int(n) for n in random.integers(20, 250, 2))
            draw = "ellipse" if i % 2 else "rectangle"
            for image, fill in ((picture, tuple(int(c) for c in random.integers(0, 256, 3))), (ids, i)):
                getattr(ImageDraw.Draw(image), draw)((x, y, x + w, y + h), fill=fill)
        picture.save(folder / "im" / f"{number}.png")
        ids.save(folder / "gt" / f"{number}.png")


def truths(folder):
    images, annotations = [], []
    for number, file in enumerate(sorted((folder / "gt").iterdir())):
        ids = np.array(Image.open(file))
        images.append({"id": number, "height": ids.shape[0], "width": ids.shape[1], "file_name": file.name})
        for i in np.unique(ids[ids > 0]):
            mask = coco.encode(np.asfortranarray(ids == i))
            mask["counts"] = mask["counts"].decode()
            annotations.append({"id": len(annotations) + 1, "image_id": number, "category_id": 1, "iscrowd": 0,
                                "area": float((ids == i).sum()), "bbox": list(map(float, coco.toBbox(mask))),
                                "segmentation": mask})
    data = COCO()
    data.dataset = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "thing"}]}
    with contextlib.redirect_stdout(io.StringIO()):
        data.createIndex()
    return data


def recalls(data, found):
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(data, data.loadRes(found), "segm")
        evaluation.params.useCats = 0
        evaluation.params.maxDets = [10, 100, 1000]
        evaluation.evaluate()
        evaluation.accumulate()
    recall = evaluation.eval["recall"]  # [thresholds, categories, areas, maxDets]

    def mean(area, count):
        values = recall[:, :, area, count]
        return 100 * values[values > -1].mean() if (values > -1).any() else None

    values = {"ar10": mean(0, 0), "ar100": mean(0, 1), "ar1000": mean(0, 2), "ar_s": mean(1, 2), "ar_m": mean(2, 2),
              "ar_l": mean(3, 2)}
    return {name: value for name, value in values.items() if value is not None}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hqsam", required=True)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--count", type=int, default=6)
    parser.add_argument("--masks", default="sam")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        draw_pictures(folder, arguments.count)
        config = {"data": {"valid": [{"name": "shapes", "images": str(folder / "im"), "masks": str(folder / "gt"),
                                      "mask_kind": "ids"}]},
                  "evaluate": {"prompt": "proposals", "masks": [arguments.masks], "proposals": AMG}}
        (folder / "config.yaml").write_text(json.dumps(config))
        subprocess.run([arguments.hqsam, "evaluate", "--config", folder / "config.yaml", "--checkpoint",
                        arguments.checkpoint, "--output", folder / "out"], check=True, capture_output=True)
        ours = json.loads((folder / "out/results.json").read_text())["sets"][0]["metrics"][arguments.masks]
        options = [word for key, value in AMG.items() for word in (WORDS[key], str(value))]
        subprocess.run([arguments.hqsam, "amg", "--checkpoint", arguments.checkpoint, "--image", folder / "im",
                        "--output", folder / "amg", "--masks", arguments.masks, "--format", "none", *options],
                       check=True, capture_output=True)
        data, found = truths(folder), []
        for image in data.dataset["images"]:
            file = folder / "amg" / f"{Path(image['file_name']).stem}.json"
            for rank, mask in enumerate(json.loads(file.read_text())["annotations"]):
                found.append({"image_id": image["id"], "category_id": 1, "segmentation": mask["segmentation"],
                              "score": 1000.0 - rank})
        wanted = recalls(data, found)
        print(f"{len(found)} masks of {arguments.count} pictures with {len(data.dataset['annotations'])} shapes")
        worst = 0.0
        for name, value in wanted.items():
            print(f"{name:8} pycocotools {value:8.4f}  hqsam {ours[name]:8.4f}")
            worst = max(worst, abs(value - ours[name]))
        if worst > 1e-6 or wanted["ar100"] == 0:
            raise SystemExit(f"differs by {worst}")


if __name__ == "__main__":
    main()
