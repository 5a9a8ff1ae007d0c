// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/sa1b.h"

#include "hqsam/data/json_pairs.h"
#include "hqsam/data/picture_json.h"
#include "hqsam/data/picture_names.h"
#include "hqsam/data/sa1b_json.h"
#include "hqsam/data/shards.h"
#include "hqsam/data/tar_index.h"

namespace hqsam {
namespace {

using nlohmann::json;

bool is_of(const json& object) { return object.contains("image") && object.contains("annotations"); }

std::string picture_of(const json& object) {
  return object["image"].is_object() ? text_or_empty(object["image"], "file_name") : "";
}

constexpr JsonFormat kInFolders = {
    .function = "open_sa1b", .tool = "SA-1B", .is_of = is_of, .picture = picture_of, .key = without_extension};
constexpr JsonFormat kInShards = {
    .function = "open_sa1b", .tool = "SA-1B", .is_of = is_of, .picture = picture_of, .key = sample_key};

}  // namespace

std::shared_ptr<const Dataset> open_sa1b(const SetOptions& options) {
  options.validate();
  if (names_shards(options.images)) return open_sa1b(options, files_of_shards(options.images));
  return std::make_shared<AnnotatedDataset>(options, pair_jsons(options, kInFolders), read_sa1b_json);
}

std::shared_ptr<const Dataset> open_sa1b(const SetOptions& options, const std::vector<DataFile>& files) {
  return std::make_shared<AnnotatedDataset>(options, pair_jsons(options, files, kInShards), read_sa1b_json);
}

}  // namespace hqsam
