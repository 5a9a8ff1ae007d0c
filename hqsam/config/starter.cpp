// SPDX-License-Identifier: Apache-2.0
#include "hqsam/config/starter.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include "hqsam/config/choices.h"
#include "hqsam/core/parallel.h"
#include "hqsam/data/open_dataset.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

// Quoted for YAML where it is not plain.
std::string quoted(const std::string& text) {
  const bool plain =
      !text.empty() &&
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-") == std::string::npos;
  if (plain) return text;
  std::string safe = "'";
  for (const char c : text) {
    safe += c;
    if (c == '\'') safe += c;
    if (c == '$') safe += "$";
  }
  return safe + "'";
}

std::string path_from(const fs::path& path, const fs::path& folder) {
  const fs::path there = fs::absolute(path).lexically_normal();
  const fs::path way = there.lexically_relative(fs::absolute(folder).lexically_normal());
  const bool far = way.empty() || way.string().starts_with("../..");
  return quoted(far ? there.string() : way.string());
}

std::string set_line(const SetOptions& set, const fs::path& folder, const std::string& more) {
  std::string line = fmt::format("    - {{name: {}", quoted(set.name));
  if (set.format != SetFormat::kAuto) line += ", type: " + word_of(set.format, kSetFormats);
  line += ", images: " + path_from(set.images, folder);
  if (!set.masks.empty()) line += ", masks: " + path_from(set.masks, folder);
  if (!set.annotations.empty()) line += ", annotations: " + path_from(set.annotations, folder);
  if (!set.split.empty()) line += ", split: " + quoted(set.split);
  return line + more + "}\n";
}

struct Advice {
  int64_t epochs, batch_size;
  std::string about;
};

// Few rows want many rounds and small batches: a run should make some thousand steps' worth of rows.
Advice advice_for(int64_t rows) {
  if (rows < 200) {
    const int64_t batch = std::clamp<int64_t>(rows / 4, 1, 4);
    return {std::clamp<int64_t>(4000 / std::max<int64_t>(rows, 1), 20, 200), batch,
            "few masks: many epochs in small batches; SAM is measured first, so the run tells what HQ gains"};
  }
  if (rows < 10000) {
    return {std::clamp<int64_t>(40000 / rows, 12, 60), 16, "some thousand masks: the paper's settings, more epochs"};
  }
  return {12, 32, "as many masks as HQSeg-44K: the paper's settings"};
}

// "my_data" of my_data/, my_data/data.yaml and my_data.json.
std::string run_name(const fs::path& data) {
  fs::path path = fs::absolute(data).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  if (fs::is_regular_file(path)) path = path.stem() == "data" ? path.parent_path() : path.replace_extension();
  const std::string name = path.filename().string();
  return name.empty() ? "mine" : name;
}

}  // namespace

SetSize size_up(const SetOptions& set, int64_t workers) {
  constexpr int64_t kLooked = 200;
  const auto dataset = open_dataset(set);
  SetSize size{dataset->size(), 0, std::min(dataset->size(), kLooked), dataset->told()};
  std::mutex mutex;
  parallel_for("count masks", size.looked, std::max<int64_t>(workers, 1), [&](int64_t i) {
    const auto count = static_cast<double>(dataset->masks_of(i * size.pictures / size.looked).size());
    const std::lock_guard lock(mutex);
    size.masks += count;
  });
  size.masks *= static_cast<double>(size.pictures) / static_cast<double>(std::max<int64_t>(size.looked, 1));
  return size;
}

std::string starter_yaml(const FoundSets& sets, const SetSize& train, const fs::path& folder,
                         const std::string& checkpoint, const fs::path& data) {
  const double per_picture = train.masks / static_cast<double>(std::max<int64_t>(train.pictures, 1));
  const bool all_masks = per_picture >= 1.5;
  const int64_t rows = all_masks ? std::llround(train.masks) : train.pictures;
  const Advice advice = advice_for(rows);
  std::string yaml = fmt::format(
      "# Trains HQ-SAM on {} pictures with {}{:.0f} masks ({}).\n"
      "# docs/training.md says what to choose, docs/configuration.md lists all keys, docs/data.md how files are read.\n"
      "model:\n"
      "  checkpoint: {}  # SAM's or HQ-SAM's weights; ViT-B trains fastest, ViT-L is the paper's\n"
      "data:\n"
      "  train:\n",
      train.pictures, train.looked < train.pictures ? "about " : "", train.masks, sets.what, quoted(checkpoint));
  const std::string several = all_masks ? ", per_picture: all" : "";
  for (const SetOptions& set : sets.train) yaml += set_line(set, folder, several);
  if (!several.empty()) {
    yaml +=
        fmt::format("  # {:.1f} masks a picture: an epoch has a row for each; per_picture: 4 makes it four a picture\n",
                    per_picture);
  }
  if (!train.told.empty()) yaml += "  # " + train.told + "\n";
  if (sets.valid.empty()) {
    yaml +=
        "  # No pictures to validate on were found: keep a tenth aside in a folder of their own, or the run cannot\n"
        "  # tell whether it gets better.\n  valid: []\n";
  } else {
    yaml += "  valid:\n";
    for (const SetOptions& set : sets.valid) yaml += set_line(set, folder, "");
  }
  yaml += fmt::format(
      "  workers: 4\n"
      "  # augment: {{scale_min: 0.5, scale_max: 2.0}}  # shrinks less than the paper's 0.1 to 2.0; for the thinnest "
      "things\n"
      "prompts:  # the paper's mixture\n"
      "  - {{type: box, weight: 1}}\n"
      "  - {{type: points, weight: 1, count: 10}}\n"
      "  - {{type: noisy_mask, weight: 1}}\n"
      "train:  # {}\n"
      "  objective: hq\n"
      "  trainable: hq      # SAM's own weights stay as they are\n"
      "  epochs: {}\n"
      "  batch_size: {}\n"
      "  micro_batch: {}     # rows at a time; lower where memory is short, 16 on a large GPU\n"
      "  lr: 1.0e-3\n"
      "  schedule: {{type: step, drop_after_epoch: {}, factor: 0.1}}\n"
      "evaluate: {{prompt: box, protocol: keep_aspect}}\n"
      "output: runs/{}\n",
      advice.about, advice.epochs, advice.batch_size, std::min<int64_t>(advice.batch_size, 4),
      std::max<int64_t>(1, advice.epochs * 5 / 6), quoted(run_name(data)));
  return yaml;
}

}  // namespace hqsam
