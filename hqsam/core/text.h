// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hqsam {

// The candidate with the smallest edit distance to name, or "" where none is close enough to be a slip
// of the keyboard (distance over a third of its length).
std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);

// " (did you mean 'x'?)", or "" without a near candidate.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates);

// "a, b, c, d, e and 7 more": names for a message.
std::string first_few(const std::vector<std::string>& names);

// At most `limit` bytes from the text's begin, of whole UTF-8 characters.
std::string_view whole_characters(std::string_view text, size_t limit);

// The text for a message: whole_characters of it and "..." where there is more.
std::string cut_short(std::string_view text, size_t limit = 80);

// The text as a terminal may see it: control characters and what is no UTF-8 as \n, \t, \x1b, all else as it is. For
// messages with names from outside; files keep the true names.
std::string shown(std::string_view text);
// Both at once, for what a foreign file says.
std::string shown_short(std::string_view text, size_t limit = 100);

// "1 h 02 min", "3 min 20 s", "12 s": a duration for people.
std::string human_seconds(double seconds);

// ASCII letters become small ones; all else stays.
std::string lower_case(std::string_view text);

// 64-bit FNV-1a, for fingerprints of configs and file lists (not against malice).
uint64_t fingerprint(std::string_view bytes);

}  // namespace hqsam
