// SPDX-License-Identifier: Apache-2.0
#include "check_objects.h"
#include "hqsam/data/sa1b_json.h"

using namespace hqsam;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    fuzz::check_objects(read_sa1b_json(text, "a.json", {48, 64}));
  } catch (const Error& error) {
    fuzz::check_message(error);
  }
  return 0;
}
