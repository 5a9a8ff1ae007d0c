// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/sam_tensors.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>
#include <string_view>

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/text.h"
#include "hqsam/model/foreign_parts.h"
#include "hqsam/tensorfile/tensor_index.h"

namespace hqsam {
namespace {

constexpr const char* kFunction = "read_checkpoint";

constexpr std::array<std::string_view, 5> kModules = {"image_encoder.", "prompt_encoder.", "mask_decoder.",
                                                      "vision_encoder.", "shared_image_embedding."};
// Of a mask decoder alone, as SysCV's trainer saves it.
constexpr std::array<std::string_view, 6> kOfDecoder = {
    "iou_token.", "hf_token.", "hf_mlp.", "compress_vit_feat.", "embedding_maskfeature.", "context_tokens."};
// SAM's parts of it, whatever their names look like.
constexpr std::array<std::string_view, 5> kSamsOfDecoder = {"transformer.", "mask_tokens.", "output_upscaling.",
                                                            "output_hypernetworks_mlps.", "iou_prediction_head."};
// Components of names that wrappers add: DistributedDataParallel, torch.compile, FSDP, checkpointing, Fabric.
constexpr std::array<std::string_view, 6> kWrappers = {"module",      "_orig_mod",       "_fsdp_wrapped_module",
                                                       "_fpw_module", "_forward_module", "_checkpoint_wrapped_module"};
constexpr std::array<std::string_view, 8> kAverages = {"ema",      "swa",    "avg",    "average",
                                                       "averaged", "shadow", "polyak", "modelema"};
// Words for what else trainers save, found anywhere in the first component of a name.
constexpr std::array<std::string_view, 22> kUsual = {
    "optim",  "sched",    "scaler", "amp",      "rng",   "random",  "epoch", "step",  "iter", "loss",  "criterion",
    "metric", "callback", "loop",   "averaged", "state", "history", "best",  "score", "arg",  "hyper", "ema"};

std::string without_wrappers(std::string_view name) {
  std::string result;
  while (!name.empty()) {
    const std::string_view component = name.substr(0, name.find('.'));
    const bool last = component.size() == name.size();
    if (last || std::find(kWrappers.begin(), kWrappers.end(), component) == kWrappers.end()) {
      result += name.substr(0, component.size() + (last ? 0 : 1));
    }
    name.remove_prefix(component.size() + (last ? 0 : 1));
  }
  return result;
}

bool starts_with_any(std::string_view name, const auto& beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(), [&](std::string_view b) { return name.starts_with(b); });
}

// Where the first component stands from which on the name begins with one of these; npos where none does.
size_t find_any(std::string_view name, const auto& beginnings) {
  size_t at = 0;
  while (!starts_with_any(name.substr(at), beginnings)) {
    const size_t dot = name.find('.', at);
    if (dot == name.npos) return name.npos;
    at = dot + 1;
  }
  return at;
}

// Tensors whose names have one prefix before SAM's.
struct Candidate {
  size_t tensors = 0;
  bool encoder = false, decoder = false;

  void add(std::string_view rest) {
    ++tensors;
    const bool of_encoder = rest.starts_with("image_encoder.") || rest.starts_with("vision_encoder.");
    encoder |= of_encoder && !rest.ends_with(".attn.qkv.weight");  // those come with trained keys
    decoder |= rest.starts_with("mask_decoder.");
  }
  int rank() const { return encoder ? (decoder ? 2 : 1) : 0; }
};

// A prefix in a message.
std::string told(const std::string& prefix) {
  return prefix.empty() ? "'' (none)" : fmt::format("'{}'", shown_short(prefix));
}

bool is_average(const std::string& prefix) {
  std::string word;
  for (const char c : lower_case(prefix) + ".") {
    if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
      word += c;
      continue;
    }
    if (std::find(kAverages.begin(), kAverages.end(), word) != kAverages.end()) return true;
    word.clear();
  }
  return false;
}

// "a and b", or a few of many.
std::string few(const std::vector<std::string>& texts) {
  return texts.size() == 2 ? fmt::format("{} and {}", texts[0], texts[1]) : first_few(texts);
}

using Candidates = std::map<std::string, Candidate>;

std::string choose_prefix(const Candidates& candidates, const std::string& path) {
  int best = 0;
  for (const auto& [prefix, candidate] : candidates) best = std::max(best, candidate.rank());
  std::vector<std::string> equal, trained, all;
  for (const auto& [prefix, candidate] : candidates) {
    if (candidate.rank() < best) continue;
    equal.push_back(prefix);
    all.push_back(fmt::format("{} ({} tensors)", told(prefix), candidate.tensors));
    if (!is_average(prefix)) trained.push_back(prefix);
  }
  if (equal.size() == 1) return equal.front();
  if (trained.size() == 1) {
    spdlog::warn("{}: of the models with the prefixes {}, {} is read, not an average of it; for that, save it alone",
                 path, few(all), told(trained.front()));
    return trained.front();
  }
  fail(kFunction,
       "the file holds {} models, with the prefixes {}, and nothing tells which is meant: save that one alone, in "
       "Python with torch.save(model.state_dict(), path)",
       all.size(), few(all));
}

// How many tensors there are by the first component of their names.
std::string counted(const std::vector<std::string>& names) {
  std::map<std::string, size_t> counts;
  for (const std::string& name : names) ++counts[shown_short(name.substr(0, name.find('.')))];
  std::vector<std::string> texts;
  for (const auto& [first, count] : counts) {
    texts.push_back(count == 1 ? first : fmt::format("{} ({} tensors)", first, count));
  }
  return first_few(texts);
}

