// SPDX-License-Identifier: Apache-2.0
#include "hqsam/ops/rel_pos_attention_cpu.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "hqsam/ops/cpu.h"
#include "hqsam/ops/cpu_kernels.h"
#include "hqsam/ops/tiles.h"

namespace hqsam {
namespace {

constexpr int64_t kQueries = 128, kKeys = 256;  // of a tile, at most and about: 128 KB of logits
using cpu::kLanes;

// The sizes of one call.
struct Sizes {
  int64_t batch, height, width, channels, heads, head_dim, side;
  int64_t windows_x, windows_y;
  int64_t key_rows, key_tiles;   // of a tile (the last one has fewer), and tiles
  int64_t tile_keys;             // of a tile, rounded up
  int64_t table, table_columns;  // relative positions along an axis, and both axes' rounded up

  explicit Sizes(const RelPosAttentionInput& input)
      : batch(input.qkv.size(0)),
        height(input.qkv.size(1)),
        width(input.qkv.size(2)),
        channels(input.qkv.size(3) / 3),
        heads(input.heads),
        head_dim(channels / heads),
        side(input.window),
        windows_x(parts(width, side)),
        windows_y(parts(height, side)),
        key_rows(std::clamp<int64_t>(kKeys / side, 1, side)),
        key_tiles(parts(side, key_rows)),
        tile_keys(round_up(key_rows * side, kLanes)),
        table(2 * side - 1),
        table_columns(round_up(2 * table, kLanes)) {}

  int64_t units() const { return batch * windows_y * windows_x * heads; }
  int64_t packed() const { return key_tiles * tile_keys * head_dim; }  // numbers of a unit's keys, or values
};

// One head of one window.
struct Unit {
  int64_t picture, y, x, head;

  Unit(const Sizes& sizes, int64_t number)
      : picture(number / sizes.heads / sizes.windows_x / sizes.windows_y),
        y(number / sizes.heads / sizes.windows_x % sizes.windows_y * sizes.side),
        x(number / sizes.heads % sizes.windows_x * sizes.side),
        head(number % sizes.heads) {}
};

template <class T>
class TiledAttention {
 public:
  explicit TiledAttention(const RelPosAttentionInput& input)
      : sizes_(input),
        qkv_(input.qkv.contiguous()),
        padding_(input.padding.to(qkv_.scalar_type()).contiguous()),
        out_(torch::empty({sizes_.batch, sizes_.height, sizes_.width, sizes_.channels}, qkv_.options())),
        table_(sizes_.head_dim * sizes_.table_columns),
        keys_(sizes_.units() * sizes_.packed()),
        values_(sizes_.units() * sizes_.packed()),
        zeros_(static_cast<size_t>(sizes_.head_dim)) {
    pack_table(input);
  }

  torch::Tensor run() {
    in_parallel(sizes_.units(), [this] { return [this](int64_t unit) { pack(unit); }; });
    const int64_t blocks = parts(sizes_.side * sizes_.side, kQueries);
    in_parallel(sizes_.units() * blocks, [this, blocks] {
      return [this, blocks, scratch = Scratch(sizes_)](int64_t task) mutable {
        attend(scratch, task / blocks, task % blocks);
      };
    });
    return out_;
  }

 private:
  // What a thread needs of its own.
  struct Scratch {
    explicit Scratch(const Sizes& sizes)
        : queries(kQueries * sizes.head_dim),
          positions(kQueries * sizes.table_columns),
          logits(kQueries * sizes.tile_keys),
          accumulator(kQueries * sizes.head_dim) {}
    Buffer<T> queries;
    Buffer<float> positions, logits, accumulator;
    std::array<float, kQueries> maximum, sum;
    std::array<const float*, kQueries> rel_h, rel_w;
    std::array<int64_t, kQueries> token;
  };

  // Positions from the largest to the smallest: those of a query and all keys of an axis are neighbours then.
  void pack_table(const RelPosAttentionInput& input) {
    std::vector<const T*> columns;
    std::vector<torch::Tensor> kept;
    for (const torch::Tensor& axis : {input.rel_pos_h, input.rel_pos_w}) {
      kept.push_back(resize_rel_pos(axis, sizes_.table).to(qkv_.scalar_type()).contiguous());
      const T* data = kept.back().const_data_ptr<T>();
      for (int64_t i = sizes_.table; i-- > 0;) columns.push_back(data + i * sizes_.head_dim);
    }
    columns.resize(static_cast<size_t>(sizes_.table_columns), zeros_.data());
    pack_columns(columns.data(), sizes_.table_columns, sizes_.head_dim, sizes_.table_columns, table_.at(0));
  }

  // Keys and values of a unit, tile by tile, zeros behind the last ones.
  void pack(int64_t number) {
    const Unit unit(sizes_, number);
    std::vector<const T*> keys(static_cast<size_t>(sizes_.tile_keys)), values(keys.size());
    const T* outside = padding_.template const_data_ptr<T>() + unit.head * sizes_.head_dim;
    for (int64_t tile = 0; tile < sizes_.key_tiles; ++tile) {
      size_t count = 0;
      const int64_t first = tile * sizes_.key_rows, end = std::min(first + sizes_.key_rows, sizes_.side);
      for (int64_t row = first; row < end; ++row) {
        for (int64_t column = 0; column < sizes_.side; ++column, ++count) {
          const bool inside = unit.y + row < sizes_.height && unit.x + column < sizes_.width;
          const T* token = inside ? head_of(unit, unit.y + row, unit.x + column) : outside;
          keys[count] = token + sizes_.channels;
          values[count] = token + 2 * sizes_.channels;
        }
      }
      std::fill(keys.begin() + static_cast<int64_t>(count), keys.end(), zeros_.data());
      std::fill(values.begin() + static_cast<int64_t>(count), values.end(), zeros_.data());
      const int64_t at = number * sizes_.packed() + tile * sizes_.tile_keys * sizes_.head_dim;
      pack_columns(keys.data(), sizes_.tile_keys, sizes_.head_dim, sizes_.tile_keys, keys_.at(at));
      pack_rows(values.data(), sizes_.tile_keys, sizes_.head_dim, values_.at(at));
    }
  }

