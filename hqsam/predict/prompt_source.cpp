// SPDX-License-Identifier: Apache-2.0
#include "hqsam/predict/prompt_source.h"

#include <algorithm>
#include <set>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/log.h"
#include "hqsam/core/text.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

bool is_text(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".txt" || extension == ".TXT" || extension == ".Txt";
}

}  // namespace

PromptSource::PromptSource(std::vector<StatedPrompt> for_all) : for_all_{std::move(for_all), {}, {}} {}

PromptSource::PromptSource(const fs::path& path, const std::vector<fs::path>& pictures) : path_(path) {
  if (fs::is_directory(path)) {
    read_texts(path);
  } else if (is_text(path)) {
    const OpenFile readable(path);
    const bool only = pictures.size() == 1;
    named_.push_back({only ? pictures.front().filename().string() : path.stem().string(), {}});
    texts_.push_back(path);
  } else {
    named_ = prompts_from_json(read_file(path, kMaxPromptBytes), path.string(), path.parent_path());
    texts_.resize(named_.size());
  }
  match(pictures);
}

void PromptSource::read_texts(const fs::path& folder) {
  std::vector<fs::path> texts;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const bool hidden = entry.path().filename().string().starts_with('.');
    if (!hidden && is_text(entry.path()) && !entry.is_directory()) texts.push_back(entry.path());
  }
  if (texts.empty()) {
    fail("predict", "--prompts {} is a folder without a .txt: a folder holds YOLO's texts, one per picture",
         folder.string());
  }
  std::sort(texts.begin(), texts.end());
  for (const fs::path& text : texts) {
    named_.push_back({text.lexically_relative(folder).replace_extension().generic_string(), {}});
    texts_.push_back(text);
  }
}

void PromptSource::match(const std::vector<fs::path>& pictures) {
  std::vector<std::string> names;
  for (const NamedPrompts& named : named_) names.push_back(named.name);
  match_ = match_prompts(names, pictures);
  if (!match_.unused.empty()) {
    spdlog::warn("{} has prompts for {}, which {} no picture here", path_.string(), first_few(match_.unused),
                 match_.unused.size() == 1 ? "is" : "are");
  }
  if (!match_.other_folder.empty()) {
    spdlog::warn("{}: taken by their file names alone, from other folders: {}", path_.string(),
                 first_few(match_.other_folder));
  }
  for (size_t i = 0; i < pictures.size(); ++i) {
    const bool empty =
        match_.name_of[i] && texts_[*match_.name_of[i]].empty() && named_[*match_.name_of[i]].stated.prompts.empty();
    if ((match_.name_of[i] && !empty) || !match_.error[i].empty()) return;
  }
  fail("predict", "{} has no prompts for {}: names there are file names, stems, or paths{}", path_.string(),
       pictures.size() == 1 ? pictures.front().string() : fmt::format("any of the {} pictures", pictures.size()),
       names.empty() ? "" : ", such as " + first_few({names.front().substr(0, 80)}));
}

StatedPrompts PromptSource::of(size_t picture) const {
  if (path_.empty()) return for_all_;
  if (!match_.error[picture].empty()) fail("predict", "{}: {}", path_.string(), match_.error[picture]);
  const auto name = match_.name_of[picture];
  if (!name) return {};
  const fs::path& text = texts_[*name];
  return text.empty() ? named_[*name].stated : prompts_from_yolo(read_file(text), text.string());
}

bool PromptSource::counts_classes() const {
  return std::any_of(texts_.begin(), texts_.end(), [](const fs::path& text) { return !text.empty(); });
}

std::map<std::string, int64_t> PromptSource::numbers_of_texts() const {
  std::map<std::string, int64_t> numbers;
  int64_t largest = 0;
  bool some = false, none = false;
  for (const NamedPrompts& named : named_) {
    for (const StatedPrompt& prompt : named.stated.prompts) {
      const bool stated = !std::holds_alternative<std::monostate>(prompt.category);
      (stated ? some : none) = true;
      if (const auto* number = std::get_if<int64_t>(&prompt.category)) largest = std::max(largest, *number);
      if (const auto* text = std::get_if<std::string>(&prompt.category)) numbers[*text] = 0;
    }
  }
  if (some && none) numbers["object"] = 0;
  for (auto& [text, number] : numbers) number = ++largest;
  return numbers;
}

bool PromptSource::has_image_ids() const {
  std::set<int64_t> ids;
  for (const NamedPrompts& named : named_) {
    if (!named.stated.image_id || !ids.insert(*named.stated.image_id).second) return false;
  }
  return !ids.empty();
}

bool PromptSource::has_unique_ids() const {
  std::set<int64_t> ids;
  for (const NamedPrompts& named : named_) {
    for (const StatedPrompt& prompt : named.stated.prompts) {
      const auto* id = std::get_if<int64_t>(&prompt.id);
      if (id == nullptr || !ids.insert(*id).second) return false;
    }
  }
  return !ids.empty();
}

}  // namespace hqsam
