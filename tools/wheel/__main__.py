# SPDX-License-Identifier: Apache-2.0
"""The command hqsam of the wheel: finds the libtorch of this Python's torch and becomes the binary."""
import glob
import importlib.metadata
import importlib.util
import os
import sys

TORCH = "@TORCH@"  # the version that the binary was built with


def main():
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        sys.exit(f"error: hqsam needs torch {TORCH}: pip install 'torch=={TORCH}.*'")
    found = importlib.metadata.version("torch")
    if not found.startswith(TORCH + "."):
        sys.exit(f"error: this hqsam is built for torch {TORCH}, and torch {found} is installed: "
                 f"pip install 'torch=={TORCH}.*'")
    torch = os.path.dirname(spec.origin)
    folders = [os.path.join(torch, "lib"), *sorted(glob.glob(os.path.join(torch, "..", "nvidia", "*", "lib")))]
    before = os.environ.get("LD_LIBRARY_PATH")
    os.environ["LD_LIBRARY_PATH"] = ":".join(folders + ([before] if before else []))
    binary = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", "hqsam")
    os.execv(binary, ["hqsam", *sys.argv[1:]])


if __name__ == "__main__":
    main()
