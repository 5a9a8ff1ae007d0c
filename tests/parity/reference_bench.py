# SPDX-License-Identifier: Apache-2.0
"""Times the Python reference beside `hqsam bench --variant vit_b`: random weights, 1024x1024, fp32 on a CPU.

Needs torch, timm and segment-anything-hq from PyPI. Run it and hqsam's bench one after the other on an idle machine.
"""
import statistics
import sys
import time

import torch
from segment_anything_hq import sam_model_registry


def median_seconds(call, repeats=3):
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


@torch.no_grad()
def main():
    torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else torch.get_num_threads())
    model = sam_model_registry["vit_b"]().eval()
    image = torch.randn(1, 3, 1024, 1024)
    features, interm = model.image_encoder(image)
    print(f"encoder {median_seconds(lambda: model.image_encoder(image)):.3f} s")

    def decode(boxes):
        sparse, dense = model.prompt_encoder(points=None, boxes=boxes, masks=None)
        model.mask_decoder(
            image_embeddings=features,
            image_pe=model.prompt_encoder.get_dense_pe(),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=False,
            hq_token_only=False,
            interm_embeddings=interm,
        )

    for count in (1, 16):
        boxes = torch.tensor([[100.0, 100, 900, 900]]).repeat(count, 1)
        print(f"decoder, {count} boxes {median_seconds(lambda: decode(boxes)):.3f} s")


main()
