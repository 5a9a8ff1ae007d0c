// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "hqsam/data/augment.h"
#include "hqsam/data/dataset.h"
#include "hqsam/data/on_error.h"
#include "hqsam/data/prompts.h"

namespace hqsam {

// One row of a training batch: one mask of one picture, augmented, with its prompt.
struct TrainingRow {
  int64_t index = 0;     // the unit that it is of, see TrainingSet::order
  int64_t position = 0;  // position in the epoch's order
  std::string name;      // set/stem, for messages
  torch::Tensor image;   // [3,S,S] uint8, RGB
  torch::Tensor label;   // [1,S,S] float, 0..255
  torch::Tensor known;   // [1,S,S] float, 1 where the label counts, 0 where nobody knows; undefined: all counts
  Size picture;          // what of the square the picture covers, from the top left
  Prompt prompt;
  OwnMask own_mask = OwnMask::kNone;
  ClickRounds clicks;  // that follow the prompt
};

inline constexpr int64_t kLeastImageSize = 32, kGreatestImageSize = 8192;

struct RowOptions {
  int64_t image_size = 1024;  // pixels, the model's
  AugmentOptions augment;
  std::vector<PromptOptions> prompts = {{}};
  uint64_t seed = 42;
  OnError on_error = OnError::kStop;  // kSkip: a Loader passes over rows that cannot be read
  bool pinned = false;  // pictures and labels lie in page-locked memory: a GPU copies them while the host goes on
  void validate() const;
};

// Several sets as one. A set's unit is a picture, or with per_picture one of its masks; each is drawn `weight` times an
// epoch on average.
struct WeightedSet {
  std::shared_ptr<const Dataset> dataset;
  double weight = 1;
  int64_t per_picture = 1;  // units of each picture: 1, N of its masks (others in each epoch), or 0: all of them
  double min_area = 0;      // masks of fewer pixels inside are passed over
  int64_t workers = 1;      // that count the masks where per_picture is 0
};

// All randomness comes from (seed, epoch, position in the epoch's order): the same rows whatever the
// number of workers or ranks. The position is the key, not the index, so that a picture drawn twice in
// an epoch is jittered anew.
class TrainingSet {
 public:
  // Throws Error on no sets, an empty set, a weight out of its bounds, and an epoch of no row or above 200 million.
  TrainingSet(std::vector<WeightedSet> sets, RowOptions options);

  // Rows in one epoch: the sum of weight * units over the sets, rounded.
  int64_t size() const;
  // The order of an epoch: size() units, shuffled by (seed, epoch). With weight 2.3 every unit
  // comes twice, and a random 30 % of them, others in each epoch, a third time.
  std::vector<int64_t> order(int64_t epoch) const;
  // A row: flip, large-scale jitter, prompt. A picture with several masks gives one of them: at random, or with
  // per_picture the next of an order that is drawn for each picture and epoch. Crowds and masks below min_area do not
  // count, empty masks only where a picture has no others. A picture without a mask that counts gives its row to
  // another one of its set, drawn by (seed, epoch, position), with one warning; a set of hardly any masks is an Error.
  // A crop that missed the mask is drawn anew, ten times; after that the row is the whole picture,
  // letterboxed. A mask without inside (or one that vanishes in the resize) is no error: draw_prompt
  // says what its prompt is. Safe to call from several threads. Throws UnreadRow naming the file.
  TrainingRow row(int64_t epoch, int64_t position, int64_t index) const;
  // Changes when a path, the order of paths or a weight does.
  uint64_t file_list_fingerprint() const;
  const RowOptions& options() const { return options_; }

 private:
  struct Unit {
    size_t set = 0;
    int64_t picture = 0, number = 0;  // number: which of the picture's units
  };
  std::vector<int64_t> rows_of_sets() const;  // rows that each set gives in an epoch
  void count_units();
  int64_t units(size_t set) const;
  Unit unit_at(size_t set, int64_t local) const;
  Unit find_unit(int64_t index) const;
  Sample draw_sample(const Unit& unit, int64_t epoch, RandomStream& stream) const;
  Sample read_sample(const Unit& unit, int64_t epoch, RandomStream& stream) const;

  std::vector<WeightedSet> sets_;
  std::vector<std::vector<int64_t>> first_units_;  // of each picture, and behind the last; empty: one unit each
  RowOptions options_;
  std::shared_ptr<std::atomic<int64_t>> replaced_ = std::make_shared<std::atomic<int64_t>>(0);  // rows given to others
};

}  // namespace hqsam
