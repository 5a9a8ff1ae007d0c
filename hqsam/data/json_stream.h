// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace hqsam {

// Reads a JSON file whose lists are long: calls visit(section, item) for each object in a list under a key of the
// outermost object (section: the key), or in an outermost list (section: ""), and forgets the item. Throws Error
// naming the file where it is missing, not JSON, or nested deeper than 32; an Error of visit gets the file's name in
// front.
void stream_json(const std::filesystem::path& path,
                 const std::function<void(const std::string& section, const nlohmann::json& item)>& visit);

// item[key] as the type, or Error: "'images': 'id' must be a whole number, got a string". `what` names the item.
int64_t json_integer(const nlohmann::json& item, const char* key, const std::string& what);
double json_number(const nlohmann::json& item, const char* key, const std::string& what);
std::string json_text(const nlohmann::json& item, const char* key, const std::string& what);
const nlohmann::json& json_list(const nlohmann::json& item, const char* key, const std::string& what);

}  // namespace hqsam
