// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdlib>
#include <vector>

#include "hqsam/tensorfile/pickle_ops.h"
#include "mutate.h"

namespace hqsam::fuzz {
namespace {

// Of a fixed width in bytes, or behind a length of -width bytes.
int argument_width(uint8_t op) {
  switch (op) {
    case kBinInt1:
    case kBinGet:
    case kBinPut:
    case kProto:
      return 1;
    case kBinInt2:
      return 2;
    case kBinInt:
    case kLongBinGet:
    case kLongBinPut:
      return 4;
    case kBinFloat:
    case kFrame:
      return 8;
    case kLong1:
    case kShortBinUnicode:
    case kShortBinString:
    case kShortBinBytes:
      return -1;
    case kLong4:
    case kBinUnicode:
    case kBinString:
    case kBinBytes:
      return -4;
    case kBinUnicode8:
    case kBinBytes8:
    case kByteArray8:
      return -8;
    default:
      return 0;
  }
}

// How long the operation at the front is; one that is cut is all that is left.
size_t operation_bytes(std::string_view rest) {
  if (rest[0] == kGlobalOp || rest[0] == kInst) {
    const size_t first = rest.find('\n');
    const size_t second = first == rest.npos ? rest.npos : rest.find('\n', first + 1);
    return second == rest.npos ? rest.size() : second + 1;
  }
  const int width = argument_width(static_cast<uint8_t>(rest[0]));
  size_t bytes = 1 + static_cast<size_t>(std::abs(width));
  if (width < 0 && bytes <= rest.size()) {
    uint64_t length = 0;
    std::memcpy(&length, rest.data() + 1, bytes - 1);
    bytes += std::min<uint64_t>(length, rest.size());
  }
  return std::min(bytes, rest.size());
}

std::vector<std::string> split(std::string_view pickle) {
  std::vector<std::string> operations;
  while (!pickle.empty()) {
    const size_t bytes = operation_bytes(pickle);
    operations.emplace_back(pickle.substr(0, bytes));
    pickle.remove_prefix(bytes);
  }
  return operations;
}

const std::array<std::string, 9> kGlobals = {"collections\nOrderedDict\n",
                                             "torch._utils\n_rebuild_tensor_v2\n",
                                             "torch._utils\n_rebuild_parameter\n",
                                             "torch\nSize\n",
                                             "torch\nFloatStorage\n",
                                             "torch\nfloat16\n",
                                             "torch\nComplexFloatStorage\n",
                                             "copyreg\n_reconstructor\n",
                                             "argparse\nNamespace\n"};

std::string any_operation(Random& random) {
  constexpr std::string_view kOps =
      "(.012BCGJKMNQRTUXabcehijoqrstu)]}\x80\x81\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90\x91\x92\x93\x94"
      "\x95\x96";
  std::string operation(1, kOps[below(random, kOps.size())]);
  if (operation[0] == kGlobalOp || operation[0] == kInst) return operation + kGlobals[below(random, kGlobals.size())];
  const int width = argument_width(static_cast<uint8_t>(operation[0]));
  uint64_t argument = below(random, 20);
  if (width > 0 && below(random, 4) == 0) argument = uint64_t{random()} << below(random, 40);
  operation.append(reinterpret_cast<const char*>(&argument), static_cast<size_t>(std::abs(width)));
  return width < 0 ? operation + std::string(argument, 'k') : operation;
}

void mutate_argument(std::string& operation) {
  const int width = argument_width(static_cast<uint8_t>(operation[0]));
  const size_t front = 1 + static_cast<size_t>(width < 0 ? -width : 0);
  if (operation.size() < front) return;
  std::string argument = operation.substr(front);
  mutate_bytes(argument, width > 0 ? 0 : 16);
  const uint64_t length = argument.size();
  operation = operation[0] + packed(length).substr(0, front - 1) + argument;
}

}  // namespace

void mutate_pickle(std::string& pickle, Random& random) {
  std::vector<std::string> operations = split(pickle);
  for (size_t changes = 1 + below(random, 4); changes > 0; --changes) {
    const size_t count = operations.size();
    const size_t at = below(random, count + 1), from = below(random, count + 1);
    const size_t run = std::min(1 + below(random, 8), count - from);
    const auto place = operations.begin() + static_cast<std::ptrdiff_t>(at);
    const auto first = operations.begin() + static_cast<std::ptrdiff_t>(from);
    switch (below(random, 5)) {
      case 0:
        operations.erase(first, first + static_cast<std::ptrdiff_t>(run));
        break;
      case 1: {
        const std::vector<std::string> copied(first, first + static_cast<std::ptrdiff_t>(run));
        operations.insert(place, copied.begin(), copied.end());
        break;
      }
      case 2:
        operations.insert(place, any_operation(random));
        break;
      case 3:
        if (at < count) operations[at] = any_operation(random);
        break;
      default:
        if (at < count) mutate_argument(operations[at]);
        break;
    }
  }
  pickle.clear();
  for (const std::string& operation : operations) pickle += operation;
}

}  // namespace hqsam::fuzz
