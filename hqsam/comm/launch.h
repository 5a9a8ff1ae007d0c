// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "hqsam/comm/restarts.h"

namespace hqsam {

struct LaunchOptions {
  std::string program;                      // a path, or a name on PATH
  std::vector<std::string> arguments;       // without the program's own name
  int nproc = 1;                            // processes on this machine, one per device
  int nodes = 1;                            // machines, each with as many processes and a launch of its own
  int node_rank = 0;                        // which of them this is
  std::string master_addr;                  // machine 0, as the others reach it; "": 127.0.0.1, for one machine only
  int master_port = 0;                      // where rank 0 listens; 0: a free one, for one machine only
  int max_restarts = 0;                     // how often to start all ranks anew after a failure
  std::chrono::milliseconds grace{15'000};  // between SIGTERM and SIGKILL
  Restarts::Options restarts = {};          // the waits between starts
  bool unblocks_signals = false;            // the program takes off a block of the signals once it can heed them

  void validate() const;  // throws Error
};

// Starts the program nproc times with RANK, LOCAL_RANK, WORLD_SIZE, LOCAL_WORLD_SIZE, MASTER_ADDR, MASTER_PORT, a fair
// share of the CPU in OMP_NUM_THREADS (where it isn't set), HQSAM_RESTART (0, 1, ... which start this is),
// HQSAM_LAUNCH_ID and, on one machine, a random HQSAM_GROUP_KEY (where it isn't set), and waits for all. Their lines
// come out on stdout and stderr with "[rank] " in front. SIGINT, SIGTERM and SIGUSR1 go on to the ranks, however early
// they come. Once one fails, the others get SIGTERM, after `grace` SIGKILL; a rank that stopped with 75 leaves them
// `grace` to do the same. The first failure and its last lines are logged. The ranks end with this process, however it
// ends.
//
// Returns 0 when all ranks did; else the code of the first that failed: its exit code, or 128 + the signal that killed
// it; 75 when ranks stopped with 75 and none failed otherwise, and where a signal came while none ran. Starts all anew
// after a wait, up to max_restarts times, unless the code is 2 (wrong usage) or 75, a signal asked for the end, or the
// same failure came early twice (restarts.h). Throws Error where a process can't be started.
int launch(const LaunchOptions& options);

// The launch() that started this process, "" where none did: the same for all its ranks and starts on this machine,
// and of no other launch. By it a run that begins anew knows itself again; of several machines rank 0's counts.
std::string launch_id();

}  // namespace hqsam
