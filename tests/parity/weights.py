# SPDX-License-Identifier: Apache-2.0
"""weights.py vit_b|vit_l|vit_h|vit_tiny OUT [--transformers]: full-size random weights of a fixed seed, made by the
reference package (a .pth), or by transformers (a folder)."""
import argparse

import torch
from common import fill

GLOBAL_BLOCKS = {"vit_b": [2, 5, 8, 11], "vit_l": [5, 11, 17, 23], "vit_h": [7, 15, 23, 31]}
WIDTH_DEPTH_HEADS = {"vit_b": (768, 12, 12), "vit_l": (1024, 24, 16), "vit_h": (1280, 32, 16)}


def transformers_model(variant, hq=True):
    import transformers

    width, depth, heads = WIDTH_DEPTH_HEADS[variant]
    vision = dict(
        hidden_size=width, num_hidden_layers=depth, num_attention_heads=heads, global_attn_indexes=GLOBAL_BLOCKS[variant]
    )
    if not hq:
        return transformers.SamModel(transformers.SamConfig(vision_config=vision))
    config = transformers.SamHQConfig(vision_config=vision, mask_decoder_config=dict(vit_dim=width))
    return transformers.SamHQModel(config)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("variant")
    parser.add_argument("output")
    parser.add_argument("--transformers", action="store_true")
    parser.add_argument("--sam", action="store_true", help="with --transformers: a SamModel, without HQ modules")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    if arguments.transformers:
        model = transformers_model(arguments.variant, not arguments.sam)
        fill(model, arguments.seed)
        model.save_pretrained(arguments.output)
        return
    from segment_anything_hq import sam_model_registry

    model = sam_model_registry[arguments.variant]()
    fill(model, arguments.seed)
    torch.save(model.state_dict(), arguments.output)


main()
