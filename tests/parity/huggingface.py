# SPDX-License-Identifier: Apache-2.0
"""Opens a folder with transformers, which may miss no key and find none too many, and compares logits with hqsam's.

huggingface.py LABEL FOLDER --pictures DIR --hqsam DIR [--syscv DIR]: DIR's pictures through SamHQModel (or SamModel),
  beside `hqsam predict --logits` on the folder with the same boxes. Pictures are resized by Pillow, as hqsam and SAM's
  own code do; the folder's processor is opened too, and its pixels compared.
  --syscv: logits of the same weights in SysCV's dialect. SamHQModel drops what its decoder's transformer makes of the
  image and swaps rows and columns instead; with that one line mended it must give SysCV's logits.
"""
import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch
import transformers
from common import Comparison, box_of, full_size, pictures, read_rgb
from PIL import Image

MEAN, STD = torch.tensor([123.675, 116.28, 103.53]), torch.tensor([58.395, 57.12, 57.375])


def to_input(picture, side):
    """[1,3,side,side] as SAM prepares it, and the size of the picture in it."""
    scale = side / max(picture.shape[:2])
    height, width = (int(length * scale + 0.5) for length in picture.shape[:2])
    resized = np.array(Image.fromarray(picture).resize((width, height), Image.BILINEAR))
    pixels = ((torch.from_numpy(resized).float() - MEAN) / STD).permute(2, 0, 1)
    return torch.nn.functional.pad(pixels, (0, side - width, 0, side - height))[None], (height, width), scale


def mend(decoder):
    """Lets masks be upscaled from the transformer's second output. Returns what undoes it."""
    kept = {}
    hooks = [
        decoder.transformer.register_forward_hook(lambda _, __, outputs: kept.update(keys=outputs[1])),
        decoder.upscale_conv1.register_forward_pre_hook(
            lambda _, inputs: kept["keys"].transpose(2, 3).reshape(inputs[0].shape)
        ),
    ]
    return lambda: [hook.remove() for hook in hooks]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("label")
    parser.add_argument("folder")
    parser.add_argument("--pictures", required=True)
    parser.add_argument("--hqsam", required=True)
    parser.add_argument("--syscv")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--decoder-eps", type=float, help="instead of the config's, to see what it changes")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    transformers.logging.set_verbosity_error()
    config_path = Path(arguments.folder) / "config.json"
    hq = json.loads(config_path.read_text())["model_type"] == "sam_hq"
    model_class = transformers.SamHQModel if hq else transformers.SamModel
    config = model_class.config_class.from_pretrained(arguments.folder)
    if arguments.decoder_eps:
        config.mask_decoder_config.layer_norm_eps = arguments.decoder_eps
    model, info = model_class.from_pretrained(arguments.folder, config=config, dtype="float32", output_loading_info=True)
    wrong = {kind: list(keys) for kind, keys in info.items() if keys}
    if wrong:
        print(f"{arguments.folder}: {wrong}")
        sys.exit(1)
    side = model.config.vision_config.image_size
    processor = None
    if (Path(arguments.folder) / "preprocessor_config.json").exists():
        processor = (transformers.SamHQProcessor if hq else transformers.SamProcessor).from_pretrained(arguments.folder)
    row = Comparison(arguments.label)
    mended_row = Comparison(f"{arguments.label}, mended, against SysCV's dialect") if arguments.syscv else None
    pixel_difference = 0.0
    for path in pictures(arguments.pictures, 1000):
        picture = read_rgb(path)
        pixels, input_size, scale = to_input(picture, side)
        height, width = picture.shape[:2]
        ratio = torch.tensor([input_size[1] / width, input_size[0] / height] * 2)
        boxes = (torch.tensor(box_of(path), dtype=torch.float32) * ratio)[None, None]
        if processor is not None:
            inputs = processor(picture, input_boxes=[[box_of(path)]], return_tensors="pt")
            pixel_difference = max(pixel_difference, (inputs["pixel_values"] - pixels).abs().max().item())
        with torch.no_grad():
            options = {"input_boxes": boxes, "multimask_output": False}
            if hq:
                embedding, early = model.get_image_embeddings(pixels)
                options |= {"image_embeddings": embedding, "intermediate_embeddings": early, "hq_token_only": False}
            else:
                options["pixel_values"] = pixels
            low_res = model(**options).pred_masks[:, 0]
            if mended_row is not None:
                undo = mend(model.mask_decoder)
                mended = model(**options).pred_masks[:, 0]
                undo()
                full = full_size(mended, input_size, (height, width), side)
                mended_row.add(arguments.syscv, path, mended, full)
        row.add(arguments.hqsam, path, low_res, full_size(low_res, input_size, (height, width), side))
    good = row.report()
    if mended_row is not None:
        good = mended_row.report() and good
    if processor is not None:
        print(f"  its processor's pixels differ from Pillow's by at most {pixel_difference:.3f} deviations", file=sys.stderr)
    sys.exit(not good)


main()
