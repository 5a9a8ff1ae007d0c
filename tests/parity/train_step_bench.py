# SPDX-License-Identifier: Apache-2.0
"""One training step of HQ-SAM, the reference's beside hqsam's: seconds and peak memory.

    tests/parity/train_step_bench.py build/hqsam path/to/sam-hq [--variant vit_b] [--batch 1 4] [--rounds 5]
    tests/parity/train_step_bench.py build/hqsam path/to/sam-hq --device cuda --precision bf16 --batch 4 --steps 10

A step is encoder, decoder, loss, backward and Adam on pictures of 1024 pixels with a box each, random weights. The
reference's is in fp32, as it trains (on CUDA with PyTorch's defaults, which let convolutions round to TF32); --precision
is hqsam's.
The reference's is what the loop of its train.py does with a batch, with its own modules, from the prompts on: SAM's
whole pass under no_grad, its MaskDecoderHQ, loss_masks, and Adam (without DDP; its prompts are made beforehand, as
hqsam's loader makes them). The two take turns, each turn a process of its own: one step to warm up, then --steps that
count. Times are medians over all turns, memory is the most of any turn (VmHWM; on CUDA what PyTorch allocated there).
Needs torch, torchvision, numpy, timm and opencv from PyPI and a checkout of SysCV/sam-hq.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import types


def reference_code(folder):
    """train.py as a module. What it imports for plots and for reading files is not needed here."""
    for name in ("matplotlib", "matplotlib.pyplot", "skimage", "skimage.io"):
        sys.modules.setdefault(name, types.ModuleType(name))
    sys.modules["matplotlib"].pyplot = sys.modules["matplotlib.pyplot"]
    sys.modules["skimage"].io = sys.modules["skimage.io"]
    sys.path.insert(0, os.path.join(folder, "train"))
    import train

    return train


def decoder_hq(code, sam, variant):
    """Its constructor reads SAM's decoder from a file under the working directory."""
    import torch

    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.mkdir("pretrained_checkpoint")
        torch.save(sam.mask_decoder.state_dict(), f"pretrained_checkpoint/sam_{variant}_maskdecoder.pth")
        net = code.MaskDecoderHQ(variant)
        os.chdir(before)
    return net


def peak_gib(device):
    if device == "cuda":
        import torch

        return torch.cuda.max_memory_allocated() / 2**30
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 2**20


def reference_turn(arguments):
    import torch

    torch.set_num_threads(arguments.threads)
    code = reference_code(arguments.reference)
    sam = code.sam_model_registry[arguments.variant]()
    net = decoder_hq(code, sam, arguments.variant)
    sam.to(arguments.device), net.to(arguments.device)
    net.train()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, betas=(0.9, 0.999), eps=1e-08, weight_decay=0)
    batch, side = arguments.batch[0], 1024
    labels_on_host = torch.zeros(batch, 1, side, side)
    labels_on_host[:, :, side // 4 : side * 3 // 4, side // 4 : side * 3 // 4] = 255
    box = torch.tensor([[side / 4, side / 4, side * 3 / 4 - 1, side * 3 / 4 - 1]], device=arguments.device)
    image_on_host = torch.randint(256, (3, side, side), dtype=torch.uint8)

    def step():
        image, labels = image_on_host.to(arguments.device), labels_on_host.to(arguments.device)
        batched_input = [{"image": image, "boxes": box, "original_size": (side, side)} for _ in range(batch)]
        with torch.no_grad():
            outputs, interm_embeddings = sam(batched_input, multimask_output=False)
        masks_hq = net(
            image_embeddings=torch.cat([output["encoder_embedding"] for output in outputs]),
            image_pe=[output["image_pe"] for output in outputs],
            sparse_prompt_embeddings=[output["sparse_embeddings"] for output in outputs],
            dense_prompt_embeddings=[output["dense_embeddings"] for output in outputs],
            multimask_output=False,
            hq_token_only=True,
            interm_embeddings=interm_embeddings,
        )
        loss_mask, loss_dice = code.loss_masks(masks_hq, labels / 255.0, len(masks_hq))
        loss = loss_mask + loss_dice
        loss.item()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if arguments.device == "cuda":
            torch.cuda.synchronize()

    step()
    seconds = []
    for _ in range(arguments.steps):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"seconds": seconds, "peak_gib": peak_gib(arguments.device)}))


def output_of(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{command[0]} fails: {done.stderr.strip()}")
    return done.stdout


def turn_of_reference(arguments, batch):
    command = [sys.executable, __file__, arguments.hqsam, arguments.reference, "--turn", "--variant", arguments.variant]
    command += ["--batch", str(batch), "--steps", str(arguments.steps), "--threads", str(arguments.threads)]
    command += ["--device", arguments.device]
    answer = json.loads(output_of(command).splitlines()[-1])
    return statistics.median(answer["seconds"]), answer["peak_gib"]


def turn_of_hqsam(arguments, batch):
    command = [arguments.hqsam, "bench", "--device", arguments.device, "--precision", arguments.precision, "--json"]
    command += ["--stage", "train", "--micro-batch", str(arguments.micro_batch or batch)]
    command += ["--variant", arguments.variant, "--rows", str(batch), "--repeats", str(arguments.steps)]
    command += ["--threads", str(arguments.threads), "--log-level", "warn"]
    answer = json.loads(output_of(command))
    peak = answer["peak_device_memory_gib" if arguments.device == "cuda" else "peak_memory_gib"]
    return answer["stages"][0]["median_ms"] / 1000, peak


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hqsam", help="build/hqsam")
    parser.add_argument("reference", help="a checkout of SysCV/sam-hq")
    parser.add_argument("--variant", default="vit_b", choices=["vit_b", "vit_l", "vit_h"])
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 4], help="rows of a step")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=1, help="of each turn, that count")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16"], help="hqsam's")
    parser.add_argument("--micro-batch", type=int, default=0, help="hqsam's; 0 = the batch")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--turn", action="store_true", help="one turn of the reference; used by the script itself")
    arguments = parser.parse_args()
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")  # as hqsam has it: both suffer less from other programs
    if arguments.turn:
        return reference_turn(arguments)
    on = f"{arguments.device}, hqsam in {arguments.precision}"
    print(f"{arguments.variant} on {on}, {arguments.threads} threads, {arguments.rounds} rounds", flush=True)
    print("| batch | | step, median | fastest | slowest | peak memory | ratio of time | ratio of memory |")
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |", flush=True)
    for batch in arguments.batch:
        turns = {"reference": [], "hqsam": []}
        for number in range(arguments.rounds):
            sides = [("reference", turn_of_reference), ("hqsam", turn_of_hqsam)]
            for name, turn in sides if number % 2 == 0 else reversed(sides):
                turns[name].append(turn(arguments, batch))
                print(f"{name}, batch {batch}: {turns[name][-1][0]:.3f} s, {turns[name][-1][1]:.2f} GiB",
                      file=sys.stderr, flush=True)
        seconds = {name: [turn[0] for turn in of] for name, of in turns.items()}
        memory = {name: max(turn[1] for turn in of) for name, of in turns.items()}
        ratio = statistics.median(seconds["reference"]) / statistics.median(seconds["hqsam"])
        for name in turns:
            ratios = f"{ratio:.2f} | {memory['hqsam'] / memory['reference']:.2f}" if name == "hqsam" else " | "
            print(f"| {batch} | {name} | {statistics.median(seconds[name]):.3f} s | {min(seconds[name]):.3f} s "
                  f"| {max(seconds[name]):.3f} s | {memory[name]:.2f} GiB | {ratios} |", flush=True)


if __name__ == "__main__":
    main()
