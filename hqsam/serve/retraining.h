// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "hqsam/comm/child_process.h"
#include "hqsam/model/mask_decoder.h"
#include "hqsam/serve/training_files.h"

namespace hqsam {

// Annotate, train, measure, annotate with the better model. Training and evaluation are processes of this program:
// `hqsam train` on train.yaml into runs/N of the folder, beginning with the model in use, then `hqsam evaluate` of both
// on the pictures of the valid split. The new model (best.pth, or model.pth) takes the old one's place where the mean
// of mIoU and boundary mIoU of its masks (hq or sum, what its validation found best) is higher than that of the old
// one's; else all stays. model.json in the folder tells the next start which model was taken.
class Retraining {
 public:
  struct Options {
    std::filesystem::path program;            // hqsam
    std::vector<std::string> compute;         // options of both commands: --device, --threads, --precision
    std::filesystem::path images;             // the pictures' folder
    std::function<std::string()> checkpoint;  // the model in use
    std::function<MaskKind()> kind;           // of its masks
    // Takes the new model into use. Throws Error where it cannot.
    std::function<void(const std::string& checkpoint, MaskKind kind)> swap;
  };
  Retraining(AnnotationFolder& folder, Options options);
  ~Retraining();  // stop(), and waits
  Retraining(const Retraining&) = delete;
  Retraining& operator=(const Retraining&) = delete;

  // ApiError 409 while one runs, and for fewer than a picture that is done for each split.
  void start(std::optional<int64_t> epochs);
  // Training saves its state and ends; nothing is swapped.
  void stop();
  // {"state":..,"progress":..,"left_seconds":..,"line":..,"result":..}
  nlohmann::json status() const;
  // Until none runs. Its state: swapped, kept, failed, stopped or idle.
  std::string wait();
  TrainingCounts write_training_files();

 private:
  struct Scores;
  void run(std::optional<int64_t> epochs);
  std::filesystem::path new_run_folder() const;
  void run_child(const std::vector<std::string>& arguments, const std::filesystem::path& metrics, bool keeps_block);
  Scores evaluate(const std::string& checkpoint, MaskKind kind, const std::filesystem::path& output);
  void follow(const std::filesystem::path& metrics);
  void set_state(const std::string& state);

  AnnotationFolder& folder_;
  Options options_;
  mutable std::mutex mutex_, files_mutex_;
  std::condition_variable change_;
  nlohmann::json status_ = {{"state", "idle"}};
  std::atomic<bool> stop_{false};
  bool running_ = false;
  std::thread thread_;
};

// model.json: which model the loop has put in the place of `checkpoint`; nothing where it has not.
struct TakenModel {
  std::string checkpoint;
  MaskKind kind = MaskKind::kSum;
};
std::optional<TakenModel> taken_model(const std::filesystem::path& folder, const std::string& checkpoint);
void keep_taken_model(const std::filesystem::path& folder, const std::string& begun_with, const TakenModel& model);

}  // namespace hqsam
