// SPDX-License-Identifier: Apache-2.0
#include "hqsam/comm/watch.h"

#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "hqsam/comm/rank_list.h"
#include "hqsam/comm/signs_of_life.h"
#include "hqsam/core/error.h"

namespace hqsam {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Phase = SignOfLife::Phase;

constexpr auto kBeat = 500ms;           // between signs of life
constexpr auto kInquestBeat = 200ms;    // and while the watch looks for who is at fault,
constexpr auto kLargeInquestBeat = 1s;  // in a group of more than
constexpr int64_t kLargeGroup = 32;
constexpr auto kNoAnswer = 5s;              // without the store's answer its keeper counts as hung
constexpr auto kStuck = 5s;                 // after the verdict; then the rank counts as stuck in its collective
constexpr auto kStayAfterVerdict = 1500ms;  // of the store's keeper, for others to read
constexpr auto kStayAtTheEnd = 5s;
constexpr const char* kVerdictKey = "verdict";

}  // namespace

struct Watch::Life {
  explicit Life(Options given) : options(std::move(given)) {}

  const Options options;
  std::mutex mutex;
  std::condition_variable changed;
  std::atomic<bool> has_verdict{false};
  // Under the mutex.
  SignOfLife sign;
  std::string operation;
  Clock::time_point entered, judged, answered = Clock::now();  // answered: the store, last
  std::string failure, farewell, verdict;
  bool timed_out = false, closing = false, ended = false, keeper_hangs = false;
  // The thread's own.
  std::optional<Inquest> inquest;
  std::vector<SignOfLife> last_signs;

  void run();
  void follow();
  std::chrono::milliseconds pause() const;
  void publish();
  void read_verdict();
  void look_into_failure();
  void put(const std::string& found);
  void settle(const std::string& found);
  void part();
  void end_if_stuck();
  std::vector<SignOfLife> signs();
  [[noreturn]] void throw_verdict();
};

// The thread.
void Watch::Life::run() {
  try {
    follow();
    part();
  } catch (const std::exception&) {  // the store's keeper is gone, and its connections with it
    settle(options.keeper + " ended");
  }
  std::unique_lock lock(mutex);
  while (!closing) {
    changed.wait_for(lock, kBeat);
    end_if_stuck();
  }
  ended = true;
  changed.notify_all();
}

void Watch::Life::follow() {
  std::unique_lock lock(mutex);
  while (!closing) {
    const bool told = sign.phase == Phase::kTold;
    lock.unlock();
    publish();
    if (!has_verdict) read_verdict();
    if (!has_verdict) look_into_failure();
    lock.lock();
    answered = Clock::now();
    end_if_stuck();
    if (has_verdict && !told) {
      sign.phase = Phase::kTold;  // at once: the keeper may wait for it
      continue;
    }
    changed.wait_for(lock, pause(),
                     [&] { return closing || !farewell.empty() || (!failure.empty() && !inquest && !has_verdict); });
  }
}

std::chrono::milliseconds Watch::Life::pause() const {
  if (!inquest || has_verdict) return kBeat;
  return options.size > kLargeGroup ? kLargeInquestBeat : kInquestBeat;
}

void Watch::Life::publish() {
  std::unique_lock lock(mutex);
  ++sign.beat;
  const std::string text = sign.text();
  const std::string last_words = std::exchange(farewell, "");
  const bool connecting = sign.sequence <= 1;  // the first operation: the transports read what the ranks have put there
  lock.unlock();
  if (connecting) options.store->restore();
  options.store->set(sign_key(options.rank), text);
  if (!last_words.empty()) put(last_words);
}

void Watch::Life::read_verdict() {
  if (const auto found = options.store->find(kVerdictKey)) settle(*found);
}

// If a foreign process overwrote a rank's sign, the last valid one counts until the rank writes the next.
std::vector<SignOfLife> Watch::Life::signs() {
  std::vector<std::string> keys;
  for (int64_t rank = 0; rank < options.size; ++rank) keys.push_back(sign_key(rank));
  const auto found = options.store->find_all(keys);
  last_signs.resize(found.size());
  for (size_t i = 0; i < found.size(); ++i) {
    if (!found[i]) continue;
    if (const auto sign = SignOfLife::parse(*found[i])) last_signs[i] = *sign;
  }
  return last_signs;
}

