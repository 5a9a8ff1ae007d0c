// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hqsam/model/mask_decoder.h"

namespace hqsam {

inline constexpr int kExitError = 1, kExitUsage = 2, kExitStopped = 75;

// What the chosen subcommand will do once the command line is understood; returns the exit code.
using Run = std::function<int()>;

void add_init(CLI::App& app, Run& run);
void add_train(CLI::App& app, Run& run);
void add_evaluate(CLI::App& app, Run& run);
void add_compare(CLI::App& app, Run& run);
void add_predict(CLI::App& app, Run& run);
void add_amg(CLI::App& app, Run& run);
void add_annotate(CLI::App& app, Run& run);
void add_export(CLI::App& app, Run& run);
void add_info(CLI::App& app, Run& run);
void add_bench(CLI::App& app, Run& run);
void add_data(CLI::App& app, Run& run);
void add_weights(CLI::App& app, Run& run);
void add_launch(CLI::App& app, Run& run);
void add_completion(CLI::App& app, Run& run);

// A new subcommand whose options fill an Arguments; it then runs main(arguments).
template <class Arguments>
std::pair<CLI::App*, std::shared_ptr<Arguments>> add_command(CLI::App& app, Run& run, const std::string& name,
                                                             const std::string& description,
                                                             int (*main)(const Arguments&)) {
  CLI::App* command = app.add_subcommand(name, description);
  auto arguments = std::make_shared<Arguments>();
  command->callback([&run, arguments, main] { run = [arguments, main] { return main(*arguments); }; });
  return {command, arguments};
}

// An option that takes one value each time it is given.
CLI::Option* add_repeated(CLI::App& command, const std::string& name, std::vector<std::string>& values,
                          const std::string& description);

// A check for whole numbers within bounds, the same words for every option; 12, not 0x0c or 1e1, for all types.
CLI::Validator whole_number(int64_t lowest, int64_t highest = std::numeric_limits<int64_t>::max());

inline constexpr int64_t kMostPixels = 16384;  // of a model's input, a side

struct ComputeOptions {
  std::string device = "auto";     // auto, cpu, cuda or cuda:i
  int threads = 0;                 // of the CPU; 0 = all cores
  std::string precision = "auto";  // auto, fp32 or bf16
};
// What --precision auto stands for on a CPU: fp32 where figures are compared or weights trained, bf16 for masks, on
// CPUs whose products are faster in it.
enum class AutoOnCpu { kFp32, kFaster };
void add_compute(CLI::App& command, ComputeOptions& options, AutoOnCpu on_cpu = AutoOnCpu::kFp32);

// The masks that a word of --masks asks for; "": those that the validation of the checkpoint's training found best,
// which is told, or the paper's sum. Throws Error for another word.
MaskKind masks_of(const std::string& word, const std::string& checkpoint, std::string_view function);
// The same where SAM alone will do: "" of a model without HQ modules is its own.
MaskKind masks_of(const std::string& word, const std::string& checkpoint, std::string_view function, bool has_hq);
inline constexpr const char* kMasksHelp =
    "sum (SAM's and HQ's logits, the paper's), hq or sam; default: what the checkpoint's training found best, else sum";

// Sets the number of threads, takes signals on a thread of their own (process.h), and has freed memory kept for the
// next large tensors; auto is cuda where there is one, else cpu; cuda without a number is this rank's own device
// (LOCAL_RANK). Throws Error for a device that is not there.
torch::Device start_device(const ComputeOptions& options);

// auto: bf16 on CUDA, on a CPU as on_cpu says. Throws Error for what this version lacks.
bool wants_bf16(const ComputeOptions& options, const torch::Device& device, AutoOnCpu on_cpu = AutoOnCpu::kFp32);

}  // namespace hqsam
