// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/labelme.h"

#include "hqsam/data/json_pairs.h"
#include "hqsam/data/labelme_json.h"
#include "hqsam/data/picture_json.h"
#include "hqsam/data/picture_names.h"

namespace hqsam {
namespace {

using nlohmann::json;

constexpr JsonFormat kLabelme = {.function = "open_labelme",
                                 .tool = "LabelMe",
                                 .is_of = [](const json& object) { return object.contains("shapes"); },
                                 .picture = [](const json& object) { return text_or_empty(object, "imagePath"); },
                                 .key = without_extension};

}  // namespace

std::shared_ptr<const Dataset> open_labelme(const SetOptions& options) {
  options.validate();
  return std::make_shared<AnnotatedDataset>(options, pair_jsons(options, kLabelme), read_labelme_json);
}

}  // namespace hqsam
