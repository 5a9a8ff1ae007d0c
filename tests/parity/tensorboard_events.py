#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a training run's event files with the real TensorBoard and holds them against the run's own records.

    pip install tensorboard pillow numpy
    tests/parity/tensorboard_events.py RUN_FOLDER

Every number of metrics.jsonl must be there as its nearest 32-bit float, and nothing else; every picture of
samples/index.jsonl must decode to what its JPEG shows. Also for runs that were killed and resumed.
"""
import io
import json
import pathlib
import sys

import numpy as np
from PIL import Image
from tensorboard.backend.event_processing import event_accumulator


def numbers(values, prefix=""):
    for name, value in values.items():
        if isinstance(value, dict):
            yield from numbers(value, prefix + name + ".")
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield prefix + name, value


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def expected_scalars(run):
    scalars = {}
    for line in lines_of(run / "metrics.jsonl"):
        step, valid = line["step"], line.pop("valid", {})
        group = {"step": "train", "epoch": "epoch"}.get(line["type"])
        for name, value in numbers(line):
            if group and name not in ("epoch", "step"):
                scalars[f"{group}/{name}", step] = value
        for name, value in numbers(valid):
            scalars[f"valid/{name}", step] = value
    return scalars


def check_pictures(run, events, last_step):
    pictures = {}
    for line in lines_of(run / "samples" / "index.jsonl"):
        if line.get("step", last_step + 1) <= last_step:
            pictures[f"samples/{line['sample']}_{line['name']}", line["step"]] = line["file"]
    found = {(tag, e.step): e.encoded_image_string for tag in events.Tags()["images"] for e in events.Images(tag)}
    assert set(found) == set(pictures), set(found) ^ set(pictures)
    for key, file in pictures.items():
        png = np.asarray(Image.open(io.BytesIO(found[key])).convert("RGB"), dtype=float)
        jpeg = np.asarray(Image.open(run / "samples" / file).convert("RGB"), dtype=float)
        assert png.shape == jpeg.shape, (key, png.shape, jpeg.shape)
        assert np.abs(png - jpeg).mean() < 8, (key, np.abs(png - jpeg).mean())
    return len(pictures)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    run = pathlib.Path(sys.argv[1])
    events = event_accumulator.EventAccumulator(str(run / "tensorboard"), size_guidance={"scalars": 0, "images": 0})
    events.Reload()
    expected = expected_scalars(run)
    found = {}
    for tag in events.Tags()["scalars"]:
        for event in events.Scalars(tag):
            found.setdefault((tag, event.step), []).append(event.value)
    missing, extra = set(expected) - set(found), set(found) - set(expected)
    assert not missing and not extra, f"missing {sorted(missing)[:5]}, extra {sorted(extra)[:5]}"
    for key, value in expected.items():
        assert set(found[key]) == {float(np.float32(value))}, (key, value, found[key])
    pictures = check_pictures(run, events, max((step for _, step in expected), default=0))
    files = len(list((run / "tensorboard").iterdir()))
    print(f"{len(expected)} scalars and {pictures} pictures in {files} event files: as written")


if __name__ == "__main__":
    main()
