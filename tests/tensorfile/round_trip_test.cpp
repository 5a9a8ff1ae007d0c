// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>
#include <torch/torch.h>

#include <csignal>

#include "fixtures.h"
#include "write_tensors.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;
const std::vector<std::string> kFormats = {"a.safetensors", "a.pth"};

// Every dtype, with odd byte counts first, so that what follows would be unaligned if written as is.
TensorMap all_kinds() {
  torch::manual_seed(7);
  const auto base = torch::randn({6, 5});
  TensorMap map;
  map.set("bool", torch::tensor({true, false, true}));
  map.set("u8", torch::arange(7, torch::kUInt8));
  map.set("i8", torch::arange(-3, 4, torch::kInt8));
  map.set("i16", torch::arange(-300, 300, 101, torch::kInt16));
  map.set("f16", torch::randn({3, 3}).to(torch::kFloat16));
  map.set("bf16", torch::randn({5}).to(torch::kBFloat16));
  map.set("i32", torch::arange(-5, 5, torch::kInt32));
  map.set("f32", torch::randn({2, 3, 4}));
  map.set("i64", torch::tensor({int64_t{1} << 60, int64_t{-1}}));
  map.set("f64", torch::randn({3}, torch::kFloat64));
  map.set("scalar", torch::tensor(2.5));
  map.set("empty", torch::empty({0, 4}));
  map.set("none \"quoted\" ü\n", torch::empty({0}, torch::kInt64));
  map.set("transposed", base.t());
  map.set("slice", base.slice(1, 1, 4, 2));
  map.set("expanded", torch::arange(3).unsqueeze(0).expand({4, 3}));
  map.set("parameter", torch::randn({2, 2}, torch::requires_grad()));
  map.metadata = {{"architecture", "vit_b"}, {"note", "ü \"x\"\n"}};
  return map;
}

class RoundTrip : public TempFolderTest {};

TEST_F(RoundTrip, KeepsEveryDtypeShapeNameOrderAndMetadata) {
  const TensorMap map = all_kinds();
  for (const std::string& name : kFormats) {
    SCOPED_TRACE(name);
    write_tensors(folder_ / name, map);
    const TensorMap back = read_tensors(folder_ / name);
    expect_same(map, back);
    EXPECT_EQ(back.metadata, map.metadata);
  }
}

TEST_F(RoundTrip, IsTheSameFileEachTime) {
  for (const std::string& name : kFormats) {
    write_tensors(folder_ / name, all_kinds());
    const std::string first = read_file(folder_ / name);
    write_tensors(folder_ / name, read_tensors(folder_ / name));
    EXPECT_EQ(read_file(folder_ / name), first) << name;
  }
}

TEST_F(RoundTrip, WritesAlignedTensorsThatAreReadWithoutACopy) {
  for (const std::string& name : kFormats) {
    write_tensors(folder_ / name, all_kinds());
    for (const auto& [key, tensor] : read_tensors(folder_ / name).tensors) {
      const auto address = reinterpret_cast<uintptr_t>(tensor.const_data_ptr());
      EXPECT_EQ(address % tensor.element_size(), 0u) << name << " " << key;
    }
  }
}

TEST_F(RoundTrip, KeepsTheFileMappedAsLongAsATensorLives) {
  for (const std::string& name : kFormats) {
    const auto numbers = torch::arange(100000);
    torch::Tensor kept;
    {
      TensorMap map;
      map.set("x", numbers);
      write_tensors(folder_ / name, map);
      kept = read_tensors(folder_ / name).at("x").slice(0, 10);
    }
    fs::remove(folder_ / name);
    EXPECT_TRUE(torch::equal(kept, numbers.slice(0, 10))) << name;
  }
}

TEST_F(RoundTrip, MayReplaceTheFileItsTensorsComeFrom) {
  for (const std::string& name : kFormats) {
    write_tensors(folder_ / name, all_kinds());
    TensorMap map = read_tensors(folder_ / name);
    map.set("f32", torch::zeros({3}));
    write_tensors(folder_ / name, map);
    expect_same(map, read_tensors(folder_ / name));
  }
}