void Watch::Life::look_into_failure() {
  {
    const std::lock_guard lock(mutex);
    const auto now = Clock::now();
    // The rank itself notices its timeout, unless it is stuck within the call.
    if (!operation.empty() && now > entered + options.timeout + kBeat && failure.empty()) {
      failure = "timeout";
      timed_out = true;
    }
    if (failure.empty()) return;
    if (!inquest) {
      inquest.emplace(FailedCollective{options.rank, sign.sequence, operation, failure, timed_out, options.timeout},
                      now);
    }
  }
  if (const auto found = inquest->judge(signs(), Clock::now())) put(*found);
}

// The first verdict in the store holds.
void Watch::Life::put(const std::string& found) { settle(options.store->compareSet(kVerdictKey, "", found)); }

void Watch::Life::settle(const std::string& found) {
  const std::lock_guard lock(mutex);
  if (has_verdict) return;
  verdict = words_of_another(found);
  judged = Clock::now();
  has_verdict = true;
  changed.notify_all();
}

// Announces that this rank leaves; the store's keeper stays until the others have read it.
void Watch::Life::part() {
  options.store->set(sign_key(options.rank), SignOfLife{++sign.beat, sign.sequence, Phase::kLeft}.text());
  if (!options.keeps_store) return;
  const auto until = Clock::now() + (has_verdict ? kStayAfterVerdict : kStayAtTheEnd);
  while (Clock::now() < until) {
    bool all = true;
    for (const SignOfLife& other : signs()) all = all && (other.phase == Phase::kLeft || other.phase == Phase::kTold);
    if (all) return;
    std::this_thread::sleep_for(20ms);
  }
}

// With the mutex held.
void Watch::Life::end_if_stuck() {
  if (!has_verdict || operation.empty() || closing || Clock::now() < judged + kStuck) return;
  std::fprintf(stderr, "error: [Group] %s\n", verdict.c_str());
  _exit(1);
}

void Watch::Life::throw_verdict() {
  std::string text;
  {
    const std::lock_guard lock(mutex);
    text = verdict;
  }
  hqsam::fail("Group", "{}", text);
}

Watch::Watch(Options options) : life_(std::make_shared<Life>(std::move(options))) {
  std::thread([life = life_] { life->run(); }).detach();
}

Watch::~Watch() {
  std::unique_lock lock(life_->mutex);
  life_->closing = true;
  life_->changed.notify_all();
  if (life_->keeper_hangs) return;
  life_->changed.wait_for(lock, kStayAtTheEnd + 2s, [&] { return life_->ended; });
}

void Watch::enter(const std::string& operation) {
  if (life_->has_verdict) life_->throw_verdict();
  const std::lock_guard lock(life_->mutex);
  life_->operation = operation;
  life_->entered = Clock::now();
  ++life_->sign.sequence;
  life_->sign.phase = Phase::kCollective;
}

void Watch::leave() {
  const std::lock_guard lock(life_->mutex);
  life_->operation.clear();
  if (life_->sign.phase == Phase::kCollective) life_->sign.phase = Phase::kWorking;
}

void Watch::check() {
  if (life_->has_verdict) life_->throw_verdict();
  std::unique_lock lock(life_->mutex);
  if (Clock::now() < life_->entered + life_->options.timeout) return;
  life_->timed_out = true;
  lock.unlock();
  fail("timeout");
}

void Watch::fail(const std::string& reason) {
  Life& life = *life_;
  {
    std::unique_lock lock(life.mutex);
    if (life.failure.empty()) life.failure = reason;
    life.changed.notify_all();
    while (!life.has_verdict && Clock::now() < life.answered + kNoAnswer) life.changed.wait_for(lock, kInquestBeat);
    life.keeper_hangs = !life.has_verdict;
  }
  if (life.keeper_hangs) life.settle(life.options.keeper + " does not answer: it hangs or the network is down");
  life.throw_verdict();
}

void Watch::post(const std::string& verdict) noexcept {
  try {
    std::unique_lock lock(life_->mutex);
    if (life_->has_verdict) return;
    life_->farewell = verdict;
    life_->changed.notify_all();
    life_->changed.wait_for(lock, kStayAfterVerdict, [&] { return life_->has_verdict.load(); });
  } catch (const std::exception&) {  // the other ranks notice by themselves
  }
}

}  // namespace hqsam
