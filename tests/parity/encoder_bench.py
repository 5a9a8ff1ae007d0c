# SPDX-License-Identifier: Apache-2.0
"""encoder_bench.py HQSAM [--variant vit_b] [--rounds 2] [--old BINARY]: hqsam's image encoder beside OpenVINO's on hqsam's
own ONNX export, fp32 and bf16, in turn on one machine. Weights are random and of the reference's initialization
(segment-anything-hq). Needs openvino, torch, segment-anything-hq; prints the CPU, medians in ms and their ratio."""
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


def hqsam_ms(binary, checkpoint, precision):
    out = subprocess.run([binary, "bench", "--checkpoint", checkpoint, "--stage", "encoder", "--repeats", "3", "--json",
                          "--precision", precision, "--log-level", "error"],
                         check=True, capture_output=True, text=True).stdout
    return json.loads(out)["stages"][0]["median_ms"]


def openvino_ms(folder, hint, size):
    core = openvino.Core()
    model = core.compile_model(os.path.join(folder, "encoder.onnx"), "CPU",
                               {"INFERENCE_PRECISION_HINT": hint, "PERFORMANCE_HINT": "LATENCY"})
    image = np.random.default_rng(0).uniform(0, 255, (1, 3, size, size)).astype(np.float32)
    model([image])
    times = []
    for _ in range(3):
        start = time.perf_counter()
        model([image])
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("hqsam")
    parser.add_argument("--variant", default="vit_b")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--old", help="another hqsam binary, to compare with")
    arguments = parser.parse_args()
    print(cpu())
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = os.path.join(folder, "sam_hq.pth")
        torch.manual_seed(0)
        torch.save(sam_model_registry[arguments.variant]().state_dict(), checkpoint)
        subprocess.run([arguments.hqsam, "export", "--checkpoint", checkpoint, "--format", "onnx", "--output",
                        os.path.join(folder, "onnx")], check=True, capture_output=True)
        times = {}
        for _ in range(arguments.rounds):
            for precision, hint in (("fp32", "f32"), ("bf16", "bf16")):
                times.setdefault(("OpenVINO", precision), []).append(openvino_ms(folder + "/onnx", hint, 1024))
                for name, binary in (("hqsam", arguments.hqsam), ("old", arguments.old)):
                    if binary:
                        times.setdefault((name, precision), []).append(hqsam_ms(binary, checkpoint, precision))
        for (name, precision), values in times.items():
            median = statistics.median(values)
            peer = statistics.median(times["OpenVINO", precision])
            print(f"{arguments.variant} {precision} {name:9} {median:8.0f} ms   OpenVINO : it {peer / median:.2f}"
                  f"   rounds {' '.join(f'{value:.0f}' for value in values)}")


if __name__ == "__main__":
    main()
