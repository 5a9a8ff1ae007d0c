# SPDX-License-Identifier: Apache-2.0
"""same_folder.py LABEL A B: two folders of transformers hold the same tensors to the bit and build the same model."""
import sys

import torch
import transformers

label, a, b = sys.argv[1:]
transformers.logging.set_verbosity_error()
hq = transformers.AutoConfig.from_pretrained(a).model_type == "sam_hq"
model_class = transformers.SamHQModel if hq else transformers.SamModel
models = [model_class.from_pretrained(folder) for folder in (a, b)]
states = [model.state_dict() for model in models]
same = states[0].keys() == states[1].keys() and all(torch.equal(states[0][key], states[1][key]) for key in states[0])
epsilons = [model.config.mask_decoder_config.layer_norm_eps for model in models]
good = same and epsilons[0] == epsilons[1]
print(f"| {label}: transformers -> hqsam -> transformers, {len(states[0])} tensors "
      f"{'equal to the bit' if same else 'DIFFER'}, epsilon {epsilons[1]} | | | | | {'yes' if good else 'NO'} |", flush=True)
sys.exit(not good)
