// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/core/choose.h"
#include "hqsam/data/folder_dataset.h"
#include "hqsam/evaluate/evaluate.h"
#include "hqsam/evaluate/prompt_words.h"
#include "hqsam/train/trainer.h"

namespace hqsam {

// The words of files and command lines for the rooms' enums, as this version knows them. Those that a room needs itself
// stand there.
inline constexpr Choice<Objective> kObjectives[] = {
    {Objective::kHq, "hq"}, {Objective::kSam, "sam"}, {Objective::kSamMask, "sam_mask"}};
inline constexpr Choice<Trainable> kTrainables[] = {{Trainable::kHq, "hq"},
                                                    {Trainable::kOutputToken, "output_token"},
                                                    {Trainable::kDecoder, "decoder"},
                                                    {Trainable::kLora, "lora"},
                                                    {Trainable::kAll, "all"}};
inline constexpr Choice<LossRegion> kLossRegions[] = {{LossRegion::kAll, "all"}, {LossRegion::kBoundary, "boundary"}};
inline constexpr Choice<ScheduleType> kScheduleTypes[] = {
    {ScheduleType::kConstant, "constant"}, {ScheduleType::kStep, "step"}, {ScheduleType::kCosine, "cosine"}};
inline constexpr Choice<Precision> kPrecisions[] = {
    {Precision::kAuto, "auto"}, {Precision::kFp32, "fp32"}, {Precision::kBf16, "bf16"}};
inline constexpr Choice<SetFormat> kSetFormats[] = {
    {SetFormat::kAuto, "auto"},   {SetFormat::kFolder, "folder"}, {SetFormat::kBig, "big"},
    {SetFormat::kDavis, "davis"}, {SetFormat::kVoc, "voc"},       {SetFormat::kCoco, "coco"},
    {SetFormat::kYtvis, "ytvis"}, {SetFormat::kYolo, "yolo"},     {SetFormat::kLabelme, "labelme"},
    {SetFormat::kSa1b, "sa1b"},   {SetFormat::kTar, "tar"}};
inline constexpr Choice<ExifRule> kExifRules[] = {
    {ExifRule::kAuto, "auto"}, {ExifRule::kApply, "apply"}, {ExifRule::kIgnore, "ignore"}};
inline constexpr Choice<CrowdRule> kCrowdRules[] = {{CrowdRule::kSkip, "skip"}, {CrowdRule::kUse, "use"}};
inline constexpr Choice<OnError> kOnErrors[] = {{OnError::kStop, "stop"}, {OnError::kSkip, "skip"}};
inline constexpr Choice<bool> kSwitch[] = {{false, "false"}, {true, "true"}};

}  // namespace hqsam
