// SPDX-License-Identifier: Apache-2.0
#include "bench_stages.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "hqsam/core/clock.h"
#include "hqsam/core/error.h"
#include "hqsam/core/progress.h"
#include "hqsam/data/folder_dataset.h"
#include "hqsam/data/loader.h"
#include "hqsam/image/codec.h"
#include "hqsam/ops/autocast.h"
#include "hqsam/predict/picture_session.h"
#include "hqsam/synth/scene.h"
#include "hqsam/train/trainer.h"
#include "trace.h"

namespace hqsam {
namespace {

// "decoder, 16 boxes" -> decoder_16_boxes.json
std::string file_name(std::string stage) {
  std::erase(stage, ',');
  std::replace(stage.begin(), stage.end(), ' ', '_');
  return stage + ".json";
}

// Noise: a GPU's clock depends on what it computes with.
torch::Tensor noise(int64_t side) {
  return torch::randint(256, {3, side, side}, at::detail::createCPUGenerator(42), torch::kUInt8);
}

// A picture of 1024 x 1024 pixels and its mask, in a folder that ends with this.
class SampleOnDisk {
 public:
  SampleOnDisk() {
    const SynthScene scene = synth_scene({{1024, 1024}, 42}, 0);
    std::filesystem::create_directories(folder_);
    write_image(image(), scene.image);
    write_image(folder_ / "0.png", scene.fine);
  }
  ~SampleOnDisk() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  SampleOnDisk(const SampleOnDisk&) = delete;
  SampleOnDisk& operator=(const SampleOnDisk&) = delete;
  std::filesystem::path image() const { return folder_ / "0.jpg"; }
  SetOptions options() const { return {.name = "bench", .images = folder_, .masks = folder_}; }

 private:
  std::filesystem::path folder_ = std::filesystem::temp_directory_path() / fmt::format("hqsam_bench_{}", ::getpid());
};

StageTime time_decode(const BenchOptions& options) {
  const SampleOnDisk sample;
  return time_stage("decode", options, [&] { read_image(sample.image()); });
}

// What a loader thread does for one row: decode picture and mask, flip, jitter, draw a prompt.
StageTime time_row(const SamHq& model, const BenchOptions& options) {
  const SampleOnDisk sample;
  RowOptions row;
  row.image_size = model->image_size();
  row.prompts = {{{PromptType::kBox}}, {{PromptType::kPoints}}, {{PromptType::kNoisyMask}}};
  row.pinned = model->device().is_cuda();
  const TrainingSet set({{std::make_shared<FolderDataset>(sample.options()), 1.0}}, row);
  int64_t epoch = 0;
  StageTime time = time_stage("row", options, [&] { set.row(epoch++, 0, 0); });
  time.pictures = 1;
  return time;
}

// count boxes on the left half of the input.
std::vector<Prompt> boxes(int64_t side, int64_t count) {
  const auto offset = torch::linspace(0, static_cast<double>(side) / 4, count, torch::kFloat32);
  const auto size = static_cast<float>(side);
  const auto box = torch::tensor({size / 8, size / 8, size / 2, size / 2}) + offset.unsqueeze(1);
  std::vector<Prompt> prompts(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) prompts[static_cast<size_t>(i)].box_in_input = box[i].clone();
  return prompts;
}

TrainingRow training_row(const SamHq& model) {
  const int64_t side = model->image_size();
  TrainingRow row;
  row.name = "bench";
  row.image = noise(side);
  row.label = torch::zeros({1, side, side});
  row.label.narrow(1, side / 4, side / 2).narrow(2, side / 4, side / 2).fill_(255);
  const auto corner = static_cast<float>(side) / 4;
  if (model->device().is_cuda()) {  // as the loader makes them
    row.image = row.image.pin_memory();
    row.label = row.label.pin_memory();
  }
  row.prompt.box_in_input = torch::tensor({corner, corner, 3 * corner - 1, 3 * corner - 1});
  return row;
}

void time_model(SamHq& model, const BenchOptions& options, std::vector<StageTime>& stages) {
  const torch::NoGradGuard no_grad;
  const Bf16Scope autocast(model->device().type(), options.bf16);
  const auto image = noise(model->image_size()).unsqueeze(0).to(model->device());
  const auto encode = [&] { return model->encode(image.to(torch::kFloat)); };
  if (options.encoder) stages.push_back(time_stage("encoder", options, encode));
  if (!options.decoder) return;
  const int64_t side = model->image_size();
  PictureSession session(model, {image, input_frame({side, side}, Protocol::kReference, side)});
  for (const int64_t count :
       options.boxes) {  // the picture's share of the HQ features is made in the run that warms up
    const std::vector<Prompt> prompts = boxes(side, count);
    stages.push_back(time_stage(fmt::format("decoder, {} box{}", count, count > 1 ? "es" : ""), options,
                                [&] { session.decode(prompts, {}, [](const Decoded&) {}); }));
  }
}

StageTime time_train_step(const SamHq& model, const BenchOptions& options) {
  TrainOptions train;
  train.batch_size = options.rows;
  train.micro_batch = options.micro_batch;
  train.precision = options.bf16 ? Precision::kBf16 : Precision::kFp32;
  Trainer trainer(model, train, make_group());
  const std::vector<TrainingRow> rows(static_cast<size_t>(options.rows), training_row(model));
  StageTime time = time_stage(fmt::format("train step, {} row{}", options.rows, options.rows > 1 ? "s" : ""), options,
                              [&] { trainer.step(rows, 0); });
  time.pictures = options.rows;
  return time;
}

}  // namespace

StageTime time_stage(const std::string& name, const BenchOptions& options, const std::function<void()>& stage) {
  const int64_t repeats = options.repeats;
  const auto run = [&] {
    const auto start = std::chrono::steady_clock::now();
    stage();
    if (torch::cuda::is_available()) torch::cuda::synchronize();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  };
  Progress progress("bench " + name, repeats);
  run();
  std::vector<double> times;
  for (int64_t i = 0; i < repeats; ++i) {
    times.push_back(run());
    progress.update(i + 1);
  }
  if (!options.trace.empty()) trace(options.trace / file_name(name), run);
  const auto [least, most] = std::minmax_element(times.begin(), times.end());
  return {name, median(times), *least, *most};
}

std::vector<StageTime> time_stages(SamHq model, const BenchOptions& options) {
  std::vector<StageTime> stages;
  if (options.decode) stages.push_back(time_decode(options));
  if (options.row) stages.push_back(time_row(model, options));
  if (options.encoder || options.decoder) time_model(model, options, stages);
  if (options.train_step) stages.push_back(time_train_step(model, options));
  return stages;
}

}  // namespace hqsam
