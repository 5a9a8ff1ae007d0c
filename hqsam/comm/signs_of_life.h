// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hqsam {

// What a rank tells the others about itself.
struct SignOfLife {
  enum class Phase : char { kWorking = 'w', kCollective = 'c', kTold = 't', kLeft = 'l' };

  int64_t beat = 0;               // counts up while the process runs
  int64_t sequence = 0;           // of the collective that it is in or was in last
  Phase phase = Phase::kWorking;  // kTold: it knows the verdict

  std::string text() const;
  static std::optional<SignOfLife> parse(const std::string& text);  // nothing where it is no sign of life
};

// Where the store keeps a rank's sign. meet() puts a first one there.
std::string sign_key(int64_t rank);

// A collective that failed on this rank.
struct FailedCollective {
  int64_t rank = 0;
  int64_t sequence = 0;
  std::string operation;  // "all_reduce"
  std::string reason;     // what the transport said
  bool timed_out = false;
  std::chrono::milliseconds timeout{};
};

// Judges who is at fault from the signs of life of all ranks, looked at again and again after the failure.
class Inquest {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kSilence{3};  // no sign for so long: dead or stopped

  Inquest(FailedCollective failed, Clock::time_point start) : failed_(std::move(failed)), start_(start) {}

  // signs: one per rank, as found now. The verdict, or nothing while it is too early to tell; after twice kSilence
  // there is always one.
  std::optional<std::string> judge(const std::vector<SignOfLife>& signs, Clock::time_point now);

 private:
  struct Heard {
    int64_t beat = -1;
    Clock::time_point at;
  };
  std::string nobody_missing() const;

  FailedCollective failed_;
  Clock::time_point start_;
  std::vector<Heard> heard_;
};

}  // namespace hqsam
