#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# weights.sh <hqsam binary> <source folder>: the list of public checkpoints, and fetching one from a server on this
# machine that breaks off, resumes, knows no ranges, or gives another file.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh" "$@" || exit 1

refuses() { # <pattern> <command...>: exit code 1 and one line
  local pattern=$1 code=0
  shift
  "$@" >stdout 2>stderr || code=$?
  [ "$code" -eq 1 ] || fault "exit code $code, expected 1: $*"
  [ "$(grep -vc '  [0-9]*%  ' stderr)" -eq 1 ] || fault "not one line: $(cat stderr)"
  says stderr "$pattern"
}

works "$hqsam" weights
says stdout '^sam_vit_l  *1.25 GB  Apache-2.0'
says stdout '^  SHA-256 3adcc4315b642a4d2101128f611684e8734c41232a17c648ed1693702a49a622$'
says stdout '^  SHA-256 not published$'
works "$hqsam" weights --json
says stdout '"bytes": 1249524607'
refuses "did you mean 'sam_hq_vit_h'" "$hqsam" weights --fetch sam_hq_vit_hh
refuses "go with --fetch" "$hqsam" weights --output x
refuses "64 digits" "$hqsam" weights --fetch sam_hq_vit_b --sha256 abc
refuses "leave it out" "$hqsam" weights --fetch sam_vit_b --sha256 "$(printf '0%.0s' {1..64})"
refuses "there is no curl" env PATH=/nowhere "$hqsam" weights --fetch sam_vit_b
refuses "is there a network" env -u http_proxy -u https_proxy -u all_proxy -u ALL_PROXY \
  "$hqsam" weights --fetch sam_hq_vit_b --from http://no-such-host.invalid/x
refuses "was interrupted" "$hqsam" weights --fetch sam_hq_vit_b --from http://127.0.0.1:9/x
[ ! -e sam_hq_vit_b.pth ] || fault "a fetch that failed left a file"

if ! command -v curl >/dev/null || ! command -v python3 >/dev/null; then
  echo "skipped, for want of curl or python3: fetching"
  exit $((failures > 0))
fi

cat >server.py <<'PYTHON'
"""Serves this folder on a port of the loopback that it prints. Paths: /broken/FILE ends in the middle unless it is a
request for the rest, /plain/FILE knows no ranges, /page is an error page that calls itself fine."""
import http.server
import pathlib
import re

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        how, _, name = self.path[1:].partition("/")
        content = b"<html>no</html>" if how == "page" else pathlib.Path(name).read_bytes() if name != "absent" else None
        if content is None:
            return self.send_error(404)
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        begin = int(asked[1]) if asked and how != "plain" else 0
        if begin >= len(content):
            return self.send_error(416)
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - begin))
        self.end_headers()
        self.wfile.write(content[begin : len(content) // 2 if how == "broken" and not begin else None])

    def log_message(self, *arguments):
        print("GET", self.headers.get("Range", "whole"), flush=True)

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
cp "$(golden sam_hq_micro.pth)" file.pth
sum=$(sha256sum file.pth | cut -d ' ' -f 1)
timeout 300 python3 server.py >log 2>&1 &
server=$!
trap 'kill $server; rm -rf "$work"' EXIT
for _ in {1..100}; do
  [ -s log ] && break
  sleep 0.1
done
at=http://127.0.0.1:$(head -1 log)
fetch=("$hqsam" weights --fetch sam_hq_vit_b)
export no_proxy=127.0.0.1

works "${fetch[@]}" --from "$at/whole/file.pth" --sha256 "$sum"
says stdout "^sam_hq_vit_b.pth: $(stat -c %s file.pth) bytes, SHA-256 as "
cmp sam_hq_vit_b.pth file.pth || fault "what was fetched is not the file"
works "${fetch[@]}" --from "$at/absent" --sha256 "$sum" # not asked for again
says stdout "^sam_hq_vit_b.pth was there: "
works "${fetch[@]}" --from "$at/whole/file.pth" --output folder/
says stdout "^folder/sam_hq_vit_b.pth: .* SHA-256 $sum (none is published"
works "$hqsam" info folder/sam_hq_vit_b.pth

refuses "was interrupted" "${fetch[@]}" --from "$at/broken/file.pth" --output half.pth
if [ ! -s half.pth.part ] || [ -e half.pth ]; then fault "a broken fetch leaves half.pth.part alone"; fi
works "${fetch[@]}" --from "$at/broken/file.pth" --output half.pth --sha256 "$sum"
cmp half.pth file.pth || fault "what was fetched in two pieces is not the file"
says log "GET bytes=$(($(stat -c %s file.pth) / 2))-"
[ ! -e half.pth.part ] || fault "half.pth.part stays"
head -c 1000 file.pth >plain.pth.part
works "${fetch[@]}" --from "$at/plain/file.pth" --output plain.pth --sha256 "$sum" # no ranges: from the start
cp file.pth full.pth.part
works "${fetch[@]}" --from "$at/whole/file.pth" --output full.pth --sha256 "$sum" # all was there already: 416

refuses "404" "${fetch[@]}" --from "$at/whole/absent" --output n.pth
refuses "does not begin as a .pth" "${fetch[@]}" --from "$at/page" --output n.pth
refuses "its SHA-256 is $sum, expected" "${fetch[@]}" --from "$at/whole/file.pth" --output n.pth --sha256 "${sum//[0-9]/a}"
refuses "bytes, expected 375042383" "$hqsam" weights --fetch sam_vit_b --from "$at/whole/file.pth" --output n.pth
refuses "another file: .*move it away" "$hqsam" weights --fetch sam_vit_b --from "$at/whole/file.pth" --output full.pth
[ ! -e n.pth ] || fault "a wrong file was kept"
[ "$failures" -eq 0 ]
