// SPDX-License-Identifier: Apache-2.0
#include "common.h"

#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <malloc.h>
#include <spdlog/spdlog.h>

#include <charconv>
#include <cstdlib>
#include <latch>
#include <system_error>
#include <thread>

#include "hqsam/comm/group.h"
#include "hqsam/config/choices.h"
#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/model/best_masks.h"
#include "hqsam/ops/cpu.h"
#include "hqsam/ops/cuda.h"
#include "hqsam/ops/cuda_kernels.h"
#include "process.h"

namespace hqsam {
namespace {

std::string check_device(const std::string& text) {
  const bool index = text.starts_with("cuda:") && text.size() > 5 && text.size() < 9 &&
                     text.find_first_not_of("0123456789", 5) == std::string::npos;
  if (text == "auto" || text == "cpu" || text == "cuda" || index) return "";
  return "expected auto, cpu, cuda or cuda:<number>, got '" + cut_short(text) + "'";
}

// If the scheduler shows each process one GPU only, that is device 0.
int64_t own_cuda_device(int64_t count) {
  return count == 1 && std::getenv("CUDA_VISIBLE_DEVICES") != nullptr ? 0 : local_rank();
}

// Keeps freed memory in the program. Returning it to the system costs a million page faults in a training step of
// ViT-B, a sixth of the step and a third of an evaluation, and saves a tenth of the memory.
void keep_freed_memory() {
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);  // never
}

// libtorch has two thread pools and waits forever for threads that the system cannot start.
void require_threads(int count) {
  std::latch all_asked(1);
  std::vector<std::thread> threads;
  const int wanted = 2 * count;
  try {
    while (std::ssize(threads) < wanted) threads.emplace_back([&] { all_asked.wait(); });
  } catch (const std::system_error&) {  // reported below
  }
  const int64_t given = std::ssize(threads);
  all_asked.count_down();
  for (std::thread& thread : threads) thread.join();
  if (given == wanted) return;
  fail("device", "only {} of {} threads could be started (ulimit -u, -v): allow more, or take fewer by --threads",
       given, wanted);
}

}  // namespace

CLI::Validator whole_number(int64_t lowest, int64_t highest) {
  const std::string wanted = highest == std::numeric_limits<int64_t>::max()
                                 ? fmt::format("a whole number of {} or more", lowest)
                                 : fmt::format("a whole number from {} to {}", lowest, highest);
  const auto check = [=](std::string& text) -> std::string {
    int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stop != end || number < lowest || number > highest) {
      return fmt::format("expected {}, got '{}'", wanted, cut_short(text));
    }
    text = std::to_string(number);  // 010 is 10, not octal
    return "";
  };
  return CLI::Validator(check, "", "whole_number");
}

CLI::Option* add_repeated(CLI::App& command, const std::string& name, std::vector<std::string>& values,
                          const std::string& description) {
  return command.add_option(name, values, description)->expected(1)->take_all()->allow_extra_args(false);
}

void add_compute(CLI::App& command, ComputeOptions& options, AutoOnCpu on_cpu) {
  command.add_option("--device", options.device, "auto, cpu, cuda or cuda:<number>")
      ->check(CLI::Validator(check_device, "", "device"))
      ->capture_default_str();
  command.add_option("--threads", options.threads, "CPU threads; 0 = all cores")
      ->check(whole_number(0, 4096))
      ->capture_default_str();
  command
      .add_option("--precision", options.precision,
                  on_cpu == AutoOnCpu::kFaster
                      ? "auto, fp32 or bf16; auto is bf16 on CUDA and on CPUs with AVX-512 and bf16 products, else fp32"
                      : "auto, fp32 or bf16; auto is bf16 on CUDA, fp32 on a CPU")
      ->check(CLI::IsMember(words<Precision>(kPrecisions)))
      ->capture_default_str();
}

MaskKind masks_of(const std::string& word, const std::string& checkpoint, std::string_view function) {
  if (!word.empty()) return choose(word, kMaskKinds, function, "--masks");
  const auto best = best_masks_of(checkpoint);
  if (best) {
    spdlog::info("masks: {}, which the validation of this checkpoint's training found best (--masks takes others)",
                 to_string(*best));
  }
  return best.value_or(MaskKind::kSum);
}

MaskKind masks_of(const std::string& word, const std::string& checkpoint, std::string_view function, bool has_hq) {
  return word.empty() && !has_hq ? MaskKind::kSam : masks_of(word, checkpoint, function);
}

torch::Device start_device(const ComputeOptions& options) {
  take_signals_on_own_thread();
  keep_freed_memory();
  require_threads(options.threads > 0 ? options.threads : at::get_num_threads());
  if (options.threads > 0) at::set_num_threads(options.threads);
  const bool cuda = torch::cuda::is_available();
  if (options.device == "cpu" || (options.device == "auto" && !cuda)) return torch::kCPU;
  if (!cuda) fail("device", "--device {}: this machine or build has no CUDA device; use cpu or auto", options.device);
  const bool chosen = options.device.starts_with("cuda:");
  const auto count = static_cast<int64_t>(torch::cuda::device_count());
  const int64_t index = chosen ? std::stoll(options.device.substr(5)) : own_cuda_device(count);
  if (index >= count) {
    fail("device", "--device {}: cuda:{} is wanted, but there are {} CUDA devices, counted from 0", options.device,
         index, count);
  }
  set_up_cuda();
  const torch::Device device(torch::kCUDA, static_cast<torch::DeviceIndex>(index));
  c10::impl::getDeviceGuardImpl(torch::kCUDA)->setDevice(device);  // also for tensors of plain "cuda"
  if (!has_cuda_kernels(device)) {
    spdlog::warn("{} runs without hqsam's CUDA kernels, which makes bf16 several times slower: {}", device.str(),
                 cuda::have_kernels() ? "they need compute capability 8.0 or above"
                                      : "this build lacks them, see tools/setup.sh --cuda");
  }
  return device;
}

bool wants_bf16(const ComputeOptions& options, const torch::Device& device, AutoOnCpu on_cpu) {
  const Precision precision = choose(options.precision, kPrecisions, "precision", "--precision");
  if (precision != Precision::kAuto || !device.is_cpu() || on_cpu == AutoOnCpu::kFp32) {
    return runs_in_bf16(precision, device);
  }
  if (!has_cpu_kernels(torch::kBFloat16)) return false;
  spdlog::info("precision: bf16, which this CPU is faster in (--precision fp32 takes float32)");
  return true;
}

}  // namespace hqsam
