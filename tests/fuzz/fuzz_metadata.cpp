// SPDX-License-Identifier: Apache-2.0
#include "harness.h"
#include "hqsam/model/options_metadata.h"

using namespace hqsam;

// hqsam.options of a checkpoint's metadata, on each kind of image encoder.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Metadata metadata = {{"hqsam.options", std::string(reinterpret_cast<const char*>(data), size)}};
  SamHqOptions vit, tiny;
  tiny.image_encoder = TinyVitOptions();
  tiny.mask_decoder.vit_dim = tiny.early_width();
  for (SamHqOptions options : {vit, tiny}) {
    try {
      apply_options_metadata(metadata, options);
      options.validate();
      // What it means is kept when it is written again.
      SamHqOptions again = options;
      apply_options_metadata(options_metadata(options), again);
      fuzz::require(options_metadata(again) == options_metadata(options));
    } catch (const Error& error) {
      fuzz::check_message(error);
    }
  }
  return 0;
}
