// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hqsam/mask/packed.h"
#include "hqsam/predict/place_prompt.h"
#include "predict_annotations.h"

namespace hqsam {

// What is written of one picture, and where.
struct ResultsOf {
  std::filesystem::path folder;
  std::filesystem::path picture;  // names the files by its stem
  std::string image;              // the picture, as the JSON tells it
  Size size;
  std::string masks;       // the word of --masks
  bool png = true;         // <stem>_<i>.png and <stem>.json; else what is written is annotations alone
  int64_t per_prompt = 1;  // results of each prompt
  bool logits = false;     // <stem>.safetensors too
  int64_t mask_side = 0;   // of low_res_logits, pixels
};

// Writes a picture's results, and keeps them for annotations where asked to: <stem>_<i>.png as they come, i = number of
// the prompt * per_prompt + rank; at the end <stem>.json and, where asked for, <stem>.safetensors. Memory grows with
// the number of results by their run lengths alone, but for logits: 4 bytes for each of their pixels.
class ResultWriter {
 public:
  // stated and prompts must outlive it. keep: predicted() will be asked for.
  ResultWriter(ResultsOf of, const StatedPrompts& stated, const PlacedPrompts& prompts, bool keep);
  // Without finish(), what was written is removed, and the JSON of an earlier run whose masks it was to replace.
  ~ResultWriter();
  ResultWriter(const ResultWriter&) = delete;
  ResultWriter& operator=(const ResultWriter&) = delete;

  // placed: an index into prompts.placed.
  size_t result_of(size_t placed, int64_t rank) const;
  // Before write_mask, by one thread.
  void keep_logits(size_t result, const Prediction& prediction);
  // From several threads, each result once.
  void write_mask(size_t result, const PackedMask& mask, double score);
  // After all of write_mask.
  const PredictedMasks& predicted() const { return predicted_; }
  // After all: writes the JSON, and removes masks that an earlier run listed and this one did not write.
  void finish();

 private:
  std::filesystem::path file(const std::string& ending) const;
  std::string mask_name(size_t result) const;
  void write_png(size_t result, std::vector<uint8_t> pixels, const PackedMask& mask, double score, const Rle& rle);
  void write_logits();
  void write_json();

  ResultsOf of_;
  std::string stem_;
  const StatedPrompts& stated_;
  const PlacedPrompts& prompts_;
  std::vector<nlohmann::ordered_json> results_;
  std::vector<char> written_;  // not bool: threads write beside each other
  bool keep_;
  PredictedMasks predicted_;
  torch::Tensor low_res_, logits_, scores_;
  bool finished_ = false;
};

// Throws Error where the folder takes no names as long as those of the results of this many masks.
void check_result_names(const std::filesystem::path& folder, const std::filesystem::path& picture, size_t masks);

// The mark of a <stem>.json of amg.
inline constexpr const char* kWrittenByHqsam = "written by hqsam";

// The files that a <stem>.json of an earlier run lists, of predict or amg, names in its folder; none where it is no
// such file.
std::vector<std::string> files_of_results(const std::filesystem::path& json);

}  // namespace hqsam
