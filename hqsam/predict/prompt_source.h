// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "hqsam/predict/prompt_file.h"
#include "hqsam/predict/prompt_match.h"

namespace hqsam {

// The prompts of given pictures: the same for all, or from a file or folder.
class PromptSource {
 public:
  explicit PromptSource(std::vector<StatedPrompt> for_all);
  // path: JSON (prompt_file.h); a folder of YOLO's <stem>.txt, read when they are asked for; or one such text, of the
  // only picture or of the one with its stem. Warns of names that are no pictures here and of those that were taken
  // though their folders are others. Throws Error where no picture has prompts.
  PromptSource(const std::filesystem::path& path, const std::vector<std::filesystem::path>& pictures);

  // Without prompts where there are none for it. Throws Error where they are unclear or cannot be read.
  StatedPrompts of(size_t picture) const;
  const std::filesystem::path& path() const { return path_; }

  // Whether categories are YOLO's classes, which count from 0.
  bool counts_classes() const;
  // Numbers for the categories that are texts, after the largest that is a number, from 1 on, in the order of the
  // texts; "object" among them where some prompts have a category and some have none.
  std::map<std::string, int64_t> numbers_of_texts() const;
  // Whether all pictures of the file come with COCO's number, no two with the same.
  bool has_image_ids() const;
  // Whether all prompts of the file have a number as their id, no two the same.
  bool has_unique_ids() const;

 private:
  void read_texts(const std::filesystem::path& folder);
  void match(const std::vector<std::filesystem::path>& pictures);

  std::filesystem::path path_;
  StatedPrompts for_all_;
  std::vector<NamedPrompts> named_;           // by name
  std::vector<std::filesystem::path> texts_;  // by name: YOLO's, or empty
  PromptMatch match_;
};

}  // namespace hqsam
