// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "hqsam/serve/http.h"

namespace hqsam {

// A file of hqsam/serve/page, which is compiled into the program (page_files.cmake).
struct PageFile {
  std::string_view name;  // within the folder
  std::string_view bytes;
};
std::span<const PageFile> page_files();

// "/" and "/page/<name>"; 404 for all else. Names are compared as they are: nothing is opened.
HttpResponse page_response(const HttpRequest& request);

}  // namespace hqsam
