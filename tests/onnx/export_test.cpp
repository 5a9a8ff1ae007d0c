// SPDX-License-Identifier: Apache-2.0
#include <onnx/checker.h>
#include <onnx/shape_inference/implementation.h>

#include <set>

#include "hqsam/core/file.h"
#include "onnx/fixtures.h"

namespace hqsam::testing_support {
namespace {

namespace fs = std::filesystem;

class OnnxExport : public OnnxTest {
 protected:
  // ONNX's checker, then its shape inference in strict mode: what it finds for an output must not contradict what
  // the graph declares.
  void expect_valid(const std::string& graph) const {
    const std::string path = (folder_ / (graph + ".onnx")).string();
    ASSERT_NO_THROW(::onnx::checker::check_model(path));
    ::onnx::ModelProto model;
    ASSERT_TRUE(model.ParseFromString(read_file(path)));
    EXPECT_EQ(model.opset_import(0).version(), kOnnxOpset);
    const ::onnx::ShapeInferenceOptions strict(/*check_type=*/true, /*strict_mode=*/1, /*data_prop=*/true);
    EXPECT_NO_THROW(::onnx::shape_inference::InferShapes(model, ::onnx::OpSchemaRegistry::Instance(), strict));
  }
};

int64_t bytes_of(const Interpreter& graph) {
  int64_t total = 0;
  for (const auto& [name, tensor] : graph.weights()) total += static_cast<int64_t>(tensor.nbytes());
  return total;
}

TEST_F(OnnxExport, WritesGraphsThatPassTheChecker) {
  for (const OnnxDtype dtype : {OnnxDtype::kFp32, OnnxDtype::kFp16}) {
    for (const MaskKind masks : {MaskKind::kSam, MaskKind::kHq, MaskKind::kSum}) {
      for (const Multimask multimask : {Multimask::kNone, Multimask::kBest, Multimask::kAll}) {
        export_onnx(vit_model(), folder_, {.masks = masks, .multimask = multimask, .dtype = dtype});
        expect_valid("encoder");
        expect_valid("decoder");
      }
    }
    export_onnx(tiny_vit_model(), folder_, {.dtype = dtype});
    expect_valid("encoder");
  }
}

TEST_F(OnnxExport, TellsHowItWasMade) {
  const Interpreter graph = exported(vit_model(), "decoder", {.masks = MaskKind::kHq, .dtype = OnnxDtype::kFp16});
  std::map<std::string, std::string> metadata;
  for (const auto& entry : graph.model().metadata_props()) metadata[entry.key()] = entry.value();
  EXPECT_EQ(graph.model().producer_name(), "hqsam");
  EXPECT_EQ(metadata.at("hqsam.image_size"), "64");
  EXPECT_EQ(metadata.at("hqsam.masks"), "hq");
  EXPECT_EQ(metadata.at("hqsam.multimask"), "none");
  EXPECT_EQ(metadata.at("hqsam.dtype"), "fp16");
}

TEST_F(OnnxExport, KeepsTheNamesOfTheCheckpoint) {
  const Interpreter encoder = exported(vit_model(), "encoder");
  const auto& weight = encoder.weights().at("image_encoder.blocks.0.attn.qkv.weight");
  EXPECT_EQ(weight.sizes(), (std::vector<int64_t>{32, 96}));  // transposed: [in, out]
  EXPECT_TRUE(encoder.weights().contains("mask_decoder.compress_vit_feat.0.weight"));
}

TEST_F(OnnxExport, KeepsInputsAndOutputsInFp32AndHalvesTheWeights) {
  const int64_t full = bytes_of(exported(vit_model(), "encoder"));
  const Interpreter encoder = exported(vit_model(), "encoder", {.dtype = OnnxDtype::kFp16});
  EXPECT_LT(bytes_of(encoder), full * 6 / 10);
  for (const std::string name : {"encoder", "decoder"}) {
    const Interpreter graph(folder_ / (name + ".onnx"));
    for (const auto& input : graph.model().graph().input()) {
      const bool size = input.name() == "orig_im_size";
      EXPECT_EQ(input.type().tensor_type().elem_type(), size ? ::onnx::TensorProto::INT64 : ::onnx::TensorProto::FLOAT)
          << input.name();
    }
    for (const auto& output : graph.model().graph().output()) {
      EXPECT_EQ(output.type().tensor_type().elem_type(), ::onnx::TensorProto::FLOAT) << output.name();
    }
  }
}

TEST_F(OnnxExport, TellsWhatGoesInAndOut) {
  const auto files = export_onnx(vit_model(), folder_, {.multimask = Multimask::kAll});
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].path, folder_ / "encoder.onnx");
  EXPECT_EQ(files[0].inputs.at(0).shape, "[batch,3,height,width]");
  EXPECT_EQ(files[1].path, folder_ / "decoder.onnx");
  const OnnxTensor &size = files[1].inputs.back(), &masks = files[1].outputs.front();
  EXPECT_EQ(size.name + " " + size.type + " " + size.shape, "orig_im_size int64 [2]");
  EXPECT_EQ(masks.name + " " + masks.type + " " + masks.shape, "masks float [prompts,3,image_height,image_width]");
}

