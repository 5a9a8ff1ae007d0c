# SPDX-License-Identifier: Apache-2.0
"""The loop of `hqsam annotate` with an annotator who knows the masks: how many clicks to a good mask with each model?

annotate_loop.py HQSAM CHECKPOINT DATA [--rounds 20,30,50] [--epochs 20] [--iou 0.9]
    [-- options of annotate]

DATA has im/ and gt/ of one name each; needs numpy and cv2. Each round's pictures, in a random order, are annotated with
the model at hand: a click into the middle of what is wrong most, until the IoU is so high; after 20 clicks the mask is
drawn by hand. Then the loop trains on all that is done. Prints mean clicks and the shares of masks that clicks gave.
"""
import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from annotate_server import Server

split = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
parser = argparse.ArgumentParser()
parser.add_argument("hqsam", type=Path)
parser.add_argument("checkpoint", type=Path)
parser.add_argument("data", type=Path)
parser.add_argument("--rounds", default="20,30,50")
parser.add_argument("--epochs", type=int, default=20)
parser.add_argument("--iou", type=float, default=0.9)
arguments = parser.parse_args(sys.argv[1:split])
options = sys.argv[split + 1 :]
most, wanted = 20, arguments.iou


def runs_of(mask):
    flat = np.concatenate([[0], mask.ravel(), [0]]) != 0
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    ends = np.concatenate([[0], edges, [mask.size]] if len(edges) == 0 or edges[-1] != mask.size else [[0], edges])
    return {"size": list(mask.shape), "runs": np.diff(ends).tolist()}


def mask_of(runs):
    values = np.arange(len(runs["runs"])) % 2
    return np.repeat(values, runs["runs"]).reshape(runs["size"]).astype(np.uint8)


def middle(region):
    depth = cv2.distanceTransform(np.pad(region.astype(np.uint8), 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    return float(depth.max()), [x + 0.5, y + 0.5]


def annotate(server, picture, truth):
    points, labels, mask, iou = [], [], np.zeros_like(truth), 0.0
    while iou < wanted and len(points) < most:
        missed, extra = middle(truth & ~mask & 1), middle(mask & ~truth & 1)
        points.append(missed[1] if missed[0] >= extra[0] else extra[1])
        labels.append(1 if missed[0] >= extra[0] else 0)
        status, answer = server.ask("POST", f"/api/pictures/{picture}/predict",
                                    {"prompt": {"points": points, "labels": labels}, "kinds": [server.kind]})
        assert status == 200, answer
        mask = mask_of(answer["masks"][server.kind]["mask"])
        iou = float((mask & truth).sum() / max(1, (mask | truth).sum()))
    drawn = iou < wanted
    one = {"id": 1, "mask": runs_of(truth if drawn else mask), "prompts": [{"points": points, "labels": labels}],
           "kind": server.kind, "clicks": len(points), "seconds": len(points), "edited": drawn,
           "source": "brush" if drawn else "prompt"}
    path = f"/api/pictures/{picture}"
    revision = server.ask("PUT", path + "/objects/1", {"revision": 0, "object": one})[1]["revision"]
    server.ask("PUT", path + "/state", {"revision": revision, "state": "done"})
    return len(points), iou


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "pictures").symlink_to((arguments.data / "im").resolve())
        server = Server(arguments.hqsam, folder, ["--checkpoint", arguments.checkpoint, *options])
        state = server.ask("GET", "/api/state")[1]
        names = {path.stem: path for path in (arguments.data / "gt").iterdir()}
        order = [picture for picture in state["pictures"] if Path(picture["name"]).stem in names]
        random.Random(1).shuffle(order)
        rounds = [int(part) for part in arguments.rounds.split(",")]
        for number, count in enumerate(rounds):
            state = server.ask("GET", "/api/state")[1]
            server.kind = state["default_kind"]
            now, order = order[:count], order[count:]
            results = []
            for picture in now:
                truth = cv2.imread(str(names[Path(picture["name"]).stem]), cv2.IMREAD_GRAYSCALE)
                results.append(annotate(server, picture["id"], (truth > 127).astype(np.uint8)))
            clicks = sum(clicks for clicks, _ in results) / len(results)
            reached = sum(iou >= wanted for _, iou in results) / len(results)
            print(f"{state['checkpoint']} ({server.kind}): {len(results)} pictures, {clicks:.2f} clicks, "
                  f"{100 * reached:.0f} % reach {wanted}", flush=True)
            if not order or number + 1 == len(rounds):
                break
            server.ask("POST", "/api/train", {"epochs": arguments.epochs})
            begin = time.time()
            while (train := server.ask("GET", "/api/train")[1])["state"] in ("running", "evaluating"):
                time.sleep(1)
            print(f"  trained for {time.time() - begin:.0f} s: {train['state']} {train.get('result', train.get('line'))}",
                  flush=True)
        server.end()


main()
