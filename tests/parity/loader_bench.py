# SPDX-License-Identifier: Apache-2.0
"""Training rows on a CPU: the reference's data loader beside hqsam's, in turn, on the same pictures.

    tests/parity/loader_bench.py build/tests/parity_rows path/to/sam-hq path/to/pictures [--rows 474] [--rounds 3]

The folder holds sets, each a folder with im/*.jpg and gt/*.png of the same names. A row of the reference is what its
training loop takes from its OnlineDataset with RandomHFlip and LargeScaleJitter, batches of one row, with a DataLoader of
one and of two workers, and of none; a row of hqsam is the same with a box prompt, which the reference makes later, on
the GPU. Each turn is a process of its own. "CPU" is user and system time of the process and its workers while rows were
made, without what precedes the first row (imports, looking at files); rounds take turns, the least counts. Needs torch,
torchvision, numpy and scikit-image from PyPI and a checkout of SysCV/sam-hq.
"""
import argparse
import contextlib
import io
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path


def cpu_seconds():
    """Of this process and of the children that have ended."""
    both = [resource.getrusage(of) for of in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(used.ru_utime + used.ru_stime for used in both)


def sets_of(pictures):
    sets = [path for path in sorted(Path(pictures).resolve().iterdir()) if (path / "im").is_dir()]
    if not sets:
        sys.exit(f"{pictures}: no folders with im/*.jpg and gt/*.png in it")
    return sets


def reference_turn(arguments):
    import torch

    torch.set_num_threads(1)
    sys.path.insert(0, str(Path(arguments.reference, "train")))
    from torch.utils.data import ConcatDataset, DataLoader
    from torchvision import transforms
    from utils import dataloader as code

    sets = [{"name": path.name, "im_dir": f"{path}/im", "gt_dir": f"{path}/gt", "im_ext": ".jpg", "gt_ext": ".png"}
            for path in sets_of(arguments.pictures)]
    with contextlib.redirect_stdout(io.StringIO()):
        names = code.get_im_gt_name_dict(sets, "train")
    chain = transforms.Compose([code.RandomHFlip(), code.LargeScaleJitter(output_size=arguments.side)])
    dataset = ConcatDataset([code.OnlineDataset([name], transform=chain) for name in names])
    dataset[0]
    cpu, start, made = cpu_seconds(), time.perf_counter(), 0
    while made < arguments.rows:
        loader = DataLoader(dataset, batch_size=1, shuffle=True, num_workers=arguments.workers)
        for _ in loader:
            made += 1
            if made == arguments.rows:
                break
        del loader, _
    print(json.dumps({"rows": made, "seconds": time.perf_counter() - start, "cpu": cpu_seconds() - cpu}))


def output_of(command, text=None):
    done = subprocess.run(command, input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{command[0]} fails: {done.stderr.strip()}")
    return json.loads(done.stdout.splitlines()[-1])


def turn_of_reference(arguments, workers):
    command = [sys.executable, __file__, arguments.hqsam, arguments.reference, arguments.pictures, "--turn"]
    command += ["--workers", str(workers), "--rows", str(arguments.reference_rows), "--side", str(arguments.side)]
    return output_of(command)


def turn_of_hqsam(arguments, workers):
    sets = "".join(f"{path}/im {path}/gt\n" for path in sets_of(arguments.pictures))
    command = [arguments.hqsam, str(workers), str(arguments.rows), str(arguments.side)]
    answer = output_of(command, sets)
    return {**answer, "cpu": answer["user"] + answer["system"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hqsam", help="build/tests/parity_rows")
    parser.add_argument("reference", help="a checkout of SysCV/sam-hq")
    parser.add_argument("pictures", help="folder of sets, each with im/*.jpg and gt/*.png")
    parser.add_argument("--rows", type=int, default=474, help="rows of a turn of hqsam")
    parser.add_argument("--reference-rows", type=int, default=0, help="of the reference; default: as many")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--side", type=int, default=1024, help="of a row, pixels")
    parser.add_argument("--workers", type=int, default=0, help="of one turn; used by the script itself")
    parser.add_argument("--turn", action="store_true", help="one turn of the reference; used by the script itself")
    arguments = parser.parse_args()
    arguments.reference_rows = arguments.reference_rows or arguments.rows
    if arguments.turn:
        return reference_turn(arguments)
    print(f"rows of {arguments.side} pixels, {arguments.rows} of hqsam and {arguments.reference_rows} of the reference "
          f"a turn, least of {arguments.rounds} rounds, {os.cpu_count()} cores", flush=True)
    print("| workers | | CPU per row | rows/s per core | rows/s by the clock | ratio per core | ratio by the clock |")
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: |", flush=True)
    for workers in (0, 1, 2):
        turns = {"reference": [], "hqsam": []}
        for number in range(arguments.rounds):
            sides = [("reference", turn_of_reference), ("hqsam", turn_of_hqsam)]
            for name, turn in sides if number % 2 == 0 else reversed(sides):
                turns[name].append(turn(arguments, workers))
        cpu = {name: min(turn["cpu"] / turn["rows"] for turn in of) for name, of in turns.items()}
        clock = {name: max(turn["rows"] / turn["seconds"] for turn in of) for name, of in turns.items()}
        for name in turns:
            ratios = " | "
            if name == "hqsam":
                ratios = f"{cpu['reference'] / cpu['hqsam']:.1f} | {clock['hqsam'] / clock['reference']:.1f}"
            print(f"| {workers} | {name} | {1000 * cpu[name]:.1f} ms | {1 / cpu[name]:.1f} | {clock[name]:.1f} "
                  f"| {ratios} |", flush=True)


if __name__ == "__main__":
    main()
