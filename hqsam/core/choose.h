// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"

namespace hqsam {

// A value of an enum and the word that stands for it in files and on command lines.
template <class E>
using Choice = std::pair<E, std::string_view>;

template <class E>
std::vector<std::string> words(std::span<const Choice<E>> choices) {
  std::vector<std::string> all;
  for (const auto& [value, word] : choices) all.emplace_back(word);
  return all;
}

template <class E, size_t N>
std::string word_of(E value, const Choice<E> (&choices)[N]) {
  for (const auto& [known, word] : choices) {
    if (known == value) return std::string(word);
  }
  fail("word_of", "no word for the value {}", static_cast<int>(value));
}

// Throws Error("[function] what is one of a, b in this version, got 'x' (did you mean 'a'?)").
template <class E, size_t N>
E choose(const std::string& word, const Choice<E> (&choices)[N], std::string_view function, std::string_view what) {
  for (const auto& [value, known] : choices) {
    if (known == word) return value;
  }
  const std::vector<std::string> all = words<E>(choices);
  fail(function, "{} is one of {} in this version, got '{}'{}", what, fmt::join(all, ", "), word,
       did_you_mean(word, all));
}

}  // namespace hqsam
