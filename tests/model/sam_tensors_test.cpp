// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/sam_tensors.h"

#include <algorithm>

#include "golden.h"
#include "hqsam/core/error.h"
#include "hqsam/model/dialect.h"
#include "model/checkpoint_files.h"

namespace hqsam {
using namespace testing_support;

namespace {

const std::vector<std::string> kSam = {"image_encoder.pos_embed", "image_encoder.blocks.0.attn.qkv.weight",
                                       "prompt_encoder.no_mask_embed.weight", "mask_decoder.iou_token.weight"};

std::vector<std::string> with(const std::string& prefix, std::vector<std::string> names = kSam) {
  for (std::string& name : names) name = prefix + name;
  return names;
}

std::vector<std::string> joined(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// What is taken of a file with these tensors and objects.
std::vector<std::string> taken(const std::vector<std::string>& tensors,
                               const std::vector<FileContents::Object>& objects = {}) {
  std::vector<std::string> names;
  for (const TakenTensor& tensor : take_sam({tensors, objects, "a dict"}, "x.pth")) names.push_back(tensor.name);
  return names;
}

void expect_refused(const std::vector<std::string>& tensors, const std::string& part,
                    const std::vector<FileContents::Object>& objects = {}) {
  const std::string message = message_of([&] { taken(tensors, objects); });
  EXPECT_NE(message.find(part), std::string::npos) << "no '" << part << "' in: " << message;
}

}  // namespace

TEST(TakeSam, TakesOnePrefixOff) {
  for (const std::string prefix :
       {"", "model.", "sam.", "net.", "state_dict.model.", "checkpoint.model.", "0.", "module.", "_orig_mod.",
        "module._orig_mod.", "_orig_mod.module.", "model._orig_mod.", "state_dict.model.module._orig_mod.",
        "base_model.model.", "params.", "ema.", "_forward_module.model."}) {
    EXPECT_EQ(taken(with(prefix)), kSam) << prefix;
  }
}

TEST(TakeSam, LeavesOutWhatWrappersPutIntoNames) {
  EXPECT_EQ(taken({"image_encoder._orig_mod.pos_embed",
                   "module.image_encoder._fsdp_wrapped_module.blocks.0._checkpoint_wrapped_module.attn.qkv.weight",
                   "prompt_encoder.no_mask_embed.weight", "mask_decoder.module.iou_token.weight"}),
            kSam);
  expect_refused(joined(kSam, with("module.")), "two tensors are named 'image_encoder.pos_embed'");
}

TEST(TakeSam, LeavesOutWhatLiesBeside) {
  EXPECT_EQ(taken(joined(with("model."), {"epoch", "optimizer.state.0.exp_avg", "loss.weight", "text_encoder.w"})),
            kSam);
  EXPECT_EQ(taken(joined(kSam, {"head.weight", "n_averaged", "optimizer.state.image_encoder.pos_embed.exp_avg"})),
            kSam);
  EXPECT_EQ(taken(with("model."), {{"args", "argparse.Namespace"}, {"best", "numpy.core.multiarray.scalar"}}), kSam);
  EXPECT_EQ(taken(joined(with("model."), {"model.pixel_mean"})), joined(kSam, {"pixel_mean"}));
}

TEST(TakeSam, PrefersAWholeModelAndOneThatIsNoAverage) {
  const std::vector<std::string> encoder = {kSam.begin(), kSam.begin() + 2};
  EXPECT_EQ(taken(joined(with("student."), with("teacher.", encoder))), kSam);
  for (const std::string average : {"ema.", "state_dict_ema.", "model_ema.module.", "swa_model.", "EMA.shadow."}) {
    const auto names = joined(with(average), with("model."));
    const auto chosen = take_sam({names, {}, ""}, "x.pth");
    ASSERT_EQ(chosen.size(), kSam.size()) << average;
    EXPECT_EQ(chosen.front().index, kSam.size()) << average;
  }
}

TEST(TakeSam, RefusesTwoModelsNamingBoth) {
  expect_refused(joined(with("student."), with("teacher.")),
                 "2 models, with the prefixes 'student.' (4 tensors) and "
                 "'teacher.' (4 tensors)");
  expect_refused(joined(kSam, with("teacher.")), "'' (none) (4 tensors) and 'teacher.'");
  expect_refused(joined(with("ema."), with("swa.")), "'ema.' (4 tensors) and 'swa.'");
}

TEST(TakeSam, FindsAMaskDecoderAlone) {
  const std::vector<std::string> decoder = {"iou_token.weight", "transformer.layers.0.norm1.weight",
                                            "hf_mlp.layers.0.b"};
  for (const std::string prefix : {"", "module.", "model.", "state_dict.net."}) {
    EXPECT_EQ(taken(joined(with(prefix, decoder), {"optimizer.state.0.exp_avg"})), decoder) << prefix;
  }
  EXPECT_EQ(taken({"model.mask_decoder.hf_token.weight"}), std::vector<std::string>{"mask_decoder.hf_token.weight"});
}

TEST(TakeSam, RefusesPythonObjectsInATensorsPlace) {
  expect_refused(with("model."), "'model.image_encoder.neck.0.weight' is an object of numpy.ndarray",
                 {{"model.image_encoder.neck.0.weight", "numpy.ndarray"}});
  expect_refused({}, "'image_encoder.pos_embed' is an object of numpy.ndarray",
                 {{"image_encoder.pos_embed", "numpy.ndarray"}});
  expect_refused({}, "a whole object of the Python class a.Sam", {{"", "a.Sam"}});
  expect_refused({}, "YOLO (as FastSAM is)", {{"model", "ultralytics.nn.tasks.SegmentationModel"}});
}

TEST(TakeSam, NamesOtherModels) {
  expect_refused({"model.image_encoder.trunk.pos_embed", "model.sam_mask_decoder.iou_token.weight"}, "SAM 2");
  expect_refused({"state_dict.image_encoder.backbone.input_stem.op_list.0.conv.weight"}, "EfficientViT-SAM");
  expect_refused({"image_encoder.features.0.0.c.weight", "mask_decoder.iou_token.weight"}, "EdgeSAM");
  expect_refused({"mask_decoder.final_output_upscaling_layers.0.weight"}, "EfficientSAM");
  expect_refused({"PromtEncoder.no_mask_embed.weight"}, "MobileSAM v2");
  expect_refused({"model.0.conv.weight", "model.1.conv.weight"}, "begin with model (2 tensors)");
  expect_refused({"blocks.0.norm1.weight", "patch_embed.proj.weight"}, "an image encoder alone");
}

TEST(TakeSam, RefusesPartsBesideTheModules) {
  expect_refused(joined(kSam, {"w_a_000", "w_b_000"}), "low-rank terms (LoRA)");
  expect_refused(joined(with("model."), {"model.adapters.0.weight"}), "an adapter");
}

class SamTensorsFiles : public CheckpointFiles {
 protected:
  TensorMap renamed(const std::function<std::string(const std::string&)>& rename) const {
    TensorMap map = golden("sam_hq_micro.pth");
    for (auto& [key, tensor] : map.tensors) key = rename(key);
    return map;
  }
};

TEST_F(SamTensorsFiles, HoldOneModelUnderAnyPrefixInEveryFormat) {
  const TensorMap whole = golden("sam_hq_micro.pth");
  for (const std::string prefix : {"model.", "module._orig_mod.", "state_dict.sam."}) {
    const TensorMap map = renamed([&](const std::string& key) { return prefix + key; });
    for (const char* name : {"a.pth", "a.safetensors"}) {
      const Checkpoint read = read_checkpoint(write(name, map));
      EXPECT_EQ(read.dialect, "HQ-SAM");
      ASSERT_EQ(read.tensors.names(), whole.names());
      for (const auto& [key, tensor] : whole.tensors) EXPECT_TRUE(torch::equal(tensor, read.tensors.at(key))) << key;
    }
  }
}

}  // namespace hqsam
