// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/annotated_dataset.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/text.h"
#include "hqsam/image/orientation.h"
#include "hqsam/mask/segmentation.h"

namespace hqsam {
namespace {

using nlohmann::json;

constexpr int64_t kMaxMaskBytes = int64_t{1} << 31;  // of one picture's packed masks

void check_files(const std::string& name, const std::vector<AnnotatedPicture>& pictures) {
  if (pictures.empty()) fail("AnnotatedDataset", "data set '{}' has no pictures", name);
  std::vector<std::string> missing;
  std::error_code error;
  for (const AnnotatedPicture& picture : pictures) {
    if (!std::filesystem::is_regular_file(picture.picture.path, error))
      missing.push_back(picture.picture.path.string());
  }
  if (missing.empty()) return;
  fail("AnnotatedDataset", "data set '{}': {} of {} pictures are not there: {}", name, missing.size(), pictures.size(),
       first_few(missing));
}

void check_memory(const Sample& sample, int64_t bytes, size_t masks) {
  if (bytes <= kMaxMaskBytes) return;
  fail("AnnotatedDataset::get",
       "{} of {}x{} pixels (width x height) has {} masks: the first {} take more than {} bytes", sample.image_path,
       sample.image.width, sample.image.height, masks, sample.labels.size(), kMaxMaskBytes);
}

// Without a stated picture size, run lengths show the frame if they fit one of the picture's.
Size witnessed_frame(const std::vector<json>& segmentations, const FramedPicture& framed) {
  for (const json& segmentation : segmentations) {
    const auto size = rle_size_in_json(segmentation);
    if (size && (*size == framed.image.size() || *size == framed.stored)) return *size;
  }
  return framed.image.size();
}

PictureObjects draw_annotations(const AnnotatedPicture& picture, const FramedPicture& framed) {
  std::vector<json> segmentations;
  for (const auto& annotation : picture.annotations) {
    segmentations.push_back(json::parse(annotation.segmentation, nullptr, false));
  }
  PictureObjects objects;
  objects.frame = picture.size == Size{} ? witnessed_frame(segmentations, framed) : picture.size;
  for (size_t i = 0; i < segmentations.size(); ++i) {
    const auto& annotation = picture.annotations[i];
    try {
      objects.objects.push_back({annotation.info, rle_from_json(segmentations[i], objects.frame)});
    } catch (const Error& error) {
      if (objects.skipped++ == 0) objects.why_skipped = fmt::format("annotation {}: {}", annotation.id, error.what());
    }
  }
  return objects;
}

std::vector<MaskBrief> briefs_of(const PictureObjects& objects) {
  std::vector<MaskBrief> briefs;
  for (const ObjectMask& object : objects.objects) briefs.push_back({rle_area(object.rle), object.info.crowd});
  return briefs;
}

void keep_one(std::vector<ObjectMask>& objects, int64_t position) {
  if (position < 0 || position >= std::ssize(objects)) return objects.clear();
  std::swap(objects.front(), objects[static_cast<size_t>(position)]);
  objects.resize(1);
}

// Clips boxes to this frame and turns them; boxes entirely outside count as skipped.
void add_boxes(const std::vector<ScoredBox>& boxes, Size frame, int turn, Sample& sample) {
  for (ScoredBox box : boxes) {
    Box& corners = box.box_in_image;
    const auto cut = [](double value, int64_t end) { return std::clamp(value, 0.0, static_cast<double>(end)); };
    corners = {cut(corners.x0, frame.width), cut(corners.y0, frame.height), cut(corners.x1, frame.width),
               cut(corners.y1, frame.height)};
    if (!(corners.x1 > corners.x0 && corners.y1 > corners.y0)) {
      ++sample.skipped;
      continue;
    }
    if (turn != 1) corners = upright(corners, frame, turn);
    sample.boxes.push_back(box);
  }
}

// Takes an empty file as a picture without objects.
std::string_view text_of(const DataFile& file, std::optional<DataBytes>& bytes) {
  std::error_code error;
  if (file.offset < 0 && std::filesystem::file_size(file.path, error) == 0 && !error) return {};
  return bytes.emplace(file).text();
}

}  // namespace

AnnotatedDataset::AnnotatedDataset(SetOptions options, std::vector<AnnotatedPicture> pictures, ReadObjects read)
    : options_(std::move(options)), pictures_(std::move(pictures)), read_(std::move(read)) {
  check_files(options_.name, pictures_);
}

PictureObjects AnnotatedDataset::objects_of(const AnnotatedPicture& picture, const FramedPicture& framed) const {
  PictureObjects objects;
  if (picture.objects_file.empty()) {
    objects = draw_annotations(picture, framed);
  } else {
    std::optional<DataBytes> bytes;
    objects = read_(text_of(picture.objects_file, bytes), picture.objects_file.label(), framed.image.size());
  }
  if (objects.frame == Size{}) objects.frame = framed.image.size();
  if (options_.crowd == CrowdRule::kUse) {
    for (ObjectMask& object : objects.objects) object.info.crowd = false;
  }
  return objects;
}

int AnnotatedDataset::turn_of(const AnnotatedPicture& picture, const FramedPicture& framed, Size frame) const {
  const std::string path = picture.picture.label();
  const Size size = framed.image.size();
  const auto turn = turn_to_picture(frame, framed, options_.exif);
  if (!turn) {
    const bool other_rule = options_.exif != ExifRule::kAuto && turns_sideways(framed.notes.orientation);
    const char* exchanged = frame == Size{size.width, size.height} ? "; are height and width exchanged?" : "";
    fail("AnnotatedDataset::get", "{} is {}x{} but its annotations say {}x{} (width x height): {}", path, size.width,
         size.height, frame.width, frame.height,
         other_rule && *exchanged != 0 ? "its EXIF orientation turns it; try exif: auto"
                                       : std::string("these are other pictures") + exchanged);
  }
  const bool sizes_tell = framed.stored != size && (picture.size != Size{} || !picture.objects_file.empty());
  const bool tag_decides = framed.oriented && framed.notes.orientation != 1 && *turn == 1 && !sizes_tell;
  if (tag_decides && !warned_tag_.exchange(true)) {
    spdlog::warn(
        "data set '{}': {} is turned upright by its EXIF orientation {}, its masks are taken to be upright, "
        "others may follow; with exif: ignore both stay as stored",
        options_.name, path, framed.notes.orientation);
  }
  return *turn;
}

void AnnotatedDataset::warn_of_skipped(const Sample& sample, const std::string& why) const {
  if (warned_skipped_.exchange(true)) return;
  spdlog::warn("data set '{}': a mask of {} is left out, others may follow: {}", options_.name, sample.image_path, why);
}

void AnnotatedDataset::add_masks(const PictureObjects& objects, int turn, Sample& sample) const {
  std::string why = objects.why_skipped;
  int64_t bytes = 0;
  sample.skipped += objects.skipped;
  for (const ObjectMask& object : objects.objects) {
    try {
      if (object.rle.size != objects.frame) {
        fail("AnnotatedDataset::get", "a mask of {}x{} in a picture of {}x{} (width x height)", object.rle.size.width,
             object.rle.size.height, objects.frame.width, objects.frame.height);
      }
      PackedMask mask = turn == 1 ? pack_tightly(object.rle) : pack_tightly(upright(rle_decode(object.rle), turn));
      bytes += mask.bytes();
      sample.labels.emplace_back(std::move(mask));
      sample.infos.push_back(object.info);
    } catch (const Error& error) {
      ++sample.skipped;
      if (why.empty()) why = error.what();
    }
    check_memory(sample, bytes, objects.objects.size());
  }
  sample.turned = turn != 1;
  if (!why.empty()) warn_of_skipped(sample, why);
}

const AnnotatedPicture& AnnotatedDataset::at(int64_t index) const {
  if (index < 0 || index >= size()) {
    fail("AnnotatedDataset::get", "data set '{}' has {} samples, got index {}", options_.name, size(), index);
  }
  return pictures_[static_cast<size_t>(index)];
}

std::vector<MaskBrief> AnnotatedDataset::masks_of(int64_t index) const {
  const AnnotatedPicture& picture = at(index);
  const bool sized = picture.objects_file.empty() && picture.size != Size{};
  return briefs_of(objects_of(picture, sized ? FramedPicture{} : framed_header(picture.picture, options_)));
}

std::vector<MaskBrief> AnnotatedDataset::checked_masks_of(int64_t index) const {
  const AnnotatedPicture& picture = at(index);
  const FramedPicture framed = framed_header(picture.picture, options_);
  const PictureObjects objects = objects_of(picture, framed);
  turn_of(picture, framed, objects.frame);
  return briefs_of(objects);
}

Sample AnnotatedDataset::draw(int64_t index, const ChooseMask& choose) const {
  const AnnotatedPicture& picture = at(index);
  Sample sample;
  sample.set = options_.name;
  sample.name = picture.name;
  sample.image_path = picture.picture.label();
  FramedPicture framed = read_framed(picture.picture, options_);
  PictureObjects objects = objects_of(picture, framed);
  const int turn = turn_of(picture, framed, objects.frame);
  sample.notes = framed.notes;
  sample.image = std::move(framed.image);
  if (choose) keep_one(objects.objects, choose(briefs_of(objects)));
  add_masks(objects, turn, sample);
  sample.annotated = true;
  sample.detected = picture.detected;
  add_boxes(picture.boxes, objects.frame, turn, sample);
  sample.federated = picture.federated;
  sample.negative_categories = picture.negative_categories;
  sample.not_exhaustive_categories = picture.not_exhaustive_categories;
  sample.skipped += picture.skipped;
  tally_.note(sample, options_);
  return sample;
}

}  // namespace hqsam
