// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/mask_file.h"

#include <algorithm>
#include <cmath>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/image/counts.h"

namespace hqsam {
namespace {

using Form = MaskPlane::Form;

constexpr const char* kFunction = "read_mask";
constexpr int32_t kVocVoid = 0xe0e0c0;  // the colour of VOC's unknown pixels

int64_t inside(const Image& gray) { return count_above(gray.pixels.data(), std::ssize(gray.pixels), uint8_t{128}); }

// With another threshold than 128 inside is 255 and outside 0.
void apply_threshold(Image& gray, double threshold) {
  if (threshold == 128) return;
  for (uint8_t& value : gray.pixels) value = value > threshold ? 255 : 0;
}

// Blended colours along edges belong to no object; each becomes the nearest flat colour.
void join_blends(MaskPlane& plane) {
  constexpr size_t kFewColours = 16;
  const ValueCounts counts = count_values(plane);
  if (counts.size() <= kFewColours) return;
  std::vector<int32_t> flat;
  for (const auto& [colour, count] : counts) {
    if (count.flat > 0) flat.push_back(colour);
  }
  if (flat.empty()) return;
  const auto distance = [](int32_t a, int32_t b) {
    int64_t sum = 0;
    for (int shift = 0; shift < 24; shift += 8) {
      const int64_t d = ((a >> shift) & 255) - ((b >> shift) & 255);
      sum += d * d;
    }
    return sum;
  };
  std::map<int32_t, int32_t> nearest;
  for (const auto& [colour, count] : counts) {
    nearest[colour] = *std::min_element(
        flat.begin(), flat.end(), [&, c = colour](int32_t a, int32_t b) { return distance(a, c) < distance(b, c); });
  }
  for (int32_t& value : plane.values) value = nearest.at(value);
}

}  // namespace

MaskFile::MaskFile(Raster raster, const MaskReading& reading, std::string name)
    : rule_(reading.rule),
      decided_(reading.decided),
      lossy_(raster.lossy),
      name_(std::move(name)),
      size_(raster.size()) {
  const MaskRule& rule = rule_;
  auto* bytes = std::get_if<std::vector<uint8_t>>(&raster.samples);
  MaskPlane plane;
  if (bytes != nullptr && raster.channels == 1 && raster.palette.empty() &&
      (rule.kind == MaskFileKind::kSoft || rule.kind == MaskFileKind::kBinary)) {  // the usual mask takes the short way
    gray_ = Image();
    gray_.height = raster.height, gray_.width = raster.width, gray_.channels = 1;
    gray_.pixels = std::move(*bytes);
    read_gray({});
    return;
  }
  plane = mask_plane(raster, name_);
  switch (rule.kind) {
    case MaskFileKind::kBinary:
    case MaskFileKind::kSoft:
      read_gray(std::move(plane));
      break;
    case MaskFileKind::kAlpha:
      read_alpha(std::move(plane));
      break;
    case MaskFileKind::kIds:
    case MaskFileKind::kClasses:
    case MaskFileKind::kColours:
      read_labels(std::move(plane));
      break;
    case MaskFileKind::kAuto:
      fail(kFunction, "{}: the kind of its set's masks is not decided yet", name_);
  }
}

// `plane` is empty where gray_ is filled already.
void MaskFile::read_gray(MaskPlane plane) {
  if (gray_.pixels.empty()) {
    if (!plane.alpha.empty()) {
      fail(kFunction, "{} has an opacity, its set is read as gray masks: set mask_kind, or save it without", name_);
    }
    if (plane.form == Form::kColours) {
      fail(kFunction, "{} holds colours: {}; its set is read as gray masks: set mask_kind: colours", name_,
           list_values(count_values(plane), plane.form));
    }
    if (plane.form == Form::kIndices && uses_gray_palette(plane)) plane = gray_of_palette(plane);
    gray_ = Image(size_.height, size_.width, 1);
    for (size_t i = 0; i < plane.values.size(); ++i) gray_.pixels[i] = to_8_bits(plane.values[i], plane.white);
  }
  const auto all = std::ssize(gray_.pixels);
  const UsualValues counts = count_usual(gray_.pixels.data(), all);
  if (rule_.ignore && *rule_.ignore >= 0 && *rule_.ignore < 256) void_ = static_cast<int32_t>(*rule_.ignore);
  zero_one_ = counts.ones > 0 && counts.ones + counts.zeros == all;
  if (zero_one_) {
    for (uint8_t& value : gray_.pixels) value = static_cast<uint8_t>(255 * value);
  } else if (decided_ && counts.zeros + counts.whites != all) {
    check_gray();
  }
  apply_threshold(gray_, rule_.threshold);
  labels_.push_back({0, inside(gray_)});
}

// Refuses a mask of several objects in a set that was read as masks of one object.
void MaskFile::check_gray() const {
  const MaskLook found = look_at_gray(gray_, lossy_);
  const bool labels = found.kind == MaskLook::Kind::kLabels || found.kind == MaskLook::Kind::kWithVoid;
  if (labels && !void_) {
    fail(kFunction, "{} holds labels: {}; its set was read as masks of one object, black and white: set mask_kind",
         name_, found.values);
  }
}

void MaskFile::read_alpha(MaskPlane plane) {
  if (plane.alpha.empty()) {
    fail(kFunction, "{} has no opacity, or the same everywhere: its set is read by mask_kind: alpha", name_);
  }
  gray_ = Image(size_.height, size_.width, 1);
  gray_.pixels = std::move(plane.alpha);
  apply_threshold(gray_, rule_.threshold);
  labels_.push_back({0, inside(gray_)});
}

bool MaskFile::selected(int32_t value) const {
  if (void_ && value == *void_) return false;
  if (rule_.select.empty()) return value != 0;
  const std::string word = value_name(value, plane_.form);
  return std::any_of(rule_.select.begin(), rule_.select.end(),
                     [&](const std::string& text) { return lower_case(text) == word; });
}

void MaskFile::read_labels(MaskPlane plane) {
  const bool colours = rule_.kind == MaskFileKind::kColours;
  if (colours && plane.form == Form::kIndices) {
    for (int32_t& value : plane.values) {
      const auto& colour = plane.palette.at(static_cast<size_t>(value));
      value = colour[0] << 16 | colour[1] << 8 | colour[2];
    }
    plane.form = Form::kColours;
  }
  if (colours && plane.form == Form::kGray) {
    for (int32_t& value : plane.values) value = 0x010101 * to_8_bits(value, plane.white);
    plane.form = Form::kColours;
  }
  if (!colours && plane.form == Form::kColours) {
    fail(kFunction, "{} holds colours: {}; its set is read as labels: set mask_kind: colours", name_,
         list_values(count_values(plane), plane.form));
  }
  if (colours) {
    for (size_t i = 0; i < plane.alpha.size(); ++i) {
      if (plane.alpha[i] == 0) plane.values[i] = 0;
    }
    join_blends(plane);
    void_ = kVocVoid;
  }
  plane_ = std::move(plane);
  const ValueCounts counts = count_values(plane_);
  if (!colours) {
    const bool eight_bits = plane_.white == 255;
    const bool alone = counts.size() - counts.count(0) == 1;
    if (rule_.ignore) {
      if (*rule_.ignore >= 0) void_ = static_cast<int32_t>(*rule_.ignore);
    } else if (eight_bits && !alone) {
      void_ = 255;
    }
  }
  constexpr size_t kMostLabels = 10000;
  if (counts.size() > kMostLabels) {
    fail(kFunction, "{} holds {} values, it looks like a picture and not like labels", name_, counts.size());
  }
  for (const auto& [value, count] : counts) {
    if (selected(value)) labels_.push_back({value, count.pixels});
  }
}

Image MaskFile::label(size_t i) const {
  if (plane_.values.empty()) return gray_;
  Image label(size_.height, size_.width, 1);
  const int32_t value = labels_.at(i).value;
  for (size_t k = 0; k < label.pixels.size(); ++k) label.pixels[k] = plane_.values[k] == value ? 255 : 0;
  return label;
}

Image MaskFile::take_label(size_t i) { return plane_.values.empty() ? std::move(gray_) : label(i); }

MaskInfo MaskFile::info(size_t i) const {
  MaskInfo info;
  if (rule_.kind == MaskFileKind::kClasses) info.category = labels_.at(i).value;
  return info;
}

Image MaskFile::unknown() const {
  if (!void_) return {};
  Image unknown(size_.height, size_.width, 1);
  bool any = false;
  for (size_t k = 0; k < unknown.pixels.size(); ++k) {
    const bool here = plane_.values.empty() ? gray_.pixels[k] == *void_ : plane_.values[k] == *void_;
    unknown.pixels[k] = here ? 255 : 0;
    any = any || here;
  }
  return any ? unknown : Image();
}

}  // namespace hqsam
