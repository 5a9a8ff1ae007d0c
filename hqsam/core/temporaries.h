// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace hqsam {

// Unfinished files of this process, and folders that hold no others, for the moment when a signal ends it. Names stay
// as they were noted: a relative one counts from the folder that the process works in. A few dozen at a time are known;
// more are left to their owners.
void note_temporary(const char* path);    // before the file is made
void forget_temporary(const char* path);  // after it was renamed or removed; errno stays

// Removes those that are noted. The process must end after it: who notes another one waits for that end. Calls only
// what a signal handler may.
void remove_temporaries();

// Removes those when SIGINT, SIGTERM, SIGHUP or SIGQUIT comes, and lets the signal end the program as it would have.
// Leaves signals alone that are ignored (nohup) or have a handler.
void remove_temporaries_on_signals();

}  // namespace hqsam
