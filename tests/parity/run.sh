#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh [--pictures DIR] [--count N] [--trips M] [--variants "vit_b ..."] [--hqsam PATH]: full-size random weights
# through hqsam, the reference (SysCV's sam-hq) and Hugging Face transformers, there and back, on pictures with a box
# each: N (default 10) beside the reference, M (default N) beside transformers. Prints the rows of docs/parity.md and
# fails where one is out of bounds. Its Python packages go into PARITY_VENV (default build/parity-venv, made where
# missing). ViT-H takes about 5 GB of disk and memory, and four minutes per picture and way on two cores.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/parity/lib.sh
. "$here/lib.sh"

pictures=$root/data/samples count=10 trips= variants="vit_tiny vit_b vit_l vit_h" hqsam=$root/build/hqsam
while [ $# -gt 0 ]; do
  case $1 in
    --pictures) pictures=$2 ;;
    --count) count=$2 ;;
    --trips) trips=$2 ;;
    --variants) variants=$2 ;;
    --hqsam) hqsam=$2 ;;
    *) die "unknown argument '$1'; see the top of $0" ;;
  esac
  shift 2
done
threads=${PARITY_THREADS:-2}
work=$(mktemp -d "${PARITY_WORK:-${TMPDIR:-/tmp}}/parity.XXXXXX")
trap 'rm -rf "$work"' EXIT
failed=0

check() { "$@" || failed=1; }

# predict <pictures> <checkpoint> <output> [options]: hqsam's logits of all pictures in that folder
predict() {
  local pictures=$1 checkpoint=$2 output=$3
  shift 3
  local images
  mapfile -t images < <(find "$pictures" -type l)
  "$hqsam" predict --log-level warn --threads "$threads" --checkpoint "$checkpoint" --output "$output" --logits \
    --prompts "$pictures/prompts.json" --image "${images[@]}" "$@"
}

# In SysCV's names: in, out as pth and safetensors.
reference() {
  local variant=$1 file=$work/$1.pth format
  "$python" "$here/weights.py" "$variant" "$file"
  predict "$work/pictures" "$file" "$work/sysc"
  check "$python" "$here/reference.py" "$variant" "$file" --pictures "$work/pictures" --hqsam "$work/sysc" --threads "$threads"
  for format in pth safetensors; do
    "$hqsam" export --checkpoint "$file" --format $format --output "$work/out.$format"
    check "$python" "$here/reference.py" "$variant" "$work/out.$format" --equal "$file"
    rm "$work/out.$format"
  done
}

# SysCV's names to transformers.
to_transformers() {
  "$hqsam" export --checkpoint "$work/$1.pth" --format huggingface --output "$work/folder"
  predict "$work/few" "$work/folder" "$work/hf"
  check "$python" "$here/huggingface.py" "$1: SysCV -> hqsam -> transformers" "$work/folder" \
    --pictures "$work/few" --hqsam "$work/hf" --syscv "$work/sysc" --threads "$threads"
  rm -r "$work/folder" "$work/hf"
}

# transformers' own folder: in, and out again.
transformers() {
  local label=$1 masks=$2
  shift 2
  "$python" "$here/weights.py" "$@" "$work/own" --transformers --seed 11
  predict "$work/few" "$work/own" "$work/hf" --masks "$masks"
  check "$python" "$here/huggingface.py" "$label: transformers' folder, against transformers" "$work/own" \
    --pictures "$work/few" --hqsam "$work/hf" --threads "$threads"
  "$hqsam" export --checkpoint "$work/own" --format huggingface --output "$work/folder"
  check "$python" "$here/same_folder.py" "$label" "$work/own" "$work/folder"
  rm -r "$work/own" "$work/folder" "$work/hf"
}

"$python" "$here/prompts.py" "$pictures" "$count" "$work/pictures"
"$python" "$here/prompts.py" "$work/pictures" "${trips:-$count}" "$work/few" >/dev/null
echo '| weights and way | pictures | largest difference of low-res logits | smallest IoU | share inside | within bounds |'
echo '| --- | ---: | ---: | ---: | ---: | --- |'
for variant in $variants; do
  reference "$variant"
  if [ "$variant" != vit_tiny ]; then
    to_transformers "$variant"
    transformers "$variant" sum "$variant"
  fi
  if [ "$variant" = vit_b ]; then transformers "vit_b, SAM alone" sam vit_b --sam; fi
  rm -rf "$work/$variant.pth" "$work/sysc"
done
onnx_models=micro,golden
for variant in vit_tiny vit_b; do
  case " $variants " in *" $variant "*) onnx_models+=,$variant ;; esac
done
check "$python" "$here/onnx.py" --hqsam "$hqsam" --work "$work/onnx" --models "$onnx_models" --quick
[ $failed -eq 0 ] || die "some rows are out of bounds"
