// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "hqsam/core/error.h"
#include "hqsam/tensorfile/tensor_index.h"
#include "mutate.h"

using namespace hqsam;
using Json = nlohmann::ordered_json;

namespace {

constexpr int64_t kMaxData = 1 << 14;  // bytes

struct File {
  std::string header, data;
};

File split(std::string_view bytes) {
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof length);
  bytes.remove_prefix(sizeof length);
  const std::string_view header = bytes.substr(0, length);
  return {std::string(header), std::string(bytes.substr(header.size()))};
}

int64_t any_size(fuzz::Random& random) {
  constexpr int64_t kOdd[] = {-1, INT64_MAX, INT64_MIN, int64_t{1} << 32, 0x7fffffff};
  if (fuzz::below(random, 8) == 0) return kOdd[fuzz::below(random, std::size(kOdd))];
  return static_cast<int64_t>(fuzz::below(random, 5));
}

// Changes one tensor's entry, or what the header holds of others.
void mutate(Json& header, fuzz::Random& random) {
  const size_t at = fuzz::below(random, header.size() + 1);
  if (at == header.size()) {
    header["t" + std::to_string(at)] = {{"dtype", "U8"}, {"shape", {2}}, {"data_offsets", {0, 2}}};
    return;
  }
  const auto nth = [&](size_t i) { return std::next(header.begin(), static_cast<std::ptrdiff_t>(i)); };
  const auto entry = nth(at);
  const auto is_list = [&](const char* key) {
    return entry->is_object() && entry->contains(key) && (*entry)[key].is_array();
  };
  const char* list = fuzz::below(random, 2) == 0 ? "shape" : "data_offsets";
  switch (fuzz::below(random, 5)) {
    case 0:
      header.erase(entry);
      break;
    case 1:
      if (entry->is_object()) (*entry)["dtype"] = all_dtypes()[fuzz::below(random, all_dtypes().size())].safetensors;
      break;
    case 2:
      if (is_list("shape")) (*entry)["shape"].push_back(any_size(random));
      break;
    case 3:
      if (is_list(list) && !(*entry)[list].empty()) {
        (*entry)[list][fuzz::below(random, (*entry)[list].size())] = any_size(random);
      }
      break;
    default:
      std::swap(*entry, *nth(fuzz::below(random, header.size())));
  }
}

// The bytes that an entry's dtype and shape ask for, or 0 where they make no sense.
int64_t wanted_bytes(const Json& entry) {
  try {
    for (const DTypeInfo& known : all_dtypes()) {
      if (entry.at("dtype") != known.safetensors) continue;
      std::vector<int64_t> sizes;
      for (const Json& size : entry.at("shape")) {
        if (!size.is_number_integer()) return 0;
        sizes.push_back(size.get<int64_t>());
      }
      return checked_numel("", "", sizes, known.item_bytes) * known.item_bytes;
    }
  } catch (const std::exception&) {
  }
  return 0;
}

// Lays the tensors one behind the other, as the format wants it.
void lay_out(Json& header, std::string& data) {
  int64_t end = 0;
  for (auto& [name, entry] : header.items()) {
    if (name == "__metadata__" || !entry.is_object()) continue;
    const int64_t bytes = wanted_bytes(entry);
    if (bytes > kMaxData - end) continue;
    entry["data_offsets"] = {end, end + bytes};
    end += bytes;
  }
  data.resize(static_cast<size_t>(end));
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  fuzz::Random random(seed);
  if (size < 10 || fuzz::below(random, 8) == 0) return LLVMFuzzerMutate(data, size, max_size);
  File file = split({reinterpret_cast<const char*>(data), size});
  Json header = Json::parse(file.header, nullptr, false);
  if (!header.is_object() || fuzz::below(random, 2) == 0) {
    fuzz::mutate_bytes(file.header);
    header = Json::parse(file.header, nullptr, false);
  } else {
    mutate(header, random);
    file.header = header.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  if (header.is_object() && fuzz::below(random, 4) != 0) {
    lay_out(header, file.data);
    // Doubled keys and odd spellings of numbers live in the text alone: it is kept where no offset moved.
    if (fuzz::below(random, 4) != 0) file.header = header.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  return fuzz::put(fuzz::packed(uint64_t{file.header.size()}) + file.header + file.data, data, max_size);
}
