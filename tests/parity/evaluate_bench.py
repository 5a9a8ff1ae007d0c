# SPDX-License-Identifier: Apache-2.0
"""An evaluation on a CPU: the reference's beside `hqsam evaluate`, in turn, on parts of a data set.

    tests/parity/evaluate_bench.py build/hqsam path/to/sam-hq path/to/pictures [--count 50] [--part 10]

Pictures are .jpg files in folders called im, masks .png files of the same names in gt beside it; --count of them are
taken, evenly spread. Both get the same random ViT-B weights and the same work: pictures and masks read, encoder, a box
prompt, HQ masks, mIoU and mBIoU at the picture's size, fp32. The reference's is evaluate() of its train.py with its own
data loader. Each turn is a process of its own; what counts is the evaluation, without loading the model and without
hqsam's report, which is not waited for. Needs torch, torchvision, numpy, timm, opencv, scikit-image and matplotlib from
PyPI and a checkout of SysCV/sam-hq.
"""
import argparse
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import types
from pathlib import Path

from train_step_bench import decoder_hq, output_of, reference_code

CONFIG = """data:
  valid:
    - {{name: part, images: {part}/im, masks: {part}/gt, image_ext: .jpg, mask_ext: .png}}
  workers: 1
evaluate: {{prompt: box, protocol: reference, masks: [hq]}}
"""


def reference_turn(arguments):
    import matplotlib.pyplot  # noqa: F401, before reference_code puts something empty in its place
    import skimage.io  # noqa: F401
    import torch

    torch.set_num_threads(arguments.threads)
    code = reference_code(arguments.reference)
    weights = torch.load(arguments.checkpoint)
    sam = code.sam_model_registry["vit_b"]()
    sam.load_state_dict({name: weights[name] for name in sam.state_dict()})
    part = arguments.pictures
    sets = [{"name": "part", "im_dir": f"{part}/im", "gt_dir": f"{part}/gt", "im_ext": ".jpg", "gt_ext": ".png"}]
    with contextlib.redirect_stdout(io.StringIO()):
        net = decoder_hq(code, sam, "vit_b")
        prefix = "mask_decoder."
        net.load_state_dict({k[len(prefix):]: v for k, v in weights.items() if k.startswith(prefix)})
        # A single process's share of the samples is all of them; process groups of the reference need a GPU.
        of_all = lambda dataset, shuffle: torch.utils.data.SequentialSampler(dataset)
        code.create_dataloaders.__globals__["DistributedSampler"] = of_all
        names = code.get_im_gt_name_dict(sets)
        loaders, _ = code.create_dataloaders(names, my_transforms=[code.Resize([1024, 1024])], batch_size=1)
        start = time.perf_counter()
        stats = code.evaluate(types.SimpleNamespace(output=""), net, sam, loaders)
        seconds = time.perf_counter() - start
    iou, boundary_iou = 100 * stats["val_iou_0"], 100 * stats["val_boundary_iou_0"]
    print(json.dumps({"seconds": seconds, "miou": iou, "mbiou": boundary_iou}))


def turn_of_reference(arguments, part):
    command = [sys.executable, __file__, arguments.hqsam, arguments.reference, str(part), "--turn"]
    command += ["--checkpoint", arguments.checkpoint, "--threads", str(arguments.threads)]
    return json.loads(output_of(command).splitlines()[-1])


