# SPDX-License-Identifier: Apache-2.0
# run_transformers.py FOLDER PICTURE x0,y0,x1,y1 MASK.png     (pip install transformers torch torchvision pillow)
import sys
import numpy as np
import torch
from PIL import Image, ImageOps
from transformers import SamHQModel, SamHQProcessor

folder, picture, box, output = sys.argv[1:]
model, processor = SamHQModel.from_pretrained(folder), SamHQProcessor.from_pretrained(folder)
# SamHQModel forgets what its decoder's transformer makes of the picture. These two hooks hand it on, as HQ-SAM does.
kept, decoder = {}, model.mask_decoder
decoder.transformer.register_forward_hook(lambda module, given, found: kept.update(keys=found[1]))
decoder.upscale_conv1.register_forward_pre_hook(lambda module, given: kept["keys"].mT.reshape(given[0].shape))
image = ImageOps.exif_transpose(Image.open(picture)).convert("RGB")
inputs = processor(image, input_boxes=[[[float(number) for number in box.split(",")]]], return_tensors="pt")
with torch.no_grad():  # hq_token_only=True for the masks of --masks hq
    found = model(**inputs, multimask_output=False, hq_token_only=False)
masks = processor.post_process_masks(found.pred_masks, inputs["original_sizes"], inputs["reshaped_input_sizes"])[0]
Image.fromarray(np.uint8(masks[0, 0]) * 255).save(output)
