#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# export.sh BINARY SOURCE: the roads out of hqsam. What `export` says, and each program of docs/export.md as it stands
# there, on a small model: its mask beside `hqsam predict`'s. A program whose packages are missing is skipped by name.
# PYTHON (default python3) runs them. ORT_INCLUDE and ORT_LIB, folders with ONNX Runtime's header and library, are tried
# for the C++ program where the system has none; MODEL, another checkpoint with HQ modules, is tried instead of the small
# one.
set -uo pipefail
hqsam=$(realpath "$1") source=$(realpath "$2") python=${PYTHON:-python3}
programs=$source/docs/export
# shellcheck source=tests/golden.sh
. "$source/tests/golden.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export OMP_NUM_THREADS=1 TRANSFORMERS_VERBOSITY=error TRANSFORMERS_OFFLINE=1
failures=0 tried=0 skipped=()
model=$(realpath "${MODEL:-$(golden sam_hq_micro.pth)}") picture=$source/data/samples/kite.jpg box=60,60,450,440

fault() {
  printf 'FAILED: %s\n' "$*"
  failures=$((failures + 1))
}

works() { "$@" >stdout 2>stderr || fault "exit code $?: $*: $(tail -3 stderr)"; }
says() { grep -q -- "$1" "$2" || fault "no '$1' in $2: $(cat "$2")"; }

refuses() { # <pattern> <command...>
  local pattern=$1
  shift
  ! "$@" >stdout 2>stderr || fault "not refused: $*"
  says "$pattern" stderr
}

has() { "$python" -c "import importlib.util as u, sys; sys.exit(not all(u.find_spec(name) for name in sys.argv[1:]))" "$@" 2>stderr; }

# page <program>: the block of docs/export.md under the program's name is the file.
page() {
  awk -v name="\`docs/export/$1\`" '
    index($0, name) == 1 { found = 1 }
    /^```/ && inside { exit }
    inside { print }
    /^```/ && found { inside = 1 }' "$source/docs/export.md" | cmp -s - "$programs/$1" ||
    fault "docs/export.md does not show docs/export/$1 as it is"
}

