// SPDX-License-Identifier: Apache-2.0
#include "hqsam/evaluate/runs.h"

#include <algorithm>
#include <set>

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/text.h"
#include "hqsam/evaluate/prepare.h"

namespace hqsam {
namespace {

constexpr const char* kEvaluate = "evaluate";

void check_sets(const std::vector<NamedDataset>& sets) {
  if (sets.empty()) fail(kEvaluate, "no data sets; name at least one (data.valid)");
  std::set<std::string> names;
  for (const NamedDataset& set : sets) {
    if (!set.dataset || set.dataset->size() == 0) fail(kEvaluate, "data set '{}' has no pictures", set.name);
    if (!names.insert(set.name).second) fail(kEvaluate, "two data sets are called '{}'; rename one", set.name);
  }
}

// Paths may differ between ranks, the files must not.
void check_ranks(const std::vector<NamedDataset>& sets, Group& group) {
  if (group.size() == 1) return;
  std::string names;
  for (const NamedDataset& set : sets) {
    names += set.name + "\n";
    for (int64_t i = 0; i < set.dataset->size(); ++i) {
      names += std::filesystem::path(set.dataset->path(i)).filename().string() + "\n";
    }
  }
  require_equal(group, fmt::format("{:016x}", fingerprint(names)), kEvaluate, "the list of pictures");
}

// Positions in a set: all, or `limit` evenly spaced.
std::vector<int64_t> chosen_pictures(int64_t size, int64_t limit) {
  const int64_t count = limit > 0 ? std::min(limit, size) : size;
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < count; ++i) indices.push_back(i * size / count);
  return indices;
}

}  // namespace

void check_run(const SamHq& model, const std::vector<NamedDataset>& sets, const EvaluateOptions& options,
               Group& group) {
  check_sets(sets);
  check_kinds(model, options.masks);
  check_ranks(sets, group);
}

std::vector<int64_t> own_pictures(const Dataset& dataset, int64_t limit, const Group& group) {
  const auto chosen = chosen_pictures(dataset.size(), limit);
  std::vector<int64_t> own;
  for (size_t i = group.rank(); i < chosen.size(); i += group.size()) own.push_back(chosen[i]);
  return own;
}

std::optional<Sample> read_sample(const Dataset& dataset, int64_t index, OnError on_error, std::string& unread) {
  try {
    return dataset.get(index);
  } catch (const Stopped&) {
    throw;
  } catch (const Error& error) {
    if (on_error == OnError::kStop) throw;
    unread = error.what();
    return std::nullopt;
  }
}

void check_unread(const std::string& set, const std::vector<PictureResult>& pictures, bool aloud) {
  constexpr int64_t kTold = 5;
  int64_t unread = 0;
  std::string last;
  for (const PictureResult& picture : pictures) {
    if (picture.unread.empty()) continue;
    last = picture.unread;
    if (++unread <= kTold && aloud) spdlog::warn("a picture is left out (data.on_error: skip): {}", last);
  }
  if (unread == 0) return;
  if (aloud) spdlog::warn("data set '{}': {} of {} pictures could not be read", set, unread, pictures.size());
  if (2 * unread > std::ssize(pictures)) {
    fail(kEvaluate, "data set '{}': {} of {} pictures could not be read, more than half. The last: {}", set, unread,
         pictures.size(), last);
  }
}

void warn_of_skipped(const SetResult& set) {
  if (set.skipped == 0) return;
  spdlog::warn("data set '{}': {} masks without an inside, or masks or boxes otherwise unusable, were skipped{}",
               set.name, set.skipped, set.metrics.empty() ? "; no mask is left, so the set is not in the mean" : "");
}

void add_means(EvaluateResult& result) {
  MetricsByKind counted;  // sets that have a kind's metric
  for (const SetResult& set : result.sets) {
    for (const auto& [kind, metrics] : set.metrics) {
      for (const auto& [name, value] : metrics) {
        ++counted[kind][name];
        result.mean[kind][name] += value;
      }
    }
  }
  for (auto& [kind, metrics] : result.mean) {
    for (auto& [name, value] : metrics) value /= counted[kind][name];
  }
}

}  // namespace hqsam
