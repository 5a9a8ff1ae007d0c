// SPDX-License-Identifier: Apache-2.0
#include "check_index.h"
#include "hqsam/tensorfile/safetensors_header.h"

using namespace hqsam;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::Bytes file = fuzz::as_file(data, size);
  try {
    fuzz::check_index(parse_safetensors(file), file);
    fuzz::require(looks_like_safetensors(file));
  } catch (const Error& error) {
    fuzz::check_message(error);
  }
  return 0;
}
