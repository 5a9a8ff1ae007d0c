// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hqsam/serve/api.h"
#include "hqsam/serve/guard.h"
#include "hqsam/serve/http_server.h"

namespace hqsam {

struct AnnotateOptions {
  std::filesystem::path images, output;
  std::string checkpoint;
  std::vector<std::string> classes;
  uint16_t port = 0;
  bool bf16 = false;
  std::filesystem::path program;     // hqsam itself, for training
  std::vector<std::string> compute;  // options of training and evaluation: --device, ...
  std::string version;
  std::function<EngineModel(const std::string& checkpoint, std::optional<MaskKind> kind)> load;
};

// hqsam annotate, all of it.
class AnnotateApp {
 public:
  // Opens the folder, then the model. Throws Error.
  explicit AnnotateApp(AnnotateOptions options);
  ~AnnotateApp() { stop(); }
  AnnotateApp(const AnnotateApp&) = delete;
  AnnotateApp& operator=(const AnnotateApp&) = delete;

  // Serves from here on. The address to open.
  std::string start();
  // Training saves and ends, what is being answered is finished.
  void stop();
  Retraining& loop() { return *loop_; }

 private:
  void take(const std::string& checkpoint, MaskKind kind);

  AnnotateOptions options_;
  PictureList list_;
  std::vector<std::string> stems_;
  std::unique_ptr<AnnotationFolder> folder_;
  std::unique_ptr<PromptEngine> engine_;
  std::unique_ptr<Retraining> loop_;
  std::unique_ptr<AnnotateApi> api_;
  std::unique_ptr<Guard> guard_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace hqsam
