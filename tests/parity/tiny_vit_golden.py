#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tests/golden/tiny_vit.safetensors: Light HQ-SAM's image encoder in the reference, narrow and with random
weights. The weights are rounded to fp16 and stored so, which keeps the file small; the reference runs on them in fp32.

  tiny_vit_golden.py OUTPUT     needs segment_anything_hq, timm and safetensors
"""
import json
import sys

import torch
from safetensors.torch import save_file
from segment_anything_hq.modeling import TinyViT

CONFIG = dict(img_size=1024, num_classes=8, embed_dims=[16, 32, 40, 320], depths=[1, 2, 2, 1],
              num_heads=[1, 2, 2, 4], window_sizes=[7, 7, 14, 7], mlp_ratio=1.0, drop_path_rate=0.0)


def main():
    torch.manual_seed(20)
    model = TinyViT(**CONFIG)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if not tensor.is_floating_point():
                continue
            noise = torch.randn_like(tensor)
            if name.endswith("running_var"):
                tensor.copy_(0.5 + noise.abs())
            elif tensor.dim() > 1 and not name.endswith("attention_biases"):
                tensor.copy_(noise / (tensor.numel() / len(tensor)) ** 0.5)
            else:
                tensor.copy_((1 if name.endswith("weight") else 0) + 0.1 * noise)
            tensor.copy_(tensor.half().float())
        model.eval()
        x_small = torch.randn(1, 3, 64, 64)
        image = x_small.repeat_interleave(16, 2).repeat_interleave(16, 3)
        embedding, early = model(image)
    weights = {f"w.{name}": tensor.half() if tensor.is_floating_point() else tensor
               for name, tensor in model.state_dict().items() if "head." not in name}
    save_file({**weights, "x_small": x_small, "image_embeddings_every8": embedding[:, ::8, ::2, ::2].contiguous(),
               "interm_embeddings.0": early[0][:, ::2, ::2].contiguous()}, sys.argv[1],
              metadata={"config": json.dumps(CONFIG)})
    print("embedding", embedding.abs().max(), "early", early[0].abs().max())


main()
