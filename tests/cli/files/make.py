# SPDX-License-Identifier: Apache-2.0
# Makes the files beside it (Python 3 with torch): what the tests of the binary cannot write with a shell alone.
import os
import struct
import zlib
from pathlib import Path

import torch

HERE = Path(__file__).parent


def png(name, side, value, declared=None):
    """A gray PNG of one value; `declared` is the side that its header claims."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", declared or side, declared or side, 8, 0, 0, 0, 0)
    rows = b"".join(
        b"\0" + bytes(value if side // 4 <= x < side // 2 and side // 4 <= y < side // 2 else 0 for x in range(side))
        for y in range(side)
    )
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    (HERE / name).write_bytes(content)


class Foreign:
    def __reduce__(self):
        return (os.getcwd, ())


png("zero_one.png", 256, 1)
png("empty.png", 256, 0)
png("huge.png", 8, 255, declared=30000)
torch.save({"image_encoder.pos_embed": torch.zeros(1), "extra": Foreign()}, HERE / "foreign_class.pth")