# same <what> <mask> <least IoU, in thousandths>: beside truth/<stem>_0.png, hqsam's.
same() {
  "$python" - "$2" truth/*_0.png "$3" "$1" <<'PYTHON' || fault "$1: the mask is not hqsam's"
import sys
import numpy as np
from PIL import Image
found, expected = (np.asarray(Image.open(path)) > 127 for path in sys.argv[1:3])
if found.shape != expected.shape:
    sys.exit(f"{sys.argv[4]}: a mask of {found.shape}, the picture is {expected.shape}")
iou = (found & expected).sum() / (found | expected).sum()
print(f"{sys.argv[4]}: IoU {iou:.5f} with hqsam predict, {expected.mean():.3f} of the picture inside")
sys.exit(int(iou < float(sys.argv[3]) / 1000))
PYTHON
}

# What export says of its work, and what it refuses.
words() {
  works "$hqsam" export --checkpoint "$model" --format pth --output w.pth
  says '^pth fp32: w.pth ([0-9.]* [kM]B), [0-9.]* s$' stdout
  works "$hqsam" export --checkpoint "$model" --format safetensors --dtype fp16 --output w.safetensors
  says '^safetensors fp16: w.safetensors ([0-9.]* [kM]B), [0-9.]* s$' stdout
  works "$hqsam" export --checkpoint "$model" --format onnx --output onnx
  says '^  in  orig_im_size     int64 \[2\]$' stdout
  says '^  out masks            float \[prompts,1,image_height,image_width\]$' stdout
  says '^onnx fp32: encoder.onnx ([0-9.]* [kM]B), decoder.onnx ([0-9.]* [kM]B) in onnx, [0-9.]* s$' stdout
  works "$hqsam" export --checkpoint "$model" --format huggingface --output folder
  says 'huggingface fp32: config.json ([0-9.]* [kM]B), model.safetensors' stdout
  says "SamHQModel .* other, worse masks" stderr
  works "$hqsam" export --checkpoint "$source/data/base_micro.safetensors" --format huggingface --output sam
  ! grep -q SamHQModel stderr || fault "export of a plain SAM warns of SamHQModel"
  refuses "give --masks sam" "$hqsam" export --checkpoint "$source/data/base_micro.safetensors" --format onnx --output n
  refuses "export fp32" "$hqsam" export --checkpoint "$model" --format onnx --dtype bf16 --output n
  [ ! -e n ] || fault "a refused export left something"
}

# tries <program> <packages...>: whether it can be run here.
tries() {
  local program=$1
  shift
  page "$program"
  if has numpy PIL "$@"; then
    tried=$((tried + 1))
    return 0
  fi
  skipped+=("$program")
  return 1
}

run() { "$python" "$@" >stdout 2>stderr || fault "$*: $(tail -3 stderr)"; }

programs_on_micro() { # <picture> <box>
  rm -rf truth
  works "$hqsam" predict --checkpoint "$model" --image "$1" --box "$2" --output truth
  local runtime
  for runtime in onnxruntime openvino; do
    tries run_$runtime.py $runtime || continue
    run "$programs/run_$runtime.py" onnx "$1" "$2" mask.png
    same "run_$runtime.py" mask.png 990
  done
  if tries run_transformers.py transformers torch torchvision; then
    run "$programs/run_transformers.py" folder "$1" "$2" mask.png
    same run_transformers.py mask.png 990
    sed '/^decoder\./d' "$programs/run_transformers.py" >without.py
    run without.py folder "$1" "$2" mask.png
    same "SamHQModel without the hooks" mask.png 0
    rm -rf truth
    works "$hqsam" predict --checkpoint folder --image "$1" --box "$2" --output truth
    same "SamHQModel without the hooks, and hqsam predict on its folder" mask.png 990
    rm -rf truth
    works "$hqsam" predict --checkpoint "$model" --image "$1" --box "$2" --output truth
  fi
  page run_onnxruntime.cpp
  if compile; then
    tried=$((tried + 1))
    LD_LIBRARY_PATH=${ORT_LIB:-} ./cpp onnx "$1" "$2" mask.png 2>stderr || fault "run_onnxruntime: $(cat stderr)"
    same run_onnxruntime.cpp mask.png 990
  else
    skipped+=(run_onnxruntime.cpp)
  fi
}

compile() {
  [ -x cpp ] && return 0
  has numpy PIL || return 1
  g++ -std=c++17 ${ORT_INCLUDE:+-I"$ORT_INCLUDE"} -I/usr/include/onnxruntime -I/usr/include/opencv4 \
    "$programs/run_onnxruntime.cpp" -o cpp ${ORT_LIB:+-L"$ORT_LIB"} -lonnxruntime -lopencv_core -lopencv_imgproc \
    -lopencv_imgcodecs -lopencv_dnn 2>compiler
}

# segment-anything-hq makes models of the public sizes alone: a Light HQ-SAM with seeded random weights.
segment_anything_hq() {
  tries run_segment_anything_hq.py segment_anything_hq timm torch safetensors || return 0
  "$python" "$source/tests/parity/weights.py" vit_tiny tiny.pth >stdout 2>stderr || fault "weights: $(tail -3 stderr)"
  works "$hqsam" export --checkpoint tiny.pth --format pth --output tiny_out.pth
  rm -rf truth
  works "$hqsam" predict --checkpoint tiny_out.pth --image "$1" --box "$2" --output truth
  run "$programs/run_segment_anything_hq.py" vit_tiny tiny_out.pth "$1" "$2" mask.png
  same run_segment_anything_hq.py mask.png 990
}

# The shipped base, which has no HQ modules.
plain_sam() {
  has numpy PIL onnxruntime || return 0
  local base=$source/data/base_micro.safetensors
  works "$hqsam" export --checkpoint "$base" --format onnx --masks sam --output sam_onnx
  rm -rf truth
  works "$hqsam" predict --checkpoint "$base" --masks sam --image "$1" --box "$2" --output truth
  run "$programs/run_onnxruntime.py" sam_onnx "$1" "$2" mask.png
  same "run_onnxruntime.py on SAM" mask.png 990
}

words
programs_on_micro "$picture" $box
if has PIL numpy; then # a picture of other sides than the model's
  "$python" -c "import sys; from PIL import Image; Image.open(sys.argv[1]).convert('RGB').resize((289, 245)).save('odd.png')" "$picture"
  programs_on_micro odd.png 30,30,250,210
fi
plain_sam "$picture" $box
segment_anything_hq "$picture" $box
mapfile -t skipped < <(printf '%s\n' "${skipped[@]}" | sort -u)
[ -z "${skipped[*]}" ] || printf 'skipped, for want of packages: %s\n' "${skipped[*]}"
printf '%d programs run, %d failures\n' "$tried" "$failures"
[ "$failures" -eq 0 ]
