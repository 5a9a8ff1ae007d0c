// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hqsam {

inline constexpr int64_t kTarBlock = 512;  // bytes; headers and members begin at multiples of it

// One header of a tar archive.
struct TarHeader {
  std::string name;
  int64_t size = 0;  // bytes
  char type = '0';   // '0': a file; see POSIX's ustar for the others
};

bool is_zero_block(std::string_view block);
// Whether the block's checksum is right.
bool is_tar_header(std::string_view block);
// Of a block that is_tar_header; nothing where its size is no number of at least 0.
std::optional<TarHeader> parse_tar_header(std::string_view block);

// What pax records ("27 path=a name that is long\n") say of the next member.
struct PaxRecords {
  std::optional<std::string> path;
  std::optional<int64_t> size;
  bool sparse = false;
};
// Nothing where they are malformed.
std::optional<PaxRecords> parse_pax(std::string_view records);

}  // namespace hqsam
