// SPDX-License-Identifier: Apache-2.0
#include "hqsam/tensorfile/pth_index.h"

#include <nlohmann/json.hpp>
#include <string>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/tensorfile/byte_reader.h"
#include "hqsam/tensorfile/foreign_file.h"
#include "hqsam/tensorfile/state_dict.h"
#include "hqsam/tensorfile/zip_archive.h"

namespace hqsam {
namespace {

constexpr const char* kFunction = "read_pth";

bool looks_like_tar(std::span<const std::byte> file) {
  return file.size() > 262 && as_text(file.subspan(257, 5)) == "ustar";
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
  for (const ZipRecord& record : archive.records()) names.push_back(shown(record.name));
  fail(kFunction,
       "the zip archive has no record <name>/data.pkl, so torch.save did not write it; in it are {}: if weights are "
       "among them, unpack it",
       names.empty() ? "no files" : first_few(names));
}

std::map<std::string, std::string> parse_metadata(std::span<const std::byte> record) {
  constexpr size_t kMaxMetadata = 16 << 20;
  if (record.size() > kMaxMetadata) {
    fail(kFunction, "the metadata have {} bytes, at most {} are read", record.size(), kMaxMetadata);
  }
  const auto flat = [](int depth, nlohmann::json::parse_event_t, const nlohmann::json&) {
    if (depth > 1) fail(kFunction, "{} has objects or lists inside, expected strings", kPthMetadataRecord);
    return true;
  };
  try {
    const std::string_view text = as_text(record);
    return nlohmann::json::parse(text.begin(), text.end(), flat).get<std::map<std::string, std::string>>();
  } catch (const nlohmann::json::exception& error) {
    fail(kFunction, "{} is not a JSON object of strings ({}): the file is damaged", kPthMetadataRecord,
         shown(error.what()));
  }
}

TensorIndex parse_zip_pth(std::span<const std::byte> file, const TakeTensors& take) {
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
           shown(order));
    }
  }
  StorageRanges storages;
  const std::string data = folder + "data/";
  for (const ZipRecord& record : archive.records()) {
    if (!record.name.starts_with(data)) continue;
    const auto begin = static_cast<uint64_t>(record.bytes.data() - file.data());
    storages[record.name.substr(data.size())] = {begin, record.bytes.size()};
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

bool looks_like_pth(std::span<const std::byte> file) {
  return ZipArchive::looks_like_zip(file) || looks_like_legacy_pth(file) || looks_like_tar(file);
}

TensorIndex parse_pth(std::span<const std::byte> file, const TakeTensors& take) {
  if (ZipArchive::looks_like_zip(file)) return parse_zip_pth(file, take);
  if (looks_like_legacy_pth(file)) return parse_legacy_pth(file, take);
  if (looks_like_tar(file)) {
    fail(kFunction,
         "the file is a tar archive, which PyTorch wrote before 0.2: convert it in Python with "
         "torch.save(torch.load(path), path)");
  }
  fail(kFunction, "expected what torch.save writes (a zip archive, or the legacy pickles), got {}", foreign_file(file));
}

}  // namespace hqsam
