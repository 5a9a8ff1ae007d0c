# SPDX-License-Identifier: Apache-2.0
"""Holds hqsam's ONNX graphs, run by ONNX Runtime and by OpenVINO, against hqsam itself.

    tests/parity/onnx.py --hqsam build/hqsam --work DIR [--models micro,golden,vit_tiny,vit_b] [--quick]

Each model is exported (`hqsam export --format onnx`) in several choices of masks, multimask and dtype, and run on
pictures of several shapes with boxes (several in one call), points, both, and masks of an earlier call. The truth is
`hqsam predict --logits` (fp32). OpenVINO runs the fp32 graphs, in fp32 and in bf16, which it chooses by itself on CPUs
that have it. One line for each case; exits with 1 where a bound is broken.

micro: data/base_micro.safetensors with fresh HQ modules; golden: tests/golden/sam_hq_micro.pth; vit_b and vit_tiny:
the reference's modules with seeded random weights.

Needs numpy, pillow, onnxruntime, openvino and torch from PyPI; segment-anything-hq and timm for vit_b and vit_tiny.
"""
import argparse
import itertools
import json
import pathlib
import struct
import subprocess
import sys
import time
import warnings

import numpy as np
import onnxruntime
import openvino
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Largest difference of logits relative to the largest magnitude, smallest IoU of a mask, largest difference of scores.
BOUNDS = {"fp32": (1e-3, 0.999, 1e-4), "fp16": (1e-2, 0.99, 1e-2), "bf16": (0.5, 0.8, 0.1)}
DTYPES = {"F32": np.float32, "F16": np.float16, "I64": np.int64}
THREADS = 1  # of ONNX Runtime; its threads spin, which a busy machine punishes
CHOICES = [("sum", "none"), ("hq", "none"), ("sam", "none"), ("sum", "best"), ("sum", "all"), ("sam", "all")]


