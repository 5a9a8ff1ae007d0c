# SPDX-License-Identifier: Apache-2.0
"""First inputs for the fuzzers, small and of every kind: python3 tests/fuzz/make_seeds.py build-fuzz/corpus

Needs Python alone. Makes <folder>/<fuzzer>/*, from the goldens and from what is written here. tests/fuzz/corpus began
with them: tools/fuzz.sh --keep brought it what was found from there.
"""
import base64
import argparse
import collections
import datetime
import io
import json
import pathlib
import pickle
import re
import struct
import sys
import tarfile
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
    sam = ["image_encoder.pos_embed", "prompt_encoder.a", "mask_decoder.iou_token.weight", "pixel_mean"]
    for prefix in ["", "model.module.", "ema."]:
        put("pickle", f"sam_{prefix}", state_dict({prefix + name: small["w"] for name in sam}))
    both = b"\x80\x02}" + text("model") + state_dict({sam[0]: small["w"]}, b"")[:-1] + b"s"
    put("pickle", "ema", both + text("ema") + state_dict({sam[0]: small["h"]}, b"")[:-1] + b"s.")
    space = argparse.Namespace(lr=1e-3, when=datetime.datetime(2020, 1, 1), path=pathlib.PurePosixPath("/x"),
                               some={1, 2}, all=frozenset([1]), words=collections.Counter("ab"), data=bytearray(b"x"))
    for protocol in range(2, 6):
        put("pickle", f"objects{protocol}", pickle.dumps({"args": space, "again": [space, 1j]}, protocol))
    put("pickle", "python2_objects", b"\x80\x02}(" + text("a") + b"(ia\nB\n" + text("b") + b"(ca\nB\nNou.")
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


def tiff(bits, kind, channels, order, packed=1, planes=False, colours=1, tiles=False):
    height, width = (16, 16) if tiles else (2, 3)
    row = bytes((7 * i + 1) % 256 for i in range((width * (1 if planes else channels) * bits + 7) // 8))
    blocks = [row * height] * (channels if planes else 1)
    if packed == 8:
        blocks = [zlib.compress(block) for block in blocks]
    starts = [8 + sum(map(len, blocks[:i])) for i in range(len(blocks))]
    place, length = (324, 325) if tiles else (273, 279)
    tags = [(256, 4, [width]), (257, 4, [height]), (258, 3, [bits] * channels), (259, 3, [packed]), (262, 3, [colours]),
            (place, 4, starts), (274, 3, [6]), (277, 3, [channels]), (278, 4, [height]), (length, 4, list(map(len, blocks))),
            (284, 3, [2 if planes else 1]), (322, 4, [16]), (323, 4, [16]), (338, 3, [2]), (339, 3, [kind] * channels)]
    tags = sorted(tag for tag in tags if (tag[0] not in (322, 323) or tiles) and (tag[0] != 278 or not tiles) and
                  (tag[0] != 338 or channels == 4))
    directory = 8 + sum(map(len, blocks))
    entries, far, far_start = b"", b"", directory + 6 + 12 * len(tags)
    for tag, form, values in tags:
        packed_values = struct.pack(order + "%d%s" % (len(values), "H" if form == 3 else "I"), *values)
        entries += struct.pack(order + "HHI", tag, form, len(values))
        if len(packed_values) <= 4:
            entries += packed_values.ljust(4, b"\0")
        else:
            entries += struct.pack(order + "I", far_start + len(far))
            far += packed_values
    front = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", directory)
    return front + b"".join(blocks) + struct.pack(order + "H", len(tags)) + entries + bytes(4) + far


def npy(kind, shape, fortran=False):
    count = 1
    for side in shape:
        count *= side
    header = str({"descr": kind, "fortran_order": fortran, "shape": shape}).encode()
    numbers = bytes((37 * i) % 100 for i in range(count * int(kind[2])))
    if kind[1] in "iu" and kind[2] in "48":  # small numbers
        numbers = b"".join((i).to_bytes(int(kind[2]), "little" if kind[0] == "<" else "big") for i in range(count))
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header) + 1) + header + b"\n" + numbers


