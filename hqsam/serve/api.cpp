// SPDX-License-Identifier: Apache-2.0
#include "hqsam/serve/api.h"

#include <nlohmann/json.hpp>

#include "hqsam/serve/api_error.h"
#include "hqsam/serve/page_file.h"

namespace hqsam {

using Json = nlohmann::json;

Json AnnotateApi::state() {
  Json pictures = Json::array();
  for (size_t id = 0; id < list_.pictures.size(); ++id) {
    pictures.push_back({{"id", id}, {"name", list_.pictures[id].name}, {"state", "todo"}, {"objects", 0}});
  }
  return {{"version", "0"},
          {"checkpoint", "none"},
          {"fingerprint", ""},
          {"kinds", {"sam", "hq", "sum"}},
          {"default_kind", "sum"},
          {"classes", Json::array()},
          {"folder", output_.string()},
          {"pictures", pictures},
          {"training", {{"state", "idle"}}}};
}

Json AnnotateApi::route(const HttpRequest& request) {
  if (request.path == "/api/state") return state();
  for (size_t id = 0; id < list_.pictures.size(); ++id) {
    if (request.path == fmt::format("/api/pictures/{}", id)) {
      const auto& picture = list_.pictures[id];
      return {{"id", id},        {"name", picture.name}, {"width", picture.size.width}, {"height", picture.size.height},
              {"state", "todo"}, {"revision", 0},        {"objects", Json::array()}};
    }
  }
  throw ApiError(404, "there is no such address");
}

HttpResponse AnnotateApi::answer(const HttpRequest& request) {
  try {
    if (!request.path.starts_with("/api/")) return page_response(request);
    for (size_t id = 0; id < list_.pictures.size(); ++id) {
      if (request.path == fmt::format("/api/pictures/{}/image", id)) return *bytes_.of(list_.pictures[id]);
    }
    return {.body = route(request).dump()};
  } catch (const ApiError& error) {
    Json json = error.more;
    json["error"] = error.what();
    return {.status = error.status, .body = json.dump(-1, ' ', false, Json::error_handler_t::replace)};
  } catch (const std::exception& error) {
    return error_response(500, error.what());
  }
}

}  // namespace hqsam
