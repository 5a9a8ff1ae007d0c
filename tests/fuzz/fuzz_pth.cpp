// SPDX-License-Identifier: Apache-2.0
#include "check_index.h"
#include "hqsam/tensorfile/pth_index.h"

using namespace hqsam;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::Bytes file = fuzz::as_file(data, size);
  try {
    const TensorIndex index = parse_pth(file);
    fuzz::require(looks_like_pth(file) && !index.tensors.empty());
    fuzz::check_index(index, file);
  } catch (const Error& error) {
    fuzz::check_message(error);
  }
  return 0;
}
