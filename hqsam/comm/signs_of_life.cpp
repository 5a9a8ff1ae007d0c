// SPDX-License-Identifier: Apache-2.0
#include "hqsam/comm/signs_of_life.h"

#include <sstream>

#include "hqsam/comm/rank_list.h"

namespace hqsam {

std::string SignOfLife::text() const { return fmt::format("{} {} {}", beat, sequence, static_cast<char>(phase)); }

std::optional<SignOfLife> SignOfLife::parse(const std::string& text) {
  SignOfLife sign;
  char phase = 0;
  std::istringstream stream(text);
  if (!(stream >> sign.beat >> sign.sequence >> phase)) return std::nullopt;
  sign.phase = static_cast<Phase>(phase);
  switch (sign.phase) {
    case Phase::kWorking:
    case Phase::kCollective:
    case Phase::kTold:
    case Phase::kLeft:
      return sign;
  }
  return std::nullopt;
}

std::string sign_key(int64_t rank) { return fmt::format("sign/{}", rank); }

std::optional<std::string> Inquest::judge(const std::vector<SignOfLife>& signs, Clock::time_point now) {
  heard_.resize(signs.size(), {-1, start_});
  std::vector<int64_t> left, silent, late;
  for (size_t i = 0; i < signs.size(); ++i) {
    const auto rank = static_cast<int64_t>(i);
    if (signs[i].beat != heard_[i].beat) heard_[i] = {signs[i].beat, heard_[i].beat < 0 ? start_ : now};
    if (rank == failed_.rank) continue;
    if (signs[i].phase == SignOfLife::Phase::kLeft) {
      left.push_back(rank);
    } else if (now - heard_[i].at >= kSilence) {
      silent.push_back(rank);
    } else if (signs[i].sequence < failed_.sequence) {
      late.push_back(rank);
    }
  }
  if (!left.empty()) return fmt::format("{} left the group before {} was done", ranks_text(left), failed_.operation);
  if (now - start_ < kSilence) return std::nullopt;
  if (!silent.empty()) {
    return fmt::format("{} ended or hang{}: no sign of life for {} s, during {}", ranks_text(silent),
                       silent.size() == 1 ? "s" : "", kSilence.count(), failed_.operation);
  }
  if (failed_.timed_out && !late.empty()) {
    return fmt::format("{} did not take part in {} within {}: hung or too slow", ranks_text(late), failed_.operation,
                       seconds_text(failed_.timeout));
  }
  if (now - start_ < 2 * kSilence) return std::nullopt;
  return nobody_missing();
}

std::string Inquest::nobody_missing() const {
  if (failed_.timed_out) {
    return fmt::format("{} did not end within {}, though all ranks are there: is the network between them open?",
                       failed_.operation, seconds_text(failed_.timeout));
  }
  return fmt::format("{} failed on rank {}, though all ranks are alive: {}", failed_.operation, failed_.rank,
                     failed_.reason);
}

}  // namespace hqsam
