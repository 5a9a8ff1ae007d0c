// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

#include "hqsam/core/error.h"
#include "hqsam/image/bytes.h"
#include "hqsam/image/codec.h"
#include "hqsam/image/formats.h"
#include "hqsam/image/numbers.h"

namespace hqsam {
namespace {

// NumPy's file of one array: "\x93NUMPY", version, the header's length, the header (a dict in Python's words), numbers.
struct Array {
  char order = '|', kind = 'u';  // as in '<f4'
  int64_t bytes = 1;             // of a number
  bool by_columns = false;       // Fortran's order
  int64_t height = 0, width = 0, channels = 1;
  Bytes numbers;
};

// The text after 'key': in the header.
std::string_view value_of(std::string_view header, std::string_view key, const std::string& name) {
  for (const char quote : {'\'', '"'}) {
    const std::string quoted = quote + std::string(key) + quote;
    const size_t at = header.find(quoted);
    if (at == std::string_view::npos) continue;
    const size_t value = header.find_first_not_of(" :", at + quoted.size());
    if (value != std::string_view::npos) return header.substr(value);
  }
  fail("read_image", "{} is not a sound .npy file: its header lacks '{}'", name, key);
}

std::string_view quoted(std::string_view value) {
  if (value.empty() || (value[0] != '\'' && value[0] != '"')) return {};
  const size_t end = value.find(value[0], 1);
  return end == std::string_view::npos ? std::string_view() : value.substr(1, end - 1);
}

std::vector<int64_t> shape_of(std::string_view value, const std::string& name) {
  std::vector<int64_t> shape;
  const size_t end = value.find(')');
  if (value.empty() || value[0] != '(' || end == std::string_view::npos) {
    fail("read_image", "{} is not a sound .npy file: its header has no shape", name);
  }
  for (size_t at = 1; at < end; ++at) {
    if (value[at] < '0' || value[at] > '9') continue;
    int64_t side = 0;
    const auto [rest, error] = std::from_chars(value.data() + at, value.data() + end, side);
    if (error != std::errc() || shape.size() > 8)
      fail("read_image", "{} is not a sound .npy file: its shape is odd", name);
    shape.push_back(side);
    at = static_cast<size_t>(rest - value.data());
  }
  return shape;
}

void set_type(Array& array, std::string_view type, const std::string& name) {
  const std::string_view known[] = {"b1", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8"};
  const bool has_order = !type.empty() && std::string_view("<>|=").find(type[0]) != std::string_view::npos;
  const std::string_view rest = type.substr(has_order ? 1 : 0);
  if (std::find(std::begin(known), std::end(known), rest) == std::end(known)) {
    fail("read_image", "{} is a .npy file of {}, hqsam reads bool, whole numbers and floats", name,
         type.empty() || !std::all_of(type.begin(), type.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; })
             ? "records or objects"
             : "type '" + std::string(type.substr(0, 20)) + "'");
  }
  if (has_order) array.order = type[0];
  array.kind = rest[0], array.bytes = rest[1] - '0';
}

// Height x width, or height x width x channels; a leading dimension of 1, as torch writes it, is dropped.
void set_sides(Array& array, std::vector<int64_t> shape, const std::string& name) {
  const std::vector<int64_t> stated = shape;
  const auto is_sound = [&shape] {
    return shape.size() == 2 || (shape.size() == 3 && (shape[2] == 1 || shape[2] == 3 || shape[2] == 4));
  };
  while (!is_sound() && shape.size() > 2 && shape.front() == 1) shape.erase(shape.begin());
  if (!is_sound()) {
    fail("read_image", "{} is an array of shape ({}), a picture is height x width, or height x width x 1, 3 or 4", name,
         fmt::join(stated, ", "));
  }
  array.height = shape[0], array.width = shape[1], array.channels = shape.size() == 3 ? shape[2] : 1;
  check_size(name, {array.height, array.width});
}

Array parse(Bytes file, const std::string& name) {
  const ByteView view{file, false};
  const uint8_t version = view.u8(6);
  const uint64_t start = version == 1 ? 10 : 12, length = version == 1 ? view.u16(8) : view.u32(8);
  const std::string_view header = ByteView::text(view.part(start, length));
  if (version < 1 || version > 3 || header.empty()) {
    fail("read_image", "{} is not a sound .npy file: version {} with a header of {} bytes", name, version, length);
  }
  Array array;
  set_type(array, quoted(value_of(header, "descr", name)), name);
  array.by_columns = value_of(header, "fortran_order", name).starts_with("True");
  set_sides(array, shape_of(value_of(header, "shape", name), name), name);
  const auto needed = static_cast<uint64_t>(array.height * array.width * array.channels * array.bytes);
  array.numbers = view.part(start + length, needed);
  if (array.numbers.empty()) {
    fail("read_image", "{} states {} x {} x {} numbers of {} bytes but has {} bytes: it is cut off", name, array.height,
         array.width, array.channels, array.bytes, file.size());
  }
  return array;
}

// All numbers, by rows, each through `convert`.
template <class Value, class Stored, class Convert>
std::vector<Value> numbers_of(const Array& array, Convert convert) {
  const auto height = static_cast<size_t>(array.height), width = static_cast<size_t>(array.width),
             channels = static_cast<size_t>(array.channels);
  const bool swapped = sizeof(Stored) > 1 && (array.order == '>') == (std::endian::native == std::endian::little);
  std::vector<Value> values(height * width * channels);
  size_t to = 0;
  for (size_t y = 0; y < height; ++y) {
    for (size_t x = 0; x < width; ++x) {
      for (size_t c = 0; c < channels; ++c, ++to) {
        const size_t from = array.by_columns ? (c * width + x) * height + y : to;
        std::array<std::byte, sizeof(Stored)> bytes;
        std::copy_n(array.numbers.begin() + static_cast<std::ptrdiff_t>(from * sizeof(Stored)), sizeof(Stored),
                    bytes.begin());
        if (swapped) std::reverse(bytes.begin(), bytes.end());
        values[to] = convert(std::bit_cast<Stored>(bytes));
      }
    }
  }
  return values;
}

void read_whole_numbers(const Array& array, const std::string& name, Raster& raster) {
  const auto as_stored = [](auto value) { return value; };
  const auto as_int = [&name](auto value) { return to_int32(value, name); };
  const bool is_signed = array.kind == 'i';
  switch (array.bytes) {
    case 1:
      if (is_signed) {
        raster.samples = numbers_of<int32_t, int8_t>(array, as_int);
      } else {
        raster.samples = numbers_of<uint8_t, uint8_t>(array, as_stored);
      }
      return;
    case 2:
      if (is_signed) {
        raster.samples = numbers_of<int32_t, int16_t>(array, as_int);
      } else {
        raster.samples = numbers_of<uint16_t, uint16_t>(array, as_stored);
      }
      return;
    case 4:
      raster.samples =
          is_signed ? numbers_of<int32_t, int32_t>(array, as_int) : numbers_of<int32_t, uint32_t>(array, as_int);
      return;
    default:
      raster.samples =
          is_signed ? numbers_of<int32_t, int64_t>(array, as_int) : numbers_of<int32_t, uint64_t>(array, as_int);
  }
}

}  // namespace

Raster decode_npy(Bytes file, const std::string& name) {
  const Array array = parse(file, name);
  Raster raster;
  raster.height = array.height, raster.width = array.width, raster.channels = array.channels;
  raster.alpha = array.channels == 4;
  if (array.kind == 'b') {
    raster.samples =
        numbers_of<uint8_t, uint8_t>(array, [](uint8_t value) { return static_cast<uint8_t>(value != 0); });
    raster.bits = 1;
  } else if (array.kind != 'f') {
    read_whole_numbers(array, name, raster);
  } else if (array.bytes == 2) {
    raster.samples = numbers_of<float, uint16_t>(array, half_to_float);
  } else if (array.bytes == 4) {
    raster.samples = numbers_of<float, float>(array, [](float value) { return value; });
  } else {
    raster.samples = numbers_of<float, double>(array, to_float);
  }
  return raster;
}

Size npy_size(Bytes file, const std::string& name) {
  const Array array = parse(file, name);
  return {array.height, array.width};
}

}  // namespace hqsam
