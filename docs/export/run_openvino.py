# SPDX-License-Identifier: Apache-2.0
# run_openvino.py FOLDER PICTURE x0,y0,x1,y1 MASK.png     (pip install openvino numpy pillow)
import sys
import numpy as np
import openvino
from PIL import Image, ImageOps

folder, picture, box, output = sys.argv[1:]
core, exact = openvino.Core(), {"INFERENCE_PRECISION_HINT": "f32"}  # by itself it takes bf16 on CPUs that have it
encoder, decoder = (core.compile_model(f"{folder}/{name}.onnx", "CPU", exact) for name in ("encoder", "decoder"))
low = decoder.input("mask_input").partial_shape[3].get_length()  # the model's input has 4 * low
image = ImageOps.exif_transpose(Image.open(picture)).convert("RGB")
size = tuple(max(int(length * 4 * low / max(image.size) + 0.5), 1) for length in image.size)  # width, height
pixels = np.asarray(image.resize(size, Image.BILINEAR), np.float32).transpose(2, 0, 1)[None]  # [1,3,h,w], 0..255
features = {given.any_name: value for given, value in encoder({"image": pixels}).items()}
corners = np.float32(box.split(",")).reshape(1, 2, 2) * np.float32(size) / np.float32(image.size)
masks = decoder(features | {
    "point_coords": corners, "point_labels": np.float32([[2, 3]]),  # a box: its two corners
    "mask_input": np.zeros((1, 1, low, low), np.float32), "has_mask_input": np.float32([0]),  # no mask prompt
    "orig_im_size": np.int64([image.height, image.width])})["masks"]
Image.fromarray(np.uint8(masks[0, 0] > 0) * 255).save(output)
