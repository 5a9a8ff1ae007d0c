#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# annotate.sh <hqsam binary> <source folder>: masks by hand through the server, killed and started again, then trained
# on as they lie there.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh" "$@" || exit 1
command -v curl >/dev/null || { echo "no curl here" && exit 77; }
server=
trap '[ -z "$server" ] || kill -9 "$server" 2>/dev/null; rm -rf "$work"' EXIT

cp -r "$source/data/samples" pictures
echo "no picture" >pictures/broken.jpg
annotate=("$hqsam" annotate --checkpoint "$(golden sam_hq_micro.pth)" --images pictures --output out --threads 1)

# start <options...>: sets server, base and token.
start() {
  "${annotate[@]}" "$@" >url 2>log &
  server=$!
  for _ in $(seq 300); do
    [ -s url ] && break
    kill -0 "$server" 2>/dev/null || fault "annotate ended: $(cat log)"
    sleep 0.1
  done
  base=$(sed 's/\/?token=.*//' url) token=$(sed 's/.*token=//' url)
}

# ask <method> <path> [body]: the answer in `answer`.
ask() {
  curl -sS -X "$1" -H "X-Token: $token" ${3:+-d "$3"} "$base$2" >answer 2>curl_errors || fault "$1 $2: $(cat curl_errors)"
}

start --classes chair,kite
says log "left out broken.jpg: "
ask GET /api/state
says answer '"classes":\["chair","kite"\]'
says answer '"name":"kite.jpg","objects":0,"state":"todo"'
ask GET "/"
says answer "<title>"
[ "$(curl -s -o picture.jpg -w '%{http_code}' "$base/api/pictures/0/image?token=$token")" = 200 ] || fault "no picture"
[ "$(curl -s -o answer -w '%{http_code}' "$base/api/state")" = 401 ] || fault "served without the token"
[ "$(curl -s -o answer -w '%{http_code}' -H "Host: evil.example" "$base/")" = 403 ] || fault "served as evil.example"

# A second process is told of the first.
"${annotate[@]}" >stdout 2>stderr && fault "two processes in one folder"
says stderr "another process ($server) annotates in out"

# Of each picture a mask, as the model gives it.
for picture in 0 1 2; do
  ask POST "/api/pictures/$picture/open" "{}"
  ask POST "/api/pictures/$picture/predict" '{"seq":1,"prompt":{"box":[60,60,450,450]},"kinds":["sum"]}'
  mask=$(sed -E 's/.*"mask":(\{[^}]*\}).*/\1/' answer)
  object="{\"id\":1,\"class\":\"chair\",\"mask\":$mask,\"prompts\":[{\"box\":[60,60,450,450]}],\"kind\":\"sum\",\"clicks\":1,\"seconds\":2,\"edited\":false,\"source\":\"prompt\"}"
  ask PUT "/api/pictures/$picture/objects/1" "{\"revision\":0,\"object\":$object}"
  says answer '"revision":1'
  ask PUT "/api/pictures/$picture/state" '{"revision":1,"state":"done"}'
done

# Killed: all is there.
kill -9 "$server"
wait "$server" 2>/dev/null
start
ask GET /api/pictures/1
says answer '"class":"chair".*"revision":2.*"state":"done"'
ask GET /api/statistics
says answer '"clicks_per_mask":1.0,.*"masks":3'

# SIGTERM ends it in order.
kill "$server"
wait "$server" || fault "exit code $? on SIGTERM: $(cat log)"
server=
for file in masks/bicycle_1.png masks/chair_1.png masks/kite_1.png annotations/kite.json classes.txt train.yaml; do
  [ -s "out/$file" ] || fault "out has no $file"
done

# What lies there is data: three steps, and other formats.
works "$hqsam" train --config out/train.yaml --output run --set train.epochs=3 --set train.batch_size=1 --threads 1
says stderr "finished: .*run/model.pth"
works "$hqsam" data convert --from out/train.yaml --to yolo --output yolo
grep -rq chair yolo || fault "yolo has no class chair"

# The loop without a page.
works "${annotate[@]}" --train --epochs 2
says stdout '"result":{"masks":1,"new":{"mBIoU":.*"old":{"mBIoU":.*"state":"\(swapped\|kept\)"'
[ -s out/runs/1/evaluate_new/results.json ] || fault "the loop measured nothing"
if grep -q swapped stdout; then
  start
  says log "out/runs/1/"
  kill "$server"
  wait "$server"
  server=
fi

# The demo.
mkdir "$work/demo" && cd "$work/demo" || exit 1
ln -s "$source/data" data
annotate=("$hqsam" annotate --threads 1)
mkdir bin
# shellcheck disable=SC2016 # for the script
printf '#!/bin/sh\ncp "$1" opened\n' >bin/xdg-open
chmod +x bin/xdg-open
PATH=$PWD/bin:$PATH
start --open
for _ in $(seq 50); do
  [ -s opened ] && break
  sleep 0.1
done
says opened "url=$base/?token=$token"
[ "$(stat -c %a annotations/open.html)" = 600 ] || fault "others can read the token"
says log "a demo on data/samples, annotations go to annotations"
says log "a small SAM without HQ modules"
ask GET /api/state
says answer '"default_kind":"sam"'
kill "$server"
wait "$server" || fault "exit code $? of the demo"
server=

[ "$failures" = 0 ]
