# SPDX-License-Identifier: Apache-2.0
"""What `hqsam data convert` writes, read by others and by itself.

    tests/parity/convert.py build/hqsam DATA WORK

DATA holds sets of plain masks, DATA/<set>/im and DATA/<set>/gt (equal stems, .png masks). Each is converted to every
format in WORK (made, must not be there); the masks are then drawn
- by hqsam: each format converted back to masks,
- by pycocotools (annToMask), of run lengths and of polygons,
- by ultralytics (verify_image_label, polygons2masks) and supervision (from_yolo, from_coco),
- by labelme (LabelFile, shapes_to_label), of polygons and of masks,
and the table has, for each, how many masks are equal to the bit and the least IoU. Exit code 1 where hqsam, pycocotools
or labelme's own masks are not all equal.

Needs numpy, pillow, pycocotools, ultralytics, supervision and labelme from PyPI.
"""
import argparse
import contextlib
import io
import pathlib
import subprocess
import sys

import numpy as np
from PIL import Image

FORMATS = {"coco": ["coco"], "coco-polygons": ["coco", "--polygons"], "yolo": ["yolo"], "labelme": ["labelme"],
           "labelme-rasters": ["labelme", "--rasters"], "masks": ["masks"], "masks-labels": ["masks", "--labels"]}


def convert(program, source, output, *options):
    command = [program, "data", "convert", "--from", source, "--output", output, "--to", *options]
    answer = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if answer.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: {answer.stderr}")


def gray(path):
    image = np.asarray(Image.open(path))
    return image if image.ndim == 2 else image[..., 0]


def masks_in(folder):
    return {path.stem: gray(path) for path in sorted(folder.glob("*.png"))}


def by_hqsam(program, name, output, work):
    back = work / (output.name + "-back")
    options = ["masks", "--workers", "2"]
    if name == "yolo":
        options += ["--type", "yolo", "--split", "train"]  # both splits are the one set
    if name.startswith("masks"):
        options += ["--type", "folder", "--images", output / "im", "--masks", output / "gt"]
    convert(program, output, back, *options)
    return {stem: mask > 128 for stem, mask in masks_in(back / "gt").items()}


def by_pycocotools(output):
    from pycocotools.coco import COCO
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(output / "annotations.json"))
    found = {}
    for annotation in coco.loadAnns(coco.getAnnIds()):
        stem = pathlib.Path(coco.imgs[annotation["image_id"]]["file_name"]).stem
        found[stem] = coco.annToMask(annotation) > 0
    return found


def by_ultralytics(output):
    from ultralytics.data.utils import check_det_dataset, img2label_paths, polygons2masks, verify_image_label
    data = check_det_dataset(str(output / "data.yaml"), autodownload=False)
    found = {}
    for image in sorted(pathlib.Path(data["train"]).rglob("*.*")):
        label = img2label_paths([str(image)])[0]
        _, _, shape, segments, _, missing, _, _, corrupt, message = verify_image_label(
            (str(image), label, "", False, data["nc"], 0, 0, False))
        if missing or corrupt:
            sys.exit(f"ultralytics: {message}")
        polygons = [segment * np.array([shape[1], shape[0]]) for segment in segments]
        if polygons:
            found[image.stem] = polygons2masks(shape, polygons, 1).max(axis=0) > 0
    return found


def by_supervision(output, name):
    import supervision as sv
    with contextlib.redirect_stderr(io.StringIO()):
        if name == "yolo":
            data = sv.DetectionDataset.from_yolo(str(output / "images"), str(output / "labels"),
                                                 str(output / "data.yaml"), force_masks=True)
        else:
            data = sv.DetectionDataset.from_coco(str(output / "images"), str(output / "annotations.json"),
                                                 force_masks=True)
    found = {}
    for path, _, detections in data:
        if len(detections):
            found[pathlib.Path(path).stem] = np.asarray(detections.mask).any(axis=0)
    return found


def by_labelme(output):
    from labelme._label_file import LabelFile
    from loguru import logger
    logger.remove()
    from labelme.utils.shape import shapes_to_label
    found = {}
    for path in sorted(output.rglob("*.json")):
        file = LabelFile(str(path))
        image = Image.open(io.BytesIO(file.image_data))
        shapes = file.shapes
        names = {shape["label"]: i + 1 for i, shape in enumerate(shapes)}
        found[path.stem] = shapes_to_label((image.height, image.width), shapes, names)[0] > 0
    return found


def compare(truth, found):
    equal, least, total = 0, 1.0, 0
    for stem, mask in truth.items():
        other = found.get(stem, np.zeros_like(mask))
        union = np.logical_or(mask, other).sum()
        iou = np.logical_and(mask, other).sum() / union if union else 1.0
        total, equal, least = total + 1, equal + int((mask == other).all()), min(least, iou)
    return equal, total, least


def main():
    parser = argparse.ArgumentParser()
    for name in ("program", "data", "work"):
        parser.add_argument(name, type=pathlib.Path)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True)
    good = True
    print("| set | format | read by | equal to the bit | least IoU |\n| --- | --- | --- | --- | --- |")
    for source in sorted(path for path in arguments.data.iterdir() if (path / "gt").is_dir()):
        truth = {stem: mask > 128 for stem, mask in masks_in(source / "gt").items()}
        for name, options in FORMATS.items():
            output = arguments.work / f"{source.name}-{name}"
            convert(arguments.program, source, output, *options)
            readers = {"hqsam": (True, lambda: by_hqsam(arguments.program, name, output, arguments.work))}
            if name.startswith("coco"):
                readers["pycocotools"] = (True, lambda: by_pycocotools(output))
                readers["supervision"] = (False, lambda: by_supervision(output, name))
            if name == "yolo":
                readers["ultralytics"] = (False, lambda: by_ultralytics(output))
                readers["supervision"] = (False, lambda: by_supervision(output, name))
            if name.startswith("labelme"):
                readers["labelme"] = (name == "labelme-rasters", lambda: by_labelme(output))
            for reader, (exact, read) in readers.items():
                equal, total, least = compare(truth, read())
                good = good and (equal == total or not exact)
                print(f"| {source.name} | {name} | {reader} | {equal} of {total} | {least:.4f} |", flush=True)
    sys.exit(not good)


if __name__ == "__main__":
    main()