bool is_usual(std::string_view name) {
  const std::string first = lower_case(name.substr(0, name.find('.')));
  return is_bookkeeping(name) || std::any_of(kUsual.begin(), kUsual.end(),
                                             [&](std::string_view word) { return first.find(word) != first.npos; });
}

// Reports what is left out, as a warning unless it is only a trainer's own state.
void tell_left(const std::vector<std::string>& left, const FileContents& contents, const std::string& path) {
  std::vector<std::string> objects;
  for (const auto& [name, type] : contents.objects) {
    if (name.find('.') == name.npos) objects.push_back(fmt::format("{} ({})", shown_short(name), type));
  }
  if (!objects.empty()) spdlog::info("{}: Python objects are left out and not run: {}", path, first_few(objects));
  if (left.empty()) return;
  const bool usual = std::all_of(left.begin(), left.end(), is_usual);
  spdlog::log(usual ? spdlog::level::info : spdlog::level::warn, "{}: left out, as no part of SAM: {}", path,
              counted(left));
}

[[noreturn]] void fail_object(const std::string& name, const std::string& type) {
  fail(kFunction,
       "'{}' is an object of {}, expected a tensor: save plain weights in Python with torch.save(model.state_dict(), "
       "path)",
       shown_short(name), type);
}

[[noreturn]] void fail_without_sam(const FileContents& contents) {
  for (const auto& [name, type] : contents.objects) {
    if (!type.starts_with("ultralytics.") && !type.starts_with("models.yolo")) continue;
    fail(kFunction, "this is not a SAM checkpoint but a YOLO (as FastSAM is), a whole object of {}", type);
  }
  for (const auto& [name, type] : contents.objects) {
    if (find_any(without_wrappers(name), kModules) != std::string::npos) fail_object(name, type);
  }
  if (contents.tensors.empty() || contents.tensors.front().empty()) fail_without_tensors(contents);
  const bool encoder = std::any_of(contents.tensors.begin(), contents.tensors.end(), [](const std::string& name) {
    return name.ends_with("patch_embed.proj.weight") || name.ends_with("patch_embed.seq.0.c.weight");
  });
  fail(kFunction,
       "this is not a SAM checkpoint: of {} tensors none is of an image_encoder, prompt_encoder or mask_decoder; their "
       "names "
       "begin with {}{}",
       contents.tensors.size(), counted(contents.tensors),
       encoder ? "; it may be an image encoder alone: name the whole model" : "");
}

struct Chosen {
  std::string prefix;
  bool decoder_alone = false;

  bool takes(std::string_view name) const {
    if (!name.starts_with(prefix)) return false;
    const std::string_view rest = name.substr(prefix.size());
    if (decoder_alone) return starts_with_any(rest, kSamsOfDecoder) || !is_usual(rest);
    return starts_with_any(rest, kModules) || rest == "pixel_mean" || rest == "pixel_std";
  }
};

Chosen choose(const std::vector<std::string>& names, const FileContents& contents, const std::string& path) {
  for (const bool decoder_alone : {false, true}) {
    Candidates candidates;
    for (size_t i = 0; i < names.size(); ++i) {
      const size_t at = decoder_alone ? find_any(names[i], kOfDecoder) : find_any(names[i], kModules);
      if (at == std::string::npos) continue;
      const std::string prefix = names[i].substr(0, at);
      if (lower_case(prefix).find("optim") != std::string::npos) continue;  // moments by parameters' names
      candidates[prefix].add(std::string_view(names[i]).substr(at));
    }
    if (!candidates.empty()) return {choose_prefix(candidates, path), decoder_alone};
  }
  fail_without_sam(contents);
}

// Throws Error for Python objects among SAM's tensors and for parts beside the model's three modules.
void check_rest(const Chosen& chosen, const std::vector<std::string>& left, const FileContents& contents) {
  for (const auto& [name, type] : contents.objects) {
    const std::string clean = without_wrappers(name);
    if (!clean.starts_with(chosen.prefix)) continue;
    if (starts_with_any(std::string_view(clean).substr(chosen.prefix.size()), kModules)) fail_object(name, type);
  }
  std::vector<std::string> own;
  for (const std::string& name : left) {
    if (!name.starts_with(chosen.prefix)) continue;
    const std::string rest = name.substr(chosen.prefix.size());
    own.push_back(rest.substr(0, rest.find('.')));
  }
  check_parts(own);
}

}  // namespace

std::vector<TakenTensor> take_sam(const FileContents& contents, const std::string& path) {
  std::vector<std::string> names;
  for (const std::string& name : contents.tensors) names.push_back(without_wrappers(name));
  if (const std::string model = foreign_model(names); !model.empty()) {
    fail(kFunction, "this is not a SAM checkpoint that hqsam reads, but {}", model);
  }
  const Chosen chosen = choose(names, contents, path);
  std::vector<TakenTensor> taken;
  std::vector<std::string> left;
  std::set<std::string> doubled;
  for (size_t i = 0; i < names.size(); ++i) {
    if (!chosen.takes(names[i])) {
      left.push_back(names[i]);
      continue;
    }
    if (!doubled.insert(names[i]).second) {
      fail(kFunction, "two tensors are named '{}' when the wrappers' parts of names are left out",
           shown_short(names[i]));
    }
    if (std::any_of(names[i].begin(), names[i].end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
      fail(kFunction, "a tensor's name, '{}', has control characters: the file is damaged", shown_short(names[i]));
    }
    taken.push_back({i, names[i].substr(chosen.prefix.size())});
  }
  check_rest(chosen, left, contents);
  if (!chosen.prefix.empty()) spdlog::info("{}: SAM is what has the prefix {}", path, told(chosen.prefix));
  tell_left(left, contents, path);
  return taken;
}

}  // namespace hqsam
