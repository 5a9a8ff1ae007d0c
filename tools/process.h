// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace hqsam {

// What the process is set up to before any command: threads that spin briefly, SIGPIPE and SIGXFSZ as errors of
// write() in place of silent ends, and unfinished files that go when a signal ends the program. What must be there
// before the libraries start is done before main() by itself: descriptors 0 to 2 are open (on /dev/null where the
// caller closed them: no file of ours gets their numbers), the working directory exists, and what nobody catches, such
// as a lack of memory in a library's start or on a thread, ends in one line and exit code 1. From then on SIGINT,
// SIGTERM and SIGUSR1 end train and launch with exit code 75, until they have handlers of their own.
void set_up_process(char** argv);

// From here on handlers of SIGINT, SIGTERM, SIGHUP, SIGQUIT and SIGUSR1 run on a thread that only waits; the calling
// thread and those that it begins later block these signals, as threads that compute have to.
void take_signals_on_own_thread();

}  // namespace hqsam
