# SPDX-License-Identifier: Apache-2.0
"""Holds hqsam's ONNX graphs, run by ONNX Runtime and by OpenVINO, against hqsam itself.

    tests/parity/onnx.py --hqsam build/hqsam --work DIR [--models micro,golden,vit_tiny,vit_b,FILE] [--quick]
        [--parts cases,sizes,troubles]

cases: each model is exported (`hqsam export --format onnx`) in several choices of masks, multimask and dtype, and run
on pictures of several shapes with boxes (several in one call), points, both, and masks of an earlier call. The truth
is `hqsam predict --logits` (fp32). sizes: the first model on pictures of odd sizes. troubles: what people met with
other exports of SAM, tried on ours (onnx_checks/troubles.py).

ONNX Runtime runs the graphs in fp32 and fp16; OpenVINO in fp32 and fp16, and in bf16, which its CPU plugin chooses by
itself on CPUs that have it. One line for each case; exits with 1 where a bound is broken.

micro: data/base_micro.safetensors with fresh HQ modules; golden: tests/golden/sam_hq_micro.pth; vit_b and vit_tiny:
the reference's modules with seeded random weights; FILE: a checkpoint.

Needs numpy, pillow, onnx, onnxruntime, openvino and torch from PyPI; segment-anything-hq and timm for vit_b and
vit_tiny; onnxsim and onnxslim where those are to be tried.
"""
import argparse
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[0] = str(HERE / "onnx_checks")  # not this folder, where this file hides the package onnx

import numpy as np
import troubles
from inputs import (checkpoint_of, make_pictures, name_of, prompts_of, resized_picture, run, size_prompts,
                    truth_of)
from runtimes import RUNTIMES, Graphs

# Largest difference of logits relative to the largest magnitude, smallest IoU of a mask, largest difference of scores.
BOUNDS = {"fp32": (1e-3, 0.999, 1e-4), "fp16": (1e-2, 0.99, 1e-2), "bf16": (0.3, 0.85, 0.1),
          "bf16 encoder": (0.1, 0.95, 0.01)}
CHOICES = [("sum", "none"), ("hq", "none"), ("sam", "none"), ("sum", "best"), ("sum", "all"), ("sam", "all")]
SIZES = [(289, 245), (245, 289), (427, 640), (640, 427), (333, 500), (257, 511), (1001, 667), (1023, 1024), (1025, 1023),
         (2049, 1537), (1999, 3001), (4000, 6000), (5001, 37), (17, 13), (3, 700), (1, 1000), (1000, 1), (1, 1)]


def compare(found, truth):
    """-> (largest difference of logits, smallest IoU of masks, largest difference of scores)"""
    masks, scores, low_res = found
    if masks.shape[-2:] != truth["logits"].shape[-2:]:
        print(f"     a mask of {masks.shape[-2:]}, the picture is {truth['logits'].shape[-2:]}")
        return np.inf, 0.0, np.inf
    masks, low_res = masks.reshape(truth["logits"].shape), low_res.reshape(truth["low_res_logits"].shape)
    relative = lambda a, b: float(np.abs(a - b).max() / np.abs(b).max())
    inside, expected = masks > 0, truth["logits"] > 0
    union, differing = (inside | expected).sum((1, 2)), (inside ^ expected).sum((1, 2))
    # Two pixels may differ: in a picture of 3 x 700 that is a sixth of a mask.
    iou = np.where(differing > 2, (inside & expected).sum((1, 2)) / np.maximum(union, 1), 1.0)
    return (max(relative(masks, truth["logits"]), relative(low_res, truth["low_res_logits"])), float(iou.min()),
            float(np.abs(scores.reshape(-1) - truth["iou"]).max()))


def exported(arguments, model, choice, dtype):
    folder = arguments.work / "_".join((name_of(model), *choice, dtype))
    run(arguments.hqsam, "export", "--checkpoint", checkpoint_of(model, arguments.work), "--format", "onnx", "--output",
        folder, "--masks", choice[0], "--multimask", choice[1], "--dtype", dtype)
    return folder