def seed_image():
    sources = (root / "tests/image/small_files.h").read_text()
    for name, digits in re.findall(r"k(\w+) = from_hex\(([^;]*)\);", sources):
        put("image", name, bytes.fromhex("".join(re.findall(r'"([0-9a-f]+)"', digits))))
    for depth, colour in [(1, 0), (2, 0), (4, 0), (8, 0), (16, 0), (8, 2), (16, 2), (1, 3), (2, 3), (4, 3), (8, 3),
                          (8, 4), (16, 4), (8, 6), (16, 6)]:
        put("image", f"png{depth}_{colour}", png(depth, colour))
        put("image", f"png{depth}_{colour}i", png(depth, colour, 1))
    for bits, kind in [(1, 1), (8, 1), (12, 1), (16, 1), (32, 1), (8, 2), (16, 2), (16, 3), (32, 3), (64, 3)]:
        for channels, order in [(1, "<"), (3, ">")]:
            put("image", f"tiff{bits}_{kind}_{channels}", tiff(bits, kind, channels, order))
    put("image", "tiff_deflate", tiff(8, 1, 3, "<", packed=8))
    put("image", "tiff_planes", tiff(8, 1, 3, "<", planes=True))
    put("image", "tiff_white", tiff(8, 1, 1, "<", colours=0))
    put("image", "tiff_inks", tiff(8, 1, 4, "<", colours=5))
    put("image", "tiff_ycc", tiff(8, 1, 3, "<", colours=6))
    put("image", "tiff_tiles", tiff(8, 1, 1, "<", tiles=True))
    put("image", "gif", bytes.fromhex(
        "474946383761050009008100000a141e28323c46505afa01022c000000000500090040081b000104103000804082060716443890a10085"
        "020b2a84184022c180003b"))
    put("image", "webp", bytes.fromhex(
        "5249464642000000574542505650384c360000002f024000002f40906db341dcebfe32d32093b6c95fff76666d64d236ad87fdf3afb2f3"
        "1f68e491acfb06040294b1e2816d22fa1fe305"))
    for kind in ["|b1", "|u1", "|i1", "<u2", ">u2", "<i4", ">i8", "<u4", "<u8", "<f2", ">f4", "<f8"]:
        put("image", "npy_" + kind[1:], npy(kind, (3, 2)))
    put("image", "npy_fortran", npy("<u2", (3, 2, 3), True))
    put("image", "bmp", b"BM" + struct.pack("<IIIIiiHHIIiiII", 70, 0, 54, 40, 2, 2, 1, 24, 0, 16, 0, 0, 0, 0) + bytes(range(16)))
    for name, content in {"p4": b"P4 3 2\n\x40\xc0", "p5": b"P5 2 1 255\nab", "p3": b"P3\n# c\n1 1 9\n1 2 3\n"}.items():
        put("image", name, content)
    turned = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    plain = png(8, 2)
    put("image", "exif_png", plain[:33] + chunk(b"eXIf", turned) + plain[33:])
    profile = b"\nexif\n%8d\n%s\n" % (len(turned), turned.hex().encode())
    put("image", "exif_text", plain[:33] + chunk(b"tEXt", b"Raw profile type exif\0" + profile) + plain[33:])
    put("image", "exif_packed", plain[:33] + chunk(b"zTXt", b"Raw profile type APP1\0\0" + zlib.compress(profile)) + plain[33:])
    jpeg = bytes.fromhex("".join(re.findall(r'"([0-9a-f]+)"', re.search(r"kRgbJpeg = from_hex\(([^;]*)\);", sources).group(1))))
    segment = b"Exif\0\0" + turned
    put("image", "exif_jpeg", jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + jpeg[2:])
    large = bytearray(png(8, 0))
    large[16:24] = struct.pack(">II", 1 << 20, 1 << 20)
    put("image", "large", bytes(large))


def seed_yolo():
    square = "0 0.2 0.25 0.6 0.25 0.6 0.75 0.2 0.75"
    put("yolo", "polygon", square + "\n")
    put("yolo", "lines", f"\ufeff{square}\r\n\r\n1.0\t+.1 1e-1 1 0 1 1 \n{square}\n2 0 0 1.005 0 1 -0.002")
    put("yolo", "boxes", "0 0.5 0.5 0.2 0.2\n1 0.5 0.5 0.2 0.2 0.9\n")
    put("yolo", "odd", f"{square}\n0 nan 0 1 0 1 1\n-1 0 0 1 0 1 1\n0 0 0 1 0 1 1 0.9\nx\n0 12 30 40 30 40 50\n")
    put("yolo", "pixels", "0 20 25 60 25 60 75\n")
    put("yolo", "yaml", "path: ../x\ntrain: images/train\nval: [a, 'b\\\\c']\ntest:\nnames: {0: cat, 1: dog}\nnc: 2\n")
    put("yolo", "names", "train: x\nval: x\nnames:\n  - cat\n  - dog\nnc: 2.0\nkpt_shape: ~\n")


