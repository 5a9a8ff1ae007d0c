# SPDX-License-Identifier: Apache-2.0
"""What the ONNX checks run on: checkpoints, pictures, prompts, and hqsam's own answers."""
import json
import pathlib
import struct
import subprocess
import sys
import warnings

import numpy as np
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[3]
DTYPES = {"F32": np.float32, "F16": np.float16, "I64": np.int64}


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


def name_of(model):
    return pathlib.Path(model).stem


def checkpoint_of(model, work):
    if pathlib.Path(model).suffix:
        return pathlib.Path(model)
    if model == "golden":
        return ROOT / "tests/golden/sam_hq_micro.pth"
    path = work / f"{model}.pth"
    if not path.exists():
        micro_with_hq(path) if model == "micro" else random_reference(model, path)
    return path


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


def resized_picture(size, work):
    """A real picture brought to that height and width."""
    path = work / f"{size[0]}x{size[1]}.png"
    if not path.exists():
        with Image.open(sorted((ROOT / "data/samples").glob("*.jpg"))[1]) as opened:
            opened.convert("RGB").resize(size[::-1], Image.BILINEAR).save(path)
    return path


def size_prompts(width, height):
    """As prompts_of, for pictures of any shape: boxes with an area even where a side is one pixel; 21 points."""
    box = lambda a, b, c, d: [round(a * width, 2), round(b * height, 2), round(c * width, 2), round(d * height, 2)]
    boxes = [box(0.1, 0.1, 0.9, 0.95), box(0.3, 0, 0.8, 0.6), box(0, 0, 1, 1)]
    points = [[round((i % 7 + 0.5) / 7 * (width - 1), 2), round((i // 7 + 0.5) / 3 * (height - 1), 2)] for i in range(21)]
    return {
        "box": (boxes[:1], [], [], False),
        "boxes": (boxes, [], [], False),
        "points": ([], points, [int(3 <= i % 7 <= 4) for i in range(21)], False),
        "box+mask": (boxes[:1], [], [], True),
    }


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


def write_mask(path, truth):
    """The first mask of a call as the mask prompt of the next."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mask = truth["low_res_logits"][:1].astype(np.float32)
    header = json.dumps({"low_res_logits": {"dtype": "F32", "shape": list(mask.shape),
                                            "data_offsets": [0, mask.nbytes]}}).encode()
    header += b" " * (-len(header) % 8)
    path.write_bytes(struct.pack("<Q", len(header)) + header + mask.tobytes())
