// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "hqsam/comm/sealed_store.h"

namespace hqsam {

// Finds out which rank is at fault. A thread of each rank writes a sign of life into the store twice a second, with the
// collective that the rank is in. Once a collective fails on a rank, its watch compares those signs until it can tell
// who is at fault, and puts its verdict into the store, where the first one holds for all ranks; the others find it
// with their next sign of life. The store is only ever touched by that thread, since a store whose keeper is stopped
// may not answer for ever; the rank itself waits a few seconds at most.
//
// Where a rank can't get out of a collective 5 s after the verdict (stuck in a driver), its watch prints the verdict
// and ends the process with code 1.
class Watch {
 public:
  struct Options {
    c10::intrusive_ptr<SealedStore> store;  // over a connection of its own
    int64_t rank = 0, size = 1;
    std::string keeper;                   // who keeps the store, for messages
    bool keeps_store = false;             // this rank does, and stays a moment at the end so that the others can read
    std::chrono::milliseconds timeout{};  // of a collective
  };

  explicit Watch(Options options);
  ~Watch();  // tells the others that this rank leaves
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Around each collective. enter throws Error where there is a verdict already.
  void enter(const std::string& operation);
  void leave();

  // Within a collective: throws Error with the verdict where there is one, or once the timeout is over (then after a
  // few seconds of finding out).
  void check();

  // The collective failed: finds out why, within seconds, and throws Error.
  [[noreturn]] void fail(const std::string& reason);

  // The verdict for all ranks, unless there is one: this rank stops for a reason of its own.
  void post(const std::string& verdict) noexcept;

 private:
  struct Life;
  std::shared_ptr<Life> life_;  // shared with the thread, which the store may keep from ending
};

}  // namespace hqsam
