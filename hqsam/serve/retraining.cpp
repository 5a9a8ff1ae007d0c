// SPDX-License-Identifier: Apache-2.0
#include "hqsam/serve/retraining.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "hqsam/core/bounded_json.h"
#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/log.h"
#include "hqsam/model/best_masks.h"
#include "hqsam/serve/api_error.h"

extern char** environ;

namespace hqsam {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
constexpr const char* kLoop = "annotate";
constexpr int kStopped = 75;  // exit code of train: stopped and saved

std::vector<std::string> own_environment() {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) all.emplace_back(*entry);
  return all;
}

// The last whole line of a file that grows; "" where there is none.
std::string last_line(const fs::path& path) {
  constexpr std::streamoff kTail = 8192;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return "";
  const std::streamoff size = file.tellg();
  file.seekg(std::max<std::streamoff>(0, size - kTail));
  std::string tail((std::istreambuf_iterator<char>(file)), {});
  const size_t end = tail.rfind('\n');
  if (end == std::string::npos) return "";
  const size_t begin = end == 0 ? std::string::npos : tail.rfind('\n', end - 1);
  return begin == std::string::npos ? tail.substr(0, end) : tail.substr(begin + 1, end - begin - 1);
}

struct Stopped {};

}  // namespace

// Percent, of the valid pictures' masks.
struct Retraining::Scores {
  double miou = 0, mbiou = 0;
  int64_t masks = 0;
  double mean() const { return (miou + mbiou) / 2; }
  Json json() const { return {{"mIoU", miou}, {"mBIoU", mbiou}}; }
};

Retraining::Retraining(AnnotationFolder& folder, Options options) : folder_(folder), options_(std::move(options)) {}

Retraining::~Retraining() {
  stop();
  if (thread_.joinable()) thread_.join();
}

TrainingCounts Retraining::write_training_files() {
  const std::lock_guard lock(files_mutex_);
  return hqsam::write_training_files(folder_, options_.images, options_.checkpoint());
}

void Retraining::start(std::optional<int64_t> epochs) {
  const std::lock_guard lock(mutex_);
  if (running_) throw ApiError(409, "training runs already: wait for its end, or stop it");
  const TrainingCounts counts = write_training_files();
  if (counts.train_masks == 0 || counts.valid_masks == 0) {
    throw ApiError(409, fmt::format("there are {} pictures to train on and {} to validate on: mark at least two "
                                    "pictures with masks as done",
                                    counts.train_pictures, counts.valid_pictures));
  }
  if (epochs && *epochs < 1) throw ApiError(400, "'epochs' is a whole number of at least 1");
  if (thread_.joinable()) thread_.join();
  stop_ = false;
  running_ = true;
  status_ = {{"state", "running"}, {"progress", 0.0}};
  thread_ = std::thread([this, epochs] { run(epochs); });
}

void Retraining::stop() { stop_ = true; }

nlohmann::json Retraining::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

std::string Retraining::wait() {
  std::unique_lock lock(mutex_);
  change_.wait(lock, [&] { return !running_; });
  return status_["state"].get<std::string>();
}

void Retraining::set_state(const std::string& state) {
  const std::lock_guard lock(mutex_);
  status_["state"] = state;
}

fs::path Retraining::new_run_folder() const {
  for (int number = 1;; ++number) {
    const fs::path folder = folder_.path() / "runs" / std::to_string(number);
    if (!fs::exists(folder)) return folder;
  }
}

void Retraining::run(std::optional<int64_t> epochs) {
  // All work for the page goes first.
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), 19);
  std::string state = "failed";
  Json result;
  try {
    const fs::path run = new_run_folder();
    const std::string old = options_.checkpoint();
    std::vector<std::string> train = {"train", "--config", (folder_.path() / "train.yaml").string(), "--output",
                                      run.string()};
    if (epochs) train.insert(train.end(), {"--set", fmt::format("train.epochs={}", *epochs)});
    run_child(train, run / "metrics.jsonl", true);
    set_state("evaluating");
    const fs::path best = run / "best.pth", checkpoint = fs::exists(best) ? best : run / "model.pth";
    const MaskKind kind = best_masks_of(checkpoint).value_or(MaskKind::kSum);
    const Scores before = evaluate(old, options_.kind(), run / "evaluate_old");
    const Scores after = evaluate(checkpoint.string(), kind, run / "evaluate_new");
    result = {{"old", before.json()}, {"new", after.json()}, {"masks", after.masks}};
    const bool better = after.mean() > before.mean();
    spdlog::info("mean of mIoU and boundary mIoU on {} masks: {:.2f} before, {:.2f} after training: {}", after.masks,
                 before.mean(), after.mean(), better ? "the new model is taken" : "the old model stays");
    if (better) options_.swap(checkpoint.string(), kind);
    state = better ? "swapped" : "kept";
  } catch (const Stopped&) {
    state = "stopped";
  } catch (const std::exception& error) {
    spdlog::error("{}", error.what());
    const std::lock_guard lock(mutex_);
    status_["line"] = error.what();
  }
  const std::lock_guard lock(mutex_);
  running_ = false;
  status_["state"] = state;
  status_.erase("left_seconds");
  if (!result.is_null()) {
    status_["result"] = result;
    status_["progress"] = 1.0;
  }
  change_.notify_all();
}

