// SPDX-License-Identifier: Apache-2.0
#include "hqsam/comm/group_c10d.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <thread>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

using namespace std::chrono_literals;

// The tensor dense and on the transport's device, copied if necessary.
torch::Tensor to_transport(const torch::Tensor& tensor, torch::Device device) {
  return tensor.detach().to(device).contiguous();
}

void copy_back(const torch::Tensor& from, const torch::Tensor& to) {
  if (!from.is_same(to) && from.data_ptr() != to.data_ptr()) to.detach().copy_(from);
}

}  // namespace

C10dGroup::C10dGroup(const RankEnvironment& environment, const GroupOptions& options)
    : rank_(environment.rank),
      size_(environment.size),
      device_(options.device),
      seal_(environment.secret),
      meeting_(meet(environment, options.timeout)),
      watch_({.store = meeting_.watch_store,
              .rank = rank_,
              .size = size_,
              .keeper = environment.keeper(),
              .keeps_store = rank_ == 0 && !environment.agent_store,
              .timeout = options.timeout}) {
  run("connecting", [&] {
    const BackendOptions backend{.store = meeting_.store,
                                 .rank = static_cast<int>(rank_),
                                 .size = static_cast<int>(size_),
                                 .device = device_,
                                 .address = meeting_.address,
                                 .one_machine = environment.one_machine,
                                 .timeout = options.timeout};
    backend_ = device_.is_cuda() ? make_nccl_backend(backend) : make_gloo_backend(backend);
    backend_->setTimeout(options.timeout + 60s);  // the watch's timeout expires first
  });
}

// NCCL must be shut down explicitly, unless the transport was abandoned.
C10dGroup::~C10dGroup() {
  if (!backend_ || !device_.is_cuda()) return;
  try {
    backend_->shutdown();
  } catch (const std::exception& error) {
    spdlog::warn("closing the group: {}", reason_of(error));
  }
}

void C10dGroup::run(const std::string& operation, const std::function<void()>& collective) {
  watch_.enter(operation);
  try {
    try {
      collective();
    } catch (const Error&) {  // with the verdict
      throw;
    } catch (const std::exception& error) {
      watch_.fail(reason_of(error));
    }
  } catch (...) {
    abandon();
    watch_.leave();
    throw;
  }
  watch_.leave();
}

// Sleeps for a sixteenth of the time that has passed, so that waiting costs neither a core nor much delay.
void C10dGroup::wait(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  while (!work->isCompleted()) {
    watch_.check();
    const std::chrono::nanoseconds passed = std::chrono::steady_clock::now() - start;
    std::this_thread::sleep_for(std::clamp<std::chrono::nanoseconds>(passed / 16, 5us, 500us));
  }
  if (const std::exception_ptr error = work->exception()) std::rethrow_exception(error);  // NCCL's wait() keeps it
  work->wait();                                                                           // throws what went wrong
}

// Destroying a transport waits for its pending operations, so it is leaked; the process ends soon.
void C10dGroup::abandon() noexcept {
  if (!backend_) return;
  try {
    if (device_.is_cuda()) backend_->abort();
  } catch (const std::exception&) {  // the error has been reported already
  }
  backend_.release();
}

void C10dGroup::all_reduce_in_place(std::vector<torch::Tensor>& tensors) { wait(backend_->allreduce(tensors)); }

void C10dGroup::broadcast_in_place(std::vector<torch::Tensor>& tensors, int64_t root) {
  c10d::BroadcastOptions options;
  options.rootRank = root;
  wait(backend_->broadcast(tensors, options));
}

void C10dGroup::all_reduce_sum(torch::Tensor tensor) {
  if (tensor.numel() == 0) return;
  run("all_reduce", [&] {
    std::vector<torch::Tensor> tensors{to_transport(tensor, device_)};
    all_reduce_in_place(tensors);
    copy_back(tensors[0], tensor);
  });
}

void C10dGroup::broadcast(torch::Tensor tensor, int64_t root) {
  if (root < 0 || root >= size_) fail("Group", "broadcast from rank {} of {}: it is a rank's number", root, size_);
  if (tensor.numel() == 0) return;
  run("broadcast", [&] {
    std::vector<torch::Tensor> tensors{to_transport(tensor, device_)};
    broadcast_in_place(tensors, root);
    copy_back(tensors[0], tensor);
  });
}

void C10dGroup::barrier() {
  run("barrier", [&] {
    std::vector<torch::Tensor> tensors{torch::zeros({1}, torch::TensorOptions(device_).dtype(torch::kInt32))};
    all_reduce_in_place(tensors);
  });
}

// Each rank sends its length beside the group's mark, so that bytes of another program are not taken for a message.
std::vector<size_t> C10dGroup::gather_lengths(size_t mine) {
  constexpr int64_t kMostBytes = int64_t{1} << 34;  // of a message
  const auto mark = [&](int64_t rank, int64_t length) {
    return static_cast<int64_t>(seal_.tag(fmt::format("gather {} {} {}", gathers_, rank, length)));
  };
  const torch::Tensor table = torch::zeros({size_, 2}, torch::kInt64);
  table[rank_][0] = static_cast<int64_t>(mine);
  table[rank_][1] = mark(rank_, static_cast<int64_t>(mine));
  all_reduce_sum(table);
  std::vector<size_t> lengths;
  for (int64_t rank = 0; rank < size_; ++rank) {
    const auto length = table[rank][0].item<int64_t>();
    if (length < 0 || length > kMostBytes || table[rank][1].item<int64_t>() != mark(rank, length)) {
      hqsam::fail("Group",
                  "the bytes from rank {} are not a message of this group ({} bytes): do all run the same program?",
                  rank, length);
    }
    lengths.push_back(static_cast<size_t>(length));
  }
  ++gathers_;
  return lengths;
}

// Broadcasts each rank's string at its own length, without padding.
std::vector<std::string> C10dGroup::all_gather_bytes(const std::string& mine) {
  const std::vector<size_t> lengths = gather_lengths(mine.size());
  std::vector<std::string> all(lengths.size());
  for (size_t from = 0; from < all.size(); ++from) {
    std::string& bytes = all[from];
    const auto rank = static_cast<int64_t>(from);
    bytes = rank == rank_ ? mine : std::string(lengths[from], '\0');
    if (bytes.empty()) continue;
    broadcast(torch::from_blob(bytes.data(), {static_cast<int64_t>(bytes.size())}, torch::kUInt8), rank);
  }
  return all;
}

void C10dGroup::abort(const std::string& message) noexcept {
  watch_.post("rank " + std::to_string(rank_) + " stopped: " + message);
  if (device_.is_cuda()) abandon();  // destroying NCCL's communicator would wait for the other ranks
}

}  // namespace hqsam
