// SPDX-License-Identifier: Apache-2.0
#include "hqsam/serve/page_file.h"

namespace hqsam {
namespace {

struct Ending {
  std::string_view ending;
  const char* type;
};
constexpr Ending kTypes[] = {{".html", "text/html; charset=utf-8"},
                             {".css", "text/css; charset=utf-8"},
                             {".js", "text/javascript; charset=utf-8"},
                             {".svg", "image/svg+xml"},
                             {".png", "image/png"}};

const char* type_of(std::string_view name) {
  for (const Ending& known : kTypes) {
    if (name.ends_with(known.ending)) return known.type;
  }
  return "application/octet-stream";
}

}  // namespace

HttpResponse page_response(const HttpRequest& request) {
  constexpr std::string_view kFolder = "/page/";
  if (request.method != "GET") return error_response(405, "the page's files are there to GET");
  std::string_view name = request.path == "/" ? std::string_view("index.html") : std::string_view(request.path);
  if (request.path != "/") name = name.starts_with(kFolder) ? name.substr(kFolder.size()) : std::string_view();
  for (const PageFile& file : page_files()) {
    if (file.name == name) return {.type = type_of(name), .body = std::string(file.bytes)};
  }
  return error_response(404, "there is no such page: open the address that hqsam annotate printed");
}

}  // namespace hqsam
