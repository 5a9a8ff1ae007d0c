// SPDX-License-Identifier: Apache-2.0
#include "hqsam/tensorfile/pth_index.h"

#include <string>

#include "hqsam/core/bounded_json.h"
#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/tensorfile/byte_reader.h"
#include "hqsam/tensorfile/foreign_file.h"
#include "hqsam/tensorfile/state_dict.h"
#include "hqsam/tensorfile/zip_archive.h"

namespace hqsam {
namespace {

constexpr const char* kFunction = "read_pth";

bool looks_like_tar(std::span<const std::byte> front) {
  return front.size() > 262 && as_text(front.subspan(257, 5)) == "ustar";
}

// All records stand in one folder, whose name ends in '/'.
std::string_view archive_folder(const ZipArchive& archive) {
  for (const ZipRecord& record : archive.records()) {
    const size_t slash = record.name.find('/');
    if (slash != record.name.npos && record.name.substr(slash + 1) == "data.pkl") {
      return record.name.substr(0, slash + 1);
    }
  }
  std::vector<std::string> names;
  for (const ZipRecord& record : archive.records()) names.push_back(shown_short(record.name));
  fail(kFunction,
       "the zip archive has no record <name>/data.pkl, so torch.save did not write it; in it are {}: if weights are "
       "among them, unpack it",
       names.empty() ? "no files" : first_few(names));
}

std::map<std::string, std::string> parse_metadata(std::span<const std::byte> record) {
  JsonOptions options;
  options.max_bytes = size_t{16} << 20;
  options.unique_depth = 1;
  std::map<std::string, std::string> metadata;
  const nlohmann::json object = parse_json_object(kFunction, kPthMetadataRecord, as_text(record), options);
  for (const auto& [key, value] : object.items()) {
    if (!value.is_string()) {
      fail(kFunction, "{} expects strings, '{}' is {}: the file is damaged", kPthMetadataRecord, shown_short(key),
           json_shown(value));
    }
    metadata[key] = value.get<std::string>();
  }
  return metadata;
}

TensorIndex parse_zip_pth(const FileParts& file, const TakeTensors& take) {
  const ZipArchive archive(file);
  const std::string folder(archive_folder(archive));
  if (archive.find(folder + "constants.pkl") != nullptr) {
    fail(kFunction,
         "the file is a TorchScript program, expected weights: in Python, "
         "torch.save(torch.jit.load(path).state_dict(), new_path)");
  }
  if (archive.find(folder + "byteorder") != nullptr) {
    const std::string_view order = as_text(archive.checked(folder + "byteorder"));
    if (order != "little") {
      fail(kFunction,
           "the weights have the byte order '{}', expected 'little': load and save the file with "
           "PyTorch on a little-endian machine",
           shown_short(order));
    }
  }
  StorageRanges storages;
  const std::string data = folder + "data/";
  for (const ZipRecord& record : archive.records()) {
    if (!record.name.starts_with(data)) continue;
    storages[record.name.substr(data.size())] = {record.begin, record.bytes};
  }
  TensorIndex index;
  const Pickle pickle = read_pickle(archive.checked(folder + "data.pkl"));
  index.tensors = state_dict_entries(pickle, storages, take);
  const std::string metadata = folder + std::string(kPthMetadataRecord);
  if (archive.find(metadata) != nullptr) {
    index.metadata = parse_metadata(archive.checked(metadata));
  }
  return index;
}

}  // namespace

bool looks_like_pth(std::span<const std::byte> front) {
  return ZipArchive::looks_like_zip(front) || looks_like_legacy_pth(front) || looks_like_tar(front);
}

TensorIndex parse_pth(const FileParts& file, const TakeTensors& take) {
  const auto front = file.front(kFrontBytes);
  if (ZipArchive::looks_like_zip(front)) return parse_zip_pth(file, take);
  if (looks_like_legacy_pth(front)) return parse_legacy_pth(file, take);
  if (looks_like_tar(front)) {
    fail(kFunction,
         "the file is a tar archive, which PyTorch wrote before 0.2: convert it in Python with "
         "torch.save(torch.load(path), path)");
  }
  fail(kFunction, "expected what torch.save writes (a zip archive, or the legacy pickles), got {}",
       foreign_file(front));
}

}  // namespace hqsam
