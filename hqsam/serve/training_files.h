// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "hqsam/serve/annotation_folder.h"

namespace hqsam {

// Pictures that are done and their masks, by split.
struct TrainingCounts {
  int64_t train_pictures = 0, train_masks = 0, valid_pictures = 0, valid_masks = 0;
};

// Writes what `hqsam train` reads, beside the annotations: train.json and valid.json (COCO, with classes; an object
// without one is of the class "object"), and train.yaml, which names them, the pictures' folder and the checkpoint to
// begin with. `output` of the run is runs/<folder's name> in the working directory, as init has it.
TrainingCounts write_training_files(const AnnotationFolder& folder, const std::filesystem::path& images,
                                    const std::string& checkpoint);

}  // namespace hqsam
