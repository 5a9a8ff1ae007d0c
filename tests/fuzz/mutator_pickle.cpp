// SPDX-License-Identifier: Apache-2.0
#include "mutate.h"

using namespace hqsam;

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  fuzz::Random random(seed);
  if (fuzz::below(random, 3) == 0) return LLVMFuzzerMutate(data, size, max_size);
  std::string pickle(reinterpret_cast<const char*>(data), size);
  fuzz::mutate_pickle(pickle, random);
  return fuzz::put(pickle, data, max_size);
}
