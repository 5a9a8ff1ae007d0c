// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include "fixtures.h"

namespace hqsam {

// Pickles of tests are written out operation by operation, as Python's pickletools shows them.
inline std::string text(const std::string& value) { return "X" + packed<uint32_t>(value.size()) + value; }
inline std::string number(int32_t value) { return "J" + packed(value); }
inline std::string long_number(int64_t value) { return "\x8a\x08" + packed(value); }

inline std::string tuple(const std::vector<std::string>& items) {
  std::string result = "(";
  for (const std::string& item : items) result += item;
  return result + "t";
}

struct TensorOps {
  std::string type = "ctorch\nFloatStorage\n";
  std::string key = "0";
  std::string numel = number(6);
  std::string offset = number(0);
  std::string sizes = tuple({number(2), number(3)});
  std::string strides = tuple({number(3), number(1)});

  std::string ops() const {
    const std::string storage = tuple({text("storage"), type, text(key), text("cpu"), numel}) + "Q";
    return "ctorch._utils\n_rebuild_tensor_v2\n" + tuple({storage, offset, sizes, strides, "\x89", "}"}) + "R";
  }
};

inline std::string dict(const std::vector<std::pair<std::string, std::string>>& items) {
  std::string result = "}(";
  for (const auto& [key, value] : items) result += text(key) + value;
  return result + "u";
}

class PthPickle : public TempFolderTest {
 protected:
  // An archive with this object as its pickle and six floats 0, 1, ... as its storage 0.
  TensorMap read(const std::string& object, const std::string& byteorder = "little") const {
    const auto floats = torch::arange(6, torch::kFloat32);
    const std::string storage(static_cast<const char*>(floats.const_data_ptr()), 24);
    write_zip(folder_ / "a.pth",
              {{"a/data.pkl", "\x80\x02" + object + "."}, {"a/byteorder", byteorder}, {"a/data/0", storage}});
    return read_pth(folder_ / "a.pth");
  }
  std::string message(const std::string& object) const {
    return error_of([&] { read(object); });
  }
};

}  // namespace hqsam
