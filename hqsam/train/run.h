// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "hqsam/metrics/bootstrap.h"
#include "hqsam/train/trainer.h"

namespace hqsam {

// Metrics of one validation, e.g. {"hq.mbiou": 71.3, "DIS5K-VD/hq.miou": 80.2}; percent. `score` picks the best
// validation where train.best_metric names no metric.
struct Validation {
  double score = 0;
  std::map<std::string, double> metrics;
  // What it gained over what the run began with, mask by mask over all sets, percentage points:
  // {"hq-sam.mbiou": {15.1, 12.0, 18.2}}.
  std::map<std::string, Interval> gains = {};
  std::string score_by = {};        // the metric that score is, such as "hq.mbiou"; "" = it has no name
  int64_t pictures = 0, masks = 0;  // that were measured
  std::string best_masks = {};      // word of the masks to ask for by default, "hq" or "sum"; "" where not known
};

// What a run is compared with: the masks before its first step, which are SAM's. Rank 0 keeps what it measured in
// state/start.jsonl, so that a resumed run knows it too.
class RunStart {
 public:
  virtual ~RunStart() = default;
  // Measures the model, on all ranks. Throws as a validation does.
  virtual Validation measure(SamHq& model) = 0;
  // Whether what it measures stays the same for the whole run, as SAM's masks do where SAM's weights do not train.
  virtual bool stays() const = 0;
  // What rank 0 measured, as text.
  virtual std::string text() const = 0;
  // The same from such a text; false where it is none, or of other pictures or prompts.
  virtual bool recall(const std::string& text) = 0;
};

struct RunOptions {
  std::filesystem::path output;         // the run's folder
  bool resume = false;                  // go on from output/state
  bool overwrite = false;               // replace what an earlier run left
  std::string config_text;              // resolved config, kept as output/config.yaml
  uint64_t config_fingerprint = 0;      // of what must not change across a resume
  uint64_t validation_fingerprint = 0;  // of what validate goes by; may change across a resume, not between ranks
  // launch_id() of this process. A run in output that this launch began goes on, whatever resume and overwrite say.
  std::string launch_id = {};
  // Called with every line of metrics.jsonl, on rank 0; may be empty.
  std::function<void(const nlohmann::ordered_json& line)> on_line = {};
  std::shared_ptr<RunStart> start = {};  // where set, measured before the first step of a run that validates
  // Where a resumed run's config is another one: which keys, given the folder's config.yaml; may be empty.
  std::function<std::string(const std::filesystem::path& before)> what_changed = {};
};

// What must hold before a run begins: rows for a batch, the model's size of rows, pictures that stay where features are
// kept, as many rows in a batch as ranks. Throws Error with the value that fits.
void check_run(const TrainOptions& options, const TrainingSet& set, int64_t image_size, int64_t ranks);

// Steps and validations of a whole run on these rows.
struct RunPlan {
  int64_t rows = 0, rows_per_epoch = 0;  // of the set, and those that fill batches
  int64_t steps_per_epoch = 0, steps = 0;
  int64_t validations = 0;  // without the start's
};
RunPlan plan_of(const TrainOptions& options, int64_t rows);
// The validations of that many steps up to a run's end, about: one within an epoch is not counted where the end has one
// anyway.
int64_t validations_in(int64_t steps, const TrainOptions& options, int64_t steps_per_epoch);

enum class RunEnd { kFinished, kStopped };  // kStopped: on a signal, state saved

// Trains for options.epochs, each over whole batches of the set (the rows left over are dropped). All ranks of the
// trainer's group call it, each with the whole set; a rank takes its part of every batch, rank 0 alone writes. The
// same rows with the same draws make a step for any number of ranks. Leaves behind in output:
//   config.yaml                    options.config_text
//   checkpoints/epoch_0001.pth     after each epoch: the layers that train
//   best.pth                       the whole model of the validation with the best metric; with validation only
//   model.pth                      the whole model at the end
//     (the three with metadata "hqsam.best_masks", where the validation of these weights tells)
//   metrics.jsonl                  a line per step, epoch, and validation within an epoch; epochs count from 1:
//     {"type":"step","epoch":1,"step":7,"loss":..,"loss_mask":..,"loss_dice":..,"lr":..,"images_per_s":..,
//      "data_wait":.. (share of the time spent waiting for rows),"grad_norm":..,"memory_gib":.. (peak),
//      "device_memory_gib":.. (peak, CUDA only),"skipped":.. (steps so far),"seconds_left":..}
//       a skipped step has null for its losses and "skipped_because"
//     {"type":"valid","epoch":1,"step":0,"valid":{"sam.mbiou":..}}    what the run begins with, once, with
//     options.start
//     {"type":"valid","epoch":1,"step":40,"valid":{..},"score":..,"gains":{"hq-sam.mbiou":{"mean","low","high"},..},
//      "pictures":..,"masks":..,"best_masks":"hq"}; without gains where nothing is known of the start
//     {"type":"epoch","epoch":1,"step":50,"loss":..,"loss_mask":..,"loss_dice":..,"lr":..,"images_per_s":..,
//      "data_wait":..,"skipped":..,"valid":{..},"score":..,..}; objective sam has a "loss_iou" in both. An epoch's
//      losses
//       are means over its steps, its speed that of all its steps, before a resume too.
//   state/state_000001.safetensors after each epoch (before and after its validation), every save_minutes, and on a
//     stop; the last train.keep_states of them
//   state/start.jsonl              what options.start measured
//   state/lock                     held while a process trains here
//   state/launch                   options.launch_id, where the run began with one
// With train.ema.decay, validations see and .pth files hold the running means. validate is called without gradients,
// on all ranks (may be empty); stop, set on any rank, is looked at before the first step, after every step, while rows
// are waited for, and during validations whose data sets are StoppableDatasets: a validation that throws Stopped ends
// the run so. Rows that do not come within 3 s of it are not waited for: the run stops after the step before, and
// leaves the thread that hangs behind (left_behind.h).
//
// A step whose loss or gradient is not finite is skipped on all ranks; after ten in a row the run ends with an Error
// that names the rows. Weights that are not finite end it too, and are saved nowhere. Where the disk is full, see
// RunFiles.
//
// Where a row cannot be read, the run ends with the Error that names the file, after rank 0 has saved the state of the
// last whole step. With RowOptions::on_error kSkip the batch's other rows make the step (their mean is what is
// minimized), on all ranks alike; the rows passed over are counted ("unread": of the run so far, in lines of "step" and
// "epoch" once there are any), and the first few named. A batch without any row leaves the weights as they are. More
// than half of an epoch's rows so far, from ten on, are an Error.
//
// A run killed at any time goes on with `resume` from its newest whole state and ends with the same weights to the bit
// (on CPUs with equal threads, and an equal number of ranks; with another, up to rounding). One killed before its
// first save starts anew, as does one that never began; one that finished stays as it is. Throws Error, on all ranks,
// when output holds a run already (without resume or overwrite), when another process trains in it, when the
// state to resume was made with another config, other files or another base model, when none is whole, when the ranks
// have different configs, files or models, and when the set has fewer rows than a batch.
RunEnd run_training(Trainer& trainer, const TrainingSet& set, const RunOptions& options,
                    const std::function<Validation(SamHq&)>& validate, const std::atomic<bool>& stop);

}  // namespace hqsam