  // A token's query in the unit's head; keys and values lie channels behind it.
  const T* head_of(const Unit& unit, int64_t y, int64_t x) const {
    const int64_t token = (unit.picture * sizes_.height + y) * sizes_.width + x;
    return qkv_.template const_data_ptr<T>() + token * 3 * sizes_.channels + unit.head * sizes_.head_dim;
  }

  // The block's queries, those within the picture alone, with what each one's positions add. Returns how many.
  int64_t gather(Scratch& scratch, const Unit& unit, int64_t block) {
    const int64_t rows = std::min(sizes_.side, sizes_.height - unit.y);
    const int64_t columns = std::min(sizes_.side, sizes_.width - unit.x);
    const int64_t all = rows * columns, blocks = parts(all, kQueries);
    if (block >= blocks) return 0;
    const int64_t size = parts(all, blocks), begin = block * size, count = std::min(size, all - begin);
    for (int64_t i = 0; i < count; ++i) {
      const int64_t row = (begin + i) / columns, column = (begin + i) % columns;
      std::copy_n(head_of(unit, unit.y + row, unit.x + column), sizes_.head_dim,
                  scratch.queries.at(i * sizes_.head_dim));
      scratch.token[i] = (unit.picture * sizes_.height + unit.y + row) * sizes_.width + unit.x + column;
      const float* positions = scratch.positions.at(i * sizes_.table_columns);
      scratch.rel_h[i] = positions + sizes_.side - 1 - row;
      scratch.rel_w[i] = positions + sizes_.table + sizes_.side - 1 - column;
    }
    return count;
  }

  void attend(Scratch& scratch, int64_t number, int64_t block) {
    const Unit unit(sizes_, number);
    const int64_t count = gather(scratch, unit, block), dim = sizes_.head_dim;
    if (count == 0) return;
    product(count, sizes_.table_columns, dim, scratch.queries.at(0), dim, table_.at(0), scratch.positions.at(0), false);
    cpu::AttentionTile tile{.logits = scratch.logits.at(0),
                            .stride = sizes_.tile_keys,
                            .queries = count,
                            .side = sizes_.side,
                            .rel_h = scratch.rel_h.data(),
                            .rel_w = scratch.rel_w.data(),
                            .scale = 1 / std::sqrt(static_cast<float>(dim)),
                            .maximum = scratch.maximum.data(),
                            .sum = scratch.sum.data(),
                            .accumulator = scratch.accumulator.at(0),
                            .head_dim = dim};
    for (int64_t i = 0; i < sizes_.key_tiles; ++i) {
      const int64_t first = i * sizes_.key_rows, at = number * sizes_.packed() + i * sizes_.tile_keys * dim;
      tile.key_rows = std::min(sizes_.key_rows, sizes_.side - first);
      tile.first_key_row = first;
      product(count, sizes_.tile_keys, dim, scratch.queries.at(0), dim, keys_.at(at), tile.logits, false);
      weigh(tile, values_.at(at));
    }
    for (int64_t i = 0; i < count; ++i) {
      T* out = out_.template mutable_data_ptr<T>() + scratch.token[i] * sizes_.channels + unit.head * dim;
      if constexpr (kPair<T> == 1) {
        cpu::divide_by(scratch.sum[i], scratch.accumulator.at(i * dim), dim, out);
      } else {
        cpu::divide_by(scratch.sum[i], scratch.accumulator.at(i * dim), dim, reinterpret_cast<uint16_t*>(out));
      }
    }
  }

  // Adds the tile's values, weighed, to the accumulator.
  void weigh(const cpu::AttentionTile& tile, const T* values) {
    if constexpr (kPair<T> == 1) {
      cpu::softmax_tile(tile);
    } else {
      cpu::softmax_tile_bf16(tile);
    }
    product(tile.queries, sizes_.head_dim, sizes_.tile_keys, reinterpret_cast<const T*>(tile.logits),
            kPair<T> * tile.stride, values, tile.accumulator, !tile.first());
  }

  Sizes sizes_;
  torch::Tensor qkv_, padding_, out_;
  Buffer<T> table_, keys_, values_;
  std::vector<T> zeros_;
};

}  // namespace

bool takes_tiled_attention(const RelPosAttentionInput& input) {
  const torch::Tensor& qkv = input.qkv;
  return qkv.device().is_cpu() && has_cpu_kernels(qkv.scalar_type()) && qkv.size(3) % (3 * kLanes * input.heads) == 0;
}

torch::Tensor rel_pos_attention_tiled(const RelPosAttentionInput& input) {
  const c10::InferenceMode no_gradients;
  return input.qkv.scalar_type() == torch::kFloat ? TiledAttention<float>(input).run()
                                                  : TiledAttention<at::BFloat16>(input).run();
}

}  // namespace hqsam
