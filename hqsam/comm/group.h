// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hqsam {

// The processes that work on one run, each a rank. The collectives are called by all ranks in the same order, from one
// thread at a time, with tensors of equal shape and type. They take tensors of any layout on any device, and return
// when their work is done. Float sums have the same bits on every rank. A group of one does nothing and needs no
// network.
//
// Where the others can't go on, a collective throws Error, and the message names the ranks at fault, the same on every
// rank: one whose process ended ("rank 2 ended or hangs"), one that did not come to a collective within the
// timeout, one that left with an Error of its own, whose message is quoted. An ended rank is noticed within seconds, a
// hung one (stopped, stuck) at the timeout; the Error comes at most 10 s later. The group is then of no more use.
class Group {
 public:
  virtual ~Group() = default;
  virtual int64_t rank() const = 0;
  virtual int64_t size() const = 0;
  virtual void all_reduce_sum(torch::Tensor tensor) = 0;                           // in place; no bool tensors
  virtual std::vector<std::string> all_gather_bytes(const std::string& mine) = 0;  // one per rank, in rank order
  virtual void broadcast(torch::Tensor tensor, int64_t root) = 0;                  // in place
  virtual void barrier() = 0;

  // Tells the other ranks that this one stops, and why: their collectives, running or next, throw
  // Error("rank 1 stopped: <message>"). For a rank that leaves by an exception of its own; after a collective's Error
  // it does nothing. Never throws.
  virtual void abort(const std::string& /*message*/) noexcept {}

  bool is_main() const { return rank() == 0; }
};

// Runs work(); where it throws, tells the other ranks why before the exception goes on.
template <class Work>
auto abort_on_error(Group& group, Work&& work) {
  try {
    return work();
  } catch (const std::exception& error) {
    group.abort(error.what());
    throw;
  }
}

struct GroupOptions {
  torch::Device device = torch::kCPU;          // CUDA: NCCL, CPU: Gloo
  std::chrono::milliseconds timeout{600'000};  // of one collective, and of the rendezvous

  void validate() const;  // throws Error
};

// The group of this process, from the environment that torchrun, `hqsam launch`, Kubernetes' PyTorchJob and
// docs/cluster/slurm.sh set; 1 process without them:
//   RANK, WORLD_SIZE                 this process, and how many there are
//   MASTER_ADDR, MASTER_PORT         where rank 0 listens; for WORLD_SIZE > 1
//   TORCHELASTIC_USE_AGENT_STORE     True: torchrun listens there, rank 0 too is a client
//   LOCAL_WORLD_SIZE                 ranks on this machine; as many as WORLD_SIZE: all are on it
//   HQSAM_GROUP_KEY                  a secret of the ranks: what else reaches MASTER_PORT can't speak for one of them
//   GLOO_SOCKET_IFNAME               the network interface of Gloo; default: the one towards MASTER_ADDR
// On one machine (LOCAL_WORLD_SIZE says so, or MASTER_ADDR is localhost or 127.0.0.1) all that listens does so at
// loopback; the name localhost does not mean that in a Kubernetes pod, where it may stand for the first of several.
// Returns when all ranks are there. Throws Error for a variable that is missing or makes no sense, a port in use, a
// master that can't be reached and ranks that do not come within the timeout, and for CUDA in a build without NCCL.
std::shared_ptr<Group> make_group(const GroupOptions& options = {});

// Throws Error("[function] what of rank 2 is not that of rank 0: ...") on every rank unless all bring the same bytes.
void require_equal(Group& group, const std::string& mine, std::string_view function, std::string_view what);

// Which process of its machine this is: LOCAL_RANK, 0 without it. A rank's CUDA device is cuda:<local rank>.
// Throws Error where it is not a number.
int64_t local_rank();

}  // namespace hqsam
