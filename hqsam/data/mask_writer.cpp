// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>
#include <set>

#include "hqsam/core/error.h"
#include "hqsam/data/annotation_writer.h"
#include "hqsam/image/codec.h"
#include "hqsam/image/gray16.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

constexpr uint16_t kVoid = 255;  // the value that readers take for unknown

// The number of the i-th object in a label picture: 1, 2, ... without kVoid.
uint16_t object_number(size_t i) { return static_cast<uint16_t>(i + 1 < kVoid ? i + 1 : i + 2); }

class MaskWriter : public AnnotationWriter {
 public:
  using AnnotationWriter::AnnotationWriter;

  void begin_set(const SetToWrite& set) override {
    end_set();
    stems_.clear();
    for (const std::string& name : set.names) stems_.insert(stem_of(name));
  }

  void finish() override { end_set(); }
  fs::path picture_folder() const override { return options().folder / "im"; }

 protected:
  PreparedPicture prepare_picture(const PictureToWrite& picture) override {
    std::vector<size_t> kept;
    for (size_t i = 0; i < picture.masks.size(); ++i) {
      const MaskToWrite& mask = picture.masks[i];
      if (mask.score) lose(kScore);
      if (mask.info.crowd) {
        lose(kCrowd);
        continue;
      }
      if (category_label(mask.info) != "object") lose(kCategory);
      kept.push_back(i);
    }
    if (kept.empty()) {
      lose(kNoMasks);
      return {{}, {}, 0, true};
    }
    return options().label_pictures ? label_picture(picture, kept) : single_masks(picture, kept);
  }

 private:
  fs::path file(const std::string& stem) const { return options().folder / "gt" / (stem + ".png"); }

  PreparedPicture single_masks(const PictureToWrite& picture, const std::vector<size_t>& kept) {
    if (picture.unknown != nullptr) lose(kUnknown);
    PreparedPicture prepared;
    const std::string stem = stem_of(picture.name);
    std::vector<fs::path> paths;
    for (size_t i = 0, number = 0; i < kept.size(); ++i, ++number) {
      // a_1.png would be the mask of a_1.jpg, where there is one.
      while (stems_.contains(fmt::format("{}_{}", stem, number))) ++number;
      paths.push_back(file(fmt::format("{}_{}", stem, number)));
      const MaskToWrite& mask = picture.masks[kept[i]];
      const Image gray = mask.soft != nullptr ? *mask.soft : mask_to_gray(rle_decode(mask.rle));
      prepared.files.push_back({paths.back(), encode_image(gray, ".png")});
    }
    prepared.masks = std::ssize(kept);
    prepared.commit = [this, stem, paths] { written_.push_back({stem, paths}); };
    return prepared;
  }

  // Draws large objects first, so that small ones remain visible on top.
  PreparedPicture label_picture(const PictureToWrite& picture, std::vector<size_t> kept) {
    std::erase_if(kept, [&](size_t i) {
      const bool empty = rle_area(picture.masks[i].rle) == 0;
      if (empty) lose(kEmpty);
      return empty;
    });
    if (kept.size() > 65534)
      fail("MaskWriter", "{} has {} masks, over the 65534 that 16 bits number", picture.name, kept.size());
    std::vector<size_t> order(kept.size());
    std::iota(order.begin(), order.end(), 0);
    const auto inside = [&](size_t i) { return rle_area(picture.masks[kept[i]].rle); };
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return inside(a) > inside(b); });
    std::vector<uint16_t> labels(static_cast<size_t>(picture.size.height * picture.size.width), 0);
    if (picture.unknown != nullptr) {
      for (size_t i = 0; i < labels.size(); ++i) labels[i] = picture.unknown->pixels[i] > 128 ? kVoid : 0;
    }
    for (const size_t i : order) {
      if (picture.masks[kept[i]].soft != nullptr) lose(kSoft);
      const Mask mask = rle_decode(picture.masks[kept[i]].rle);
      for (size_t at = 0; at < labels.size(); ++at) {
        if (mask.pixels[at] != 0) labels[at] = object_number(i);
      }
    }
    PreparedPicture prepared;
    prepared.masks = std::ssize(kept) - count_covered(picture, kept, labels);
    prepared.files.push_back({file(stem_of(picture.name)), encode_labels(labels, picture.size, kept.size())});
    return prepared;
  }

  // Counts the masks that are completely covered.
  int64_t count_covered(const PictureToWrite& picture, const std::vector<size_t>& kept,
                        const std::vector<uint16_t>& labels) {
    std::vector<int64_t> seen(static_cast<size_t>(object_number(kept.size())) + 1, 0);
    for (const uint16_t label : labels) {
      if (label < seen.size()) ++seen[label];
    }
    int64_t hidden = 0;
    for (size_t i = 0; i < kept.size(); ++i) {
      const int64_t left = seen[object_number(i)];
      if (left == 0) {
        lose(kHidden);
        ++hidden;
      } else if (left < rle_area(picture.masks[kept[i]].rle)) {
        lose(kOverlap);
      }
    }
    return hidden;
  }

  static std::string encode_labels(const std::vector<uint16_t>& labels, Size size, size_t count) {
    if (count > 254) return encode_gray16(labels, size);
    Image gray(size.height, size.width, 1);
    for (size_t i = 0; i < labels.size(); ++i) gray.pixels[i] = static_cast<uint8_t>(labels[i]);
    return encode_image(gray, ".png");
  }

  // A set of one mask for each picture has masks of the pictures' names.
  void end_set() {
    const bool plain =
        std::all_of(written_.begin(), written_.end(), [](const Written& w) { return w.paths.size() == 1; });
    if (plain) {
      for (const Written& picture : written_) {
        std::error_code error;
        fs::rename(picture.paths[0], file(picture.stem), error);
        if (error) fail("MaskWriter", "cannot rename {}: {}", picture.paths[0].string(), error.message());
      }
    }
    written_.clear();
  }

  struct Written {
    std::string stem;
    std::vector<fs::path> paths;
  };
  std::set<std::string> stems_;  // of all pictures
  std::vector<Written> written_;
};

}  // namespace

std::unique_ptr<AnnotationWriter> make_mask_writer(const WriterOptions& options) {
  return std::make_unique<MaskWriter>(options);
}

}  // namespace hqsam
