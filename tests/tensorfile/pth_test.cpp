// SPDX-License-Identifier: Apache-2.0
#include <torch/torch.h>

#include <algorithm>

#include "pickled.h"

namespace hqsam {
namespace {

TEST(ReadPth, ReadsTheReferencesCheckpoints) {
  const TensorMap zip = read_pth(golden("sam_hq_micro.pth"));
  ASSERT_GT(zip.tensors.size(), 0u);
  EXPECT_EQ(zip.tensors[0].first, "image_encoder.pos_embed");
  const torch::Tensor& positions = zip.tensors[0].second;
  EXPECT_EQ(positions.sizes(), (std::vector<int64_t>{1, positions.size(1), positions.size(1),
                                                     zip.at("image_encoder.neck.0.weight").size(1)}));
  expect_same(zip, read_pth(golden("sam_hq_micro_legacy.pth")));

  const TensorMap half = read_pth(golden("sam_hq_micro_nested_fp16.pth"));
  EXPECT_EQ(half.names(), zip.names());
  for (const auto& [name, tensor] : half.tensors) {
    EXPECT_EQ(tensor.scalar_type(), torch::kFloat16) << name;
    expect_same(tensor, zip.at(name).to(torch::kFloat16), name);
  }

  const TensorMap decoder = read_pth(golden("mask_decoder_hq_micro.pth"));
  const auto names = zip.names();
  EXPECT_EQ(std::ssize(decoder.tensors), std::count_if(names.begin(), names.end(), [](const std::string& name) {
              return name.starts_with("mask_decoder.");
            }));
  for (const auto& [name, tensor] : decoder.tensors) {
    expect_same(tensor, zip.at("mask_decoder." + name), name);
  }
}

TEST(ReadPth, ReadsEveryKindOfTensorFromEveryFormat) {
  const TensorMap expected = read_safetensors(golden("torch_save.safetensors"));
  EXPECT_EQ(expected.metadata.at("umlaut"), "ä");
  for (const char* name : {"torch_save.pth", "torch_save_protocol4.pth", "torch_save_legacy.pth"}) {
    SCOPED_TRACE(name);
    const TensorMap map = read_tensors(golden(name));
    EXPECT_EQ(map.tensors.size(), expected.tensors.size());
    for (const auto& [key, tensor] : map.tensors) expect_same(tensor, expected.at(key), key);
    EXPECT_EQ(map.at("transposed").strides(), (std::vector<int64_t>{1, 6}));
    EXPECT_EQ(map.at("expanded").strides(), (std::vector<int64_t>{0, 1}));
    EXPECT_EQ(map.at("empty").sizes(), (std::vector<int64_t>{0, 7}));
    EXPECT_EQ(map.at("scalar").item<float>(), 3.5f);
  }
}

TEST(ReadPth, RefusesAWholeModuleByName) {
  const std::string message = error_of([] { read_pth(golden("torch_save_module.pth")); });
  EXPECT_TRUE(contains(message, "torch.nn.modules.linear.Linear")) << message;
  EXPECT_TRUE(contains(message, "torch_save_module.pth")) << message;
}

TEST_F(PthPickle, ReadsATensor) {
  const TensorMap map = read(dict({{"w", TensorOps().ops()}}));
  expect_same(map.at("w"), torch::arange(6, torch::kFloat32).view({2, 3}), "w");
}

TEST_F(PthPickle, ReadsAnOrderedDictAsPython2PickledIt) {
  const std::string pair = "](" + text("w") + TensorOps().ops() + "e";
  const TensorMap map = read("ccollections\nOrderedDict\n" + tuple({"](" + pair + "e"}) + "R");
  EXPECT_EQ(map.names(), std::vector<std::string>{"w"});
}

TEST_F(PthPickle, ReadsAParameterAndIgnoresOtherValues) {
  const std::string parameter = "ctorch._utils\n_rebuild_parameter\n" + tuple({TensorOps().ops(), "\x88", "}"}) + "R";
  const std::string size = "ctorch\nSize\n" + tuple({tuple({number(1)})}) + "R";
  const TensorMap map = read(dict({{"w", parameter},
                                   {"epoch", number(3)},
                                   {"lr", "G" + std::string(8, '\0')},
                                   {"size", size},
                                   {"dtype", "ctorch\nfloat32\n"},
                                   {"list", "](N\x88" + text("x") + "e"}}));
  EXPECT_EQ(map.names(), std::vector<std::string>{"w"});
}

TEST_F(PthPickle, EntersTheUsualNestings) {
  for (const std::string key : {"model", "state_dict", "model_state_dict"}) {
    const TensorMap map = read(dict({{"optimizer", "}"}, {key, dict({{"w", TensorOps().ops()}})}, {"epoch", "N"}}));
    EXPECT_EQ(map.names(), std::vector<std::string>{"w"}) << key;
  }
  // A module of that name is not a nesting.
  EXPECT_EQ(read(dict({{"model", TensorOps().ops()}})).names(), std::vector<std::string>{"model"});
}

TEST_F(PthPickle, TakesModuleOffOnlyWhereAllNamesHaveIt) {
  const std::string tensor = TensorOps().ops();
  EXPECT_EQ(read(dict({{"module.a", tensor}, {"module.b", tensor}})).names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(read(dict({{"module.a", tensor}, {"a", tensor}})).names(), (std::vector<std::string>{"module.a", "a"}));
}

TEST_F(PthPickle, RefusesDoubledNames) {
  const std::string tensor = TensorOps().ops();
  EXPECT_TRUE(contains(message(dict({{"module.a", tensor}, {"module.a", tensor}})), "twice"));
}

TEST_F(PthPickle, SaysWhatAFileWithoutTensorsHolds) {
  EXPECT_TRUE(contains(message(dict({{"net", "}"}, {"epoch", "N"}})), "a dict of net, epoch"));
  EXPECT_TRUE(contains(message("}"), "an empty dict"));
  EXPECT_TRUE(contains(message(TensorOps().ops()), "got a tensor"));
  EXPECT_TRUE(contains(message("N"), "got None"));
}

TEST_F(PthPickle, NamesTensorsByWhereTheyLie) {
  const std::string tensor = TensorOps().ops();
  const std::string list = "](" + tensor + "N" + tensor + "e";
  const TensorMap map =
      read(dict({{"a", tensor}, {"net", dict({{"w.x", tensor}, {"list", list}})}}) + "K\x07" + tensor + "s");
  EXPECT_EQ(map.names(), (std::vector<std::string>{"a", "7", "net.w.x", "net.list.0", "net.list.2"}));
  // A dict that is in two places, and one that is in itself.
  EXPECT_EQ(read("}(" + text("a") + dict({{"w", tensor}}) + "q\x01" + text("b") + "h\x01u").names(),
            std::vector<std::string>{"a.w"});
  EXPECT_EQ(read("}q\x01(" + text("self") + "h\x01" + text("w") + tensor + "u").names(), std::vector<std::string>{"w"});
}

TEST_F(PthPickle, PassesOverWhatLiesTooDeepOrHasTooLongAName) {
  const std::string tensor = TensorOps().ops();
  std::string deep = tensor;
  for (int i = 0; i < 20; ++i) deep = dict({{"d", deep}});
  EXPECT_EQ(read(dict({{"w", tensor}, {"deep", deep}, {std::string(300, 'n'), tensor}})).names(),
            std::vector<std::string>{"w"});
}

TEST_F(PthPickle, RefusesTensorsOutsideTheirStorage) {
  const auto refused = [&](const TensorOps& tensor) { return message(dict({{"w", tensor.ops()}})); };
  const int64_t most = INT64_MAX;
  const std::vector<TensorOps> outside = {
      {.offset = number(1)},
      {.offset = number(-1)},
      {.offset = long_number(most)},
      {.sizes = tuple({number(3), number(3)})},
      {.strides = tuple({number(4), number(1)})},
      {.strides = tuple({long_number(most), number(1)})},
      {.strides = tuple({long_number(most / 2 + 2), long_number(most / 4 + 1)})},
      {.sizes = tuple({long_number(most), long_number(most)})},
      {.sizes = tuple({long_number(int64_t{1} << 62)}), .strides = tuple({number(4)})},
  };
  for (size_t i = 0; i < outside.size(); ++i) {
    const std::string text = refused(outside[i]);
    EXPECT_TRUE(contains(text, "'w'") && contains(text, "damaged")) << i << ": " << text;
  }
  EXPECT_TRUE(contains(refused({.sizes = tuple({number(-2), number(3)})}), "-2"));
  EXPECT_TRUE(contains(refused({.strides = tuple({number(-3), number(1)})}), "-3"));
  EXPECT_TRUE(contains(refused({.numel = number(7)}), "storage 0"));
  EXPECT_TRUE(contains(refused({.numel = number(5)}), "storage 0"));
  EXPECT_TRUE(contains(refused({.type = "ctorch\nLongStorage\n"}), "storage 0"));
  EXPECT_TRUE(contains(refused({.key = "1"}), "storage 1, which the file lacks"));
}

TEST_F(PthPickle, RefusesMalformedTensors) {
  const auto refused = [&](const TensorOps& tensor) {
    return contains(message(dict({{"w", tensor.ops()}})), "the pickle has a");
  };
  EXPECT_TRUE(refused({.numel = number(-6)}));
  EXPECT_TRUE(refused({.numel = text("6")}));
  EXPECT_TRUE(refused({.type = text("FloatStorage")}));
  EXPECT_TRUE(refused({.type = "ctorch\nSize\n"}));
  EXPECT_TRUE(refused({.offset = "N"}));
  EXPECT_TRUE(refused({.sizes = tuple({number(6)})}));
  EXPECT_TRUE(refused({.sizes = "](" + number(2) + number(3) + "e"}));
  EXPECT_TRUE(refused({.sizes = tuple({text("2"), number(3)})}));
  const std::vector<std::string> ones(65, number(1));
  EXPECT_TRUE(refused({.sizes = tuple(ones), .strides = tuple(ones)}));
  const std::string big = std::string("\x8a\x0a") + std::string(10, '\1');
  EXPECT_TRUE(refused({.offset = big}));
}

TEST_F(PthPickle, ReadsEnormousStridesOfSingleSteps) {
  const TensorOps tensor{.sizes = tuple({number(1), number(3)}), .strides = tuple({long_number(INT64_MAX), number(1)})};
  const TensorMap map = read(dict({{"w", tensor.ops()}}));
  expect_same(map.at("w"), torch::arange(3, torch::kFloat32).view({1, 3}), "w");
}

TEST_F(PthPickle, RefusesBrokenPickles) {
  EXPECT_TRUE(contains(message("}("), "takes more"));
  EXPECT_TRUE(contains(message("u"), "group"));
  EXPECT_TRUE(contains(message("(K\x01s"), "takes more"));
  EXPECT_TRUE(contains(message("}(K\x01u"), "adds 1 items"));
  EXPECT_TRUE(contains(message("Na"), "takes more"));
  EXPECT_TRUE(contains(message("NNa"), "to None"));
  EXPECT_TRUE(contains(message("h\x05"), "object 5"));
  EXPECT_TRUE(contains(message("X\xff\xff\xff\x7f"), "the file is cut"));
  EXPECT_TRUE(contains(message("cos"), "the file is cut"));
  EXPECT_TRUE(contains(message("\x80\x09N"), "protocol 9"));
  EXPECT_TRUE(contains(message("S"), "operation 0x53"));
  EXPECT_TRUE(contains(message("]N" + tuple({}) + "R"), "calls None"));
  EXPECT_TRUE(contains(message("ctorch\nFloatStorage\n" + tuple({}) + "R"), "calls a type"));
  EXPECT_TRUE(contains(message("ctorch\nSize\n" + tuple({}) + "\x81"), "object of a class"));
  EXPECT_TRUE(contains(message("](NNeb"), "takes more"));
  EXPECT_TRUE(contains(message("]Nb"), "attributes of a list"));
  EXPECT_TRUE(contains(message(tuple({text("module"), "N"}) + "Q"), "not to a storage"));
}

TEST_F(PthPickle, BoundsWhatAHostilePickleCosts) {
  EXPECT_TRUE(contains(message(std::string(2'000'000, ']')), "more objects"));
  EXPECT_TRUE(contains(message(std::string(9'000'000, '(')), "more steps"));
  EXPECT_TRUE(contains(message("N" + std::string(500'000, '\x85')), "got a tuple"));
  EXPECT_TRUE(contains(message("}q\x01" + text("model") + "h\x01s"), "a dict of model"));
  // Many dicts, each of which would copy one long list of pairs.
  std::string pairs = "]q\x01(NN\x86q\x02";
  for (int i = 0; i < 100'000; ++i) pairs += "h\x02";
  pairs += "e";
  for (int i = 0; i < 1'000; ++i) pairs += "ccollections\nOrderedDict\nh\x01\x85R";
  EXPECT_TRUE(contains(message(pairs), "more steps"));
}

TEST_F(PthPickle, RefusesBigEndianWeights) {
  const std::string object = dict({{"w", TensorOps().ops()}});
  EXPECT_TRUE(contains(error_of([&] { read(object, "big"); }), "'big'"));
}

TEST_F(PthPickle, RefusesBoolsThatAreNone) {
  const TensorOps tensor{.type = "ctorch\nBoolStorage\n", .numel = number(24)};
  EXPECT_TRUE(contains(message(dict({{"w", tensor.ops()}})), "bools"));
}

TEST_F(PthPickle, SaysWhatIsWrongWithOtherFiles) {
  const auto message_of = [&](const std::string& content) {
    const auto path = write(content);
    return error_of([&] { read_pth(path); });
  };
  std::string tar(512, '\0');
  patch(tar, 257, "ustar");
  EXPECT_TRUE(contains(message_of(tar), "tar archive"));
  EXPECT_TRUE(contains(message_of("\x80\x02}q\x01."), "torch.save"));
  EXPECT_TRUE(contains(message_of("x"), "begins with 'x'"));
  write_zip(folder_ / "b.pth", {{"a/data.pkl", "N."}, {"a/constants.pkl", "N."}});
  EXPECT_TRUE(contains(error_of([&] { read_pth(folder_ / "b.pth"); }), "TorchScript"));
  write_zip(folder_ / "b.pth", {{"a/model.pkl", "N."}, {"b.npy", ""}});
  EXPECT_TRUE(contains(error_of([&] { read_pth(folder_ / "b.pth"); }),
                       "data.pkl, so torch.save did not write it; in it "
                       "are a/model.pkl, b.npy"));
  const std::string ops = "\x80\x02" + dict({{"w", TensorOps().ops()}}) + ".";
  write_zip(folder_ / "b.pth",
            {{"a/data.pkl", ops}, {"a/data/0", std::string(24, '\0')}, {"a/hqsam/metadata.json", "{\"a\": 1}"}});
  EXPECT_TRUE(contains(error_of([&] { read_pth(folder_ / "b.pth"); }), "metadata.json"));
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  for (const std::string& text : {deep, "{\"a\": " + deep + "}", std::string("{\"a\": \"\", \"a\": \"\"}")}) {
    write_zip(folder_ / "b.pth",
              {{"a/data.pkl", ops}, {"a/data/0", std::string(24, '\0')}, {"a/hqsam/metadata.json", text}});
    const std::string error = error_of([&] { read_pth(folder_ / "b.pth"); });
    EXPECT_TRUE(contains(error, "metadata.json is nested more") || contains(error, "has the key 'a' twice")) << error;
  }
}

TEST_F(PthPickle, RefusesDamagedLegacyFiles) {
  const std::string good = read_file(golden("torch_save_legacy.pth"));
  const auto message_with = [&](std::string_view old_bytes, std::string_view new_bytes) {
    std::string content = good;
    const size_t at = content.find(old_bytes);
    EXPECT_NE(at, content.npos);
    patch(content, at, new_bytes);
    const auto path = write(content);
    return error_of([&] { read_pth(path); });
  };
  EXPECT_TRUE(contains(message_with("M\xe9\x03.", "M\xea\x03."), "version 1002"));
  EXPECT_TRUE(contains(message_with("little_endianq\x02\x88", "little_endianq\x02\x89"), "big-endian"));
  const size_t first_storage = good.rfind("e.") + 2;  // behind the list of keys
  std::string content = good;
  content[first_storage] += 1;  // its number of elements
  const auto path = write(content);
  EXPECT_TRUE(contains(error_of([&] { read_pth(path); }), "elements, expected"));
  const auto cut = write(good.substr(0, good.size() - 1));
  EXPECT_TRUE(contains(error_of([&] { read_pth(cut); }), "cut"));
}

}  // namespace
}  // namespace hqsam