// Others' exports of SAM failed in TensorRT for OneHot, Tile, Mod, NonZero, If and Loop. An Identity before an output
// leaves a tensor with two names in runtimes that drop it.
TEST_F(OnnxExport, UsesOperationsThatEveryRuntimeKnows) {
  const std::set<std::string> known = {"Add",
                                       "Cast",
                                       "Concat",
                                       "Conv",
                                       "ConvTranspose",
                                       "Cos",
                                       "Div",
                                       "Equal",
                                       "Erf",
                                       "Expand",
                                       "Gather",
                                       "GatherElements",
                                       "MatMul",
                                       "Max",
                                       "Mul",
                                       "Pad",
                                       "LayerNormalization",
                                       "ReduceMax",
                                       "Relu",
                                       "Reshape",
                                       "Resize",
                                       "Shape",
                                       "Sin",
                                       "Slice",
                                       "Split",
                                       "Softmax",
                                       "Sub",
                                       "TopK",
                                       "Transpose",
                                       "Unsqueeze",
                                       "Where"};
  for (const SamHq& model : {vit_model(), tiny_vit_model()}) {
    for (const Multimask multimask : {Multimask::kNone, Multimask::kAll}) {
      for (const OnnxDtype dtype : {OnnxDtype::kFp32, OnnxDtype::kFp16}) {
        export_onnx(model, folder_, {.multimask = multimask, .dtype = dtype});
        for (const std::string name : {"encoder", "decoder"}) {
          const Interpreter graph(folder_ / (name + ".onnx"));
          for (const auto& node : graph.model().graph().node()) {
            EXPECT_TRUE(known.contains(node.op_type())) << name << " has " << node.op_type();
          }
        }
      }
    }
  }
}

// In bf16, 289 is 288: what is computed of orig_im_size must not become a floating-point number on its way.
TEST_F(OnnxExport, KeepsSizesInWholeNumbers) {
  const std::set<std::string> arithmetic = {"ReduceMax", "Mul", "Add", "Div", "Max", "Concat"};
  for (const OnnxDtype dtype : {OnnxDtype::kFp32, OnnxDtype::kFp16}) {
    const Interpreter decoder = exported(vit_model(), "decoder", {.dtype = dtype});
    std::set<std::string> sizes = {"orig_im_size"};
    int used = 0;
    for (const auto& node : decoder.model().graph().node()) {
      if (std::none_of(node.input().begin(), node.input().end(), [&](const auto& i) { return sizes.contains(i); })) {
        continue;
      }
      if (node.op_type() == "Slice" || node.op_type() == "Resize") {
        ++used;
        EXPECT_FALSE(sizes.contains(node.input(0)));
      } else {
        EXPECT_TRUE(arithmetic.contains(node.op_type())) << node.name();
        sizes.insert(node.output(0));
      }
    }
    EXPECT_EQ(used, 2);
  }
}

