// SPDX-License-Identifier: Apache-2.0
#include "hqsam/comm/sealed_store.h"

#include <spdlog/spdlog.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <utility>

#include "hqsam/core/text.h"

namespace hqsam {
namespace {

using namespace std::chrono_literals;
using Bytes = std::vector<uint8_t>;
using Clock = std::chrono::steady_clock;

Bytes bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

std::string_view text_of(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

void warn_once(const std::string& place) {
  static std::atomic<bool> told{false};
  if (told.exchange(true)) return;
  spdlog::warn(
      "what the rendezvous holds at '{}' is not of this group and is ignored: another program reaches MASTER_PORT",
      shown_short(place));
}

}  // namespace

SealedStore::SealedStore(std::string prefix, const Seal& seal, c10::intrusive_ptr<c10d::Store> below)
    : prefix_(std::move(prefix)), seal_(seal), below_(std::move(below)) {}

c10::intrusive_ptr<SealedStore> SealedStore::over(c10::intrusive_ptr<c10d::Store> below) const {
  auto other = c10::make_intrusive<SealedStore>(prefix_, seal_, std::move(below));
  other->shared_ = shared_;
  return other;
}

void SealedStore::note(const std::string& key, const Bytes& sealed) const {
  const std::lock_guard lock(shared_->mutex);
  shared_->written[place(key)] = sealed;
}

void SealedStore::restore() {
  std::map<std::string, Bytes> written;
  {
    const std::lock_guard lock(shared_->mutex);
    written = shared_->written;
  }
  for (const auto& [place, sealed] : written) below_->set(place, sealed);
}

std::vector<std::string> SealedStore::places(const std::vector<std::string>& keys) const {
  std::vector<std::string> all;
  for (const std::string& key : keys) all.push_back(place(key));
  return all;
}

Bytes SealedStore::close(const std::string& key, const Bytes& value) const {
  return bytes_of(seal_.close(place(key), text_of(value)));
}

std::optional<std::string> SealedStore::open(const std::string& key, const Bytes& sealed) const {
  auto text = seal_.open(place(key), text_of(sealed));
  if (!text) {
    shared_->disturbed = true;
    warn_once(place(key));
  }
  return text;
}

std::optional<std::string> SealedStore::find(const std::string& key) {
  if (!below_->check({place(key)})) return std::nullopt;
  return open(key, below_->get(place(key)));
}

std::vector<std::optional<std::string>> SealedStore::find_all(const std::vector<std::string>& keys) {
  std::vector<std::optional<std::string>> all(keys.size());
  if (!below_->check(places(keys))) return all;
  const std::vector<Bytes> sealed = below_->multiGet(places(keys));
  for (size_t i = 0; i < keys.size(); ++i) all[i] = open(keys[i], sealed.at(i));
  return all;
}

void SealedStore::set(const std::string& key, const Bytes& value) {
  const Bytes sealed = close(key, value);
  note(key, sealed);
  below_->set(place(key), sealed);
}

Bytes SealedStore::get(const std::string& key) {
  const auto until = Clock::now() + getTimeout();
  for (;;) {
    if (const auto text = open(key, below_->get(place(key)))) return bytes_of(*text);
    if (Clock::now() >= until) throw std::runtime_error("no value of this group's at " + place(key));
    std::this_thread::sleep_for(2ms);  // its writer will restore it; a foreign process may overwrite it again
  }
}

// Replaces a foreign process's value by the group's first one.
Bytes SealedStore::compareSet(const std::string& key, const Bytes& expected, const Bytes& desired) {
  constexpr int kTries = 1000;  // a foreign process may write in between
  const Bytes mine = close(key, desired);
  Bytes replaced = expected.empty() ? Bytes() : close(key, expected);
  for (int i = 0; i < kTries; ++i) {
    const Bytes found = below_->compareSet(place(key), replaced, mine);
    if (const auto text = open(key, found)) {
      note(key, found);
      return bytes_of(*text);
    }
    replaced = found == replaced ? Bytes() : found;  // the same again: it is gone
  }
  throw std::runtime_error("another program keeps writing at " + place(key));
}

bool SealedStore::check(const std::vector<std::string>& keys) {
  for (const auto& text : find_all(keys)) {
    if (!text) return false;
  }
  return true;
}

std::vector<Bytes> SealedStore::multiGet(const std::vector<std::string>& keys) {
  std::vector<Bytes> all;
  for (const std::string& key : keys) all.push_back(get(key));
  return all;
}

void SealedStore::wait(const std::vector<std::string>& keys) { wait(keys, getTimeout()); }

void SealedStore::wait(const std::vector<std::string>& keys, const std::chrono::milliseconds& timeout) {
  below_->wait(places(keys), timeout);
}

const std::chrono::milliseconds& SealedStore::getTimeout() const noexcept { return below_->getTimeout(); }

void SealedStore::setTimeout(const std::chrono::milliseconds& timeout) { below_->setTimeout(timeout); }

c10::intrusive_ptr<c10d::Store> SealedStore::clone() { return over(below_->clone()); }

bool SealedStore::deleteKey(const std::string& key) { return below_->deleteKey(place(key)); }

int64_t SealedStore::add(const std::string& key, int64_t value) { return below_->add(place(key), value); }

int64_t SealedStore::getNumKeys() { return below_->getNumKeys(); }

}  // namespace hqsam
