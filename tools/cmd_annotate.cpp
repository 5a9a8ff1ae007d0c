// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include "common.h"
#include "hqsam/core/errno_text.h"
#include "hqsam/core/error.h"
#include "hqsam/core/left_behind.h"
#include "hqsam/core/log.h"
#include "hqsam/core/print.h"
#include "hqsam/model/checkpoint.h"
#include "hqsam/serve/app.h"
#include "outputs.h"

extern char** environ;

namespace hqsam {
namespace {

namespace fs = std::filesystem;

struct AnnotateArguments {
  std::string checkpoint, images, output, masks;
  std::vector<std::string> classes;
  int64_t port = 0, epochs = 0;
  bool open = false, train = false;
  ComputeOptions compute;
};

std::atomic<bool> stop_requested{false};

void request_stop(int signal) {
  stop_requested = true;
  std::signal(signal, SIG_DFL);
}

// A file of the source's data/, from the working directory or beside the program's build folder.
fs::path shipped(const std::string& name) {
  const fs::path program = fs::read_symlink("/proc/self/exe");
  for (const fs::path& root : {fs::path("."), program.parent_path().parent_path()}) {
    if (fs::exists(root / "data" / name)) return (root / "data" / name).lexically_normal();
  }
  fail("annotate", "data/{} is not here: give --images, --checkpoint and --output", name);
}

// Without --images it is the demo.
AnnotateArguments completed(AnnotateArguments arguments) {
  const bool demo = arguments.images.empty();
  if (demo) {
    arguments.images = shipped("samples").string();
    if (arguments.output.empty()) arguments.output = "annotations";
    spdlog::info("no --images: a demo on {}, annotations go to {}", arguments.images, arguments.output);
  }
  if (arguments.checkpoint.empty()) {
    if (!demo) fail("annotate", "--checkpoint is missing: HQ-SAM's, or SAM's (hqsam weights lists some)");
    arguments.checkpoint = shipped("base_micro.safetensors").string();
    spdlog::info("no --checkpoint: {}, a small SAM without HQ modules that comes with hqsam", arguments.checkpoint);
  }
  if (arguments.output.empty()) fail("annotate", "--output is missing: the folder of the annotations");
  return arguments;
}

std::vector<std::string> compute_words(const ComputeOptions& options) {
  return {"--device", options.device, "--threads", std::to_string(options.threads), "--precision", options.precision};
}

EngineModel load(const std::string& checkpoint, const std::string& masks, std::optional<MaskKind> kind,
                 const torch::Device& device) {
  EngineModel model{.model = load_sam_hq(checkpoint, {.hq = HqModules::kAsFound}), .checkpoint = checkpoint};
  model.model->to(device);
  model.kind = kind ? *kind : masks_of(masks, checkpoint, "annotate", model.model->has_hq());
  return model;
}

// A file that leads to the page: arguments of programs can be seen by everybody on the machine, and the address has the
// token.
fs::path door_to(const std::string& url, const fs::path& folder) {
  const fs::path door = fs::absolute(folder / "open.html");
  fs::remove(door);
  const int descriptor = ::open(door.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const std::string text = fmt::format("<meta http-equiv=\"refresh\" content=\"0; url={}\">\n", url);
  const bool written = descriptor >= 0 && ::write(descriptor, text.data(), text.size()) == std::ssize(text);
  if (descriptor >= 0) ::close(descriptor);
  if (!written) fail("annotate", "cannot write {}: {}", door.string(), errno_text(errno));
  return door;
}

void open_browser(const fs::path& door) {
  const char* const words[] = {"xdg-open", door.c_str(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t child = -1;
  if (posix_spawnp(&child, words[0], &actions, &attributes, const_cast<char**>(words), environ) != 0) {
    spdlog::warn("no xdg-open here: open the address above in a browser");
  }
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
}

int train_alone(AnnotateApp& app, int64_t epochs) {
  app.loop().start(epochs > 0 ? std::optional(epochs) : std::nullopt);
  std::thread watch([&app] {
    while (!stop_requested) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    app.loop().stop();
  });
  const std::string state = app.loop().wait();
  const bool stopped = stop_requested.exchange(true);
  watch.join();
  print_line(app.loop().status().dump());
  return state == "failed" ? kExitError : stopped ? kExitStopped : 0;
}

int annotate(const AnnotateArguments& given) {
  const AnnotateArguments arguments = completed(given);
  require_writable_folder("annotate", arguments.output);
  const torch::Device device = start_device(arguments.compute);
  for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, request_stop);
  AnnotateOptions options{.images = arguments.images,
                          .output = arguments.output,
                          .checkpoint = arguments.checkpoint,
                          .classes = arguments.classes,
                          .port = static_cast<uint16_t>(arguments.port),
                          .bf16 = wants_bf16(arguments.compute, device, AutoOnCpu::kFaster),
                          .program = fs::read_symlink("/proc/self/exe"),
                          .compute = compute_words(arguments.compute),
                          .version = HQSAM_VERSION};
  options.load = [masks = arguments.masks, device](const std::string& checkpoint, std::optional<MaskKind> kind) {
    return load(checkpoint, masks, kind, device);
  };
  const auto app = std::make_shared<AnnotateApp>(std::move(options));
  if (arguments.train) return train_alone(*app, arguments.epochs);
  const std::string url = app->start();
  print_line(url);
  finish_printing();
  const fs::path door = arguments.open ? door_to(url, arguments.output) : fs::path();
  if (arguments.open) open_browser(door);
  spdlog::info("Ctrl-C ends it; everything is saved as it is made, in {}", arguments.output);
  // Proposals that are being made are not waited for.
  run_or_leave(
      [app] {
        while (!stop_requested) std::this_thread::sleep_for(std::chrono::milliseconds(50));
        spdlog::info("ending what runs; Ctrl-C once more ends it at once");
        app->stop();
      },
      stop_requested, std::chrono::seconds(20));
  std::error_code ignored;
  if (arguments.open) fs::remove(door, ignored);
  return 0;
}

}  // namespace

void add_annotate(CLI::App& app, Run& run) {
  const auto [command, arguments] =
      add_command<AnnotateArguments>(app, run, "annotate", "masks by hand, in a browser on this machine", annotate);
  command->add_option("--checkpoint", arguments->checkpoint, "HQ-SAM's, or SAM's");
  command->add_option("--images", arguments->images, "folder of the pictures; without it: a demo on data/samples");
  command->add_option("--output", arguments->output, "folder of the annotations; goes on with what is there");
  command->add_option("--classes", arguments->classes, "names to choose from, in the order of keys 1 to 9")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--masks", arguments->masks, kMasksHelp)->check(CLI::IsMember(words<MaskKind>(kMaskKinds)));
  command->add_option("--port", arguments->port, "of the server on 127.0.0.1; 0: any that is free")
      ->check(whole_number(0, 65535))
      ->capture_default_str();
  auto* open = command->add_flag("--open", arguments->open, "open the page in the browser");
  auto* train =
      command
          ->add_flag("--train", arguments->train,
                     "no page: train on what is done, measure, take the new model where it is better, and end")
          ->excludes(open);
  command->add_option("--epochs", arguments->epochs, "of --train; 0: by the number of masks, as in train.yaml")
      ->check(whole_number(0, 1'000'000))
      ->needs(train)
      ->capture_default_str();
  add_compute(*command, arguments->compute, AutoOnCpu::kFaster);
  command->footer(
      "Prints the page's address. Leaves masks/<stem>_<number>.png (0/255), annotations/<stem>.json, classes.txt, and\n"
      "train.yaml with train.json and valid.json (COCO) of the pictures that are done, for hqsam train --config.\n"
      "It serves this machine alone; whoever has the address can change the annotations. See docs/annotate.md.");
}

}  // namespace hqsam
