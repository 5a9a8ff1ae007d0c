// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <set>

#include "hqsam/config/config.h"
#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "temporary_folder.h"

namespace hqsam {
namespace {

// Every number that a config can hold, none at its default: to_yaml writes them all.
constexpr const char* kAllNumbers = R"(
data:
  train:
    - {name: a, images: im, masks: gt, mask_kind: ids, ignore: 3, threshold: 99, range: [1, 2], bands: [3, 2, 1],
       per_picture: 4, min_area: 5, weight: 2}
  valid:
    - {name: b, images: im, masks: gt, weight: 3}
  image_size: 512
  workers: 3
  augment: {flip_probability: 0.25, scale_min: 0.5, scale_max: 1.5}
prompts:
  - {type: points, weight: 0.1, count: 7}
  - {type: points, count: [2, 4], negative: 0.2}
  - {type: [box, clicks], noise: 0.1, noise_cap: 20, rounds: 3, pauses: 1}
train:
  lora: {rank: 4, alpha: 32}
  schedule: {type: cosine, warmup_steps: 9, drop_after_epoch: 2, factor: 0.5, final_factor: 0.05}
  validate_every: {steps: 50}
  ema: {decay: 0.9}
evaluate:
  batch: 2
  prompts: [{type: points, count: 3}, {type: clicks, count: 5}, {type: box, noise: 0.1, noise_cap: 20}]
)";

// The dotted keys of all numbers below a node.
void collect_numbers(const YAML::Node& node, const std::string& path, std::vector<std::string>& keys) {
  const auto below = [&](const std::string& key) { return path.empty() ? key : path + "." + key; };
  if (node.IsMap()) {
    for (const auto& pair : node) collect_numbers(pair.second, below(pair.first.Scalar()), keys);
  } else if (node.IsSequence()) {
    for (size_t i = 0; i < node.size(); ++i) collect_numbers(node[i], below(std::to_string(i)), keys);
  } else if (node.IsScalar()) {
    const std::string text = node.Scalar();
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && end == text.data() + text.size()) keys.push_back(path);
  }
}

// Why a value that looks odd is a good one.
bool is_meant(const std::string& key, const std::string& value) {
  if (key.ends_with(".seed")) return value == "0" || value == "9223372036854775807";  // any number seeds a stream
  if (key.ends_with(".ignore")) return value == "0" || value == "-1";                 // a value of the mask; none
  if (key.find(".range.") != std::string::npos) return value == "0" || value == "-1" || value == "1e12";
  static const std::set<std::string> kZeroMeans = {"min_area",     "threshold",
                                                   "workers",      "flip_probability",
                                                   "warmup_steps", "drop_after_epoch",
                                                   "final_factor", "patience",
                                                   "save_minutes", "clip_grad_norm",
                                                   "decay",        "encoder_batch",
                                                   "limit",        "max_detections_in_picture",
                                                   "noise",        "noise_cap",
                                                   "negative",     "pauses"};
  return value == "0" && kZeroMeans.contains(key.substr(key.rfind('.') + 1));
}

class ConfigBounds : public testing::Test {
 protected:
  ConfigBounds() { write_file(path_, kAllNumbers), write_file(path_, to_yaml(load_config(path_))); }

  // What load_config says of one value, "" where it takes it.
  std::string said_of(const std::string& key, const std::string& value) const {
    try {
      load_config(path_, {key + "=" + value});
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  testing_support::TemporaryFolder temporary_;
  const std::filesystem::path path_ = temporary_.path / "run.yaml";
};

TEST_F(ConfigBounds, HoldEveryNumberAndNameItsKey) {
  std::vector<std::string> keys;
  collect_numbers(YAML::LoadFile(path_.string()), "", keys);
  EXPECT_GE(keys.size(), 45u);
  int tried = 0;
  for (const std::string& key : keys) {
    for (const std::string value : {"-1", "0", "1e300", "-1e300", "1e-300", "nan", ".nan", "inf", "-.inf", "1e18",
                                    "9223372036854775807", "-9223372036854775808", "1e999", "99999999999999999999"}) {
      ++tried;
      const std::string said = said_of(key, value);
      const bool tiny = value == "1e-300" && is_meant(key, "0");
      if (said.empty()) {
        EXPECT_TRUE(is_meant(key, value) || tiny) << key << "=" << value << " is taken";
        continue;
      }
      // Of a list's item the list is named.
      const std::string word = key.find(".range.") != std::string::npos   ? "range"
                               : key.find(".bands.") != std::string::npos ? "bands"
                               : key.find(".count.") != std::string::npos ? "count"
                                                                          : key;
      EXPECT_NE(said.find(word), std::string::npos) << said;
      EXPECT_NE(said.find(", got "), std::string::npos) << said;
      EXPECT_LT(said.size(), 300u) << said;
    }
  }
  EXPECT_GT(tried, 600);
}

TEST_F(ConfigBounds, AreToldInShort) {
  const auto ending = [&](const std::string& key, const std::string& value) {
    const std::string said = said_of(key, value);
    return said.substr(std::min(said.find(": '"), said.size() - 2) + 2);
  };
  EXPECT_EQ(ending("train.lr", "1e300"), "'train.lr' must be in 1e-12..1, got 1e+300");
  EXPECT_EQ(ending("train.lora.alpha", "1e300"), "'train.lora.alpha' must be in 1e-06..10000, got 1e+300");
  EXPECT_EQ(ending("data.train.0.weight", "1e15"),
            "'data.train.0.weight' must be in 1e-06..10000 (data set 'a'), got 1000000000000000");
  EXPECT_EQ(ending("train.patience", "-1"), "'train.patience' must be in 0..1000000 (0 = off), got -1");
  EXPECT_EQ(ending("data.workers", "9999"), "'data.workers' must be in 0..256, got 9999");
}

}  // namespace
}  // namespace hqsam
