# SPDX-License-Identifier: Apache-2.0
"""Load on `hqsam annotate`, by Python's standard library alone.

annotate_load.py soak   HQSAM SOURCE [--requests 10000] [-- options of annotate]
  exit code 1 where memory grows by more than 1 % and 4 MiB from a fifth of the requests on, or files are lost
annotate_load.py clicks HQSAM SOURCE [--checkpoint C] [--clicks 200] [-- options of annotate]
"""
import argparse
import random
import shutil
import socket
import sys
import tempfile
import time
from pathlib import Path

from annotate_server import Server


def make_pictures(source, folder, count):
    samples = sorted((Path(source) / "data" / "samples").iterdir())
    (folder / "pictures").mkdir()
    for number in range(count):
        sample = samples[number % len(samples)]
        shutil.copy(sample, folder / "pictures" / f"{number:03}{sample.suffix}")


def random_prompt(draw):
    if draw.random() < 0.3:
        x, y = draw.uniform(0, 300), draw.uniform(0, 300)
        return {"box": [x, y, x + draw.uniform(20, 200), y + draw.uniform(20, 200)]}
    count = draw.randint(1, 4)
    points = [[draw.uniform(0, 511), draw.uniform(0, 511)] for _ in range(count)]
    return {"points": points, "labels": [1] + [draw.randint(0, 1) for _ in range(count - 1)]}


def misbehave(server, draw):
    """A client that the server must get rid of."""
    kind = draw.randrange(4)
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        if kind == 0:
            client.sendall(b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")
            assert b" 403 " in client.recv(100)
        elif kind == 1:
            client.sendall(b"POST /api/classes HTTP/1.1\r\nHost: 127.0")  # and goes away
        elif kind == 2:
            client.sendall(b"GET /../../etc/passwd HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % server.port)
            assert b" 404 " in client.recv(100)
        else:
            client.sendall(b"POST /api/classes HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 99999999\r\n"
                           b"X-Token: %s\r\n\r\n" % (server.port, server.token.encode()))
            assert b" 413 " in client.recv(100)


def one_request(server, draw, pictures):
    picture = draw.randrange(pictures)
    path = f"/api/pictures/{picture}"
    kind = draw.random()
    if kind < 0.05:
        status, _ = server.ask("POST", path + "/open", {})
    elif kind < 0.75:
        status, answer = server.ask("POST", path + "/predict", {"prompt": random_prompt(draw)})
        if draw.random() < 0.3:
            revision = server.ask("GET", path)[1]["revision"]
            mask = next(iter(answer["masks"].values()))["mask"]
            if len(mask["runs"]) > 1:
                number = draw.randint(1, 5)
                one = {"id": number, "mask": mask, "kind": "sam", "clicks": 1, "seconds": 1, "edited": False,
                       "source": "prompt"}
                status, _ = server.ask("PUT", f"{path}/objects/{number}", {"revision": revision, "object": one})
    elif kind < 0.85:
        status, _ = server.ask("GET", path)
    elif kind < 0.9:
        status, _ = server.ask("GET", path + "/image")
    elif kind < 0.95:
        status, _ = server.ask("GET", "/api/state")
    elif kind < 0.98:
        revision = server.ask("GET", path)[1]["revision"]
        status, _ = server.ask("PUT", path + "/state", {"revision": revision, "state": draw.choice(["done", "todo"])})
    else:
        status = 200
        misbehave(server, draw)
    assert status == 200, (status, path, kind)


def soak(arguments, folder):
    pictures = 6
    make_pictures(arguments.source, folder, pictures)
    server = Server(arguments.hqsam, folder, arguments.options)
    draw = random.Random(1)
    begin = time.time()
    settled = None
    for number in range(arguments.requests):
        one_request(server, draw, pictures)
        if number + 1 in (arguments.requests // 5, arguments.requests // 2):
            settled = settled or server.memory()
            print(f"{number + 1} requests: {server.memory():.1f} MiB", flush=True)
    end = server.memory()
    drift = (end - settled) / settled
    print(f"{arguments.requests} requests in {time.time() - begin:.0f} s: {end:.1f} MiB, drift {100 * drift:+.2f} %")
    objects = sum(picture["objects"] for picture in server.ask("GET", "/api/state")[1]["pictures"])
    masks = len(list((folder / "out" / "masks").glob("*.png")))
    print(f"{objects} objects, {masks} mask files")
    code = server.end()
    return 0 if code == 0 and objects == masks and (drift <= 0.01 or end - settled < 4) else 1


def clicks(arguments, folder):
    make_pictures(arguments.source, folder, arguments.clicks // 10)
    server = Server(arguments.hqsam, folder, arguments.options)
    draw = random.Random(1)
    times, first = [], []
    for number in range(arguments.clicks):
        picture = number // 10
        path = f"/api/pictures/{picture}"
        if number % 10 == 0:  # the two pictures after it are encoded beside the clicks
            begin = time.perf_counter()
            server.ask("POST", path + "/open", {})
            server.ask("POST", path + "/predict", {"prompt": random_prompt(draw)})
            first.append(1000 * (time.perf_counter() - begin))
        prompt = {"points": [[draw.uniform(0, 511), draw.uniform(0, 511)]], "labels": [1]}
        begin = time.perf_counter()
        status, _ = server.ask("POST", path + "/predict", {"prompt": prompt, "kinds": [arguments.kind]})
        times.append(1000 * (time.perf_counter() - begin))
        assert status == 200
        time.sleep(arguments.pause)
    times.sort()
    first.sort()
    at = lambda values, share: values[min(len(values) - 1, int(share * len(values)))]
    print(f"{len(times)} clicks: median {at(times, 0.5):.1f} ms, 95 % {at(times, 0.95):.1f} ms, worst {times[-1]:.1f} ms; "
          f"a picture's first mask: median {at(first, 0.5):.0f} ms, worst {first[-1]:.0f} ms")
    return server.end()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["soak", "clicks"])
    parser.add_argument("hqsam", type=Path)
    parser.add_argument("source", type=Path)
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--requests", type=int, default=10000)
    parser.add_argument("--clicks", type=int, default=200)
    parser.add_argument("--kind", default="sam")
    parser.add_argument("--pause", type=float, default=0.1, help="seconds between clicks")
    own, _, options = " ".join(sys.argv[1:]).partition(" -- ")
    arguments = parser.parse_args(own.split())
    arguments.options = options.split()
    checkpoint = arguments.checkpoint or arguments.source / "data" / "base_micro.safetensors"
    arguments.options += ["--checkpoint", checkpoint]
    with tempfile.TemporaryDirectory() as folder:
        return (soak if arguments.what == "soak" else clicks)(arguments, Path(folder))


sys.exit(main())
