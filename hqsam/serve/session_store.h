// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "hqsam/predict/embedding_file.h"
#include "hqsam/predict/picture_session.h"
#include "hqsam/serve/picture_list.h"
#include "hqsam/serve/recently_used.h"

namespace hqsam {

// Encoded pictures of one model: the last few in memory, and as embedding files in a folder, of which the oldest go
// when they take more than 2 GiB. A file is believed where it is newer than the picture and of its size, encoder and
// precision.
class SessionStore {
 public:
  struct Options {
    std::filesystem::path folder;  // STEM.safetensors
    bool bf16 = false;             // that the caller's Bf16Scope is of
    size_t in_memory = 8;
  };
  // stems: of the pictures' files.
  SessionStore(SamHq model, Options options, const std::vector<ListedPicture>& pictures,
               const std::vector<std::string>& stems);

  bool has(size_t picture) const;
  // Encodes it where it is not there, or waits for another thread that does. Throws Error where that fails. A session
  // is for one thread.
  std::shared_ptr<PictureSession> get(size_t picture);
  // Writes the files of what was encoded since.
  void write_files();

  SamHq& model() { return model_; }

 private:
  using Session = std::shared_ptr<PictureSession>;
  Session read(size_t picture) const;
  Session encode(size_t picture, int& orientation) const;
  std::filesystem::path file(size_t picture) const;
  void remove_oldest() const;

  SamHq model_;
  Options options_;
  EmbeddingFiles files_;
  const std::vector<ListedPicture>& pictures_;
  const std::vector<std::string>& stems_;
  mutable std::mutex mutex_;
  std::condition_variable change_;
  RecentlyUsed<size_t, Session> sessions_;
  std::set<size_t> encoding_;
  struct Unwritten {
    size_t picture;
    Session session;
    int orientation;  // EXIF's
  };
  std::vector<Unwritten> unwritten_;
};

// Of all weights of a model, in hex.
std::string model_fingerprint(const SamHq& model);

}  // namespace hqsam
