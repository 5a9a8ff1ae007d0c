# SPDX-License-Identifier: Apache-2.0
"""Loads SysCV's model from a file with strict keys, and compares its logits with hqsam's.

reference.py VARIANT CHECKPOINT --pictures DIR --hqsam DIR: the pictures of DIR through SamPredictor, beside
  `hqsam predict --logits` of the same boxes.
reference.py VARIANT CHECKPOINT --equal FILE: each tensor is that of FILE to the bit.
"""
import argparse
import sys
import warnings

import numpy as np
import torch
from common import Comparison, box_of, pictures, read_rgb
from safetensors.torch import load_file

warnings.filterwarnings("ignore")


def load(path):
    return load_file(path) if path.endswith(".safetensors") else torch.load(path, weights_only=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("variant")
    parser.add_argument("checkpoint")
    parser.add_argument("--pictures")
    parser.add_argument("--hqsam")
    parser.add_argument("--equal")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    from segment_anything_hq import SamPredictor, sam_model_registry

    model = sam_model_registry[arguments.variant]()
    state = load(arguments.checkpoint)
    model.load_state_dict(state, strict=True)
    model.eval()  # after loading: TinyViT keeps the attention biases that it has at this moment
    if arguments.equal:
        original = load(arguments.equal)
        same = state.keys() == original.keys() and all(torch.equal(state[key], original[key]) for key in state)
        kind = arguments.checkpoint.rsplit(".", 1)[-1]
        print(f"| {arguments.variant}: SysCV -> hqsam -> {kind} -> SysCV, strict keys, {len(state)} tensors "
              f"{'equal to the bit' if same else 'DIFFER'} | | | | | {'yes' if same else 'NO'} |", flush=True)
        sys.exit(not same)
    predictor = SamPredictor(model)
    row = Comparison(f"{arguments.variant}: SysCV's .pth, against SysCV's code")
    for path in pictures(arguments.pictures, 1000):
        predictor.set_image(read_rgb(path))
        masks, _, low_res = predictor.predict(
            box=np.array(box_of(path)), multimask_output=False, return_logits=True, hq_token_only=False
        )
        row.add(arguments.hqsam, path, torch.from_numpy(low_res), torch.from_numpy(masks[0]))
    sys.exit(not row.report())


main()
