// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/ytvis.h"

#include <algorithm>
#include <map>

#include "hqsam/core/bounded_json.h"
#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/data/coco_set.h"
#include "hqsam/data/json_stream.h"

namespace hqsam {
namespace {

using nlohmann::json;

// An object's masks, kept until all videos are known.
struct Track {
  std::string id, video;
  MaskInfo info;
  std::vector<std::string> segmentations;  // one per frame; "": none
  std::vector<std::string> faults;         // of the frames whose mask is unusable
  std::vector<int64_t> faulty;             // those frames
};

class YtvisReader {
 public:
  explicit YtvisReader(const SetOptions& options) : options_(options) {}

  CocoSet read() {
    const auto keys =
        stream_json(options_.annotations, [&](const std::string& section, const json& item) { visit(section, item); });
    if (std::find(keys.begin(), keys.end(), "videos") == keys.end()) {
      fail("open_ytvis", "{} has no 'videos'; its keys are: {}", options_.annotations.string(), shown_keys(keys));
    }
    for (Track& track : tracks_) add(track);
    for (const std::string& id : ordered_ids()) {
      std::vector<AnnotatedPicture>& frames = videos_[id];
      std::move(frames.begin(), frames.end(), std::back_inserter(set_.pictures));
    }
    return std::move(set_);
  }

 private:
  void visit(const std::string& section, const json& item) {
    if (section == "videos") read_video(item);
    if (section == "annotations") read_track(item);
    if (section == "categories") set_.categories.list(item);
  }

  void read_video(const json& item) {
    const auto id = item.is_object() ? coco_id(item, "id") : std::nullopt;
    if (!id) return set_.images.add("a video without an id", json_shown(item));
    const auto names = item.find("file_names");
    if (names == item.end() || !names->is_array()) return set_.images.add("a video without file_names", *id);
    std::vector<AnnotatedPicture> frames;
    for (const json& name : *names) {
      AnnotatedPicture& frame = frames.emplace_back();
      frame.size = coco_size(item);
      if (name.is_string()) frame.name = name.get<std::string>();
    }
    const auto [at, added] = videos_.emplace(*id, std::move(frames));
    if (!added) fail("open_ytvis", "two videos have the id {}", cut_short(*id));
  }

  void read_track(const json& item) {
    ++set_.annotation_count;
    if (!item.is_object()) return set_.annotations.add("no object but another value", json_shown(item));
    Track track;
    track.id = coco_id(item, "id").value_or(fmt::format("number {} of the list", set_.annotation_count));
    track.video = coco_id(item, "video_id").value_or("");
    const auto masks = item.find("segmentations");
    if (masks == item.end() || !masks->is_array()) return set_.annotations.add("without segmentations", track.id);
    const auto info = coco_mask_info(item, set_.categories);
    if (!info) return set_.annotations.add("with an iscrowd that is neither 0 nor 1", track.id);
    track.info = *info;
    track.info.area = -1;  // differs by frame, so it is counted from each mask
    for (const json& mask : *masks) {
      const bool none = mask.is_null() || (mask.is_array() && mask.empty());
      std::string fault = none ? "" : segmentation_fault(mask, json::object());
      track.segmentations.push_back(none || !fault.empty() ? "" : mask.dump());
      if (fault.empty()) continue;
      track.faults.push_back(std::move(fault));
      track.faulty.push_back(std::ssize(track.segmentations) - 1);
    }
    tracks_.push_back(std::move(track));
  }

  void add(Track& track) {
    const auto video = videos_.find(track.video);
    if (video == videos_.end()) return set_.annotations.add("of a video that 'videos' lacks", track.id);
    std::vector<AnnotatedPicture>& frames = video->second;
    if (track.segmentations.size() != frames.size()) {
      return set_.annotations.add("with masks for more or fewer frames than its video has", track.id);
    }
    for (size_t i = 0; i < frames.size(); ++i) {
      if (track.segmentations[i].empty()) continue;
      frames[i].annotations.push_back({track.info, std::move(track.segmentations[i]), track.id});
    }
    for (size_t i = 0; i < track.faulty.size(); ++i) {
      ++frames[static_cast<size_t>(track.faulty[i])].skipped;
      set_.annotations.add(track.faults[i], fmt::format("{} in frame {}", track.id, track.faulty[i]));
    }
  }

  std::vector<std::string> ordered_ids() const {
    std::vector<std::string> ids;
    for (const auto& [id, video] : videos_) ids.push_back(id);
    std::stable_sort(ids.begin(), ids.end(), [](const std::string& a, const std::string& b) {
      return coco_whole_id(a).value_or(INT64_MAX) < coco_whole_id(b).value_or(INT64_MAX);
    });
    return ids;
  }

  const SetOptions& options_;
  CocoSet set_;
  std::map<std::string, std::vector<AnnotatedPicture>> videos_;  // frames by id
  std::vector<Track> tracks_;
};

}  // namespace

std::shared_ptr<const Dataset> open_ytvis(const SetOptions& options) {
  options.validate();
  return open_coco_set(options, YtvisReader(options).read());
}

}  // namespace hqsam
