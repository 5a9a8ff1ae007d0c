# SPDX-License-Identifier: Apache-2.0
"""amg_bench.py HQSAM PICTURE [--variant vit_b] [--points 32] [--no-reference]

Everything in a picture: `hqsam amg` (default and --exact, fp32 and bf16) beside segment-anything's
SamAutomaticMaskGenerator, each a process of its own that loads the model, on one set of random weights. No filter lets
much of such weights' masks through, so this is the time of the encoder and of the points' masks. Prints seconds and
peak memory. Needs torch and segment-anything."""
import argparse
import os
import subprocess
import sys
import tempfile
import time

REFERENCE = """
import sys
import numpy as np
from PIL import Image
from segment_anything import SamAutomaticMaskGenerator, sam_model_registry
variant, checkpoint, picture, points = sys.argv[1:]
model = sam_model_registry[variant](checkpoint).eval()
masks = SamAutomaticMaskGenerator(model, points_per_side=int(points)).generate(np.array(Image.open(picture).convert("RGB")))
print(len(masks), "masks")
"""
SAVE = """
import sys
import torch
from segment_anything import sam_model_registry
torch.manual_seed(0)
torch.save(sam_model_registry[sys.argv[1]]().state_dict(), sys.argv[2])
"""


def measure(name, command):
    start = time.time()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    said = process.stdout.read().strip().splitlines()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{name} failed")
    print(f"{name:24} {time.time() - start:8.1f} s {usage.ru_maxrss / 2**20:6.2f} GiB   {said[-1] if said else ''}",
          flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hqsam")
    parser.add_argument("picture")
    parser.add_argument("--variant", default="vit_b")
    parser.add_argument("--points", default="32")
    parser.add_argument("--no-reference", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = os.path.join(folder, "sam.pth")
        subprocess.run([sys.executable, "-c", SAVE, arguments.variant, checkpoint], check=True)
        for precision in ("bf16", "fp32"):
            for mode in ([], ["--exact"]):
                command = [arguments.hqsam, "amg", "--checkpoint", checkpoint, "--masks", "sam", "--image",
                           arguments.picture, "--output", os.path.join(folder, "out"), "--points-per-side",
                           arguments.points, "--precision", precision, *mode]
                measure(f"hqsam {precision} {' '.join(mode)}", command)
        if not arguments.no_reference:
            measure("segment-anything", [sys.executable, "-c", REFERENCE, arguments.variant, checkpoint,
                                         arguments.picture, arguments.points])


if __name__ == "__main__":
    main()