TEST_F(RoundTrip, RecognisesContentNotNames) {
  const TensorMap map = all_kinds();
  write_safetensors(folder_ / "a.pth", map);
  write_pth(folder_ / "a.safetensors", map);
  expect_same(map, read_tensors(folder_ / "a.pth"));
  expect_same(map, read_tensors(folder_ / "a.safetensors"));
  const auto page = write("<!DOCTYPE html><html>", "page.pth");
  EXPECT_TRUE(contains(error_of([&] { read_tensors(page); }), "a web page (HTML)"));
  EXPECT_TRUE(contains(error_of([&] { read_pth(folder_ / "a.pth"); }), "torch.save"));
  EXPECT_TRUE(contains(error_of([&] { read_safetensors(folder_ / "a.safetensors"); }), "a.safetensors"));
}

TEST_F(RoundTrip, RefusesToWriteWhatTheFormatsCannotHold) {
  const auto message = [&](const std::string& file, const std::string& name, torch::Tensor tensor) {
    TensorMap map;
    map.tensors = {{"first", torch::zeros(1)}, {name, std::move(tensor)}};
    return error_of([&] { write_tensors(folder_ / file, map); });
  };
  for (const std::string& file : kFormats) {
    EXPECT_TRUE(contains(message(file, "x", torch::zeros(1, torch::kComplexFloat)), "'x'"));
    EXPECT_TRUE(contains(message(file, "x", torch::eye(2).to_sparse()), "sparse"));
    EXPECT_TRUE(contains(message(file, "x", torch::empty(2, torch::kMeta)), "no data"));
    EXPECT_TRUE(contains(message(file, "x", torch::Tensor()), "undefined"));
    EXPECT_TRUE(contains(message(file, "first", torch::zeros(1)), "twice"));
    EXPECT_TRUE(contains(message(file, "\xff", torch::zeros(1)), "UTF-8"));
    EXPECT_FALSE(fs::exists(folder_ / file));
  }
  EXPECT_TRUE(contains(message("a.safetensors", "__metadata__", torch::zeros(1)), "__metadata__"));
  EXPECT_TRUE(contains(error_of([&] { write_pth(folder_ / "a.pth", {}); }), "no tensors"));
}

TEST_F(RoundTrip, WritesAnEmptySafetensorsFile) {
  write_safetensors(folder_ / "a.safetensors", {{}, {{"a", "b"}}});
  const TensorMap back = read_tensors(folder_ / "a.safetensors");
  EXPECT_TRUE(back.tensors.empty());
  EXPECT_EQ(back.metadata.at("a"), "b");
}

TEST_F(RoundTrip, KeepsTheOldFileWhenTheDiskIsFull) {
  TensorMap small, large;
  small.set("x", torch::arange(3));
  large.set("x", torch::zeros(100000));
  for (const std::string& name : kFormats) {
    write_tensors(folder_ / name, small);
    rlimit old_limit{};
    getrlimit(RLIMIT_FSIZE, &old_limit);
    const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{4096, old_limit.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
    EXPECT_THROW(write_tensors(folder_ / name, large), Error);
    setrlimit(RLIMIT_FSIZE, &old_limit);
    std::signal(SIGXFSZ, old_handler);
    expect_same(small, read_tensors(folder_ / name));
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 2);
}

TEST(TensorMap, FindsSetsAndNamesTheNearestKey) {
  TensorMap map;
  map.set("mask_decoder.hf_token.weight", torch::zeros(2));
  map.set("b", torch::ones(1));
  map.set("b", torch::ones(3));
  EXPECT_EQ(map.names(), (std::vector<std::string>{"mask_decoder.hf_token.weight", "b"}));
  EXPECT_EQ(map.at("b").numel(), 3);
  EXPECT_EQ(map.find("c"), nullptr);
  const std::string message = error_of([&] { map.at("mask_decoder.hf_tokn.weight"); });
  EXPECT_TRUE(contains(message, "did you mean 'mask_decoder.hf_token.weight'?")) << message;
}

}  // namespace
}  // namespace hqsam
