// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace hqsam {

// Reads a JSON file whose lists are long: calls visit(section, item) for each item of a list under a key of the
// outermost object (section: the key), or of an outermost list (section: ""), and forgets the item. A byte order mark
// is passed over; NaN, Infinity and -Infinity, which Python writes, become texts of that name. Returns the outermost
// object's keys in the order of the file. Throws Error naming the file where it is missing, not JSON, past the
// bounds of bounded_json.h but for its bytes, or has an outermost key twice; an Error of visit gets the file's name in
// front.
std::vector<std::string> stream_json(
    const std::filesystem::path& path,
    const std::function<void(const std::string& section, const nlohmann::json& item)>& visit);

// Those keys for a message, the first few.
std::string shown_keys(const std::vector<std::string>& keys);

}  // namespace hqsam
