# SPDX-License-Identifier: Apache-2.0
"""prompts.py PICTURES COUNT OUT: links COUNT pictures into OUT and writes OUT/prompts.json, a box for each."""
import json
import sys
from pathlib import Path

from common import box_of, pictures

folder, count, output = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
output.mkdir(parents=True, exist_ok=True)
prompts = {}
for path in pictures(folder, count):
    (output / path.name).symlink_to(path.resolve())
    prompts[path.name] = {"boxes": [box_of(path)]}
(output / "prompts.json").write_text(json.dumps(prompts))
print(f"{len(prompts)} pictures of {folder}")
