# SPDX-License-Identifier: Apache-2.0
"""What the parity scripts share: random weights, pictures with a box each, comparisons."""
import math
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file

LOGIT_TOLERANCE = 1e-3  # of the largest magnitude
IOU_TOLERANCE = 0.999
EXTENSIONS = {".jpg", ".jpeg", ".png"}


@torch.no_grad()
def fill(model, seed):
    """Random weights in which nothing is zero or one, so that no part can go missing unseen."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in sorted(model.state_dict().items()):
        if not tensor.is_floating_point():
            continue
        noise = torch.empty(tensor.shape).normal_(generator=generator)
        if "positional" in name:  # random Fourier features
            tensor.copy_(noise)
        elif "running_var" in name:
            tensor.copy_(1 + 0.1 * noise.abs())
        elif tensor.dim() == 1:  # norms near 1, biases near 0
            norm = "weight" in name
            tensor.copy_(0.1 * noise + (1 if norm else 0))
        elif "token" in name or "embed.weight" in name or "point_embed" in name:
            tensor.copy_(noise)
        elif "pos" in name or "attention_biases" in name:
            tensor.copy_(0.1 * noise)
        else:
            tensor.copy_(noise / math.sqrt(tensor.numel() / tensor.shape[0]))


def pictures(folder, count):
    """Pictures spread evenly over the folder and those below it, masks left out, no stem twice."""
    found, stems = [], set()
    for path in sorted(Path(folder).rglob("*")):
        if path.suffix.lower() in EXTENSIONS and not {"gt", "masks", "coarse"} & set(path.parts) and path.stem not in stems:
            stems.add(path.stem)
            found.append(path)
    if len(found) < count:
        return found
    return [found[i * len(found) // count] for i in range(count)]


def box_of(path):
    width, height = Image.open(path).size
    return [width // 5, height // 4, width * 4 // 5, height * 3 // 4]


def read_rgb(path):
    return np.asarray(Image.open(path).convert("RGB"))


def full_size(low_res, input_size, size, side):
    """Logits [1,1,h,w] -> [H,W] at the picture's size, as SAM does it."""
    up = torch.nn.functional.interpolate(low_res, (side, side), mode="bilinear", align_corners=False)
    up = up[..., : input_size[0], : input_size[1]]
    return torch.nn.functional.interpolate(up, size, mode="bilinear", align_corners=False)[0, 0]


def intersection_over_union(a, b):
    union = (a | b).sum().item()
    return 1.0 if union == 0 else (a & b).sum().item() / union


class Comparison:
    """One row: hqsam's logits beside another program's, over pictures."""

    def __init__(self, what):
        self.what, self.logits, self.ious, self.inside = what, [], [], []

    def add(self, folder, path, low_res, full):
        ours = load_file(Path(folder) / f"{path.stem}.safetensors")
        expected = low_res.double().flatten()
        difference = (ours["low_res_logits"].double().flatten() - expected).abs().max() / expected.abs().max()
        self.logits.append(difference.item())
        mask = full > 0
        self.ious.append(intersection_over_union(ours["logits"].reshape(mask.shape) > 0, mask))
        self.inside.append(mask.float().mean().item())

    def report(self):
        good = max(self.logits) <= LOGIT_TOLERANCE and min(self.ious) >= IOU_TOLERANCE
        print(
            f"| {self.what} | {len(self.logits)} | {max(self.logits):.1e} | {min(self.ious):.5f} "
            f"| {min(self.inside):.2f} to {max(self.inside):.2f} | {'yes' if good else 'NO'} |",
            flush=True,
        )
        return good
