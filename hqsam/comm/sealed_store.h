// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <vector>

#include "hqsam/comm/seal.h"

namespace hqsam {

// A group's part of a store that others may reach too: keys carry a prefix, values the group's seal. A value without
// it counts as not there, which one warning tells; it is replaced where the group has something to say. The transports
// take it as any store. Throws what the store below throws.
class SealedStore final : public c10d::Store {
 public:
  SealedStore(std::string prefix, const Seal& seal, c10::intrusive_ptr<c10d::Store> below);
  // The same part of it, over another connection.
  c10::intrusive_ptr<SealedStore> over(c10::intrusive_ptr<c10d::Store> below) const;

  // The text at a key, or nothing where there is none, or none of this group's.
  std::optional<std::string> find(const std::string& key);
  // The same for each of several, all nothing while one of them is not there at all.
  std::vector<std::optional<std::string>> find_all(const std::vector<std::string>& keys);

  // Writes again what this process has written: a stranger may have written over it before the others read it.
  void restore();
  // Whether this process met a stranger's value.
  bool disturbed() const { return shared_->disturbed; }

  using Store::compareSet;
  using Store::set;
  void set(const std::string& key, const std::vector<uint8_t>& value) override;
  std::vector<uint8_t> get(const std::string& key) override;  // waits for a value of this group's
  std::vector<uint8_t> compareSet(const std::string& key, const std::vector<uint8_t>& expected,
                                  const std::vector<uint8_t>& desired) override;
  bool check(const std::vector<std::string>& keys) override;  // all there, all of this group
  std::vector<std::vector<uint8_t>> multiGet(const std::vector<std::string>& keys) override;
  void wait(const std::vector<std::string>& keys) override;
  void wait(const std::vector<std::string>& keys, const std::chrono::milliseconds& timeout) override;
  const std::chrono::milliseconds& getTimeout() const noexcept override;
  void setTimeout(const std::chrono::milliseconds& timeout) override;
  c10::intrusive_ptr<c10d::Store> clone() override;
  bool deleteKey(const std::string& key) override;
  int64_t add(const std::string& key, int64_t value) override;  // a bare number: nothing that counts may rest on it
  int64_t getNumKeys() override;

 private:
  std::string place(const std::string& key) const { return prefix_ + "/" + key; }
  std::vector<std::string> places(const std::vector<std::string>& keys) const;
  std::vector<uint8_t> close(const std::string& key, const std::vector<uint8_t>& value) const;
  // With the warning where the value is a stranger's.
  std::optional<std::string> open(const std::string& key, const std::vector<uint8_t>& sealed) const;

  // Of all connections to this part.
  struct Shared {
    std::mutex mutex;
    std::map<std::string, std::vector<uint8_t>> written;  // by place, sealed
    std::atomic<bool> disturbed{false};
  };
  void note(const std::string& key, const std::vector<uint8_t>& sealed) const;

  std::string prefix_;
  Seal seal_;
  c10::intrusive_ptr<c10d::Store> below_;
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

}  // namespace hqsam
