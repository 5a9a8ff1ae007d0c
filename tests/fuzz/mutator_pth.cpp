// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "hqsam/core/error.h"
#include "hqsam/tensorfile/byte_reader.h"
#include "hqsam/tensorfile/zip_archive.h"
#include "mutate.h"

using namespace hqsam;

namespace {

struct Record {
  std::string name, bytes;
};

std::vector<Record> records_of(const uint8_t* data, size_t size) {
  std::vector<Record> records;
  const auto file = std::as_bytes(std::span(data, size));
  const ZipArchive archive(file);
  for (const ZipRecord& record : archive.records()) {
    records.push_back({std::string(record.name), std::string(as_text(file.subspan(record.begin, record.bytes)))});
  }
  return records;
}

// An archive with sound checksums, offsets and counts; zip64 or not, aligned or not.
std::string write(const std::vector<Record>& records, bool zip64, size_t alignment) {
  std::string file, directory;
  for (const auto& [name, bytes] : records) {
    const auto size = static_cast<uint32_t>(bytes.size()), begin = static_cast<uint32_t>(file.size());
    const uint32_t crc = crc32(std::as_bytes(std::span(bytes)));
    const std::string versions(10, '\0');
    const std::string front = fuzz::packed(crc, size, size, static_cast<uint16_t>(name.size()));
    const size_t padding = alignment - 1 - (begin + 30 + name.size() + alignment - 1) % alignment;
    file += "PK\x03\x04" + versions + front + fuzz::packed(static_cast<uint16_t>(padding)) + name +
            std::string(padding, '\0') + bytes;
    const uint32_t far = 0xffffffff;
    const std::string extra = zip64 ? fuzz::packed(uint16_t{1}, uint16_t{8}, uint64_t{begin}) : "";
    directory += "PK\x01\x02" + std::string(2, '\0') + versions + front +
                 fuzz::packed(static_cast<uint16_t>(extra.size())) + std::string(10, '\0') +
                 fuzz::packed(zip64 ? far : begin) + name + extra;
  }
  const uint64_t begin = file.size(), size = directory.size(), count = records.size(), end64 = begin + size;
  file += directory;
  if (zip64) {
    file += fuzz::packed(uint32_t{0x06064b50}, uint64_t{44}, uint32_t{0}, uint64_t{0}, count, count, size, begin);
    file += fuzz::packed(uint32_t{0x07064b50}, uint32_t{0}, end64, uint32_t{1});
  }
  return file + fuzz::packed(uint32_t{0x06054b50}, uint32_t{0}, static_cast<uint16_t>(count),
                             static_cast<uint16_t>(count), static_cast<uint32_t>(size), static_cast<uint32_t>(begin),
                             uint16_t{0});
}

void mutate(std::vector<Record>& records, fuzz::Random& random) {
  Record& record = records[fuzz::below(random, records.size())];
  switch (fuzz::below(random, 8)) {
    case 0:
      fuzz::mutate_bytes(record.name, 16);
      break;
    case 1:
      fuzz::mutate_bytes(record.bytes);
      break;
    case 2:
      record.bytes.resize(fuzz::below(random, 2 * record.bytes.size() + 2));
      break;
    case 3:
      std::swap(record, records.back());
      if (records.size() > 1) records.pop_back();
      break;
    case 4: {
      const Record copy = {record.name.substr(0, record.name.rfind('/') + 1) + std::to_string(records.size()),
                           record.bytes};
      records.push_back(copy);
      break;
    }
    default:
      for (Record& pickle : records) {
        if (pickle.name.ends_with("/data.pkl")) fuzz::mutate_pickle(pickle.bytes, random);
      }
  }
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  fuzz::Random random(seed);
  if (fuzz::below(random, 5) == 0) return LLVMFuzzerMutate(data, size, max_size);
  try {
    std::vector<Record> records = records_of(data, size);
    if (records.empty()) return LLVMFuzzerMutate(data, size, max_size);
    mutate(records, random);
    const std::string file = write(records, fuzz::below(random, 4) == 0, fuzz::below(random, 4) == 0 ? 64 : 1);
    // A cut archive says nothing new.
    if (file.size() <= max_size) return fuzz::put(file, data, max_size);
  } catch (const Error&) {  // not an archive yet
  }
  return LLVMFuzzerMutate(data, size, max_size);
}