def check_graphs(arguments, model, choice, runtime, cases, make_prompts=prompts_of):
    """cases: picture -> names of prompts. -> how many are out of bounds"""
    checkpoint = checkpoint_of(model, arguments.work)
    *_, dtype, bounds = RUNTIMES[runtime]
    graphs = Graphs(exported(arguments, model, choice, dtype), runtime)
    bound, failures, worst, ious = BOUNDS[bounds], 0, [0.0, 1.0, 0.0], []
    for picture, names in cases.items():
        graphs.set_image(picture)
        prompts = make_prompts(*graphs.size)
        for name in names:
            truth, mask = truth_of(arguments.hqsam, checkpoint, arguments.work / "truth" / name_of(model), picture, name,
                                   prompts, choice)
            logits, iou, score = compare(graphs.predict(prompts[name], mask), truth)
            good = logits <= bound[0] and iou >= bound[1] and score <= bound[2]
            failures += not good
            ious.append(iou)
            worst = [max(worst[0], logits), min(worst[1], iou), max(worst[2], score)]
            print(f"{'ok  ' if good else 'FAIL'} {name_of(model)} {runtime} {' '.join(choice)} {picture.stem} {name}: "
                  f"logits {logits:.1e} IoU {iou:.5f} score {score:.1e} "
                  f"(encoder {graphs.encoder_seconds:.2f} s, decoder {graphs.decoder_seconds:.3f} s)", flush=True)
    print(f"worst of {name_of(model)} {runtime} {' '.join(choice)}: logits {worst[0]:.1e} IoU {worst[1]:.5f} "
          f"(mean {np.mean(ious):.5f}) score {worst[2]:.1e}, {len(ious)} cases", flush=True)
    return failures


def cases_of(model, choice, pictures, quick):
    """The first choice on everything, the others on two pictures; models of full size on two pictures alone."""
    everything = not quick and model == "micro" and choice == CHOICES[0]
    names = list(prompts_of(1, 1)) if everything else ["boxes", "points", "box+mask"]
    return {picture: names for picture in (pictures if everything else [pictures[0], pictures[-3]])}


def check_cases(arguments):
    pictures, failures = make_pictures(arguments.work), 0
    for model in arguments.models:
        for choice in CHOICES[:1] if model.startswith("vit") else CHOICES:
            cases = cases_of(model, choice, pictures, arguments.quick)
            failures += sum(check_graphs(arguments, model, choice, runtime, cases) for runtime in RUNTIMES)
    return failures


def check_sizes(arguments):
    sizes = SIZES[::4] if arguments.quick else SIZES
    cases = {resized_picture(size, arguments.work): ["boxes", "points", "box+mask"] for size in sizes}
    return sum(check_graphs(arguments, arguments.models[0], CHOICES[0], runtime, cases, size_prompts)
               for runtime in RUNTIMES)


def check_troubles(arguments):
    return troubles.check(arguments, lambda dtype, model=arguments.models[0]: exported(arguments, model, CHOICES[0], dtype))


PARTS = {"cases": check_cases, "sizes": check_sizes, "troubles": check_troubles}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hqsam", required=True, help="the binary")
    parser.add_argument("--work", required=True, type=pathlib.Path, help="folder for checkpoints, graphs and results")
    parser.add_argument("--models", default="micro,golden,vit_tiny,vit_b", type=lambda text: text.split(","))
    parser.add_argument("--parts", default=",".join(PARTS), type=lambda text: text.split(","))
    parser.add_argument("--quick", action="store_true", help="two pictures of each model, few sizes")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    failures = sum(PARTS[part](arguments) for part in arguments.parts)
    print("all within bounds" if failures == 0 else f"{failures} cases out of bounds")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
