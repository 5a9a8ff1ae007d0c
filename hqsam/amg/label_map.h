// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "hqsam/core/choose.h"
#include "hqsam/mask/packed.h"

namespace hqsam {

// Which of two masks a pixel belongs to that both hold.
enum class LabelOrder {
  kSmallest,  // parts lie on their wholes
  kBest,      // the earlier: masks come best first
};
inline constexpr Choice<LabelOrder> kLabelOrders[] = {{LabelOrder::kSmallest, "smallest"}, {LabelOrder::kBest, "best"}};

// Each pixel's mask, by its index + 1; 0 where there is none. Row-major. Throws Error for masks of another size and for
// more than 65535.
std::vector<uint16_t> label_map(std::span<const PackedMask* const> masks, Size picture, LabelOrder order);

}  // namespace hqsam
