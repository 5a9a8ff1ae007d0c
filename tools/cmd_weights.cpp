// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "common.h"
#include "fetch.h"
#include "hqsam/core/clock.h"
#include "hqsam/core/error.h"
#include "hqsam/core/print.h"
#include "public_weights.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

struct WeightsArguments {
  std::string fetch, output, from, sha256;
  bool json = false;
};

std::string size_of(const PublicWeights& weights) {
  const double megabytes = static_cast<double>(weights.bytes) / 1e6;
  return megabytes < 1000 ? fmt::format("{:.1f} MB", megabytes) : fmt::format("{:.2f} GB", megabytes / 1000);
}

void print_list() {
  for (const PublicWeights& weights : public_weights()) {
    print_line("{:<16}{:>8}  {:<11} {:<9} {}", weights.name, size_of(weights), weights.licence, weights.variant,
               weights.what);
    print_line("  {}", weights.url);
    print_line("  SHA-256 {}", weights.sha256.empty() ? "not published" : weights.sha256);
  }
  print_line("");
  print_line(
      "hqsam weights --fetch NAME gets one. Nothing is to be converted: --checkpoint of every command reads these");
  print_line(
      "files, and Hugging Face's folders of the same models (facebook/sam-vit-*, syscv-community/sam-hq-vit-*); of");
  print_line("the latter, predict makes transformers' masks, and export --format pth makes HQ-SAM's of them.");
}

void print_json() {
  auto list = nlohmann::ordered_json::array();
  for (const PublicWeights& weights : public_weights()) {
    list.push_back(
        {{"name", weights.name}, {"file", weights.file}, {"variant", weights.variant}, {"what", weights.what}});
    auto& entry = list.back();
    entry[weights.exact ? "bytes" : "about_bytes"] = weights.bytes;
    if (!weights.sha256.empty()) entry["sha256"] = weights.sha256;
    entry["licence"] = weights.licence;
    entry["url"] = weights.url;
  }
  print_raw(list.dump(2) + "\n");
}

std::string checked_sha256(const WeightsArguments& arguments, const PublicWeights& weights) {
  if (arguments.sha256.empty()) return std::string(weights.sha256);
  if (arguments.sha256.size() != 64 || arguments.sha256.find_first_not_of("0123456789abcdef") != std::string::npos) {
    fail("weights", "--sha256 has 64 digits of 0-9 and a-f, got '{}'", arguments.sha256);
  }
  if (!weights.sha256.empty() && weights.sha256 != arguments.sha256) {
    fail("weights", "{} has the SHA-256 {}, --sha256 says {}: leave it out", weights.name, weights.sha256,
         arguments.sha256);
  }
  return arguments.sha256;
}

int fetch(const WeightsArguments& arguments) {
  const auto began = std::chrono::steady_clock::now();
  const PublicWeights& weights = public_weights(arguments.fetch);
  FetchOptions options{.url = arguments.from.empty() ? std::string(weights.url) : arguments.from,
                       .sha256 = checked_sha256(arguments, weights),
                       .bytes = weights.bytes,
                       .exact = weights.exact,
                       .target = arguments.output};
  const bool folder = arguments.output.empty() || arguments.output.ends_with('/') || fs::is_directory(options.target);
  if (folder) options.target /= weights.file;
  const Fetched fetched = fetch_file(options);
  const double seconds = seconds_since(began);
  print_line(
      "{}{}: {} bytes, SHA-256 {}, {:.1f} s", options.target.string(), fetched.was_there ? " was there" : "",
      fetched.bytes,
      options.sha256.empty() ? fmt::format("{} (none is published to check it by)", fetched.sha256) : "as published",
      seconds);
  return 0;
}

int weights(const WeightsArguments& arguments) {
  if (!arguments.fetch.empty()) {
    if (arguments.json) fail("weights", "--json is for the list: leave it out with --fetch");
    return fetch(arguments);
  }
  if (!arguments.output.empty() || !arguments.from.empty() || !arguments.sha256.empty()) {
    fail("weights", "--output, --from and --sha256 go with --fetch NAME");
  }
  arguments.json ? print_json() : print_list();
  return 0;
}

}  // namespace

void add_weights(CLI::App& app, Run& run) {
  const auto [command, arguments] =
      add_command<WeightsArguments>(app, run, "weights", "public checkpoints, and fetching one", weights);
  command->add_option("--fetch", arguments->fetch, "the name of one to get with curl; an interrupted fetch continues");
  command->add_option("--output", arguments->output, "the file or the folder to put it; default: this folder");
  command->add_option("--from", arguments->from, "another address of the same file, such as a mirror's");
  command->add_option("--sha256", arguments->sha256, "what a file must have whose SHA-256 is not published");
  command->add_flag("--json", arguments->json, "the list as JSON");
  command->footer(
      "Without options it lists them. --fetch is the only thing in hqsam that uses the network. A file that is there\n"
      "already is checked and left as it is.");
}

}  // namespace hqsam
