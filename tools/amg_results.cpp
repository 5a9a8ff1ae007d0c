// SPDX-License-Identifier: Apache-2.0
#include "amg_results.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "hqsam/amg/tree.h"
#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/image/codec.h"
#include "hqsam/image/draw_labels.h"
#include "hqsam/image/gray16.h"
#include "hqsam/image/resize.h"
#include "hqsam/mask/packed_runs.h"
#include "hqsam/mask/segmentation.h"
#include "predict_results.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::vector<const PackedMask*> masks_of(const AmgPicture& picture) {
  std::vector<const PackedMask*> masks;
  for (const FoundMask& found : picture.masks) masks.push_back(&found.mask);
  return masks;
}

std::string mask_name(const AmgPicture& picture, size_t number) {
  return fmt::format("{}_{}.png", picture.path.stem().string(), number);
}

// What SA-1B and segment-anything tell of a mask beside its pixels, and its parent's number.
Json members_of(const FoundMask& found, const std::optional<size_t>& parent) {
  Json json = {{"predicted_iou", found.predicted_iou}, {"stability_score", found.stability}};
  Json points = Json::array();
  if (found.point) points.push_back({found.point->x, found.point->y});
  if (found.box) json["prompt_box"] = {found.box->x0, found.box->y0, found.box->x1, found.box->y1};
  json["point_coords"] = std::move(points);
  const Crop& crop = found.crop;
  json["crop_box"] = {crop.x0, crop.y0, crop.x1 - crop.x0, crop.y1 - crop.y0};
  json["parent"] = parent ? Json(*parent + 1) : Json(nullptr);
  return json;
}

}  // namespace

Image overlay_picture(const Image& picture) {
  constexpr int64_t kMostSide = 1600;  // pixels
  if (std::max(picture.height, picture.width) <= kMostSide) return picture;
  return resize_antialiased(picture, longest_side_size(picture.size(), kMostSide));
}

AmgResults::AmgResults(AmgOutputOptions options, const std::vector<fs::path>& pictures)
    : options_(std::move(options)), outputs_(options_.folder, options_.annotations, pictures) {
  fs::create_directories(options_.folder);
}

fs::path AmgResults::file(const AmgPicture& picture, const std::string& ending) const {
  return options_.folder / (picture.path.stem().string() + ending);
}

void AmgResults::write(size_t number, const AmgPicture& picture) {
  const auto parents = parents_of(masks_of(picture));
  std::vector<std::string> stale = files_of_results(file(picture, ".json"));
  std::erase(stale, file(picture, "_labels.png").filename().string());
  std::vector<std::string> members;
  std::vector<Rle> rles;
  Json annotations = Json::array();
  for (size_t i = 0; i < picture.masks.size(); ++i) {
    const PackedMask& mask = picture.masks[i].mask;
    const Json own = members_of(picture.masks[i], parents[i]);
    members.push_back(own.dump());
    rles.push_back(rle_encode(mask));
    Json json = {{"id", i + 1}, {"segmentation", rle_to_json(rles.back())}, {"area", mask.area}};
    json["bbox"] = coco_bbox(*mask.box);
    json.update(own);
    if (options_.png) json["file"] = mask_name(picture, i + 1);
    if (options_.png) std::erase(stale, mask_name(picture, i + 1));
    annotations.push_back(std::move(json));
  }
  write_annotations(number, picture, members, rles);
  if (options_.png) write_masks(picture);
  write_labels(picture);
  const Json image = {{"image_id", number + 1},
                      {"width", picture.size.width},
                      {"height", picture.size.height},
                      {"file_name", picture.path.filename().string()}};
  const Json info = {{"description", kWrittenByHqsam}};
  const Json whole = {{"info", info}, {"image", image}, {"annotations", std::move(annotations)}};
  write_file(file(picture, ".json"), whole.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  std::error_code ignored;
  for (const std::string& name : stale) fs::remove(options_.folder / name, ignored);
}

void AmgResults::write_masks(const AmgPicture& picture) const {
  Image gray(picture.size.height, picture.size.width, 1);
  for (size_t i = 0; i < picture.masks.size(); ++i) {
    unpack_into(picture.masks[i].mask, 255, gray.pixels);
    write_image(options_.folder / mask_name(picture, i + 1), gray);
  }
}

void AmgResults::write_labels(const AmgPicture& picture) const {
  const std::vector<uint16_t> labels = label_map(masks_of(picture), picture.size, options_.labels);
  write_file(file(picture, "_labels.png"), encode_gray16(labels, picture.size));
  Image overlay = picture.small;
  draw_labels(overlay, labels, picture.size);
  write_image(file(picture, "_overlay.jpg"), overlay);
}

void AmgResults::write_annotations(size_t number, const AmgPicture& picture, const std::vector<std::string>& members,
                                   const std::vector<Rle>& rles) const {
  if (!outputs_.any()) return;
  PictureToWrite to_write{.name = outputs_.name(number), .size = picture.size};
  for (size_t i = 0; i < rles.size(); ++i) {
    MaskToWrite mask{.rle = rles[i], .score = picture.masks[i].predicted_iou};
    mask.members = members[i];
    to_write.masks.push_back(std::move(mask));
  }
  const std::vector<PreparedPicture> prepared = outputs_.prepare(to_write, picture.path);
  for (const PreparedPicture& each : prepared) {
    each.write_files();
    if (each.commit) each.commit();
  }
}

}  // namespace hqsam
