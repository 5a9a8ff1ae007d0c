// SPDX-License-Identifier: Apache-2.0
#include "hqsam/evaluate/shard.h"

#include <nlohmann/json.hpp>

#include "hqsam/data/on_error.h"

namespace hqsam {
namespace {

using nlohmann::json;

template <class T>
json optional_json(const std::optional<T>& value) {
  return value ? json(*value) : json();
}

template <class T>
std::optional<T> optional_of(const json& value) {
  return value.is_null() ? std::nullopt : std::optional<T>(value.get<T>());
}

MaskKind kind_of(const std::string& word) { return choose(word, kMaskKinds, "merge_ranks", "kind of mask"); }

json to_json(const PictureResult& picture) {
  json samples = json::array();
  for (const SampleResult& sample : picture.samples) {
    json scores = json::object();
    for (const auto& [kind, of_kind] : sample.scores) {
      scores[to_string(kind)] = {of_kind.iou,
                                 of_kind.boundary_iou,
                                 of_kind.strict_boundary_iou,
                                 optional_json(of_kind.thin_iou),
                                 optional_json(of_kind.hce),
                                 of_kind.click_ious,
                                 of_kind.click_boundary_ious};
    }
    json prompt;
    if (sample.prompt) prompt = {sample.prompt->iou, sample.prompt->boundary_iou};
    samples.push_back({sample.set, sample.name, sample.image_path, sample.mask_index, scores, prompt});
  }
  json ap = json::object();
  for (const auto& [kind, of_kind] : picture.ap) {
    ApAccumulator one;
    one.add(0, of_kind);
    const std::string bytes = one.bytes();
    ap[to_string(kind)] = json::binary({bytes.begin(), bytes.end()});
  }
  return {{"samples", samples}, {"skipped", picture.skipped}, {"ap", ap}, {"unread", picture.unread}};
}

PictureResult picture_of(const json& object) {
  PictureResult picture;
  picture.skipped = object.at("skipped");
  picture.unread = object.at("unread");
  for (const json& row : object.at("samples")) {
    SampleResult sample{row.at(0), row.at(1), row.at(2), row.at(3), {}};
    for (const auto& [kind, scores] : row.at(4).items()) {
      sample.scores[kind_of(kind)] = {scores.at(0),
                                      scores.at(1),
                                      scores.at(2),
                                      optional_of<double>(scores.at(3)),
                                      optional_of<int64_t>(scores.at(4)),
                                      scores.at(5).get<std::vector<double>>(),
                                      scores.at(6).get<std::vector<double>>()};
    }
    if (const json& prompt = row.at(5); !prompt.is_null()) sample.prompt = {prompt.at(0), prompt.at(1)};
    picture.samples.push_back(std::move(sample));
  }
  for (const auto& [kind, packed] : object.at("ap").items()) {
    const auto& bytes = packed.get_binary();
    picture.ap[kind_of(kind)] = ApAccumulator::from_bytes({bytes.begin(), bytes.end()}).pictures().at(0);
  }
  return picture;
}

// MessagePack, since a file's name need not be UTF-8.
std::string pack(const json& object) {
  std::string bytes;
  json::to_msgpack(object, bytes);
  return bytes;
}

std::string run_and_pack(const std::function<RankResults()>& run) {
  try {
    json sets = json::array();
    for (const auto& pictures : run()) {
      json packed = json::array();
      for (const PictureResult& picture : pictures) packed.push_back(to_json(picture));
      sets.push_back(std::move(packed));
    }
    return pack({{"sets", sets}});
  } catch (const Stopped& stopped) {  // the other ranks wait for this one's answer
    return pack({{"stopped", stopped.what()}});
  } catch (const std::exception& error) {
    return pack({{"error", error.what()}});
  }
}

}  // namespace

RankResults merge_ranks(const std::function<RankResults()>& run, Group& group) {
  if (group.size() == 1) return run();
  const std::vector<std::string> gathered = group.all_gather_bytes(run_and_pack(run));
  std::vector<json> ranks;
  for (const std::string& bytes : gathered) {
    ranks.push_back(json::from_msgpack(bytes));
    if (ranks.back().contains("stopped")) throw Stopped(ranks.back().at("stopped").get<std::string>());
    if (ranks.back().contains("error")) throw Error(ranks.back().at("error").get<std::string>());
  }
  RankResults merged(ranks.front().at("sets").size());
  for (size_t set = 0; set < merged.size(); ++set) {
    for (size_t round = 0;; ++round) {
      const size_t before = merged[set].size();
      for (const json& rank : ranks) {
        const json& pictures = rank.at("sets").at(set);
        if (round < pictures.size()) merged[set].push_back(picture_of(pictures.at(round)));
      }
      if (merged[set].size() == before) break;
    }
  }
  return merged;
}

}  // namespace hqsam
