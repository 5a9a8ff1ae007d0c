# SPDX-License-Identifier: Apache-2.0
"""encoder.onnx and decoder.onnx in ONNX Runtime and OpenVINO, called as their users call them."""
import time

import numpy as np
import onnxruntime
import openvino
from PIL import Image

THREADS = 1  # of ONNX Runtime; its threads spin, which a busy machine punishes


class OnnxRuntime:
    """A graph in ONNX Runtime: call it with arrays by name. inputs: name -> shape."""

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = THREADS
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.inputs = {value.name: value.shape for value in self.session.get_inputs()}
        self.outputs = [value.name for value in self.session.get_outputs()]

    def __call__(self, arrays):
        return dict(zip(self.outputs, self.session.run(self.outputs, arrays)))


class OpenVino:
    """The same in OpenVINO's CPU plugin, which computes in "f32", "f16" or "bf16"."""

    def __init__(self, path, precision):
        core = openvino.Core()
        self.model = core.compile_model(core.read_model(path), "CPU", {
            "INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": THREADS})
        dims = lambda shape: [size.get_length() if size.is_static else None for size in shape]
        self.inputs = {value.get_any_name(): dims(value.partial_shape) for value in self.model.inputs}

    def __call__(self, arrays):
        found = self.model(arrays)
        return {value.get_any_name(): found[value] for value in self.model.outputs}


def openvino_in(precision):
    return lambda path: OpenVino(path, precision)


RUNTIMES = {  # name -> how encoder and decoder are opened, the type of the graphs, the bounds
    "onnxruntime fp32": (OnnxRuntime, OnnxRuntime, "fp32", "fp32"),
    "onnxruntime fp16": (OnnxRuntime, OnnxRuntime, "fp16", "fp16"),
    "openvino fp32": (openvino_in("f32"), openvino_in("f32"), "fp32", "fp32"),
    "openvino fp16": (openvino_in("f32"), openvino_in("f32"), "fp16", "fp16"),
    "openvino bf16": (openvino_in("bf16"), openvino_in("bf16"), "fp32", "bf16"),
    "openvino bf16, decoder fp32": (openvino_in("bf16"), openvino_in("f32"), "fp32", "bf16 encoder"),
}


class Graphs:
    """encoder.onnx and decoder.onnx as their users call them."""

    def __init__(self, folder, runtime):
        encoder, decoder, *_ = RUNTIMES[runtime]
        self.encoder, self.decoder = encoder(str(folder / "encoder.onnx")), decoder(str(folder / "decoder.onnx"))
        self.side = 4 * self.decoder.inputs["mask_input"][-1]
        self.encoder_seconds = self.decoder_seconds = 0.0

    def set_image(self, path):
        with Image.open(path) as opened:
            picture = opened.convert("RGB")
        self.size = picture.size
        scale = self.side / max(self.size)
        self.input_size = tuple(max(int(length * scale + 0.5), 1) for length in self.size)
        # First across, then down: Pillow 13 goes by the shape, earlier ones always did it so.
        across = picture.resize((self.input_size[0], self.size[1]), Image.BILINEAR)
        resized = np.asarray(across.resize(self.input_size, Image.BILINEAR), np.float32)
        began = time.perf_counter()
        self.features = self.encoder({"image": resized.transpose(2, 0, 1)[None]})
        self.encoder_seconds = time.perf_counter() - began

    def predict(self, prompt, mask):
        boxes, points, labels, with_mask = prompt
        factor = np.array(self.input_size) / np.array(self.size)
        rows = max(len(boxes), 1)
        coords = [np.zeros((rows, 0, 2))]
        kinds = [np.zeros((rows, 0))]
        if points:
            coords.append(np.broadcast_to(np.array(points) * factor, (rows, len(points), 2)))
            kinds.append(np.broadcast_to(np.array(labels), (rows, len(points))))
        if boxes:
            coords.append(np.array(boxes).reshape(rows, 2, 2) * factor)
            kinds.append(np.broadcast_to([2, 3], (rows, 2)))
        elif points:
            coords.append(np.zeros((rows, 1, 2)))
            kinds.append(np.full((rows, 1), -1))
        inputs = {name: value for name, value in self.features.items() if name in self.decoder.inputs}
        side = self.side // 4
        inputs.update(
            point_coords=np.concatenate(coords, 1).astype(np.float32),
            point_labels=np.concatenate(kinds, 1).astype(np.float32),
            mask_input=mask[None] if with_mask else np.zeros((1, 1, side, side), np.float32),
            has_mask_input=np.full(1, with_mask, np.float32),
            orig_im_size=np.array(self.size[::-1], np.int64))
        began = time.perf_counter()
        values = self.decoder(inputs)
        self.decoder_seconds = time.perf_counter() - began
        return values["masks"], values["iou_predictions"], values["low_res_masks"]
