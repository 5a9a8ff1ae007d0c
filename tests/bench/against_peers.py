# SPDX-License-Identifier: Apache-2.0
"""against_peers.py HQSAM [--variants vit_b,vit_tiny] [--precisions fp32,bf16] [--stages encoder,decoder] [--boxes 1,64]
[--rounds 2] [--old BINARY]

hqsam's image encoder and mask decoder beside OpenVINO's on hqsam's own ONNX export, in turn on one machine. Weights are
random and of the reference's initialization (segment-anything-hq). The decoder makes the sum of SAM's and HQ's masks as
logits of a quarter of the input's size; the picture's HQ features are given to both. Prints the CPU, medians in ms and
their ratio. Needs openvino, torch, segment-anything-hq and timm."""
import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time

import numpy as np
import openvino
import torch
from segment_anything_hq import sam_model_registry


def cpu():
    model, flags = "", set()
    for line in open("/proc/cpuinfo", encoding="utf-8"):
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            model = value.strip()
        if key.strip() == "flags":
            flags = set(value.split())
    known = ["avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16"]
    return f"{model} ({' '.join(name for name in known if name in flags)}), {len(os.sched_getaffinity(0))} threads"


def hqsam_ms(binary, checkpoint, stage, boxes, precision):
    out = subprocess.run([binary, "bench", "--checkpoint", checkpoint, "--stage", stage, "--boxes", str(boxes),
                          "--repeats", "3", "--json", "--precision", precision, "--log-level", "error"],
                         check=True, capture_output=True, text=True).stdout
    return json.loads(out)["stages"][0]["median_ms"]


def inputs_of(stage, boxes, size):
    noise = np.random.default_rng(0)
    if stage == "encoder":
        return {"image": noise.uniform(0, 255, (1, 3, size, size)).astype(np.float32)}
    grid = size // 16
    corners = noise.uniform(0, size / 2, (boxes, 2, 2)).astype(np.float32)
    corners[:, 1] += size / 4
    return {"image_embeddings": noise.normal(size=(1, 256, grid, grid)).astype(np.float32),
            "hq_features": noise.normal(size=(1, 32, 4 * grid, 4 * grid)).astype(np.float32),
            "point_coords": corners, "point_labels": np.tile(np.float32([2, 3]), (boxes, 1)),
            "mask_input": np.zeros((1, 1, 4 * grid, 4 * grid), np.float32), "has_mask_input": np.zeros(1, np.float32),
            "orig_im_size": np.int64([size, size])}


def openvino_ms(folder, stage, boxes, precision, size):
    core = openvino.Core()
    graph = core.read_model(os.path.join(folder, stage + ".onnx"))
    if stage == "decoder":  # without the masks at the picture's size
        graph = openvino.Model([graph.output("low_res_masks"), graph.output("iou_predictions")], graph.get_parameters())
    model = core.compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": {"fp32": "f32", "bf16": "bf16"}[precision],
                                              "PERFORMANCE_HINT": "LATENCY"})
    inputs = inputs_of(stage, boxes, size)
    model(inputs)
    times = []
    for _ in range(3):
        start = time.perf_counter()
        model(inputs)
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


def print_row(name, times):
    peer = statistics.median(times["OpenVINO"])
    for program, values in times.items():
        median = statistics.median(values)
        print(f"{name:28} {program:9} {median:8.1f} ms   OpenVINO : it {peer / median:.2f}"
              f"   rounds {' '.join(f'{value:.1f}' for value in values)}", flush=True)


def compare(arguments, variant, folder):
    checkpoint = os.path.join(folder, "sam_hq.pth")
    torch.manual_seed(0)
    torch.save(sam_model_registry[variant]().state_dict(), checkpoint)
    subprocess.run([arguments.hqsam, "export", "--checkpoint", checkpoint, "--format", "onnx", "--output",
                    os.path.join(folder, "onnx"), "--masks", "sum", "--multimask", "none"], check=True,
                   capture_output=True)
    rows = [(stage, boxes) for stage in arguments.stages.split(",")
            for boxes in ([0] if stage == "encoder" else map(int, arguments.boxes.split(",")))]
    for stage, boxes in rows:
        for precision in arguments.precisions.split(","):
            times = {"OpenVINO": []}
            for _ in range(arguments.rounds):
                times["OpenVINO"].append(openvino_ms(folder + "/onnx", stage, boxes, precision, 1024))
                for name, binary in (("hqsam", arguments.hqsam), ("old", arguments.old)):
                    if binary:
                        times.setdefault(name, []).append(hqsam_ms(binary, checkpoint, stage, max(boxes, 1), precision))
            print_row(f"{variant} {stage}{f' {boxes} boxes' if boxes else ''} {precision}", times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hqsam")
    parser.add_argument("--variants", default="vit_b,vit_tiny")
    parser.add_argument("--stages", default="encoder,decoder")
    parser.add_argument("--precisions", default="fp32,bf16")
    parser.add_argument("--boxes", default="1,64")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--old", help="another hqsam binary, to compare with")
    arguments = parser.parse_args()
    print(cpu())
    for variant in arguments.variants.split(","):
        with tempfile.TemporaryDirectory() as folder:
            compare(arguments, variant, folder)


if __name__ == "__main__":
    main()