// Waits for its end. A child is killed when the thread that started it ends, so all are started here.
void Retraining::run_child(const std::vector<std::string>& arguments, const fs::path& metrics, bool keeps_block) {
  std::vector<std::string> all = arguments;
  all.insert(all.end(), options_.compute.begin(), options_.compute.end());
  ChildProcess child(options_.program.string(), all, own_environment(), fmt::format("[{}] ", arguments.front()),
                     keeps_block);
  int status = 0;
  for (bool asked = false; !child.reap(status);) {
    child.pass_on();
    if (stop_ && !asked) {
      child.signal(SIGTERM);
      asked = true;
    }
    {
      const std::lock_guard lock(mutex_);
      if (!child.last_lines().empty()) status_["line"] = child.last_lines().back();
    }
    follow(metrics);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  child.finish();
  if (stop_ || (WIFEXITED(status) && WEXITSTATUS(status) == kStopped)) throw Stopped{};
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  const std::string reason = child.last_lines().empty() ? "it said nothing" : child.last_lines().back();
  fail(kLoop, "hqsam {} failed ({} {}): {}", arguments.front(), WIFEXITED(status) ? "exit code" : "signal",
       WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), reason);
}

// A line of metrics.jsonl tells the seconds that are left; what is done, those since the first.
void Retraining::follow(const fs::path& metrics) {
  if (metrics.empty()) return;
  const auto line = json_object_or_nothing(last_line(metrics));
  if (!line || line->value("type", "") != "step" || !line->contains("seconds_left")) return;
  const Json& left = (*line)["seconds_left"];
  if (!left.is_number()) return;
  std::error_code error;
  const auto began = fs::last_write_time(metrics.parent_path() / "config.yaml", error);
  if (error) return;
  const double done = std::chrono::duration<double>(fs::file_time_type::clock::now() - began).count();
  const std::lock_guard lock(mutex_);
  status_["left_seconds"] = left;
  status_["progress"] = done / std::max(done + left.get<double>(), 1e-3);
}

Retraining::Scores Retraining::evaluate(const std::string& checkpoint, MaskKind kind, const fs::path& output) {
  run_child({"evaluate", "--config", (folder_.path() / "train.yaml").string(), "--checkpoint", checkpoint, "--masks",
             to_string(kind), "--output", output.string()},
            {}, false);
  const fs::path file = output / "results.json";
  const Json json = parse_json_object(kLoop, file.string(), read_file(file));
  try {
    const Json& own = json.at("mean").at(to_string(kind));
    return {own.at("miou").get<double>(), own.at("mbiou").get<double>(), json.at("pooled").at("masks").get<int64_t>()};
  } catch (const Json::exception& error) {
    fail(kLoop, "{} lacks what was to be measured: {}", file.string(), error.what());
  }
}

std::optional<TakenModel> taken_model(const fs::path& folder, const std::string& checkpoint) {
  const fs::path file = folder / "model.json";
  if (!fs::exists(file)) return {};
  const Json json = parse_json_object(kLoop, file.string(), read_file(file));
  if (json.value("begun_with", "") != fs::absolute(checkpoint).string()) return {};
  TakenModel model{json.value("checkpoint", "")};
  model.kind = choose(json.value("masks", "sum"), kMaskKinds, kLoop, "masks in " + file.string());
  if (!fs::exists(model.checkpoint)) {
    spdlog::warn("{} is gone, which {} names: {} is used", model.checkpoint, file.string(), checkpoint);
    return {};
  }
  return model;
}

void keep_taken_model(const fs::path& folder, const std::string& begun_with, const TakenModel& model) {
  const nlohmann::ordered_json json = {{"begun_with", fs::absolute(begun_with).string()},
                                       {"checkpoint", fs::absolute(model.checkpoint).string()},
                                       {"masks", to_string(model.kind)}};
  write_file(folder / "model.json", json.dump(1) + "\n");
}

}  // namespace hqsam