def labelme(shapes, **more):
    return json.dumps({"version": "5.4.1", "flags": {}, "shapes": shapes, "imagePath": "a.png", "imageData": None,
                       "imageHeight": 40, "imageWidth": 50, **more})


def shape(kind, points, **more):
    return {"label": "cat", "points": points, "group_id": None, "shape_type": kind, "flags": {}, **more}


def seed_labelme():
    square = [[10, 10], [30, 10], [30, 20.5], [10, 20]]
    put("labelme", "polygon", labelme([shape("polygon", square), shape("rotation", square, group_id=3)]))
    put("labelme", "simple", labelme([shape("rectangle", [[30, 20], [10, 10]]), shape("circle", [[25, 20], [25, 30]])]))
    put("labelme", "group", labelme([shape("polygon", square[i:i + 3], group_id=1) for i in range(2)]))
    put("labelme", "flat", labelme([shape("line", square[:2]), shape("point", square[:1]), shape("linestrip", square)]))
    mask = base64.b64encode(png(8, 0)).decode()  # 3 x 2 pixels
    put("labelme", "mask", labelme([shape("mask", [[10, 20], [12, 21]], mask=mask)]))
    put("labelme", "mask_cut", labelme([shape("mask", [[-1.5, 39], [1, 40]], mask="data:image/png;base64," + mask)]))
    put("labelme", "data", labelme([], imageData="AAAA\"\\", imageHeight="40", imageWidth=None))
    put("labelme", "old", '{"flags":{},"shapes":[{"label":7,"line_color":null,"points":[[NaN,0],[9,-Infinity],[9,9]]}],'
                          '"imageData":"x","imagePath":"..\\\\a.png"}')


def seed_sa1b():
    def annotation(counts, size):
        return {"id": 1, "segmentation": {"size": size, "counts": counts}, "area": 5.0, "bbox": [0, 0, 1, 1],
                "predicted_iou": 0.9, "stability_score": 0.9, "crop_box": [0, 0, 17, 13], "point_coords": [[1.5, 2]]}

    image = {"image_id": 1, "width": 17, "height": 13, "file_name": "sa_1.jpg"}
    runs = annotation("[1572N2N2O00000001N2N2NT1", [13, 17])
    put("sa1b", "text", json.dumps({"image": image, "annotations": [runs]}))
    put("sa1b", "counts", json.dumps({"image": {}, "annotations": [annotation([0, 1, 2, 1, 2], [2, 3]), None, {}]}))
    put("sa1b", "polygons", json.dumps({"image": image, "annotations": [{"segmentation": [[1, 1, 9, 1, 9, 9]]}]}))
    put("sa1b", "coco", json.dumps({"images": [image], "annotations": [runs]}))


def tar(form, members, kind=tarfile.REGTYPE):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as made:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.type, info.linkname = len(content), kind, "a" if kind == tarfile.SYMTYPE else ""
            made.addfile(info, io.BytesIO(content))
    return file.getvalue().rstrip(b"\0") + bytes(1536)


def seed_tar():
    members = {"./a.jpg": b"abc", "b/c.json": b"{}"}
    put("tar", "ustar", tar(tarfile.USTAR_FORMAT, {**members, "f" * 90 + "/" + "n" * 90: b"x"}))
    put("tar", "gnu", tar(tarfile.GNU_FORMAT, {**members, "n" * 120: b"x"}))
    put("tar", "pax", tar(tarfile.PAX_FORMAT, {**members, "\u00e4" * 70: b"x"}))
    put("tar", "links", tar(tarfile.GNU_FORMAT, {"a": b"", "../b": b""}, tarfile.SYMTYPE))
    put("tar", "folder", tar(tarfile.GNU_FORMAT, {"a": b""}, tarfile.DIRTYPE))
    put("tar", "sparse", tar(tarfile.GNU_FORMAT, {"a": b"x"}, b"S"))
    put("tar", "gzip", b"\x1f\x8b" + bytes(600))


