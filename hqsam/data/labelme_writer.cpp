// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/base64.h"
#include "hqsam/core/error.h"
#include "hqsam/data/annotation_writer.h"
#include "hqsam/data/json_line.h"
#include "hqsam/image/codec.h"
#include "hqsam/mask/outline.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json shape(const MaskInfo& info, const char* type, Json points, Json group) {
  return {{"label", category_label(info)},
          {"points", std::move(points)},
          {"group_id", std::move(group)},
          {"description", ""},
          {"shape_type", type},
          {"flags", Json::object()},
          {"mask", nullptr}};
}

// 0 and 1, as LabelMe's own, between the outermost pixels inside.
Json raster_shape(const MaskInfo& info, const Mask& mask) {
  const Box box = *bounding_box(mask);
  const auto x0 = static_cast<int64_t>(box.x0), y0 = static_cast<int64_t>(box.y0);
  Image part(static_cast<int64_t>(box.y1) - y0 + 1, static_cast<int64_t>(box.x1) - x0 + 1, 1);
  for (int64_t y = 0; y < part.height; ++y) {
    for (int64_t x = 0; x < part.width; ++x) *part.at(y, x) = mask.at(y0 + y, x0 + x);
  }
  Json json = shape(info, "mask", Json::array({{box.x0, box.y0}, {box.x1, box.y1}}), nullptr);
  json["mask"] = base64_text(encode_image(part, ".png"));
  return json;
}

class LabelmeWriter : public AnnotationWriter {
 public:
  using AnnotationWriter::AnnotationWriter;
  void begin_set(const SetToWrite&) override {}
  void finish() override {}
  fs::path picture_folder() const override { return options().folder; }

 protected:
  PreparedPicture prepare_picture(const PictureToWrite& picture) override {
    if (picture.unknown != nullptr) lose(kUnknown);
    Json shapes = Json::array();
    int64_t masks = 0;
    for (size_t i = 0; i < picture.masks.size(); ++i) {
      const MaskToWrite& mask = picture.masks[i];
      if (mask.score) lose(kScore);
      if (mask.info.crowd) {
        lose(kCrowd);
      } else if (rle_area(mask.rle) == 0) {
        lose(kEmpty);
      } else {
        if (mask.soft != nullptr) lose(kSoft);
        add_shapes(mask, i, shapes);
        ++masks;
      }
    }
    const Json json = {{"version", "5.5.0"},
                       {"flags", Json::object()},
                       {"shapes", std::move(shapes)},
                       {"imagePath", picture.path.empty() ? fs::path(picture.name).filename().string() : picture.path},
                       {"imageData", nullptr},
                       {"imageHeight", picture.size.height},
                       {"imageWidth", picture.size.width}};
    return {{{options().folder / (stem_of(picture.name) + ".json"), json_line(json) + "\n"}}, {}, masks};
  }

 private:
  // Regions of one mask share a group.
  void add_shapes(const MaskToWrite& item, size_t number, Json& shapes) const {
    const Mask mask = rle_decode(item.rle);
    if (options().rasters) {
      shapes.push_back(raster_shape(item.info, mask));
      return;
    }
    const std::vector<Polygon> polygons = polygons_of_mask(mask, options().simplify);
    for (const Polygon& polygon : polygons) {
      Json points = Json::array();
      for (const Point& corner : polygon) points.push_back({corner.x, corner.y});
      shapes.push_back(
          shape(item.info, "polygon", std::move(points), polygons.size() > 1 ? Json(number + 1) : Json(nullptr)));
    }
  }
};

}  // namespace

std::unique_ptr<AnnotationWriter> make_labelme_writer(const WriterOptions& options) {
  return std::make_unique<LabelmeWriter>(options);
}

}  // namespace hqsam
