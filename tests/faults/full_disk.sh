#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# full_disk.sh <hqsam binary> <source folder>: runs on a small file system of their own (tmpfs) that fills up. What is
# there stays; the run goes on, to its end where room is made in time, else until three saves in a row have failed, and
# then goes on with --resume. Mounting needs root: elsewhere a line says that nothing was tested.
export hqsam=$1 source=$2
# shellcheck source=tests/faults/lib.sh
. "$(dirname "$0")/lib.sh"

disk=$work/disk
mkdir "$disk"
if ! mount -t tmpfs -o size=96m hqsam_full_disk "$disk" 2>mount.log; then
  echo "full_disk: nothing tested, no file system can be mounted here: $(cat mount.log)"
  exit 0
fi
trap 'stop_all; umount -l "$disk"; rm -rf "$work"' EXIT

on_disk() { # <folder>: the run's folder lies there, its words do not
  mkdir "$disk/$1"
  ln -s "$disk/$1" "$1"
}

first_checkpoint() { # <folder>
  until [ -e "$1/checkpoints/epoch_0001.pth" ] || ! kill -0 "${pids[0]}" 2>/dev/null; do sleep 0.02; done
}

# Fills the disk until the run says that it cannot save: again and again, since it makes room by removing old states.
fill_until_it_warns() { # <folder>
  until grep -q "tries again at the next save" "$1.0" || ! kill -0 "${pids[0]}" 2>/dev/null; do
    cat /dev/zero >>"$disk/ballast" 2>/dev/null
  done
  says "No space left on device" "$1.0"
}

# While the run lives: a write that fails gives its room back.
keep_full() {
  while kill -0 "${pids[0]}" 2>/dev/null; do
    cat /dev/zero >>"$disk/ballast" 2>/dev/null
    sleep 0.02
  done
}

# The states and checkpoints that are there.
sums() { (cd "$1" && find state checkpoints -name '*_*' ! -name '*.tmp' -print0 | sort -z | xargs -0 cksum); }

lasting() {
  on_disk lasting
  begin 1 lasting
  first_checkpoint lasting
  fill_until_it_warns lasting
  sums lasting >before
  keep_full &
  end
  wait $!
  [ "${codes[0]}" -eq 1 ] || fault "on a full disk the run exits with ${codes[0]}"
  says "saving failed 3 times in a row.*make room and go on with --resume" lasting.0
  begin 1 lasting --resume
  end
  [ "${codes[0]}" -eq 1 ] || fault "while the disk is full --resume exits with ${codes[0]}"
  sums lasting >after
  ! grep -vxFf after before || fault "what was on the full disk has changed"
  rm "$disk/ballast"
  begin 1 lasting --resume
  end
  [ "${codes[0]}" -eq 0 ] || fault "after room was made --resume exits with ${codes[0]}: $(tail -n 2 lasting.0)"
  same_end unbroken lasting
}

passing() {
  local try
  for ((try = 0; try < 5; ++try)); do # where the machine is too slow the run ends before room is made
    rm -rf passing "$disk/passing" passing.0
    on_disk passing
    begin 1 passing --set train.save_minutes=10
    first_checkpoint passing
    fill_until_it_warns passing
    rm "$disk/ballast"
    end
    [ "${codes[0]}" -ne 0 ] || break
  done
  [ "${codes[0]}" -eq 0 ] || fault "where room is made in time the run exits with ${codes[0]}: $(tail -n 2 passing.0)"
  says "saving works again" passing.0
  same_end unbroken passing
  [ "$(grep -c '"step"' passing/metrics.jsonl)" = "$(grep -c '"step"' unbroken/metrics.jsonl)" ] ||
    fault "lines of metrics.jsonl were lost"
}

make_run
sed -i 's/epochs: 3, batch_size: 4, micro_batch: 2/epochs: 12, batch_size: 1, micro_batch: 1/' run.yaml
whole 1 unbroken
lasting
passing
done_with "full_disk"
