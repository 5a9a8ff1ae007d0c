#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# seen.sh <hqsam binary> <source folder>: one fault each of the other kinds, on two ranks where ranks matter.
export hqsam=$1 source=$2
# shellcheck source=tests/faults/lib.sh
. "$(dirname "$0")/lib.sh"

hung_rank() {
  begin 2 hung --rank-timeout 20 --set train.epochs=200
  first_step hung
  kill -STOP "${pids[1]}"
  local pid=${pids[1]} sent code=0
  sent=$(seconds_now)
  wait "${pids[0]}" || code=$?
  [ $code -eq 1 ] || fault "beside a hung rank the other exits with $code"
  awk -v took="$(elapsed "$sent")" 'BEGIN { exit took > 40 }' || fault "a hung rank is noticed after $(elapsed "$sent") s"
  says "rank 1" hung.0
  kill -KILL "$pid"
  end
}

dead_rank() { # <which>: rank 0 has the store
  begin 2 "dead$1" --set train.epochs=200
  first_step "dead$1"
  kill -KILL "${pids[$1]}"
  end
  [ "${codes[$((1 - $1))]}" -eq 1 ] || fault "beside a dead rank the other exits with ${codes[$((1 - $1))]}"
  says "rank $1" "dead$1.$((1 - $1))"
}

# A full disk as one process sees it, where full_disk.sh cannot mount one.
small_files() {
  (
    ulimit -f 300 # kB a file: checkpoints of the whole model do not fit, states do not either
    RANK=0 WORLD_SIZE=1 exec "$hqsam" train --config run.yaml --threads 1 --output full >full.0 2>&1
  )
  local code=$?
  [ $code -eq 1 ] || fault "a run on a full disk exits with $code"
  says "tries again at the next save" full.0
  says "make room and go on with --resume" full.0
  begin 1 full --resume
  end
  [ "${codes[0]}" -eq 0 ] || fault "after room was made --resume exits with ${codes[0]}: $(tail -n 2 full.0)"
  same_end unbroken full
}

flipped_bits() {
  begin 1 flipped --set train.epochs=200
  first_step flipped
  until [ "$(find flipped/state -name 'state_*.safetensors' | wc -l)" -ge 3 ] || ! kill -0 "${pids[0]}" 2>/dev/null; do
    sleep 0.02
  done
  kill -KILL "${pids[0]}"
  end
  local newest
  newest=$(find flipped/state -name 'state_*.safetensors' | sort | tail -n 1)
  printf '\377' | dd of="$newest" bs=1 seek=$(($(stat -c %s "$newest") - 999)) conv=notrunc status=none
  begin 1 flipped --resume --set train.epochs=200
  until grep -qs "going on from" flipped.0 || ! kill -0 "${pids[0]}" 2>/dev/null; do sleep 0.02; done
  says "a state is passed over: .*checksum" flipped.0
  says "going on from" flipped.0
  kill -TERM "${pids[0]}"
  end
  begin 1 flipped --resume
  end
  [ "${codes[0]}" -eq 1 ] || fault "with a changed config --resume exits with ${codes[0]}"
  says "the config changed" flipped.0
}

two_at_once() {
  begin 1 twice --set train.epochs=200
  first_step twice
  local pid=${pids[0]}
  begin 1 twice --resume --set train.epochs=200
  end
  [ "${codes[0]}" -eq 1 ] || fault "a second run in the folder exits with ${codes[0]}"
  says "another process ($pid) trains in" twice.0
  kill -KILL "$pid"
  wait "$pid" 2>/dev/null
}

# A checkpoint whose numbers are finite, and so large that their products are not.
not_finite() {
  "$hqsam" export --checkpoint "$(golden sam_hq_micro.pth)" --format safetensors --output wild.safetensors \
    >/dev/null 2>export.log || fault "export: $(tail -n 1 export.log)"
  local length offset i
  length=$(od -An -t u8 -N 8 wild.safetensors)
  offset=$(head -c $((8 + length)) wild.safetensors | tail -c +9 |
    grep -o '"image_encoder.patch_embed.proj.weight":{[^}]*' | grep -o 'data_offsets":\[[0-9]*' | grep -o '[0-9]*$')
  for ((i = 0; i < 64; ++i)); do printf '\x99\x76\x96\x7e'; done |
    dd of=wild.safetensors bs=1 seek=$((8 + length + offset)) conv=notrunc status=none
  begin 2 wild --set model.checkpoint="$PWD/wild.safetensors" --set train.epochs=40 --set data.valid=[]
  end
  [ "${codes[*]}" = "1 1" ] || fault "a run of infinite losses exits with ${codes[*]}"
  says "10 steps in a row had no finite loss or gradient" wild.0
  says "t/0000" wild.0
  grep -q '"skipped":10' wild/metrics.jsonl || fault "metrics.jsonl does not count skipped steps"
}

# restarted <machines>: of two ranks the last is killed under launch --max-restarts, and the file server's clock is a day
# behind.
restarted() {
  local machines=$1 launchers launcher machine ranks try
  for ((try = 0; try < 5; ++try)); do # a run that ends before the kill says nothing
    rm -rf again again.*
    launchers=() port=$(free_port)
    for ((machine = 0; machine < machines; ++machine)); do
      "$hqsam" launch --nproc $((2 / machines)) --nnodes "$machines" --node-rank $machine --master-addr 127.0.0.1 \
        --master-port "$port" --max-restarts 1 -- train --config run.yaml --threads 1 --output again \
        --set train.epochs=12 >"again.$machine" 2>&1 &
      launchers+=($!)
    done
    until [ -n "$(find again/state -name 'state_*.safetensors' 2>/dev/null)" ] ||
      ! kill -0 "${launchers[0]}" 2>/dev/null; do
      sleep 0.02
    done
    touch -d '1 day ago' again/config.yaml again/state/launch
    mapfile -t ranks < <(pgrep -P "${launchers[-1]}")
    [ ${#ranks[@]} -eq 0 ] || kill -KILL "${ranks[-1]}" 2>/dev/null
    for launcher in "${launchers[@]}"; do
      wait "$launcher" || fault "launch --max-restarts on $machines machines exits with $?: $(tail -qn 2 again.*)"
    done
    ! grep -q "starting all ranks anew" again.* || break
  done
  says "going on from" again.0
  same_end unbroken_2 again
}

make_run
whole 1 unbroken
whole 2 unbroken_2 --set train.epochs=12
hung_rank
dead_rank 0
dead_rank 1
small_files
flipped_bits
two_at_once
not_finite
restarted 1
restarted 2
done_with "seen"
