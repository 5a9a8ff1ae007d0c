#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what hqsam is built with: Debian 12's or Ubuntu 24.04's packages, and libtorch into .deps/python.
# What is there already is left alone. --cuda brings libtorch's CUDA libraries and the CUDA compiler too (about 4.9 GB in
# all), --browser Chromium for the test of the annotation page, where there is a package of it.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

cuda=0 browser=0
for argument in "$@"; do
  case $argument in
    --cuda) cuda=1 ;;
    --browser) browser=1 ;;
    *) die "unknown argument '$argument'; usage: tools/setup.sh [--cuda] [--browser]" ;;
  esac
done

packages=(ca-certificates ccache clang cmake g++ git libclang-rt-dev libcli11-dev libgif-dev libgloo-dev libgtest-dev libjpeg-dev
  libonnx-dev libopencv-dev libpng-dev libprotobuf-dev libspdlog-dev libtiff-dev libyaml-cpp-dev ninja-build nlohmann-json3-dev
  python3-pip zlib1g-dev)
# Boost.Beast's headers; Debian 12's libboost-dev is too old for C++20.
if grep -qs '^VERSION_CODENAME=bookworm' /etc/os-release; then packages+=(libboost1.81-dev); else packages+=(libboost-dev); fi
torch_version=2.11.0

# apt_install <packages...>
apt_install() {
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo -n)
    "${as_root[@]}" true 2>/dev/null || die "as root, run: apt-get install --no-install-recommends $*"
  fi
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" </dev/null >/dev/null
}

install_packages() {
  if ! command -v apt-get >/dev/null; then
    echo "packages: no apt-get here; hqsam needs CMake, Ninja, a C++20 compiler, Boost's headers, CLI11, Gloo's headers, GoogleTest, libjpeg-turbo," \
      "ONNX and protobuf, OpenCV, libpng, libtiff, giflib, zlib, spdlog, yaml-cpp, nlohmann-json and pip"
    return
  fi
  local missing=() package
  for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing+=("$package")
  done
  if [ ${#missing[@]} -eq 0 ]; then
    echo "packages: all ${#packages[@]} are there"
    return
  fi
  echo "packages: installing ${missing[*]}"
  apt_install "${missing[@]}"
}

# Ubuntu has it as a snap alone, which does not run everywhere: then the test is skipped.
install_browser() {
  if command -v chromium >/dev/null; then
    echo "browser: is there"
  elif (apt_install chromium) 2>/dev/null; then
    echo "browser: installed chromium"
  else
    echo "browser: no package chromium here; the test of the annotation page is skipped"
  fi
}

# libtorch_cpu.so needs no more of CUDA than its runtime and its profiling library.
install_libtorch() {
  local target=$root/.deps/python
  if [ -e "$target/torch/lib/libtorch_cpu.so" ] && { [ $cuda -eq 0 ] || [ -e "$target/nvidia/cu13/bin/nvcc" ]; }; then
    echo "libtorch: is there ($target/torch)"
    return
  fi
  echo "libtorch: fetching torch $torch_version"
  local wheels=(--no-deps "torch==$torch_version" "nvidia-cuda-runtime==13.0.*" "nvidia-cuda-cupti==13.0.*")
  [ $cuda -eq 0 ] || wheels=("torch==$torch_version" "nvidia-cuda-nvcc==13.0.*" "nvidia-nvvm==13.0.*" "nvidia-cuda-crt==13.0.*"
    "nvidia-cuda-cccl==13.0.*")
  mkdir -p "$root/.deps"
  rm -rf "$target.tmp"
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-input --target "$target.tmp" "${wheels[@]}"
  rm -rf "$target"
  mv "$target.tmp" "$target"
}

if [ -n "${LIBTORCH_ROOT:-}" ]; then
  echo "libtorch: taken from LIBTORCH_ROOT ($LIBTORCH_ROOT)"
  install_packages
else
  install_packages
  install_libtorch
fi
if [ $browser -eq 1 ]; then install_browser; fi
