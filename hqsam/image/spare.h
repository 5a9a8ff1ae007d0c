// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hqsam {

// Large buffers that a thread uses again: fresh ones are zeroed, and the system takes and gives their pages each time.
// Nothing is kept unless keep_spare is called, and no more than two buffers of a thread.

// count bytes of any value.
std::vector<uint8_t> take_spare(size_t count);
void keep_spare(std::vector<uint8_t> bytes);

}  // namespace hqsam
