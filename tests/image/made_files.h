// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <string>
#include <vector>

// TIFF and .npy files put together by hand.
namespace hqsam::testing_support {

template <class Number>
std::string raw(const std::vector<Number>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(Number)};
}

struct TiffTag {
  uint16_t tag = 0;
  std::vector<uint32_t> values;
  uint16_t type = 4;  // 2: a byte each, as text; 3: two bytes; 4: four
};

inline std::string tiff_values(const TiffTag& tag) {
  std::string bytes;
  for (const uint32_t value : tag.values)
    bytes += std::string(reinterpret_cast<const char*>(&value), tag.type == 2 ? 1 : tag.type == 3 ? 2 : 4);
  return bytes;
}

// Little-endian, without packing; tags in ascending order. The pixels' place (tag 273 or 324) is set to lie behind the
// header where its value is 0.
inline std::string tiff(std::vector<TiffTag> tags, const std::string& pixels, const std::vector<size_t>& blocks = {0}) {
  const size_t directory = 8 + pixels.size();
  std::string file("II\x2a\0", 4), entries, far;
  const auto add = [](std::string& to, size_t value, int bytes) {
    to.append(reinterpret_cast<const char*>(&value), bytes);
  };
  add(file, directory, 4);
  file += pixels;
  const size_t far_start = directory + 2 + 12 * tags.size() + 4;
  for (TiffTag& tag : tags) {
    if (tag.tag == 273 || tag.tag == 324) {
      tag.values.clear();
      for (const size_t block : blocks) tag.values.push_back(static_cast<uint32_t>(8 + block));
    }
    std::string values = tiff_values(tag);
    add(entries, tag.tag, 2), add(entries, tag.type, 2), add(entries, tag.values.size(), 4);
    if (values.size() <= 4) {
      values.resize(4);
      entries += values;
    } else {
      add(entries, far_start + far.size(), 4);
      far += values;
    }
  }
  add(file, tags.size(), 2);
  return file + entries + std::string(4, '\0') + far;
}

// A TIFF in one strip; format 1: whole, 2: signed, 3: float.
struct PlainTiff {
  uint32_t height = 1, width = 1, channels = 1, bits = 8, format = 1, photometric = 1;
  std::vector<TiffTag> more;  // of higher numbers than 339
};

inline std::string tiff(const PlainTiff& plain, const std::string& pixels) {
  std::vector<TiffTag> tags = {{256, {plain.width}},
                               {257, {plain.height}},
                               {258, std::vector<uint32_t>(plain.channels, plain.bits), 3},
                               {259, {1}, 3},
                               {262, {plain.photometric}, 3},
                               {273, {0}},
                               {277, {plain.channels}, 3},
                               {278, {plain.height}},
                               {279, {static_cast<uint32_t>(pixels.size())}},
                               {339, std::vector<uint32_t>(plain.channels, plain.format), 3}};
  tags.insert(tags.end(), plain.more.begin(), plain.more.end());
  return tiff(tags, pixels);
}

inline std::string npy(const std::string& type, const std::string& shape, const std::string& numbers,
                       bool by_columns = false) {
  std::string header =
      "{'descr': '" + type + "', 'fortran_order': " + (by_columns ? "True" : "False") + ", 'shape': (" + shape + "), }";
  header.resize(117, ' ');
  header += '\n';
  return std::string("\x93NUMPY\1\0", 8) + static_cast<char>(header.size()) + '\0' + header + numbers;
}

}  // namespace hqsam::testing_support
