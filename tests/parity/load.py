# SPDX-License-Identifier: Apache-2.0
"""load.py CHECKPOINT copy|assign: what load.sh measures in Python. Builds ViT-H without drawing weights (on the meta
device for assign), then torch.load(mmap=True) and load_state_dict; prints the seconds of these two calls."""
import sys
import time

import torch
from segment_anything_hq import sam_model_registry

path, way = sys.argv[1], sys.argv[2]
torch.set_num_threads(2)
torch.nn.init.kaiming_uniform_ = torch.nn.init.uniform_ = torch.nn.init.normal_ = lambda tensor, *_, **__: tensor
with torch.device("meta" if way == "assign" else "cpu"):
    model = sam_model_registry["vit_h"]()
start = time.perf_counter()
state = torch.load(path, mmap=True, weights_only=True)
model.load_state_dict(state, assign=way == "assign")
print(f"{time.perf_counter() - start:.3f}")
