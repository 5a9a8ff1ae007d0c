// SPDX-License-Identifier: Apache-2.0
#include "harness.h"
#include "hqsam/core/bounded_json.h"
#include "hqsam/model/huggingface_config.h"

using namespace hqsam;

namespace {

// What is accepted makes a sound model.
template <class Apply>
void try_on(SamHqOptions options, Apply apply) {
  try {
    apply(options);
    options.validate();
  } catch (const Error& error) {
    fuzz::check_message(error);
  }
}

}  // namespace

// The JSONs of a folder of Hugging Face transformers: config.json of SAM and of HQ-SAM, preprocessor_config.json, and
// the index of shards.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const nlohmann::json json = parse_json_object("read_huggingface", "config.json", text);
    SamHqOptions hq, sam;
    sam.mask_decoder.vit_dim = 0;
    auto& windows = std::get<ImageEncoderVitOptions>(sam.image_encoder);
    windows.window_size = windows.grid();  // the window that shapes do not tell
    for (const SamHqOptions& options : {hq, sam}) {
      try_on(options, [&](SamHqOptions& changed) { apply_huggingface_config(json, changed); });
      try_on(options, [&](SamHqOptions& changed) { apply_huggingface_preprocessor(json, changed); });
    }
    for (const auto& [key, file] : huggingface_weight_map(json, "a.index.json")) {
      fuzz::touch(key);
      fuzz::require(file.find('/') == file.npos);
    }
  } catch (const Error& error) {
    fuzz::check_message(error);
  }
  return 0;
}
