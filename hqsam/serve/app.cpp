// SPDX-License-Identifier: Apache-2.0
#include "hqsam/serve/app.h"

#include "hqsam/core/log.h"

namespace hqsam {

AnnotateApp::AnnotateApp(AnnotateOptions options)
    : options_(std::move(options)), list_(list_pictures_to_annotate(options_.images, options_.output)) {
  for (const std::string& reason : list_.left_out) spdlog::warn("left out {}", reason);
  folder_ = std::make_unique<AnnotationFolder>(options_.output, list_.pictures, options_.classes);
  for (size_t picture = 0; picture < folder_->size(); ++picture) stems_.push_back(folder_->stem(picture));
  const auto taken = taken_model(options_.output, options_.checkpoint);
  if (taken) spdlog::info("{} is used, which training from {} has made", taken->checkpoint, options_.checkpoint);
  EngineModel model =
      options_.load(taken ? taken->checkpoint : options_.checkpoint, taken ? std::optional(taken->kind) : std::nullopt);
  engine_ = std::make_unique<PromptEngine>(
      std::move(model), PromptEngine::Options{options_.output / "embeddings", options_.bf16}, list_.pictures, stems_);
  loop_ = std::make_unique<Retraining>(
      *folder_, Retraining::Options{.program = options_.program,
                                    .compute = options_.compute,
                                    .images = options_.images,
                                    .checkpoint = [this] { return engine_->checkpoint(); },
                                    .kind = [this] { return engine_->default_kind(); },
                                    .swap = [this](const std::string& path, MaskKind kind) { take(path, kind); }});
  loop_->write_training_files();
  api_ =
      std::make_unique<AnnotateApi>(AnnotateApi::Parts{list_.pictures, *folder_, *engine_, *loop_, options_.version});
}

std::string AnnotateApp::start() {
  server_ = std::make_unique<HttpServer>(HttpServerOptions{.port = options_.port});
  guard_ = std::make_unique<Guard>(server_->port());
  server_->start([this](const HttpRequest& head) { return guard_->refuse(head); },
                 [this](const HttpRequest& request) { return api_->answer(request); });
  return guard_->start_url();
}

void AnnotateApp::stop() {
  loop_->stop();
  loop_->wait();
  if (server_) server_->stop();
}

void AnnotateApp::take(const std::string& checkpoint, MaskKind kind) {
  engine_->set_model(options_.load(checkpoint, kind));
  keep_taken_model(options_.output, options_.checkpoint, {checkpoint, kind});
  api_->propose_again();
  loop_->write_training_files();
}

}  // namespace hqsam
