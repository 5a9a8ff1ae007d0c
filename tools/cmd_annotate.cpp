// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include "common.h"
#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/print.h"
#include "hqsam/serve/api.h"
#include "hqsam/serve/guard.h"
#include "hqsam/serve/http_server.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

struct AnnotateArguments {
  std::string checkpoint, base, images, output, masks;
  std::vector<std::string> classes;
  int port = 0;
  bool open = false, train = false;
  ComputeOptions compute;
};

std::atomic<bool> stop_requested{false};

void request_stop(int signal) {
  stop_requested = true;
  std::signal(signal, SIG_DFL);
}

int annotate(const AnnotateArguments& arguments) {
  PictureList list = list_pictures_to_annotate(arguments.images, arguments.output);
  for (const std::string& reason : list.left_out) spdlog::warn("left out {}", reason);
  start_device(arguments.compute);
  for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, request_stop);
  AnnotateApi api(std::move(list), arguments.output);
  HttpServer server({.port = static_cast<uint16_t>(arguments.port)});
  const Guard guard(server.port());
  server.start([&](const HttpRequest& head) { return guard.refuse(head); },
               [&](const HttpRequest& request) { return api.answer(request); });
  print_line(guard.start_url());
  finish_printing();
  while (!stop_requested) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  server.stop();
  return 0;
}

}  // namespace

void add_annotate(CLI::App& app, Run& run) {
  const auto [command, arguments] =
      add_command<AnnotateArguments>(app, run, "annotate", "masks by hand, in a browser on this machine", annotate);
  command->add_option("--checkpoint", arguments->checkpoint, "HQ-SAM's, or SAM's");
  command->add_option("--images", arguments->images, "folder of the pictures; without it, the samples of hqsam");
  command->add_option("--output", arguments->output, "folder of the annotations");
  command->add_option("--classes", arguments->classes, "names to choose from, in the order of keys 1 to 9")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--port", arguments->port, "of the server on 127.0.0.1; 0: any that is free")
      ->check(whole_number(0, 65535))
      ->capture_default_str();
  command->add_flag("--open", arguments->open, "open the page in the browser");
  add_compute(*command, arguments->compute);
}

}  // namespace hqsam
