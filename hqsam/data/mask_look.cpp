// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/mask_look.h"

#include <algorithm>
#include <cstdlib>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/data/mask_plane.h"

namespace hqsam {
namespace {

using Form = MaskPlane::Form;
using Kind = MaskLook::Kind;

constexpr const char* kKindsToSet = "set mask_kind to ids (each value an object), classes, binary or soft";

MaskLook unclear(std::string values, std::string why) { return {Kind::kUnclear, std::move(values), std::move(why)}; }

// Numbers of pixels by what their gray values could mean.
struct GrayCounts {
  int64_t black = 0, white = 0, between = 0, flat_between = 0;
  int64_t near_black = 0, near_white = 0;      // of `between`: within a twentieth of either end
  int64_t values_between = 0, never_flat = 0;  // the latter: values between that no pixel has with all its neighbours
  int64_t flat_dark = 0;                       // of black that is not quite 0, in lossy files
  int32_t lowest = 0, highest = 0;             // of the values between
};

GrayCounts count_gray(const ValueCounts& counts, int32_t white, bool lossy) {
  const int32_t off = lossy ? white / 20 : 0;  // black and white may be off by so much
  GrayCounts gray;
  for (const auto& [value, count] : counts) {
    if (value <= off) {
      gray.black += count.pixels;
      if (value > 0) gray.flat_dark += count.flat;
    } else if (value >= white - off) {
      gray.white += count.pixels;
    } else {
      if (gray.values_between++ == 0) gray.lowest = value;
      gray.highest = value;
      gray.between += count.pixels;
      gray.flat_between += count.flat;
      gray.never_flat += count.flat == 0;
      if (value <= white / 20) gray.near_black += count.pixels;
      if (value >= white - white / 20) gray.near_white += count.pixels;
    }
  }
  return gray;
}

// Flat pixels are a few percent of soft edges and of JPEG's noise, but most of an object. Masks of thin things consist
// mostly of edges on a large black area.
bool looks_soft(const GrayCounts& gray) {
  const int64_t inner = gray.between - gray.near_black - gray.near_white;
  const int64_t bright = gray.white + gray.near_white, dark = gray.black + gray.near_black;
  if (bright == 0 || (inner > 2 * bright && inner > dark)) return false;
  const bool noise = gray.values_between > 16 && inner < bright && 4 * gray.flat_between < gray.white + gray.near_white;
  return noise || 20 * gray.flat_between <= gray.between;
}

MaskLook labels_with_white(const ValueCounts& counts, const GrayCounts& gray, const std::string& values) {
  const bool one = gray.values_between == 1;
  if (one && std::abs(gray.lowest - 128) <= 1) {
    return unclear(values,
                   fmt::format("{0} can be unknown (a trimap: mask_kind: binary with ignore: {0}) or an object of "
                               "its own (mask_kind: ids with ignore: -1)",
                               gray.lowest));
  }
  // 255 is void beside labels counted from 1; if grays are spread over the range for display, it is an object.
  constexpr int32_t kMostCounted = 40;
  if (gray.lowest <= kMostCounted && counts.size() > 2) return {Kind::kWithVoid, values, ""};
  return unclear(values,
                 "255 can be unknown (mask_kind: ids) or an object (mask_kind: ids with ignore: -1), and gray "
                 "values can be soft edges (mask_kind: soft)");
}

MaskLook look_at_counts(const ValueCounts& counts, int32_t white, bool lossy = false) {
  const std::string values = list_values(counts, Form::kGray);
  const GrayCounts gray = count_gray(counts, white, lossy);
  if (gray.white + gray.between == 0) {
    if (100 * gray.flat_dark <= gray.black) return {Kind::kEmpty, values, ""};
    return unclear(
        values,
        fmt::format("dark values that JPEG or lossy WebP may have changed: take the masks as PNG, or {}", kKindsToSet));
  }
  if (gray.between == 0) return {lossy ? Kind::kSoft : Kind::kBinary, values, ""};
  if (gray.values_between == 1 && gray.white == 0 && gray.highest == 1) return {Kind::kZeroOne, values, ""};
  if (looks_soft(gray)) return {Kind::kSoft, values, ""};
  if (gray.black + gray.white == 0 && gray.lowest == 1 && gray.highest <= 3 && gray.values_between > 1) {
    return unclear(values,
                   "without 0 one of them can be the background (a trimap of pets: mask_kind: ids with select: [1] and "
                   "ignore: 3), or all are objects (mask_kind: ids)");
  }
  if (gray.values_between > 16 && 2 * gray.never_flat > gray.values_between) {
    return unclear(values,
                   fmt::format("most of its values do not form flat regions: a picture, or labels that were resized "
                               "or saved as JPEG; {}",
                               kKindsToSet));
  }
  if (gray.white == 0) {
    return {Kind::kLabels, values, ""};
  }
  if (white == 255) return labels_with_white(counts, gray, values);
  return unclear(values, fmt::format("65535 can be white, unknown or an object; {}", kKindsToSet));
}

MaskLook look_at_indices(const MaskPlane& plane) {
  const ValueCounts counts = count_values(plane);
  const std::string values = list_values(counts, Form::kIndices) + " of a palette";
  if (counts.size() == 1 && counts.begin()->first == 0) return {Kind::kEmpty, values, ""};
  const size_t labels = counts.size() - counts.count(0);
  if (uses_gray_palette(plane)) {
    const MaskPlane colours = gray_of_palette(plane);
    const MaskLook by_colour = look_at_counts(count_values(colours), colours.white);
    const bool gray_mask = by_colour.kind == Kind::kBinary || by_colour.kind == Kind::kSoft;
    if (gray_mask && counts.size() == 2) {
      const auto low = static_cast<size_t>(counts.begin()->first), high = static_cast<size_t>(counts.rbegin()->first);
      if (plane.palette.at(low)[0] > plane.palette.at(high)[0]) {
        return unclear(values,
                       "by the palette's colours the lower index is inside (mask_kind: binary), by the indices "
                       "the higher one (mask_kind: ids)");
      }
    }
    if (gray_mask) return by_colour;
  }
  return {labels > 1 && counts.contains(255) ? Kind::kWithVoid : Kind::kLabels, values, ""};
}

constexpr size_t kMostColours = 256;

MaskLook look_at_colours(const MaskPlane& plane) {
  const ValueCounts counts = count_values(plane);
  const std::string values = list_values(counts, Form::kColours);
  const auto flat =
      std::count_if(counts.begin(), counts.end(), [](const auto& entry) { return entry.second.flat > 0; });
  int64_t blended = 0, all = 0;
  for (const auto& [colour, count] : counts) {
    all += count.pixels;
    if (count.flat == 0) blended += count.pixels;
  }
  if (counts.size() > kMostColours && (flat > std::ssize(counts) / 4 || flat > 64 || 5 * blended > all)) {
    return unclear(values, fmt::format("{} colours: it looks like a picture, or like colours that JPEG has blurred; "
                                       "masks of colours are PNGs with a few flat ones",
                                       counts.size()));
  }
  if (!counts.contains(0)) {
    return unclear(values,
                   "no black background: name the colours of the objects, such as mask_kind: colours with "
                   "select: ['#ff0000']");
  }
  return {Kind::kColours, values, ""};
}

MaskLook look_at_alpha(const MaskPlane& plane) {
  const ValueCounts colours = count_values(plane, plane.alpha);
  const auto flat = std::count_if(colours.begin(), colours.end(), [](const auto& c) { return c.second.flat > 0; });
  const std::string values = "opacity and " + list_values(colours, plane.form);
  if (flat >= 2 && flat <= 64 && colours.size() <= kMostColours) {
    return unclear(values,
                   "the opacity can be the mask (mask_kind: alpha), or the colours under it can be objects "
                   "(mask_kind: colours)");
  }
  return {Kind::kAlpha, values, ""};
}

}  // namespace

namespace {

MaskLook look_at_plane(const MaskPlane& plane, bool lossy) {
  if (!plane.alpha.empty()) return look_at_alpha(plane);
  if (plane.form == Form::kIndices) return look_at_indices(plane);
  return plane.form == Form::kColours ? look_at_colours(plane)
                                      : look_at_counts(count_values(plane), plane.white, lossy);
}

}  // namespace

MaskLook look_at_mask(const Raster& raster, const std::string& name) {
  MaskLook look = look_at_plane(mask_plane(raster, name), raster.lossy);
  const bool exact = look.kind == Kind::kLabels || look.kind == Kind::kWithVoid || look.kind == Kind::kColours;
  if (!raster.lossy || !exact) return look;
  return unclear(look.values, fmt::format("JPEG and lossy WebP do not keep labels and colours as they were: take the "
                                          "masks as PNG, or {}",
                                          kKindsToSet));
}

MaskLook look_at_gray(const Image& gray, bool lossy) { return look_at_counts(count_values(gray), 255, lossy); }

namespace {

const char* look_name(Kind kind) {
  switch (kind) {
    case Kind::kZeroOne:
      return "0/1";
    case Kind::kBinary:
      return "black and white";
    case Kind::kSoft:
      return "soft edges";
    case Kind::kLabels:
      return "labels";
    case Kind::kWithVoid:
      return "labels and 255";
    case Kind::kColours:
      return "colours";
    case Kind::kAlpha:
      return "opacity";
    case Kind::kEmpty:
      return "empty";
    case Kind::kUnclear:
      break;
  }
  return "unclear";
}

bool of_labels(Kind kind) { return kind == Kind::kLabels || kind == Kind::kWithVoid; }

// The reading that fits a look.
MaskFileKind reading_of(Kind kind) {
  if (of_labels(kind)) return MaskFileKind::kIds;
  if (kind == Kind::kColours) return MaskFileKind::kColours;
  if (kind == Kind::kAlpha) return MaskFileKind::kAlpha;
  return kind == Kind::kSoft ? MaskFileKind::kSoft : MaskFileKind::kBinary;
}

[[noreturn]] void two_kinds(const std::string& set, const SeenMask& a, const SeenMask& b) {
  fail("mask_kind",
       "data set '{}': its masks are of two kinds: {} holds {} ({}), {} holds {} ({}); set mask_kind to how all are to "
       "be read",
       set, a.file, look_name(a.look.kind), a.look.values, b.file, look_name(b.look.kind), b.look.values);
}

// Groups looks that are read the same way. 0/1 is a binary mask, and among labels the label 1.
int family(Kind kind) {
  if (kind == Kind::kEmpty || kind == Kind::kZeroOne) return 0;
  if (kind == Kind::kBinary || kind == Kind::kSoft) return 1;
  return of_labels(kind) ? 2 : kind == Kind::kColours ? 3 : 4;
}

}  // namespace

MaskReading decide_mask_reading(const std::string& set, const MaskRule& rule, const std::vector<SeenMask>& seen) {
  MaskReading reading;
  reading.rule = rule;
  if (rule.kind != MaskFileKind::kAuto) return reading;
  const SeenMask* telling = nullptr;  // of the look that decides
  std::map<Kind, size_t> kinds;
  for (const SeenMask& mask : seen) {
    const Kind kind = mask.look.kind;
    ++kinds[kind];
    if (kind == Kind::kUnclear) {
      fail("mask_kind", "data set '{}': {} can be read two ways: values {}: {}", set, mask.file, mask.look.values,
           mask.look.why);
    }
    if (family(kind) == 0) continue;
    if (telling != nullptr && family(telling->look.kind) != family(kind)) two_kinds(set, *telling, mask);
    if (telling == nullptr || kind == Kind::kSoft) telling = &mask;
  }
  reading.decided = true;
  reading.rule.kind = telling == nullptr ? MaskFileKind::kBinary : reading_of(telling->look.kind);
  std::vector<std::string> found;
  for (const auto& [kind, count] : kinds) found.push_back(fmt::format("{} ({})", look_name(kind), count));
  reading.seen = first_few(found);
  if (kinds.contains(Kind::kWithVoid) && !rule.ignore) reading.rule.ignore = 255;
  return reading;
}

}  // namespace hqsam
