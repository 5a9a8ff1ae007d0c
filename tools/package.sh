#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# package.sh [tarball] [wheel] [deb]: packs what build/ holds into build/packages; without arguments all three.
#   hqsam-VERSION-linux-x86_64.tar.xz   runs from any folder: the binary with all its libraries but libc; the C++ library
#   hqsam-VERSION-py3-none-*.whl        the hqsam command on the torch that Python has, of the version built with
#   hqsam_VERSION_amd64.deb             for the system that it was built on, libtorch inside
# They run where libc is at least as new as here. Needs patchelf, and dpkg-dev for the .deb.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

kinds=("$@")
[ $# -gt 0 ] || kinds=(tarball wheel deb)
for kind in "${kinds[@]}"; do
  [[ $kind =~ ^(tarball|wheel|deb)$ ]] || die "unknown argument '$kind'; usage: tools/package.sh [tarball] [wheel] [deb]"
done
for tool in patchelf xz; do command -v $tool >/dev/null || die "$tool is missing: apt-get install patchelf xz-utils"; done

build=$root/build
[ -e "$build/hqsam" ] || die "there is no $build/hqsam: build it first (tools/setup.sh, then cmake and ninja, see README.md)"
version=$("$build/hqsam" --version | sed -n '1s/^hqsam //p')
torch=$(sed -n 's/^LIBTORCH_INCLUDE_DIR:PATH=\(.*\)\/include$/\1/p' "$build/CMakeCache.txt")
torch_version=$(cut -d+ -f1 "$torch/../torch-"*.dist-info/METADATA 2>/dev/null | sed -n 's/^Version: //p')
packages=$build/packages stage=$build/package
rm -rf "$stage"
mkdir -p "$packages" "$stage"

# libraries <binary>: "name path" of all that it loads, but libc's own.
libraries() {
  ldd "$1" | awk '/not found/ { print "missing:", $1 > "/dev/stderr"; exit 1 } $3 ~ /^\// { print $1, $3 }' |
    grep -vE '^(libc|libm|libdl|librt|libpthread|libresolv|ld-linux-x86-64)\.so'
}

# copy_libraries <folder for libtorch's> <folder for others, or - to leave them>
copy_libraries() {
  local name path
  mkdir -p "$1"
  while read -r name path; do
    case $(readlink -f "$path") in
      "$(readlink -f "$torch")"/* | */nvidia/*) cp -L "$path" "$1/$name" ;;
      *) [ "$2" = - ] || { mkdir -p "$2" && cp -L "$path" "$2/$name"; } ;;
    esac
  done < <(libraries "$build/hqsam")
}

# Licences of the libraries in a package, as their packages have them.
copy_licences() { # <folder>
  local name path owner
  mkdir -p "$1"
  cp "$root/LICENSE" "$1/hqsam"
  cp -r "$torch/../torch-$torch_version.dist-info/licenses" "$1/torch" 2>/dev/null || true
  for path in "$torch"/../nvidia_*.dist-info/licenses; do
    name=$(basename "$(dirname "$path")" .dist-info)
    [ ! -e "$path" ] || cp -r "$path" "$1/$name"
  done
  while read -r name path; do
    owner=$(dpkg-query -S "$(readlink -f "$path")" 2>/dev/null | head -1 | cut -d: -f1) || continue
    [ ! -e "/usr/share/doc/$owner/copyright" ] || cp -L "/usr/share/doc/$owner/copyright" "$1/$owner"
  done < <(libraries "$build/hqsam")
}

# RPATH, which counts for the libraries' own libraries too, unlike RUNPATH.
set_rpath() { patchelf --force-rpath --set-rpath "$2" "$1"; }

install_to() { cmake --install "$build" --prefix "$1" --strip >/dev/null; }

told() { printf '%s  %s\n' "$1" "$(du -h --apparent-size "$1" | cut -f1)"; }

tarball() {
  local name=hqsam-$version-linux-x86_64 folder
  folder=$stage/$name
  install_to "$folder"
  copy_libraries "$folder/lib/hqsam/libtorch/lib" "$folder/lib/hqsam"
  cp -r "$torch/include" "$folder/lib/hqsam/libtorch/include"
  copy_licences "$folder/share/licenses"
  cp "$root/README.md" "$root/LICENSE" "$folder"
  # shellcheck disable=SC2016 # the loader's word
  set_rpath "$folder/bin/hqsam" '$ORIGIN/../lib/hqsam:$ORIGIN/../lib/hqsam/libtorch/lib'
  tar -C "$stage" -c "$name" | xz -T0 -6 >"$packages/$name.tar.xz.tmp"
  mv "$packages/$name.tar.xz.tmp" "$packages/$name.tar.xz"
  told "$packages/$name.tar.xz"
}

wheel() {
  local folder=$stage/wheel libc tag info file
  libc=$(getconf GNU_LIBC_VERSION | sed 's/glibc //; s/\./_/')
  tag=py3-none-manylinux_${libc}_x86_64
  info=$folder/hqsam-$version.dist-info
  mkdir -p "$folder/hqsam/bin" "$info"
  install_to "$stage/prefix"
  cp "$stage/prefix/bin/hqsam" "$folder/hqsam/bin/hqsam"
  copy_libraries "$stage/libtorch" "$folder/hqsam/lib"
  cp -L "$stage"/libtorch/libcudart.so.* "$folder/hqsam/lib/" 2>/dev/null || true # torch for CPUs alone lacks it
  # shellcheck disable=SC2016
  set_rpath "$folder/hqsam/bin/hqsam" '$ORIGIN/../lib'
  cp "$root/tools/wheel/__init__.py" "$root/tools/wheel/__main__.py" "$folder/hqsam/"
  sed -i "s/@TORCH@/${torch_version%.*}/" "$folder/hqsam/__main__.py"
  copy_licences "$info/licenses"
  printf 'Metadata-Version: 2.1\nName: hqsam\nVersion: %s\nSummary: HQ-SAM in native C++: train, evaluate, predict, export\nLicense: Apache-2.0\nRequires-Python: >=3.9\nRequires-Dist: torch==%s.*\n' \
    "$version" "${torch_version%.*}" >"$info/METADATA"
  printf 'Wheel-Version: 1.0\nGenerator: hqsam\nRoot-Is-Purelib: false\nTag: %s\n' "$tag" >"$info/WHEEL"
  printf '[console_scripts]\nhqsam = hqsam.__main__:main\n' >"$info/entry_points.txt"
  (
    cd "$folder"
    find . -type f ! -name RECORD -printf '%P\n' | sort | while IFS= read -r file; do
      printf '%s,sha256=%s,%s\n' "$file" \
        "$(openssl dgst -sha256 -binary "$file" | base64 | tr '+/' '-_' | tr -d '=\n')" "$(stat -c %s "$file")"
    done >"$info/RECORD"
    printf '%s,,\n' "hqsam-$version.dist-info/RECORD" >>"$info/RECORD"
    rm -f "$packages/hqsam-$version-$tag.whl"
    cmake -E tar cf "$packages/hqsam-$version-$tag.whl" --format=zip hqsam "hqsam-$version.dist-info"
  )
  told "$packages/hqsam-$version-$tag.whl"
}

deb() {
  local folder=$stage/deb depends
  command -v dpkg-shlibdeps >/dev/null || die "dpkg-shlibdeps is missing: apt-get install dpkg-dev"
  install_to "$stage/prefix"
  mkdir -p "$folder/DEBIAN" "$folder/usr/bin" "$folder/usr/share/doc/hqsam"
  cp "$stage/prefix/bin/hqsam" "$folder/usr/bin/hqsam"
  copy_libraries "$folder/usr/lib/hqsam" -
  set_rpath "$folder/usr/bin/hqsam" /usr/lib/hqsam
  cp "$root/LICENSE" "$folder/usr/share/doc/hqsam/copyright"
  cp -r "$torch/../torch-$torch_version.dist-info/licenses" "$folder/usr/share/doc/hqsam/torch" 2>/dev/null || true
  mkdir -p "$stage/shlibs/debian"
  printf 'Source: hqsam\n\nPackage: hqsam\nArchitecture: amd64\n' >"$stage/shlibs/debian/control"
  depends=$(cd "$stage/shlibs" && dpkg-shlibdeps -O --ignore-missing-info -l"$folder/usr/lib/hqsam" -x"hqsam" \
    "$folder/usr/bin/hqsam" 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
  [ -n "$depends" ] || die "dpkg-shlibdeps found nothing that the binary depends on"
  printf 'Package: hqsam\nVersion: %s\nArchitecture: amd64\nMaintainer: The hqsam developers <hqsam@localhost>\nSection: science\nPriority: optional\nInstalled-Size: %s\nDepends: %s\nDescription: HQ-SAM in native C++\n Trains, evaluates and exports HQ-SAM and predicts with it; libtorch is inside.\n' \
    "$version" "$(du -sk "$folder/usr" | cut -f1)" "$depends" >"$folder/DEBIAN/control"
  dpkg-deb --root-owner-group -Zxz --build "$folder" "$packages/hqsam_${version}_amd64.deb" >/dev/null
  told "$packages/hqsam_${version}_amd64.deb"
}

for kind in "${kinds[@]}"; do $kind; done
rm -rf "$stage"
