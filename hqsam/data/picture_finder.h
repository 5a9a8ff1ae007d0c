// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hqsam/data/data_file.h"

namespace hqsam {

struct FoundPicture {
  DataFile file;    // empty: not found
  std::string why;  // it was not found: "not there", "may be x/a.jpg or y/a.jpg", ...
};

// The files that annotations name, one for each name, whatever machine the annotations were made on. A name is first
// taken as it is, then with \ as /, as a URL (without host, query and %20), and as what stands in a query's d=
// (Label Studio). The first rule that gives one file wins:
//   1. the path in the folder
//   2. the file with that name and with as many of the name's last folders as are there; a folder that is there but
//      lacks the file ends the search; upper and lower case and the two spellings of accents (NFC, NFD) are the same
//      where no file has the very name
//   3. the picture of that name where the name has no ending
// Where rules 2 and 3 leave two files, or give one file for two names, nothing is found. Never a file outside of the
// folder, but for links that lie in it. Throws Error where the folder is missing.
std::vector<FoundPicture> find_pictures(const std::filesystem::path& folder, const std::vector<std::string>& names);

}  // namespace hqsam
