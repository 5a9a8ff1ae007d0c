// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/trade_off_point.h"

#include "hqsam/core/bounded_json.h"
#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/log.h"

namespace hqsam {
namespace {

using nlohmann::json;

int64_t whole_number(const json& value, const std::string& place) {
  if (!value.is_number_integer()) fail("trade_off_point", "{}: {} is no whole number", place, json_shown(value));
  return value.get<int64_t>();
}

}  // namespace

std::optional<TradeOffPoint> trade_off_point(const std::string& results_json, const std::string& place) {
  try {
    const json results = parse_json_object("trade_off_point", place, results_json);
    TradeOffPoint point;
    point.name = std::filesystem::path(results.at("checkpoint").get<std::string>()).stem().string();
    const json& mean = results.at("mean");
    for (const char* kind : {"sam", "sum", "hq"}) {
      if (mean.contains(kind)) point.kind = kind;
    }
    if (mean.empty() || (!point.kind.empty() && !mean.at(point.kind).contains("mbiou"))) {
      spdlog::warn("{} has no boundary IoU; the report's plots over speed and size leave it out", place);
      return std::nullopt;
    }
    point.score = mean.at(point.kind).at("mbiou").get<double>();
    const json& costs = results.at("cost");
    const json& cost = costs.at(point.kind == "sam" || costs.empty() ? 0 : costs.size() - 1);
    point.cost = {cost.at("name").get<std::string>(), whole_number(cost.at("parameters"), place),
                  whole_number(cost.at("learnable"), place), cost.at("images_per_s").get<double>(),
                  whole_number(cost.at("memory_bytes"), place)};
    return point;
  } catch (const json::exception& error) {
    fail("trade_off_point", "{}: not an evaluation's results with costs: {}; evaluate again", place, error.what());
  }
}

std::optional<TradeOffPoint> read_trade_off_point(const std::filesystem::path& folder) {
  const auto path = folder / "results.json";
  return trade_off_point(read_file(path), path.string());
}

}  // namespace hqsam
