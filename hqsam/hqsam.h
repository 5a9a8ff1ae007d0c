// SPDX-License-Identifier: Apache-2.0
#pragma once

// The whole of hqsam. A program links hqsam::hqsam:
//
//   auto model = hqsam::load_sam_hq("sam_hq_vit_l.pth");
//   hqsam::SamPredictor predictor(model);
//   predictor.set_image(hqsam::read_image("kite.jpg"));
//   auto prediction = predictor.predict({.box = hqsam::Box{420, 60, 910, 700}});
//   hqsam::write_image("kite.png", hqsam::mask_to_gray(prediction.mask));

#include "hqsam/comm/group.h"
#include "hqsam/config/config.h"
#include "hqsam/config/open.h"
#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/geometry.h"
#include "hqsam/core/log.h"
#include "hqsam/core/progress.h"
#include "hqsam/core/random.h"
#include "hqsam/core/text.h"
#include "hqsam/data/augment.h"
#include "hqsam/data/check.h"
#include "hqsam/data/coarsened_dataset.h"
#include "hqsam/data/dataset.h"
#include "hqsam/data/folder_dataset.h"
#include "hqsam/data/loader.h"
#include "hqsam/data/prompts.h"
#include "hqsam/data/synth.h"
#include "hqsam/evaluate/evaluate.h"
#include "hqsam/image/codec.h"
#include "hqsam/image/draw.h"
#include "hqsam/image/image.h"
#include "hqsam/image/resize.h"
#include "hqsam/mask/boundary.h"
#include "hqsam/mask/mask.h"
#include "hqsam/mask/rle.h"
#include "hqsam/metrics/bootstrap.h"
#include "hqsam/metrics/iou.h"
#include "hqsam/model/checkpoint.h"
#include "hqsam/model/sam_hq.h"
#include "hqsam/onnx/export.h"
#include "hqsam/predict/predictor.h"
#include "hqsam/report/report.h"
#include "hqsam/tensorfile/tensor_map.h"
#include "hqsam/train/loss.h"
#include "hqsam/train/run.h"
#include "hqsam/train/trainer.h"
