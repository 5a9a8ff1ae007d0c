// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "temporary_folder.h"
#include "write_tensors.h"

namespace hqsam::testing_support {

// A test that writes checkpoints into a folder of its own.
class CheckpointFiles : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const TensorMap& map) const {
    write_tensors(folder_ / name, map);
    return folder_ / name;
  }

  TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path;
};

}  // namespace hqsam::testing_support
