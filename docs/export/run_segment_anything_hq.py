# SPDX-License-Identifier: Apache-2.0
# run_segment_anything_hq.py vit_b|vit_l|vit_h|vit_tiny FILE.pth PICTURE x0,y0,x1,y1 MASK.png
# (pip install segment-anything-hq timm torch torchvision numpy pillow)
import sys
import numpy as np
from PIL import Image, ImageOps
from segment_anything_hq import SamPredictor, sam_model_registry

variant, checkpoint, picture, box, output = sys.argv[1:]
model = sam_model_registry[variant](checkpoint=checkpoint).eval()  # TinyViT needs eval() after its file is loaded
predictor = SamPredictor(model)
predictor.set_image(np.asarray(ImageOps.exif_transpose(Image.open(picture)).convert("RGB")))
masks, scores, low_res_masks = predictor.predict(  # hq_token_only=True for the masks of --masks hq
    box=np.float32(box.split(",")), multimask_output=False, hq_token_only=False)
Image.fromarray(np.uint8(masks[0]) * 255).save(output)