# Deep, wide and long: what no reader may follow, hold or print whole.
def put_bounds(fuzzer, key, open_list="["):
    put(fuzzer, key + "_deep", '{"%s": %s' % (key, open_list * 400))
    put(fuzzer, key + "_deep_sound", '{"%s": %s}' % (key, "[" * 33 + "]" * 33))
    put(fuzzer, key + "_wide", '{"%s": [%s]}' % (key, ",".join(["[]"] * 200 + ["{}"] * 200)))
    put(fuzzer, key + "_long", '{"%s": "%s", "%s": 1, "%s": 1e999}' % (key, "x" * 500, "k" * 300, key))
    put(fuzzer, key + "_doubled", '{"%s": 1, "%s": [2], "\\u001b[31m": "\\ud800"}' % (key, key))


def seed_prompts():
    put_bounds("prompts", "a.jpg")
    put("prompts", "own", json.dumps({"a.jpg": {"box": [1, 2, 30, 40], "points": [[3, 4], [5, 6]], "labels": [1, 0],
                                                "mask": "m.png", "id": 7, "category": "kite", "score": 0.9},
                                      "b": [{"boxes": [[1, 2, 3, 4], [5, 6, 7, 8]], "category_id": 2}, {"points": []}]}))
    put("prompts", "labels", '{"a": {"points": [[1, 2]], "labels": {"a": 1}}}')
    put("prompts", "results", json.dumps([{"image_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5, "category_id": 3},
                                          {"image_id": "b.jpg", "bbox": [1, 2, 3, 4], "segmentation": [[[[1]]]]}]))
    put("prompts", "coco", json.dumps(coco()))


def seed_huggingface():
    put_bounds("huggingface", "vision_config")
    put("huggingface", "config", (golden / "hf/config.json").read_bytes())
    put("huggingface", "preprocessor", json.dumps({"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}))
    vision = {"hidden_act": "gelu", "image_size": [1024, 1024], "global_attn_indexes": [2, 5, 8, 11], "mlp_ratio": 4.0,
              "window_size": 14, "layer_norm_eps": 1e-6}
    for kind in ["sam", "sam_hq"]:
        put("huggingface", kind, json.dumps({"model_type": kind, "vision_config": vision, "prompt_encoder_config": {
            "hidden_size": 256}, "mask_decoder_config": {"num_attention_heads": 8, "vit_dim": None}}))
    put("huggingface", "index", json.dumps({"metadata": {"total_size": 9}, "weight_map": {"a": "m.safetensors", "b": "../x"}}))
    put("huggingface", "numbers", json.dumps({"model_type": "sam_hq", "vision_config": {"mlp_ratio": 1e300},
                                              "image_mean": [1e308, 0, -1], "image_std": [0, 0, 0]}))


def seed_metadata():
    put_bounds("metadata", "mask_decoder.hq")
    hq = {"token": "context", "mask_feature": "plain", "final_feature": True, "early_feature": False, "fpn": False}
    put("metadata", "all", json.dumps({"mask_decoder.hq": hq, "mask_decoder.num_heads": 4, "pixel_mean.0": 1.5,
                                       "pixel_std.2": 1.0, "mask_decoder.layer_norm_eps": 1e-6,
                                       "image_encoder.global_attn_indexes": [1, 2]}))
    put("metadata", "odd", json.dumps({"mask_decoder.num_heads": 2**64 - 1, "pixel_std.0": 0, "pixel_mean.1": 1e308,
                                       "image_encoder.global_attn_indexes": {"a": 1}}))


def seed_results():
    put_bounds("results", "protocol")
    put_bounds("results", "mean", '{"a":')
    sample = {"set": "s", "file": "a.jpg", "mask": 0, "hq": {"iou": 90.5, "biou": 70.25, "hce": 3}, "sam": {"iou": 80}}
    put("results", "samples", json.dumps(sample) + "\n")
    put("results", "lines", json.dumps(sample) + "\n\n" + json.dumps({**sample, "mask": 1e300}) + "\n")
    put("results", "results", json.dumps({"protocol": "paper", "prompt": "box", "prompt_points": 3, "checkpoint": "a/b.pth",
                                          "boundary_dilation": 0.02, "mean": {"hq": {"miou": 80, "mbiou": 70}},
                                          "cost": [{"name": "HQ-SAM", "parameters": 7, "learnable": 5,
                                                    "images_per_s": 1.5, "memory_bytes": 0}]}))
    put("results", "log", json.dumps({"type": "valid", "epoch": 1, "step": 1e300, "valid": {"a": {"hq.miou": 1}}}))


def coco(**more):
    runs = {"size": [6, 8], "counts": [9, 3, 36]}
    return {"info": {}, "images": [{"id": 1, "file_name": "a.png", "height": 6, "width": 8}, {"id": "2", "file_name": "b.png"}],
            "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "segmentation": [[1, 1, 5, 1, 5, 4]], "area": 7.5},
                            {"id": 2, "image_id": 2, "category_id": None, "segmentation": runs, "iscrowd": 0,
                             "bbox": [1, 1, 4, 3]}],
            "categories": [{"id": 1, "name": "cat", "frequency": "r"}], **more}


def seed_coco():
    put_bounds("coco", "images")
    put_bounds("coco", "annotations", '{"a":')
    put("coco", "sound", json.dumps(coco()))
    sizes = [{"id": i, "file_name": "a.png", "height": size, "width": size} for i, size in enumerate([0, 1e9, "6", 6.0])]
    put("coco", "sizes", json.dumps({**coco(), "images": sizes}))
    put("coco", "lvis", json.dumps(coco(images=[{"id": 1, "coco_url": "x/a.png", "neg_category_ids": [1, "7"],
                                                 "not_exhaustive_category_ids": []}])))
    put("coco", "text", json.dumps(coco(annotations=[{"id": 1, "image_id": 1, "segmentation": {"size": [6, 8], "counts": "9336"}}])))
    put("coco", "numbers", json.dumps(coco()).replace("7.5", "NaN").replace("null", "-Infinity"))
    put("coco", "doubled", '{"images": [], "images": [{"id": 1}], "annotations": []}')


def seed_ytvis():
    put_bounds("ytvis", "videos")
    masks = [None, {"size": [6, 8], "counts": [9, 3, 36]}]
    videos = [{"id": 1, "height": 6, "width": 8, "file_names": ["a.png", "b.png"]}]
    put("ytvis", "sound", json.dumps({"videos": videos, "categories": [{"id": 1, "name": "cat"}],
                                      "annotations": [{"id": 1, "video_id": 1, "category_id": 1, "segmentations": masks},
                                                      {"id": 2, "video_id": "1", "segmentations": [[], [[1, 1, 5, 1, 5, 4]]]}]}))
    put("ytvis", "odd", json.dumps({"videos": videos, "annotations": [{"id": 1, "video_id": 1, "segmentations": [None]},
                                                                      {"video_id": 3, "segmentations": masks}, 7]}))


def seed_detections():
    put_bounds("detections", "bbox")
    put("detections", "deep_list", "[" * 400)
    box = {"image_id": 1, "category_id": 2, "bbox": [1, 1, 4.5, 3], "score": 0.75}
    put("detections", "sound", json.dumps([box, {**box, "bbox": [-5, -5, 1e9, 1e300]}, {**box, "score": "0.5"}]))
    put("detections", "odd", json.dumps([box, {**box, "image_id": 9}, {**box, "category_id": []}, {**box, "bbox": [1]}, 7]))
    put("detections", "numbers", json.dumps([box]).replace("0.75", "NaN").replace("4.5", "Infinity"))


def seed_annotate():
    mask = {"size": [7, 70], "runs": [3, 70, 417]}
    points = {"box": [1, 2, 30.5, 6], "points": [[3, 4], [5, 6.25]], "labels": [1, 0]}
    put("annotate", "predict", json.dumps({"seq": 5, "prompt": {**points, "mask": mask}, "kinds": ["hq", "sam"]}))
    own = {"id": 3, "class": "cat", "prompts": [points], "kind": "hq", "source": "prompt", "clicks": 3, "seconds": 4.2,
           "edited": False}
    put("annotate", "object", json.dumps({"revision": 7, "object": {**own, "mask": mask}, "classes": ["cat", "dog"]}))
    runs = "T13400000000000000000000000000000000000000000000000c6N_I00000000000000000N"
    put("annotate", "picture", json.dumps({"version": 1, "picture": "a.png", "width": 70, "height": 7, "state": "done",
                                           "split": "train", "revision": 4, "objects": [{**own, "rle": runs}]}))


for seed in [seed_safetensors, seed_pth, seed_pickle, seed_rle, seed_segmentation, seed_yaml, seed_image, seed_yolo,
             seed_labelme, seed_sa1b, seed_tar, seed_prompts, seed_huggingface, seed_metadata, seed_results,
             seed_coco, seed_ytvis, seed_detections, seed_annotate]:
    seed()
