// SPDX-License-Identifier: Apache-2.0
#include <torch/torch.h>

#include <fstream>
#include <random>

#include "fixtures.h"

namespace hqsam {
namespace {

class Mutations : public TempFolderTest {
 protected:
  // Small files of every format, with every kind of tensor in them.
  static std::vector<std::string> originals() {
    std::vector<std::string> contents;
    for (const char* name :
         {"torch_save.safetensors", "torch_save.pth", "torch_save_protocol4.pth", "torch_save_legacy.pth"}) {
      contents.push_back(read_file(golden(name)));
    }
    return contents;
  }

  // True where the file was read, its every element too; false where an Error refused it. Anything
  // else ends the test program.
  bool survives(const std::string& content) const {
    const auto path = folder_ / "file";
    // A new file without a flush: write_file, or writing over the old one, would wait for the disk.
    std::filesystem::remove(path);
    std::ofstream(path, std::ios::binary) << content;
    try {
      for (const auto& [name, tensor] : read_tensors(path).tensors) {
        if (tensor.numel() < 10000) static_cast<void>(tensor.to(torch::kFloat64).sum());
      }
      return true;
    } catch (const Error&) {
      return false;
    }
  }
};

TEST_F(Mutations, CutFilesAreRefused) {
  for (const std::string& content : originals()) {
    for (size_t size = 1; size < content.size(); size += size < 300 ? 1 : 37) {
      EXPECT_FALSE(survives(content.substr(0, size))) << size << " of " << content.size();
    }
    EXPECT_TRUE(survives(content));
  }
}

TEST_F(Mutations, ChangedBytesAreReadOrRefused) {
  std::mt19937 random(1);
  const auto below = [&](size_t limit) { return random() % limit; };
  size_t read = 0, refused = 0;
  for (const std::string& original : originals()) {
    for (int i = 0; i < 1500; ++i) {
      std::string content = original;
      for (size_t changes = 1 + below(3); changes > 0; --changes) {
        const size_t at = below(content.size());
        switch (below(4)) {
          case 0:
            content[at] ^= static_cast<char>(1 << below(8));
            break;
          case 1:
            content[at] = static_cast<char>(below(256));
            break;
          case 2:
            content[at] = below(2) == 0 ? '\xff' : '\0';
            break;
          default:
            content.replace(at, 8, content.substr(below(content.size()), 8));
            break;
        }
      }
      survives(content) ? ++read : ++refused;
    }
  }
  EXPECT_GT(read, 100u);
  EXPECT_GT(refused, 100u);
}

}  // namespace
}  // namespace hqsam
