// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "hqsam/ops/autocast.h"
#include "hqsam/train/trainer.h"
#include "hqsam/train/training_clicks.h"

namespace hqsam {
namespace {

// Tensors that all rounds read, cut from the graphs that made them: gradients gather at the copies, and go back once.
class SharedByRounds {
 public:
  torch::Tensor share(const torch::Tensor& tensor) {
    if (!tensor.defined() || !tensor.requires_grad()) return tensor;
    tensors_.push_back(tensor);
    copies_.push_back(tensor.detach().requires_grad_(true));
    return copies_.back();
  }
  ImageFeatures share(const ImageFeatures& features) {
    ImageFeatures shared{share(features.image_embeddings), {}};
    for (const auto& early : features.interm_embeddings) shared.interm_embeddings.push_back(share(early));
    return shared;
  }
  void backward() const {
    std::vector<torch::Tensor> reached, gradients;
    for (size_t i = 0; i < copies_.size(); ++i) {
      if (!copies_[i].grad().defined()) continue;
      reached.push_back(tensors_[i]);
      gradients.push_back(copies_[i].grad());
    }
    if (!reached.empty()) torch::autograd::backward(reached, gradients);
  }

 private:
  std::vector<torch::Tensor> tensors_, copies_;
};

torch::Tensor joined(const torch::Tensor& before, const torch::Tensor& more) {
  return before.defined() ? torch::cat({before, more}, 1) : more;
}

void add_points(std::vector<PromptGroup>& groups, const NewPoints& drawn) {
  int64_t first = 0;
  for (PromptGroup& group : groups) {
    PromptTensors& prompts = group.prompts;
    prompts.points = joined(prompts.points, drawn.points.narrow(0, first, group.rows));
    prompts.point_labels = joined(prompts.point_labels, drawn.labels.narrow(0, first, group.rows));
    first += group.rows;
  }
}

void feed_back(std::vector<PromptGroup>& groups, const torch::Tensor& logits) {
  int64_t first = 0;
  for (PromptGroup& group : groups) {
    group.prompts.masks = logits.narrow(0, first, group.rows);
    first += group.rows;
  }
}

}  // namespace

// SAM's single mask of each box, as it is now, becomes the mask prompt, 0 and 255.
void Trainer::prompt_by_own_masks(MicroBatch& batch, const ImageFeatures& features, OwnMask how) {
  const torch::NoGradGuard no_grad;
  RECORD_USER_SCOPE("decode");
  const Bf16Scope autocast(model_->device().type(), bf16_);
  int64_t first = 0;
  for (PromptGroup& group : batch.groups) {
    const auto embeddings = features.image_embeddings.narrow(0, first, group.rows);
    PromptTensors boxes;
    boxes.boxes = group.prompts.boxes;
    const DecoderOutput output = model_->decode({embeddings, {}}, {}, boxes, DecoderPass::kSam);
    group.prompts.masks = (output.masks_sam.narrow(1, 0, 1) > 0).to(torch::kFloat32) * 255;
    if (how == OwnMask::kInstead) group.prompts.boxes.reset();
    first += group.rows;
  }
}

// The same as backward() for rows whose first prompt is followed by rounds of clicks, of one kind: the mean of the
// rounds' losses. Each round's graph is let go before the next one's.
torch::Tensor Trainer::backward_rounds(std::span<const TrainingRow* const> rows, const ImageFeatures& features,
                                       int64_t epoch) {
  MicroBatch batch = stack_rows(rows, options_.seed, epoch, options_.loss, model_->device());
  const auto rounds =
      draw_rounds(rows.front()->clicks, options_.seed, epoch, rows.front()->position / options_.batch_size);
  const auto counted = std::count_if(rounds.begin(), rounds.end(), [](const Round& round) { return round.loss; });
  const torch::Tensor clickable = clickable_pixels(rows, model_->device());
  if (rows.front()->own_mask != OwnMask::kNone) prompt_by_own_masks(batch, features, rows.front()->own_mask);
  SharedByRounds of_encoder, of_hq_modules;
  const ImageFeatures shared = of_encoder.share(features);
  const torch::Tensor hq_features = of_hq_modules.share(this->hq_features(shared));
  torch::Tensor losses = torch::zeros({4, std::ssize(rows)}, flat_->weights().options()), logits;
  for (int64_t i = 0; i < std::ssize(rounds); ++i) {
    if (i > 0) feed_back(batch.groups, logits);
    if (rounds[i].click) {
      const torch::Tensor keys = click_keys(rows, options_.seed, epoch, i, model_->device());
      add_points(batch.groups, draw_error_points(logits, batch.labels, clickable, keys));
    }
    const torch::AutoGradMode with_gradients(rounds[i].loss);
    const DecoderOutput output = decode(batch, shared, hq_features);
    logits =
        (output.masks_hq.defined() ? output.masks_hq : output.masks_sam.narrow(1, 0, 1)).detach().to(torch::kFloat32);
    if (!rounds[i].loss) continue;
    if (i > 0) batch.draws = stack_loss_draws(rows, options_.seed, epoch, i, options_.loss, model_->device());
    losses += backward_losses(output, batch, 1.0 / static_cast<double>(counted));
  }
  of_hq_modules.backward();
  of_encoder.backward();
  return losses;
}

}  // namespace hqsam
