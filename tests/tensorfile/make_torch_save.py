# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/torch_save*: what PyTorch and the safetensors library make of one state dict.

python tests/tensorfile/make_torch_save.py   (torch 2.11, safetensors 0.8)
"""
import collections
import pathlib

import torch
from safetensors.torch import save_file

golden = pathlib.Path(__file__).parents[1] / "golden"
torch.manual_seed(0)
base = torch.arange(24.0).reshape(4, 6)
tensors = collections.OrderedDict(
    parameter=torch.nn.Parameter(torch.randn(3, 2)),
    f64=torch.randn(3, dtype=torch.float64),
    f16=torch.randn(2, 2).half(),
    bf16=torch.randn(5).bfloat16(),
    i64=torch.tensor([-(2**40), 5]),
    i32=torch.arange(3, dtype=torch.int32) - 1,
    i16=torch.tensor([-300, 4], dtype=torch.int16),
    i8=torch.tensor([-3, 4, 5], dtype=torch.int8),
    u8=torch.tensor([1, 200], dtype=torch.uint8),
    bool=torch.tensor([True, False, True]),
    scalar=torch.tensor(3.5),
    empty=torch.empty(0, 7),
    shared=base,
    transposed=base.t(),
    block=base[1:3, 2:5],
    column=base[:, 4],
    expanded=torch.arange(3.0)[None].expand(4, 3),
)
tensors._metadata = {"": {"version": 1}}  # as nn.Module.state_dict has it
save_file({k: v.detach().contiguous().clone() for k, v in tensors.items()},
          golden / "torch_save.safetensors", metadata={"made by": "safetensors", "umlaut": "ä"})
torch.save(tensors, golden / "torch_save.pth")
around = {"model": {"module." + k: v for k, v in tensors.items()}, "epoch": 3, "lr": 1e-3, "big": 2**80,
          "names": ["a", (None, True)], "size": torch.Size([1, 2]), "dtype": torch.float16}
torch.save(around, golden / "torch_save_protocol4.pth", pickle_protocol=4)
torch.save(tensors, golden / "torch_save_legacy.pth", _use_new_zipfile_serialization=False)
torch.save(torch.nn.Linear(1, 1), golden / "torch_save_module.pth")
