# SPDX-License-Identifier: Apache-2.0
"""What the parity scripts share: random weights, pictures with a box each, comparisons."""
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
    """The package's own random start, and noise on all that begins as one number, so that no part can go missing
    unseen. Call torch.manual_seed(seed) before the model is made."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in sorted(model.state_dict().items()):
        if tensor.is_floating_point() and bool((tensor == tensor.flatten()[0]).all()):
            noise = torch.empty(tensor.shape).normal_(generator=generator)
            tensor.add_(0.02 * (noise.abs() if "running_var" in name else noise))


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
        good = np.max(self.logits) <= LOGIT_TOLERANCE and min(self.ious) >= IOU_TOLERANCE
        print(
            f"| {self.what} | {len(self.logits)} | {max(self.logits):.1e} | {min(self.ious):.5f} "
            f"| {min(self.inside):.2f} to {max(self.inside):.2f} | {'yes' if good else 'NO'} |",
            flush=True,
        )
        return good
