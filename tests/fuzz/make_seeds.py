# SPDX-License-Identifier: Apache-2.0
"""First inputs for the fuzzers, small and of every kind: python3 tests/fuzz/make_seeds.py build-fuzz/corpus

Needs Python alone. Makes <folder>/<fuzzer>/*, from the goldens and from what is written here. tests/fuzz/corpus began
with them: tools/fuzz.sh --keep brought it what was found from there.
"""
import io
import json
import pathlib
import pickle
import re
import struct
import sys
import zipfile
import zlib

root = pathlib.Path(__file__).parents[2]
golden = root / "tests/golden"
out = pathlib.Path(sys.argv[1])


def put(fuzzer, name, content):
    (out / fuzzer).mkdir(parents=True, exist_ok=True)
    (out / fuzzer / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def safetensors(header, data=b"", padding=0):
    text = (header if isinstance(header, str) else json.dumps(header)).encode() + b" " * padding
    return struct.pack("<Q", len(text)) + text + data


def tensor(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def archive(records):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as made:
        for name, content in records.items():
            made.writestr(zipfile.ZipInfo(name), content)
    return file.getvalue()


# Pickles are put together by hand, since the globals in them are not there in a plain Python.
def text(word):
    return b"X" + struct.pack("<I", len(word)) + word.encode()


def number(value):
    return b"J" + struct.pack("<i", value)


def numbers(values):
    return b"(" + b"".join(map(number, values)) + b"t"


def pickled_tensor(key, storage, count, offset, sizes, strides):
    reference = b"(" + text("storage") + b"ctorch\n%s\n" % storage.encode() + text(key) + text("cpu") + number(count)
    hooks = b"ccollections\nOrderedDict\n)R"
    return (b"ctorch._utils\n_rebuild_tensor_v2\n(" + reference + b"tQ" + number(offset) + numbers(sizes) +
            numbers(strides) + b"\x89" + hooks + b"tR")


def state_dict(tensors, front=b"\x80\x02"):
    items = b"".join(text(name) + pickled_tensor(*what) for name, what in tensors.items())
    return front + b"}(" + items + b"u."


small = {"w": ("0", "FloatStorage", 6, 0, [2, 3], [3, 1]), "h": ("1", "HalfStorage", 4, 1, [3], [1]),
         "e": ("2", "LongStorage", 0, 0, [0, 7], [7, 1])}
storages = {"a/data/0": bytes(24), "a/data/1": bytes(8), "a/data/2": b""}


def seed_safetensors():
    put("safetensors", "torch_save", (golden / "torch_save.safetensors").read_bytes())
    put("safetensors", "none", safetensors({}))
    put("safetensors", "metadata", safetensors({"__metadata__": {"a": "ä", "b": "\n\"\\"}}))
    put("safetensors", "padded", safetensors({"t": tensor("F32", [2], 0, 8)}, bytes(8), padding=13))
    put("safetensors", "scalar", safetensors({"t": tensor("I8", [], 0, 1), "e": tensor("F64", [0, 3], 1, 1)}, b"x"))
    put("safetensors", "doubled", safetensors('{"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"t":{}}', b"x"))
    put("safetensors", "nested", safetensors('{"t":{"dtype":[[{}]],"shape":{"a":[]},"data_offsets":[1.5,-1]}}'))
    widths = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
    header, end = {}, 0
    for dtype, width in widths.items():
        header[dtype] = tensor(dtype, [1, 2], end, end + 2 * width)
        end += 2 * width
    put("safetensors", "dtypes", safetensors(header, bytes(end)))


def seed_pth():
    for name in ["torch_save", "torch_save_protocol4", "torch_save_legacy", "torch_save_module"]:
        put("pth", name, (golden / (name + ".pth")).read_bytes())
    small_archive = {"a/data.pkl": state_dict(small), "a/byteorder": "little", **storages, "a/version": "3\n"}
    put("pth", "small", archive(small_archive))
    put("pth", "metadata", archive({**small_archive, "a/hqsam/metadata.json": '{"step": "7", "x": "ä"}'}))
    put("pth", "script", archive({**small_archive, "a/constants.pkl": b"\x80\x02)."}))
    put("pth", "big_endian", archive({**small_archive, "a/byteorder": "big"}))
    put("pth", "no_pickle", archive(storages))
    put("pth", "tar", bytes(257) + b"ustar" + bytes(250))
    magic = pickle.dumps(0x1950A86A20F9469CFC6C, 2)
    system = pickle.dumps({"protocol_version": 1001, "little_endian": True, "type_sizes": {"int": 4}}, 2)
    stored = struct.pack("<q", 6) + bytes(24) + struct.pack("<q", 4) + bytes(8) + struct.pack("<q", 0)
    put("pth", "legacy",
        magic + pickle.dumps(1001, 2) + system + state_dict(small) + pickle.dumps(["0", "1", "2"], 2) + stored)


def seed_pickle():
    for name in ["torch_save", "torch_save_protocol4", "torch_save_module"]:
        with zipfile.ZipFile(golden / (name + ".pth")) as file:
            pickled = next(n for n in file.namelist() if n.endswith("/data.pkl"))
            put("pickle", name, file.read(pickled))
    put("pickle", "small", state_dict(small))
    put("pickle", "nested", b"\x80\x02}" + text("model") + state_dict(small, b"")[:-1] + b"s.")
    pairs = b"(" + b"".join(b"]" + text(n) + b"a" + pickled_tensor(*t) + b"a" for n, t in small.items()) + b"l"
    put("pickle", "python2", b"\x80\x02ccollections\nOrderedDict\n" + pairs.replace(b"(", b"](", 1)[:-1] + b"e\x85R.")
    parameter = b"ctorch._utils\n_rebuild_parameter\n(" + pickled_tensor(*small["w"]) + b"\x88ccollections\nOrderedDict\n)RtR"
    put("pickle", "parameter", b"\x80\x02}" + text("p") + parameter + b"s.")
    values = {"a": [1, -1, 2**31, 2**40, 2**80, 1.5, True, None], "b": ("x", b"y", ()), "c": {"d": {}}}
    values["loop"] = values["a"]
    values["a"].append(values["a"])
    for protocol in range(2, 6):
        put("pickle", f"values{protocol}", pickle.dumps(values, protocol))


def rle(kind, height, width, rest):
    return struct.pack("<BBii", kind, 0, height, width) + rest


def seed_rle():
    put("rle", "circle", rle(0, 13, 17, b"[1572N2N2O00000001N2N2NT1"))
    put("rle", "noise", rle(0, 13, 17, b"1130N020O0O041M1OO92HNO30L031OON030N4OL10O01261IM22NN001011O0OO0031M0010N011"
                                       b"OO73LOMO130L11NO11OO021N20N010"))
    put("rle", "full", rle(0, 13, 17, b"0m6"))
    put("rle", "empty", rle(0, 13, 17, b"m6"))
    put("rle", "none", rle(0, 0, 0, b""))
    put("rle", "counts", rle(1, 2, 3, struct.pack("<5I", 0, 1, 2, 1, 2)))
    put("rle", "zeros", rle(1, 2, 2, struct.pack("<6I", 0, 0, 1, 0, 3, 0)))
    put("rle", "huge", struct.pack("<BBii", 0, 24, 1, 16) + b"PPPPPPPP8")


def seed_segmentation():
    put("segmentation", "polygon", "[[1, 1, 20.5, 2, 10, 30]]")
    put("segmentation", "polygons", "[[0,0,5,0,5,5],[40,40,60,40,60,70,-3.5,1e2]]")
    put("segmentation", "text", '{"size": [13, 17], "counts": "[1572N2N2O00000001N2N2NT1"}')
    put("segmentation", "counts", '{"size": [48, 64], "counts": [0, 1000, 2072]}')
    put("segmentation", "filled", '{"size": [48, 64], "counts": "PP3"}')


def seed_yaml():
    for config in sorted((root / "configs").glob("*.yaml")):
        put("yaml", config.stem, re.sub(rb"(?m)^ *#.*\n", b"", config.read_bytes()))
    put("yaml", "overrides", b"a: {b: [1, 2.5, {c: red}], d: }\nl: [red, green]\n\0a.b.0=7\0a.e.f=[x, y]\0a.b.2.c=~")
    put("yaml", "aliases", b"a: &x {p: 1, q: ${HOME}}\nb: *x\nc: {<<: *x, r: $${no}}\nd: [*x, *x]\n")
    put("yaml", "cycle", b"a: &x {b: *x}\n\0a.b.b.c=1\0a.b=*x")
    put("yaml", "texts", b'a: "\\x41\\u00e4\\n"\nb: \'it\'\'s\'\nc: |\n  two\n  lines\nd: >-\n  folded\n  text\n? e\n: !!int 7\n')
    put("yaml", "documents", b"---\na: 1\n---\nb: 2\n...\n")
    put("yaml", "keys", b"a: 1\na: 2\n[x]: 3\n? {y: 1}\n: 4\n")
    put("yaml", "deep", b"a: " + b"[" * 100 + b"]" * 100 + b"\n")


def chunk(name, payload):
    return struct.pack(">I", len(payload)) + name + payload + struct.pack(">I", zlib.crc32(name + payload))


def png(depth, colour, interlaced=0):
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row = b"\0" + bytes(range(1, 1 + (3 * channels * depth + 7) // 8))
    rows = row * 2
    if interlaced:  # the passes of 3 x 2 pixels: 1, then 1 in the sixth, then the second row
        one, three = (channels * depth + 7) // 8, len(row) - 1
        rows = b"\0" + bytes(one) + b"\0" + bytes(one) + b"\0" + bytes(one) + b"\0" + bytes(three)
    palette = chunk(b"PLTE", bytes(range(12))) if colour == 3 else b""
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 3, 2, depth, colour, 0, 0, interlaced)) +
            palette + chunk(b"tEXt", b"a\0b") + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def seed_image():
    sources = (root / "tests/image/small_files.h").read_text()
    for name, digits in re.findall(r"k(\w+) = from_hex\(([^;]*)\);", sources):
        put("image", name, bytes.fromhex("".join(re.findall(r'"([0-9a-f]+)"', digits))))
    for depth, colour in [(1, 0), (2, 0), (4, 0), (8, 0), (16, 0), (8, 2), (16, 2), (1, 3), (2, 3), (4, 3), (8, 3),
                          (8, 4), (16, 4), (8, 6), (16, 6)]:
        put("image", f"png{depth}_{colour}", png(depth, colour))
        put("image", f"png{depth}_{colour}i", png(depth, colour, 1))
    large = bytearray(png(8, 0))
    large[16:24] = struct.pack(">II", 1 << 20, 1 << 20)
    put("image", "large", bytes(large))


for seed in [seed_safetensors, seed_pth, seed_pickle, seed_rle, seed_segmentation, seed_yaml, seed_image]:
    seed()
