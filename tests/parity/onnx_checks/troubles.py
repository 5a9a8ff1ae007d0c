# SPDX-License-Identifier: Apache-2.0
"""What people met with other ONNX exports of SAM, tried on ours: each check says where it was met, and prints a line.

Checkers and simplifiers also get their turn: onnx's checker, its shape inference in strict mode, onnxsim, onnxslim.
"""
import importlib.metadata
import importlib.util

import numpy as np
import onnx
import onnxruntime
import torch
from inputs import checkpoint_of, name_of, resized_picture, size_prompts, by_hqsam
from runtimes import Graphs, OnnxRuntime

SIZE = (289, 245)  # height, width of the picture that is used, as odd as any


def report(name, good, found):
    print(f"{'ok  ' if good else 'FAIL'} {name}: {found}", flush=True)
    return not good


def difference(found, expected):
    return max(float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-12)) for a, b in zip(found, expected))


def overlap(found, expected):
    found, expected = found > 0, expected > 0
    return float((found & expected).sum() / max((found | expected).sum(), 1))


def opened(folder, picture):
    graphs = Graphs(folder, "onnxruntime fp32")
    graphs.set_image(picture)
    return graphs


def boxes_together_are_boxes_alone(graphs):
    """AndreyGermanov/sam_onnx_full_export issue 1: several prompts in one call gave one mask."""
    boxes = size_prompts(*graphs.size)["boxes"][0]
    together = graphs.predict((boxes, [], [], False), None)
    alone = [graphs.predict(([box], [], [], False), None) for box in boxes]
    worst = max(difference([part[row : row + 1] for part in together], one) for row, one in enumerate(alone))
    return report("three boxes in one call and one by one", worst < 1e-5, f"logits differ by {worst:.1e}")


def mask_prompts_count(graphs):
    """ailia-ai/ailia-models issue 1715: a mask prompt was lost in the export."""
    box = size_prompts(*graphs.size)["box"]
    first = graphs.predict(box, None)
    refined = graphs.predict((*box[:3], True), first[2][0])
    away = graphs.predict((*box[:3], True), -np.abs(first[2][0]))
    moved = difference(away[:1], refined[:1])
    return report("another mask_input, another mask", moved > 1e-2, f"logits differ by {moved:.1e}")


def massive_activations(arguments, export):
    """facebookresearch/segment-anything issue 540: in fp16 the encoder gave garbage, its residuals beyond 65504."""
    path = arguments.work / "massive.pth"
    content = torch.load(checkpoint_of(arguments.models[0], arguments.work), weights_only=True)
    state = content.get("model", content)
    state["image_encoder.pos_embed"][0, ::9, 3, 7] += 1e5  # one channel of a few tokens
    torch.save(state, path)
    picture = resized_picture(SIZE, arguments.work)
    truth = by_hqsam(arguments.hqsam, path, picture, size_prompts(*SIZE[::-1])["box"], ("sum", "none"),
                     arguments.work / "truth" / "massive", None)
    graphs = opened(export("fp16", str(path)), picture)
    masks = graphs.predict(size_prompts(*graphs.size)["box"], None)[0]
    iou = overlap(masks.reshape(truth["logits"].shape), truth["logits"])
    return report("fp16 with residuals of 1e5", iou > 0.99, f"IoU with fp32 {iou:.5f}")


def checkers(folder):
    failures = 0
    for name in ("encoder", "decoder"):
        path = str(folder / f"{name}.onnx")
        try:
            onnx.checker.check_model(path, full_check=True)
            onnx.shape_inference.infer_shapes(onnx.load(path), check_type=True, strict_mode=True, data_prop=True)
            failures += report(f"checker and strict shape inference, {folder.name}/{name}", True, f"onnx {onnx.__version__}")
        except Exception as error:  # whatever they raise
            failures += report(f"checker and strict shape inference, {folder.name}/{name}", False, error)
    return failures


def by_onnxsim(model):
    import onnxsim

    simpler, good = onnxsim.simplify(model)
    assert good
    return simpler


def by_onnxslim(model):
    import onnxslim

    return onnxslim.slim(model)


def simplifiers(folder, picture):
    """facebookresearch/segment-anything pull request 22; onnxsim issues 79 and 50: other outputs afterwards."""
    failures = 0
    graphs = opened(folder, picture)
    prompts = size_prompts(*graphs.size)
    expected = [graphs.features.values(), graphs.predict(prompts["boxes"], None), graphs.predict(prompts["points"], None)]
    for tool, simplify in (("onnxsim", by_onnxsim), ("onnxslim", by_onnxslim)):
        if importlib.util.find_spec(tool) is None:
            print(f"skip {tool}: not installed")
            continue
        simpler = folder.parent / f"{folder.name}_{tool}"
        simpler.mkdir(exist_ok=True)
        nodes = []
        for name in ("encoder", "decoder"):
            before = onnx.load(folder / f"{name}.onnx")
            after = simplify(before)
            nodes.append(f"{name} {len(onnx.load(folder / f'{name}.onnx').graph.node)} -> {len(after.graph.node)} nodes")
            onnx.save(after, simpler / f"{name}.onnx")
        again = opened(simpler, picture)
        found = [again.features.values(), again.predict(prompts["boxes"], None), again.predict(prompts["points"], None)]
        worst = max(difference(a, b) for a, b in zip(found, expected))
        failures += report(f"{tool} {importlib.metadata.version(tool)} on {folder.name}", worst < 1e-3,
                           f"{', '.join(nodes)}; outputs differ by {worst:.1e}")
    return failures


def wrong_inputs(folder):
    """What must fail aloud: sizes as float, as SAM's own export takes them, and a picture beyond the model's input."""
    graphs, failures = Graphs(folder, "onnxruntime fp32"), 0
    side = graphs.side
    refused = lambda call: bool(fails(call))
    image = np.zeros((1, 3, side + 1, side), np.float32)
    failures += report("a picture larger than the input is refused", refused(lambda: graphs.encoder({"image": image})), side)
    graphs.features = graphs.encoder({"image": image[:, :, 1:]})
    inputs = {name: value for name, value in graphs.features.items() if name in graphs.decoder.inputs}
    inputs |= {"point_coords": np.zeros((1, 2, 2), np.float32), "point_labels": np.array([[2, 3]], np.float32),
               "mask_input": np.zeros((1, 1, side // 4, side // 4), np.float32),
               "has_mask_input": np.zeros(1, np.float32), "orig_im_size": np.array([9, 5], np.float32)}
    message = fails(lambda: graphs.decoder(inputs))
    return failures + report("orig_im_size as float is refused", "orig_im_size" in message or "int64" in message,
                             message.splitlines()[0] if message else "taken")


def fails(call):
    try:
        call()
        return ""
    except Exception as error:  # ONNX Runtime's own types
        return str(error) or "no word"


def check(arguments, export):
    """export(dtype, model) -> folder of graphs. -> how many checks failed"""
    onnxruntime.set_default_logger_severity(4)
    picture, folders = resized_picture(SIZE, arguments.work), {dtype: export(dtype) for dtype in ("fp32", "fp16")}
    graphs = opened(folders["fp32"], picture)
    failures = boxes_together_are_boxes_alone(graphs) + mask_prompts_count(graphs) + wrong_inputs(folders["fp32"])
    failures += massive_activations(arguments, export)
    for folder in folders.values():
        failures += checkers(folder) + simplifiers(folder, picture)
    return failures
