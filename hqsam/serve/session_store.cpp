// SPDX-License-Identifier: Apache-2.0
#include "hqsam/serve/session_store.h"

#include <algorithm>

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/image/codec.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;
constexpr uint64_t kMostBytes = uint64_t{2} << 30;

}  // namespace

std::string model_fingerprint(const SamHq& model) {
  std::string parts;
  for (const auto& [key, tensor] : named_tensors(model)) {
    if (!key.starts_with("image_encoder.")) parts += key + tensor_fingerprint(tensor.detach().cpu()) + "\n";
  }
  return encoder_fingerprint(model, parts);
}

SessionStore::SessionStore(SamHq model, Options options, const std::vector<ListedPicture>& pictures,
                           const std::vector<std::string>& stems)
    : model_(std::move(model)),
      options_(std::move(options)),
      files_(model_),
      pictures_(pictures),
      stems_(stems),
      sessions_(options_.in_memory) {}

fs::path SessionStore::file(size_t picture) const { return options_.folder / (stems_[picture] + ".safetensors"); }

bool SessionStore::has(size_t picture) const {
  const std::lock_guard lock(mutex_);
  return sessions_.contains(picture);
}

SessionStore::Session SessionStore::get(size_t picture) {
  {
    std::unique_lock lock(mutex_);
    change_.wait(lock, [&] { return !encoding_.contains(picture); });
    if (const Session* kept = sessions_.find(picture)) return *kept;
    encoding_.insert(picture);
  }
  Session session;
  int orientation = 0;  // of one that is encoded now
  std::exception_ptr failure;
  try {
    session = read(picture);
    if (!session) session = encode(picture, orientation);
  } catch (...) {
    failure = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  encoding_.erase(picture);
  change_.notify_all();
  if (failure) std::rethrow_exception(failure);
  sessions_.put(picture, session);
  if (orientation > 0) unwritten_.push_back({picture, session, orientation});
  return session;
}

SessionStore::Session SessionStore::read(size_t picture) const {
  const fs::path path = file(picture);
  std::error_code error, other;
  const auto written = fs::last_write_time(path, error), taken = fs::last_write_time(pictures_[picture].path, other);
  if (error || other || written <= taken) return {};
  try {
    StoredEmbedding stored = files_.read(path);
    if (stored.bf16 != options_.bf16 || stored.embedding.frame.image_size != pictures_[picture].size) return {};
    return std::make_shared<PictureSession>(model_, std::move(stored.embedding));
  } catch (const Error& reason) {
    spdlog::debug("{} is made anew: {}", path.string(), reason.what());
    return {};
  }
}

SessionStore::Session SessionStore::encode(size_t picture, int& orientation) const {
  const ListedPicture& listed = pictures_[picture];
  PictureNotes notes;
  const Image image = read_image(listed.path, {}, &notes);
  orientation = notes.orientation;
  if (image.size() != listed.size) {
    fail("annotate", "{} has changed: it has {}x{} pixels, and had {}x{}; start hqsam annotate again",
         listed.path.string(), image.width, image.height, listed.size.width, listed.size.height);
  }
  return std::make_shared<PictureSession>(model_, picture_input(image, Protocol::kKeepAspect, model_->image_size()));
}

void SessionStore::write_files() {
  std::vector<Unwritten> unwritten;
  {
    const std::lock_guard lock(mutex_);
    unwritten.swap(unwritten_);
  }
  if (unwritten.empty()) return;
  for (const auto& [picture, session, orientation] : unwritten) {
    try {
      fs::create_directories(options_.folder);
      files_.write(file(picture), {.embedding = session->embedding(),
                                   .picture = pictures_[picture].path.string(),
                                   .orientation = orientation,
                                   .bf16 = options_.bf16});
    } catch (const std::exception& reason) {
      spdlog::warn("no embedding file: {}", reason.what());
    }
  }
  remove_oldest();
}

void SessionStore::remove_oldest() const {
  struct File {
    fs::file_time_type written;
    uint64_t bytes;
    fs::path path;
  };
  std::vector<File> files;
  uint64_t all = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(options_.folder, error)) {
    if (entry.path().extension() != ".safetensors") continue;
    files.push_back({entry.last_write_time(error), entry.file_size(error), entry.path()});
    all += files.back().bytes;
  }
  std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.written < b.written; });
  for (const File& oldest : files) {
    if (all <= kMostBytes) break;
    fs::remove(oldest.path, error);
    all -= oldest.bytes;
  }
}

}  // namespace hqsam
