// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/run_log.h"

#include <sstream>

#include "hqsam/core/bounded_json.h"
#include "hqsam/core/file.h"

namespace hqsam {
namespace {

// Numbers of an object, names of objects within it before theirs: {"COIFT": {"hq.miou": 1}} -> "COIFT.hq.miou".
void collect(const nlohmann::json& object, const std::string& prefix, std::map<std::string, double>& numbers) {
  for (const auto& [name, value] : object.items()) {
    if (value.is_number()) numbers[prefix + name] = value.get<double>();
    if (value.is_object()) collect(value, prefix + name + ".", numbers);
  }
}

}  // namespace

bool parse_run_line(std::string_view text, RunLine& line) {
  auto read = json_object_or_nothing(text);
  if (!read) return false;
  nlohmann::json& json = *read;
  const auto type = json.find("type");
  if (type == json.end() || !type->is_string()) return false;
  line = {};
  line.type = type->get<std::string>();
  const auto valid = json.find("valid");
  if (valid != json.end() && valid->is_object()) collect(*valid, "", line.valid);
  json.erase("valid");
  if (const auto best = json.find("best_masks"); best != json.end() && best->is_string()) {
    line.best_masks = best->get<std::string>();
  }
  collect(json, "", line.numbers);
  const auto take = [&](const char* name) {
    const auto at = line.numbers.find(name);
    if (at == line.numbers.end()) return int64_t{0};
    const double value = at->second;
    line.numbers.erase(at);
    return value > -9e15 && value < 9e15 ? static_cast<int64_t>(value) : int64_t{0};
  };
  line.epoch = take("epoch");
  line.step = take("step");
  return true;
}

std::vector<RunLine> read_run_log(const std::filesystem::path& metrics) {
  std::vector<RunLine> lines;
  if (!std::filesystem::exists(metrics)) return lines;
  std::istringstream stream(read_file(metrics, kAnySize));
  RunLine line;
  for (std::string text; std::getline(stream, text);) {
    if (parse_run_line(text, line)) lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace hqsam
