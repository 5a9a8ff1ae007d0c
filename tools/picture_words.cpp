// SPDX-License-Identifier: Apache-2.0
#include "picture_words.h"

#include <utility>

#include "common.h"
#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/print.h"
#include "hqsam/core/text.h"
#include "hqsam/metrics/names.h"
#include "hqsam/predict/stated_prompt.h"

namespace hqsam {
namespace {

std::string message_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {  // includes libtorch's, such as lack of memory
    return error.what();
  }
}

}  // namespace

std::string failure_of_picture(std::string_view command, const std::filesystem::path& picture,
                               const std::exception_ptr& failure) {
  const std::string message = message_of(failure);
  const std::string line = message.substr(0, message.find('\n'));  // libtorch's have several lines
  if (line.find(picture.string()) != std::string::npos) return line;
  return fmt::format("[{}] {}: {}", command, picture.string(), reason_of(line));
}

void PictureWarnings::tell(const std::filesystem::path& picture, const PictureNotes& notes) {
  const std::string path = picture.string();
  if (!notes.warning.empty()) spdlog::warn("{}: {}", path, notes.warning);
  if (notes.stretched && !std::exchange(told_range_, true)) {
    spdlog::warn("{}: samples from {} to {} became 0 to 255 (told once)", path, notes.low, notes.high);
  }
  if (notes.bands > 0 && !std::exchange(told_bands_, true)) {
    spdlog::warn("{}: the first bands of {} are shown (told once)", path, notes.bands);
  }
}

int tell_outcome(const PicturesOutcome& outcome, size_t pictures, std::string_view prompts,
                 const std::filesystem::path& source, const std::filesystem::path& output, double seconds) {
  if (!outcome.without_prompts.empty()) {
    spdlog::warn("{} of {} pictures have no {} in {}: {}", outcome.without_prompts.size(), pictures, prompts,
                 source.string(), first_few(outcome.without_prompts));
  }
  if (!outcome.failed.empty()) {
    spdlog::error("{} of {} pictures failed: {}", outcome.failed.size(), pictures, fmt::join(outcome.failed, ", "));
  }
  print_line("{}, {} in {}, {:.1f} s{}", counted(outcome.pictures, "picture"), counted(outcome.masks, "mask"),
             output.string(), seconds, outcome.failed.empty() ? "" : fmt::format(", {} failed", outcome.failed.size()));
  return outcome.failed.empty() ? 0 : kExitError;
}

}  // namespace hqsam
