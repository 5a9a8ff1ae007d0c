# SPDX-License-Identifier: Apache-2.0
"""Reads the PNGs of masks: 8-bit gray."""
import struct
import zlib


def read_mask(path):
    """(width, height, bytes of all pixels)."""
    with open(path, 'rb') as file:
        data = file.read()
    assert data[:8] == b'\x89PNG\r\n\x1a\n', f'{path} is no PNG'
    at, packed = 8, b''
    while at < len(data):
        size, kind = struct.unpack('>I4s', data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        if kind == b'IHDR':
            width, height, depth, colour = struct.unpack('>IIBB', body[:10])
            assert (depth, colour) == (8, 0), f'{path} is not of 8-bit gray'
        elif kind == b'IDAT':
            packed += body
        at += size + 12
    raw = zlib.decompress(packed)
    pixels, above = bytearray(), bytes(width)
    for row in range(height):
        start = row * (width + 1)
        above = _unfiltered(raw[start], raw[start + 1:start + 1 + width], above)
        pixels += above
    return width, height, bytes(pixels)


def _unfiltered(kind, line, above):
    if kind == 0:
        return line
    if kind == 2:
        return bytes((value + up) & 255 for value, up in zip(line, above))
    out, left, corner = bytearray(), 0, 0
    for value, up in zip(line, above):
        if kind == 1:
            guess = left
        elif kind == 3:
            guess = (left + up) // 2
        else:
            estimate = left + up - corner
            guess = min((left, up, corner), key=lambda near: abs(estimate - near))
        left, corner = (value + guess) & 255, up
        out.append(left)
    return bytes(out)
