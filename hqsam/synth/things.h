// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/synth/drawing.h"

namespace hqsam::synth {

// The things. Each draws its own variant, proportions and colours.
Drawing wires(Dice& dice);
Drawing wheel(Dice& dice);
Drawing bicycle(Dice& dice);
Drawing kite(Dice& dice);
Drawing fence(Dice& dice);
Drawing umbrella(Dice& dice);
Drawing pylon(Dice& dice);
Drawing chair(Dice& dice);
Drawing glasses(Dice& dice);
Drawing branch(Dice& dice);
Drawing leaf(Dice& dice);
Drawing fern(Dice& dice);
Drawing dandelion(Dice& dice);
Drawing insect(Dice& dice);

}  // namespace hqsam::synth