def turn_of_hqsam(arguments, part):
    config, output = Path(part, "config.yaml"), Path(part, "results")
    config.write_text(CONFIG.format(part=part))
    results = output / "results.json"
    results.unlink(missing_ok=True)
    command = [arguments.hqsam, "evaluate", "--config", config, "--checkpoint", arguments.checkpoint]
    command += ["--output", output, "--device", "cpu", "--precision", "fp32", "--threads", str(arguments.threads)]
    with open(Path(part, "log"), "w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        while process.poll() is None and not results.exists():
            time.sleep(0.2)
        process.terminate()
        process.wait()
    if not results.exists():
        sys.exit(f"hqsam evaluate fails: {Path(part, 'log').read_text().strip()}")
    read = json.loads(results.read_text())
    return {"seconds": read["seconds"], "stations": read["station_seconds"], **read["mean"]["hq"]}


def spread_pictures(folder, count):
    found = [path for path in sorted(Path(folder).resolve().rglob("im/*.jpg"))
             if (path.parents[1] / "gt" / f"{path.stem}.png").exists()]
    if not found:
        sys.exit(f"{folder}: no pictures im/*.jpg with masks gt/*.png")
    count = min(count, len(found))
    return [found[i * len(found) // count] for i in range(count)]


def link_part(folder, number, paths):
    part = Path(folder, f"part{number}")
    for name in ("im", "gt"):
        (part / name).mkdir(parents=True)
    for path in paths:
        name = f"{path.parents[1].name}_{path.stem}"
        (part / "im" / f"{name}.jpg").symlink_to(path)
        (part / "gt" / f"{name}.png").symlink_to(path.parents[1] / "gt" / f"{path.stem}.png")
    return part


def make_weights(folder):
    path = str(Path(folder, "vit_b.pth"))
    output_of([sys.executable, str(Path(__file__).with_name("weights.py")), "vit_b", path])
    return path


def report(parts):
    sums = {name: sum(turn[name]["seconds"] for turn, _ in parts) for name in ("reference", "hqsam")}
    pictures = sum(count for _, count in parts)
    stations = {}
    for turn, _ in parts:
        for name, seconds in turn["hqsam"]["stations"].items():
            stations[name] = stations.get(name, 0) + seconds
    print(f"all: {pictures} pictures, reference {sums['reference']:.1f} s, hqsam {sums['hqsam']:.1f} s, "
          f"ratio {sums['reference'] / sums['hqsam']:.2f}")
    whole = sum(stations.values())
    print("hqsam's stations: " + ", ".join(f"{name} {seconds:.2f} s ({100 * seconds / whole:.2f} %)"
                                           for name, seconds in stations.items()))
    share = 100 * (stations["decode"] + stations["measure"]) / whole
    print(f"decoding and metrics: {share:.2f} % of the stations' seconds")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hqsam", help="build/hqsam")
    parser.add_argument("reference", help="a checkout of SysCV/sam-hq")
    parser.add_argument("pictures", help="folder with im/*.jpg and gt/*.png, or with folders of them")
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--part", type=int, default=10, help="pictures of a turn")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--checkpoint", help="HQ-SAM ViT-B weights; default: random ones")
    parser.add_argument("--turn", action="store_true", help="one turn of the reference; used by the script itself")
    arguments = parser.parse_args()
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")  # as hqsam has it: both suffer less from other programs
    if arguments.turn:
        return reference_turn(arguments)
    paths = spread_pictures(arguments.pictures, arguments.count)
    parts = []
    with tempfile.TemporaryDirectory() as folder:
        arguments.checkpoint = arguments.checkpoint or make_weights(folder)
        print(f"vit_b, {arguments.threads} threads, {len(paths)} pictures in parts of {arguments.part}", flush=True)
        print("| part | pictures | reference | hqsam | ratio | mIoU | mBIoU |", flush=True)
        print("| ---: | ---: | ---: | ---: | ---: | --- | --- |", flush=True)
        for number, at in enumerate(range(0, len(paths), arguments.part)):
            chosen = paths[at:at + arguments.part]
            part = link_part(folder, number, chosen)
            sides = [("reference", turn_of_reference), ("hqsam", turn_of_hqsam)]
            turn = {name: run(arguments, part) for name, run in (sides if number % 2 == 0 else reversed(sides))}
            theirs, ours = turn["reference"], turn["hqsam"]
            print(f"| {number + 1} | {len(chosen)} | {theirs['seconds']:.1f} s | {ours['seconds']:.1f} s "
                  f"| {theirs['seconds'] / ours['seconds']:.2f} | {theirs['miou']:.3f} / {ours['miou']:.3f} "
                  f"| {theirs['mbiou']:.3f} / {ours['mbiou']:.3f} |", flush=True)
            parts.append((turn, len(chosen)))
    report(parts)


if __name__ == "__main__":
    main()