def read_safetensors(path):
    content = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    tensors = {}
    for name, entry in json.loads(content[8 : 8 + length]).items():
        if name == "__metadata__":
            continue
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(content[begin:end], DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors


def run(*command):
    answer = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if answer.returncode != 0:
        sys.exit(f"{' '.join(str(word) for word in command)}\n{answer.stderr}")


# Checkpoints -------------------------------------------------------------------------------------------------------


def micro_with_hq(path):
    """The shipped SAM base with HQ modules drawn from a seed: 128 channels, early feature of 192."""
    import torch

    state = {name: torch.tensor(value.astype(np.float32))
             for name, value in read_safetensors(ROOT / "data/base_micro.safetensors").items()}
    generator = torch.Generator().manual_seed(1)

    def module(key, shape, fan_in, channels):
        bound = fan_in**-0.5
        state[f"mask_decoder.{key}.weight"] = (torch.rand(shape, generator=generator) * 2 - 1) * bound
        state[f"mask_decoder.{key}.bias"] = (torch.rand(channels, generator=generator) * 2 - 1) * bound

    def norm(key, channels):
        state[f"mask_decoder.{key}.weight"] = 1 + 0.1 * torch.randn(channels, generator=generator)
        state[f"mask_decoder.{key}.bias"] = 0.1 * torch.randn(channels, generator=generator)

    dim, early = 128, 192
    state["mask_decoder.hf_token.weight"] = torch.randn((1, dim), generator=generator)
    for layer, out in enumerate((dim, dim, dim // 8)):
        module(f"hf_mlp.layers.{layer}", (out, dim), dim, out)
    for key, width, middle in (("compress_vit_feat", early, dim), ("embedding_encoder", dim, dim // 4)):
        module(f"{key}.0", (width, middle, 2, 2), width, middle)
        norm(f"{key}.1", middle)
        module(f"{key}.3", (middle, dim // 8, 2, 2), middle, dim // 8)
    module("embedding_maskfeature.0", (dim // 4, dim // 8, 3, 3), dim // 8 * 9, dim // 4)
    norm("embedding_maskfeature.1", dim // 4)
    module("embedding_maskfeature.3", (dim // 8, dim // 4, 3, 3), dim // 4 * 9, dim // 8)
    torch.save(state, path)


def random_reference(variant, path):
    """The reference's modules as PyTorch fills them; what that leaves at 0 or 1 is made random too."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # timm's about its own names
        from segment_anything_hq import sam_model_registry

    torch.manual_seed(2)
    model = sam_model_registry[variant]()
    for name, tensor in model.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5)
        elif tensor.is_floating_point() and tensor.numel() > 1 and tensor.std() == 0:
            tensor.add_(torch.randn_like(tensor) * 0.05)
    torch.save(model.state_dict(), path)


def checkpoint_of(model, work):
    if model == "golden":
        return ROOT / "tests/golden/sam_hq_micro.pth"
    path = work / f"{model}.pth"
    if not path.exists():
        micro_with_hq(path) if model == "micro" else random_reference(model, path)
    return path


# Pictures and prompts ----------------------------------------------------------------------------------------------


def make_pictures(work):
    """Real pictures as they are, and crops of them: tall, small, larger than the model's input."""
    samples = sorted((ROOT / "data/samples").glob("*.jpg"))
    with Image.open(samples[0]) as opened:
        picture = opened.convert("RGB")
    width, height = picture.size
    made = {"tall": picture.crop((0, 0, width // 3, height)), "small": picture.resize((61, 40)),
            "large": picture.resize((1501, 1130))}
    paths = list(samples)
    for name, image in made.items():
        paths.append(work / f"{name}.png")
        image.save(paths[-1])
    return paths


def prompts_of(width, height):
    """Name -> (boxes, points, labels, whether the mask of the first box is given too), in the picture's pixels."""
    at = lambda x, y: [round(x * (width - 1), 2), round(y * (height - 1), 2)]
    boxes = [at(0.1, 0.2) + at(0.7, 0.9), at(0.4, 0.05) + at(0.95, 0.6), at(0, 0) + at(1, 1)]
    points = [at(0.5, 0.5), at(0.3, 0.7), at(0.8, 0.2)]
    return {
        "box": (boxes[:1], [], [], False),
        "boxes": (boxes, [], [], False),
        "point": ([], points[:1], [1], False),
        "points": ([], points, [1, 1, 0], False),
        "box+points": (boxes[1:2], points[:2], [1, 0], False),
        "box+mask": (boxes[:1], [], [], True),
        "mask": ([], [], [], True),
    }


def by_hqsam(program, checkpoint, picture, prompt, choice, out, mask_file):
    boxes, points, labels, with_mask = prompt
    command = [program, "predict", "--checkpoint", checkpoint, "--image", picture, "--output", out, "--logits",
               "--masks", choice[0], "--multimask", choice[1]]
    for box in boxes:
        command += ["--box", ",".join(str(value) for value in box)]
    for (x, y), label in zip(points, labels):
        command += ["--point", f"{x},{y},{label}"]
    if with_mask:
        command += ["--mask", mask_file]
    run(*command)
    return read_safetensors(out / f"{picture.stem}.safetensors")


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
    """The same in OpenVINO's CPU plugin, which computes in "f32" or "bf16"."""

    def __init__(self, path, precision):
        core = openvino.Core()
        self.model = core.compile_model(core.read_model(path), "CPU", {
            "INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": THREADS})
        dims = lambda shape: [size.get_length() if size.is_static else None for size in shape]
        self.inputs = {value.get_any_name(): dims(value.partial_shape) for value in self.model.inputs}

    def __call__(self, arrays):
        found = self.model(arrays)
        return {value.get_any_name(): found[value] for value in self.model.outputs}


RUNTIMES = {  # name -> how a graph is opened, the type of the graphs, the bounds
    "onnxruntime fp32": (OnnxRuntime, "fp32", "fp32"),
    "onnxruntime fp16": (OnnxRuntime, "fp16", "fp16"),
    "openvino fp32": (lambda path: OpenVino(path, "f32"), "fp32", "fp32"),
    "openvino bf16": (lambda path: OpenVino(path, "bf16"), "fp32", "bf16"),
}


class Graphs:
    """encoder.onnx and decoder.onnx as their users call them."""

    def __init__(self, folder, runtime):
        opened = RUNTIMES[runtime][0]
        self.encoder, self.decoder = (opened(str(folder / f"{name}.onnx")) for name in ("encoder", "decoder"))
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


def compare(found, truth):
    """-> (largest difference of logits, smallest IoU of masks, largest difference of scores)"""
    masks, scores, low_res = found
    if masks.shape[-2:] != truth["logits"].shape[-2:]:
        return np.inf, 0.0, np.inf  # a mask of another size than the picture's
    masks, low_res = masks.reshape(truth["logits"].shape), low_res.reshape(truth["low_res_logits"].shape)
    relative = lambda a, b: float(np.abs(a - b).max() / np.abs(b).max())
    inside, expected = masks > 0, truth["logits"] > 0
    union = (inside | expected).sum((1, 2))
    iou = np.where(union > 0, (inside & expected).sum((1, 2)) / np.maximum(union, 1), 1.0)
    return (max(relative(masks, truth["logits"]), relative(low_res, truth["low_res_logits"])), float(iou.min()),
            float(np.abs(scores.reshape(-1) - truth["iou"]).max()))


def truth_of(program, checkpoint, folder, picture, name, prompts, choice):
    """hqsam's own results, made once; -> tensors, and the mask prompt or None."""
    prompt = prompts[name]
    mask_file = folder / f"{picture.stem}_mask.safetensors"
    if prompt[3] and not mask_file.exists():
        first = by_hqsam(program, checkpoint, picture, prompts["box"], choice, folder / f"{picture.stem}_first", None)
        write_mask(mask_file, first)
    out = folder / "_".join(choice) / f"{picture.stem}_{name}"
    if not (out / f"{picture.stem}.safetensors").exists():
        by_hqsam(program, checkpoint, picture, prompt, choice, out, mask_file)
    mask = read_safetensors(mask_file)["low_res_logits"][0] if prompt[3] else None
    return read_safetensors(out / f"{picture.stem}.safetensors"), mask


def check_graphs(arguments, model, choice, runtime, cases):
    """cases: picture -> names of prompts. -> how many are out of bounds"""
    work, checkpoint = arguments.work, checkpoint_of(model, arguments.work)
    _, dtype, bounds = RUNTIMES[runtime]
    folder = work / "_".join((model, *choice, dtype))
    run(arguments.hqsam, "export", "--checkpoint", checkpoint, "--format", "onnx", "--output", folder, "--masks",
        choice[0], "--multimask", choice[1], "--dtype", dtype)
    graphs = Graphs(folder, runtime)
    bound, failures, worst = BOUNDS[bounds], 0, [0.0, 1.0, 0.0]
    for picture, names in cases.items():
        graphs.set_image(picture)
        prompts = prompts_of(*graphs.size)
        for name in names:
            truth, mask = truth_of(arguments.hqsam, checkpoint, work / "truth" / model, picture, name, prompts,
                                   choice)
            logits, iou, score = compare(graphs.predict(prompts[name], mask), truth)
            good = logits <= bound[0] and iou >= bound[1] and score <= bound[2]
            failures += not good
            worst = [max(worst[0], logits), min(worst[1], iou), max(worst[2], score)]
            print(f"{'ok  ' if good else 'FAIL'} {model} {runtime} {' '.join(choice)} {picture.stem} {name}: "
                  f"logits {logits:.1e} IoU {iou:.5f} score {score:.1e} "
                  f"(encoder {graphs.encoder_seconds:.2f} s, decoder {graphs.decoder_seconds:.3f} s)", flush=True)
    print(f"worst of {model} {runtime} {' '.join(choice)}: logits {worst[0]:.1e} IoU {worst[1]:.5f} "
          f"score {worst[2]:.1e}", flush=True)
    return failures


def cases_of(model, choice, pictures, quick):
    """The first choice on everything, the others on two pictures; models of full size on two pictures alone."""
    everything = not quick and model == "micro" and choice == CHOICES[0]
    names = list(prompts_of(1, 1)) if everything else ["boxes", "points", "box+mask"]
    return {picture: names for picture in (pictures if everything else [pictures[0], pictures[-3]])}


def write_mask(path, truth):
    """The first mask of a call as the mask prompt of the next."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mask = truth["low_res_logits"][:1].astype(np.float32)
    header = json.dumps({"low_res_logits": {"dtype": "F32", "shape": list(mask.shape),
                                            "data_offsets": [0, mask.nbytes]}}).encode()
    header += b" " * (-len(header) % 8)
    path.write_bytes(struct.pack("<Q", len(header)) + header + mask.tobytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hqsam", required=True, help="the binary")
    parser.add_argument("--work", required=True, type=pathlib.Path, help="folder for checkpoints, graphs and results")
    parser.add_argument("--models", default="micro,golden,vit_tiny,vit_b")
    parser.add_argument("--quick", action="store_true", help="two pictures of each model")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    pictures = make_pictures(arguments.work)
    failures = 0
    for model in arguments.models.split(","):
        for choice in CHOICES[:1] if model.startswith("vit") else CHOICES:
            cases = cases_of(model, choice, pictures, arguments.quick)
            for runtime in RUNTIMES:
                failures += check_graphs(arguments, model, choice, runtime, cases)
    print("all within bounds" if failures == 0 else f"{failures} cases out of bounds")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
