// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "hqsam/data/annotated_dataset.h"
#include "hqsam/data/data_file.h"
#include "hqsam/data/set_options.h"

namespace hqsam {

// A format with a JSON for each picture.
struct JsonFormat {
  const char* function;                                  // for messages: "open_labelme"
  const char* tool;                                      // "LabelMe"
  bool (*is_of)(const nlohmann::json& object);           // whether a JSON is of this format
  std::string (*picture)(const nlohmann::json& object);  // the picture's name as it states it, or ""
  std::string_view (*key)(std::string_view name);        // of a file's name: what a picture and its JSON share
};

// Pictures with their JSONs as objects_file, in order of the pictures. A JSON's picture is the one with its key (or
// called as the JSON without .json), and where there is none, the one whose name it states, in the JSON's folder or
// else the only one of that name; folders that it states do not count. Left out and counted in warnings: pictures
// without a JSON, second JSONs of one picture, and JSONs of other formats that no picture is called like. Throws Error
// where there are no JSONs of the format, where a picture's is another, where pictures are missing (some are named),
// and where a JSON may be of several.
std::vector<AnnotatedPicture> pair_jsons(const SetOptions& options, const std::vector<DataFile>& pictures,
                                         const std::vector<DataFile>& jsons, const JsonFormat& format);

// The same with files as they come, or as a folder and, where the set has it, that of the annotations hold them.
std::vector<AnnotatedPicture> pair_jsons(const SetOptions& options, const std::vector<DataFile>& files,
                                         const JsonFormat& format);
std::vector<AnnotatedPicture> pair_jsons(const SetOptions& options, const JsonFormat& format);

}  // namespace hqsam