TEST_F(OnnxExport, PutsWeightsBeyondTheLimitIntoASecondFile) {
  const auto image = noise_image(1, 64, 64);
  Interpreter inside = exported(vit_model(), "encoder");
  EXPECT_FALSE(fs::exists(folder_ / "encoder.onnx.data"));
  const auto expected = inside.run({{"image", image}});

  Interpreter outside = exported(vit_model(), "encoder", {.external_above = 1000});
  expect_valid("encoder");
  EXPECT_LT(fs::file_size(folder_ / "encoder.onnx"), static_cast<uintmax_t>(bytes_of(inside)));
  size_t stored_outside = 0;
  for (const auto& tensor : outside.model().graph().initializer()) {
    if (tensor.data_location() != ::onnx::TensorProto::EXTERNAL) continue;
    ++stored_outside;
    EXPECT_FALSE(tensor.has_raw_data()) << tensor.name();
    for (const auto& entry : tensor.external_data()) {
      if (entry.key() == "location") EXPECT_EQ(entry.value(), "encoder.onnx.data");
      if (entry.key() == "offset") EXPECT_EQ(std::stoll(entry.value()) % 4096, 0);
    }
    EXPECT_TRUE(torch::equal(outside.weights().at(tensor.name()), inside.weights().at(tensor.name())));
  }
  EXPECT_GT(stored_outside, 20U);
  const auto found = outside.run({{"image", image}});
  EXPECT_TRUE(torch::equal(found.at("image_embeddings"), expected.at("image_embeddings")));
}

TEST_F(OnnxExport, LeavesNoSecondFileOfAnEarlierExport) {
  export_onnx(vit_model(), folder_, {.external_above = 0});
  EXPECT_TRUE(fs::exists(folder_ / "encoder.onnx.data"));
  EXPECT_TRUE(fs::exists(folder_ / "decoder.onnx.data"));
  export_onnx(vit_model(), folder_);
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder_)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"decoder.onnx", "encoder.onnx"}));
}

TEST_F(OnnxExport, RefusesHqMasksOfAModelWithoutHqModules) {
  const SamHq model = tiny_model(without_hq(tiny_options()));
  for (const MaskKind masks : {MaskKind::kHq, MaskKind::kSum}) {
    const std::string message = message_of([&] { export_onnx(model, folder_, {.masks = masks}); });
    EXPECT_NE(message.find("no HQ modules"), std::string::npos) << message;
  }
  EXPECT_FALSE(fs::exists(folder_));
}

TEST_F(OnnxExport, RefusesNumbersThatItCannotStoreAndLeavesTheOldFiles) {
  export_onnx(vit_model(), folder_);
  const std::string before = read_file(folder_ / "encoder.onnx");
  const auto message_with = [&](double number, OnnxDtype dtype) {
    SamHq model = vit_model();
    torch::NoGradGuard no_grad;
    model->named_parameters()["image_encoder.blocks.1.mlp.lin1.weight"][0][0] = number;
    return message_of([&] { export_onnx(model, folder_, {.dtype = dtype}); });
  };
  const std::string key = "'image_encoder.blocks.1.mlp.lin1.weight'";
  EXPECT_NE(message_with(NAN, OnnxDtype::kFp32).find(key + " has numbers that are not finite"), std::string::npos);
  EXPECT_NE(message_with(1e6, OnnxDtype::kFp16).find(key + " has numbers too large for fp16"), std::string::npos);
  EXPECT_EQ(read_file(folder_ / "encoder.onnx"), before);
  EXPECT_EQ(message_with(1e6, OnnxDtype::kFp32), "");
}

TEST_F(OnnxExport, RefusesFoldersThatCannotBeWritten) {
  write_file(folder_, "a file");
  EXPECT_NE(message_of([&] { export_onnx(vit_model(), folder_); }), "");
  EXPECT_NE(message_of([&] { export_onnx(vit_model(), folder_ / "below"); }), "");
  EXPECT_EQ(read_file(folder_), "a file");
  fs::remove(folder_);
  fs::create_directories(folder_ / "decoder.onnx");  // a folder where a file should be
  EXPECT_NE(message_of([&] { export_onnx(vit_model(), folder_); }).find("decoder.onnx"), std::string::npos);
  fs::remove_all(folder_ / "decoder.onnx");
  for (const auto& entry : fs::directory_iterator(folder_)) {
    EXPECT_FALSE(entry.path().string().ends_with(".tmp")) << entry.path();
  }
}

TEST_F(OnnxExport, RefusesLimitsThatProtobufCannotKeep) {
  for (const int64_t limit : {int64_t{-1}, int64_t{2'000'000'001}}) {
    const std::string message = message_of([&] { export_onnx(vit_model(), folder_, {.external_above = limit}); });
    EXPECT_NE(message.find("external_above"), std::string::npos);
  }
}

}  // namespace
}  // namespace hqsam::testing_support
