// SPDX-License-Identifier: Apache-2.0
// Attention in one pass over the keys (Dao et al., FlashAttention, NeurIPS 2022) with SAM's decomposed relative
// positions, which are worked out in here: no [tokens, tokens] bias exists anywhere. Windows are a matter of addresses.
//
// A block has the queries of one head, in one window, of kRows tokens; each of its warps 16 of them. Keys come in
// tiles of 64 slots: Pitch slots per row of the window's grid, so that a slot's column does not change from tile to
// tile. The columns' part of the bias is therefore what every sum of products begins with. Slots beyond the window get
// a bias of minus infinity.
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <cmath>

#include "hqsam/ops/cuda_kernels.h"

namespace hqsam::cuda {
namespace {

using bf16 = __nv_bfloat16;

constexpr int kTile = 64;       // key slots
constexpr int kTileBlocks = 8;  // of 8 slots, the width of a tensor core's result
constexpr float kMostHalf = 65504;
constexpr float kLog2e = 1.4426950408889634f;

__device__ uint32_t shared_address(const void* pointer) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(pointer));
}

// 16 bytes from global to shared memory, or zeros.
__device__ void copy_async(void* to, const void* from, bool there) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(to)), "l"(from),
               "r"(there ? 16 : 0));
}
__device__ void commit_copies() { asm volatile("cp.async.commit_group;"); }
// All but the last `Later` groups of them.
template <int Later>
__device__ void wait_for_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(Later) : "memory");
}

// Four 8x8 blocks; lane l names row l % 8 of block l / 8.
__device__ void load_blocks(uint32_t (&to)[4], const bf16* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(shared_address(row)));
}
__device__ void load_blocks_transposed(uint32_t (&to)[4], const bf16* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(shared_address(row)));
}

// sum [16,8] += a [16,16] b [16,8]
__device__ void multiply_add(float (&sum)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

__device__ uint32_t pack(float low, float high) {
  const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
  return *reinterpret_cast<const uint32_t*>(&pair);
}

__device__ float exp2_fast(float x) {
  float result;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}

template <int Dim, int Pitch, int Warps>
struct Shape {
  static constexpr int kThreads = 32 * Warps;  // two such blocks share one of an H100's multiprocessors
  static constexpr int kRows = 16 * Warps;     // queries
  static constexpr int kStride = Dim + 8;      // numbers from row to row: eight rows meet no bank twice
  static constexpr int kBiasStride = Pitch + 1;
  static constexpr int kGridRows = kTile / Pitch;  // of the window, in a tile
  static constexpr int kTileSize = kTile * kStride;
  static constexpr int kBytes =
      (kRows * kStride + 4 * kTileSize) * static_cast<int>(sizeof(bf16)) + kRows * kBiasStride * 4;
};

template <int Dim, int Pitch, int Warps>
class Attention {
  using S = Shape<Dim, Pitch, Warps>;
  static constexpr int kSteps = Dim / 16;  // of a product over the channels
  static constexpr int kPieces = Dim / 8;  // of 16 bytes, in a row
  static constexpr int kColumnBlocks = Pitch / 8;
  static constexpr int kTableTiles = Pitch > 32 ? 2 : 1;  // that hold a table of relative positions

  const RelPosAttentionArgs& args_;
  const int lane_ = threadIdx.x % 32, group_ = lane_ / 4, pair_ = lane_ % 4 * 2;
  int head_, image_, top_, left_, first_query_, first_row_;  // first_row_: this warp's within the block
  const bf16 *of_head_, *beyond_;                            // query of the picture's first token, of one beyond it
  bf16 *q_, *k_, *v_;                                        // k_, v_: two tiles each
  float* bias_;                                              // [kRows, Pitch], of the columns, then of the rows
  uint32_t q_blocks_[kSteps][4];
  __half2 column_bias_[kColumnBlocks][2];
  float sums_[Dim / 8][4] = {};  // of the values
  // Of the lane's two queries, 8 rows apart: the largest logit so far and the sum of weights.
  float most_[2] = {-INFINITY, -INFINITY}, weight_[2] = {};

 public:
  __device__ Attention(const RelPosAttentionArgs& args, bf16* shared) : args_(args) {
    const int columns = (args.width + args.window - 1) / args.window;
    const int rows = (args.height + args.window - 1) / args.window;
    const int window = blockIdx.z % (rows * columns);
    image_ = blockIdx.z / (rows * columns);
    top_ = window / columns * args.window;
    left_ = window % columns * args.window;
    head_ = blockIdx.y;
    of_head_ = static_cast<const bf16*>(args.qkv) + token(0, 0) * 3 * args.heads * Dim + head_ * Dim;
    beyond_ = static_cast<const bf16*>(args.padding) + head_ * Dim;
    first_query_ = blockIdx.x * S::kRows;
    first_row_ = threadIdx.x / 32 * 16;
    q_ = shared;
    k_ = q_ + S::kRows * S::kStride;
    v_ = k_ + 2 * S::kTileSize;
    bias_ = reinterpret_cast<float*>(v_ + 2 * S::kTileSize);
  }

  __device__ void run() {
    if (top_ + first_query_ / args_.window >= args_.height) return;  // all queries lie below the picture
    load_queries();
    load_table(args_.rel_pos_w, 0);
    load_table(args_.rel_pos_h, 1);
    commit_copies();
    if (kTableTiles == 1) load_keys(0);
    commit_copies();
    wait_for_copies<1>();
    __syncthreads();
    read_queries();
    for (int i = lane_; i < 16 * S::kBiasStride; i += 32) {
      bias_[first_row_ * S::kBiasStride + i] = -INFINITY;
    }
    __syncwarp();
    make_bias(0, /*of_columns=*/true);
    __syncwarp();
    read_column_bias();
    __syncwarp();
    make_bias(1, /*of_columns=*/false);
    if (kTableTiles > 1) {
      __syncthreads();  // the tables have been read
      load_keys(0);
      commit_copies();
    }
    const int tiles = (args_.window + S::kGridRows - 1) / S::kGridRows;
    for (int tile = 0; tile < tiles; ++tile) {
      wait_for_copies<0>();
      __syncthreads();  // this tile is there, and nobody reads the last one (or a table) any more
      if (tile + 1 < tiles) load_keys(tile + 1);
      commit_copies();
      attend(tile);
    }
    store();
  }

 private:
  __device__ int64_t token(int y, int x) const {
    return (static_cast<int64_t>(image_) * args_.height + y) * args_.width + x;
  }
  // Query of a token of this picture, and how far behind it its key is, and its value behind that.
  __device__ const bf16* query_of(int y, int x) const {
    return of_head_ + (y * args_.width + x) * (3 * args_.heads * Dim);
  }
  __device__ int next_part() const { return args_.heads * Dim; }

  __device__ void load_queries() {
    for (int i = threadIdx.x; i < S::kRows * kPieces; i += S::kThreads) {
      const int row = i / kPieces, channel = i % kPieces * 8, query = first_query_ + row;
      const int y = top_ + query / args_.window, x = left_ + query % args_.window;
      const bool there = query < args_.window * args_.window && y < args_.height && x < args_.width;
      copy_async(q_ + row * S::kStride + channel, (there ? query_of(y, x) : beyond_) + channel, there);
    }
  }

  // Where rows first... of table 0 or 1 lie: in both tiles of keys or of values; a short one in the second tile alone.
  __device__ bf16* table_rows(int which, int first) const {
    bf16* tiles = (which == 0 ? k_ : v_) + (kTableTiles == 1 ? S::kTileSize : 0);
    return tiles + first * S::kStride;
  }

  __device__ void load_table(const void* table, int which) {
    for (int i = threadIdx.x; i < kTableTiles * kTile * kPieces; i += S::kThreads) {
      const int row = i / kPieces, channel = i % kPieces * 8;
      const bool there = row < 2 * args_.window - 1;
      bf16* to = table_rows(which, row) + channel;
      copy_async(to, static_cast<const bf16*>(table) + (there ? row * Dim + channel : 0), there);
    }
  }

  __device__ void load_keys(int tile) {
    bf16* k = k_ + tile % 2 * S::kTileSize;
    bf16* v = v_ + tile % 2 * S::kTileSize;
    for (int i = threadIdx.x; i < kTile * kPieces; i += S::kThreads) {
      const int slot = i / kPieces, channel = i % kPieces * 8;
      const int row = tile * S::kGridRows + slot / Pitch, column = slot % Pitch;
      const int y = top_ + row, x = left_ + column;
      const bool there = row < args_.window && column < args_.window;
      const bool inside = there && y < args_.height && x < args_.width;
      const bf16* key = (inside ? query_of(y, x) : beyond_) + next_part() + channel;
      copy_async(k + slot * S::kStride + channel, key, there);
      copy_async(v + slot * S::kStride + channel, key + next_part(), there);
    }
  }

  __device__ void read_queries() {
    const bf16* from = q_ + (first_row_ + lane_ % 16) * S::kStride + lane_ / 16 * 8;
    for (int step = 0; step < kSteps; ++step) load_blocks(q_blocks_[step], from + step * 16);
  }

  // sums [16 queries, 2 x 8] += products of this warp's queries with 16 rows in shared memory.
  __device__ void multiply_rows(float (&sums)[2][4], const bf16* rows) {
    const bf16* from = rows + (lane_ / 16 * 8 + lane_ % 8) * S::kStride + lane_ / 8 % 2 * 8;
#pragma unroll
    for (int step = 0; step < kSteps; ++step) {
      uint32_t b[4];
      load_blocks(b, from + step * 16);
      multiply_add(sums[0], q_blocks_[step], b[0], b[1]);
      multiply_add(sums[1], q_blocks_[step], b[2], b[3]);
    }
  }

  // bias_[query, k] = query . table[position of the query - k + window - 1]; of columns in units of the products q.k,
  // of rows in those of the logits times log2(e).
  __device__ void make_bias(int which, bool of_columns) {
    const float unit = of_columns ? sqrtf(static_cast<float>(Dim)) : kLog2e;
    for (int first = 0; first < 2 * args_.window - 1; first += 16) {
      float products[2][4] = {};
      multiply_rows(products, table_rows(which, first));
      for (int i = 0; i < 8; ++i) {  // half i / 4, query + 8 where i % 4 >= 2, column + i % 2
        const int row = first_row_ + group_ + i % 4 / 2 * 8, query = first_query_ + row;
        const int position = of_columns ? query % args_.window : query / args_.window;
        const int k = position + args_.window - 1 - (first + i / 4 * 8 + pair_ + i % 2);
        if (k >= 0 && k < args_.window) bias_[row * S::kBiasStride + k] = products[i / 4][i % 4] * unit;
      }
    }
  }

  __device__ void read_column_bias() {
    const float* from = bias_ + (first_row_ + group_) * S::kBiasStride + pair_;
    for (int block = 0; block < kColumnBlocks; ++block) {
      for (int below = 0; below < 2; ++below) {
        const float* pair = from + below * 8 * S::kBiasStride + block * 8;
        column_bias_[block][below] = __floats2half2_rn(fminf(pair[0], kMostHalf), fminf(pair[1], kMostHalf));
      }
    }
  }

  __device__ void attend(int tile) {
    const bf16* k = k_ + tile % 2 * S::kTileSize;
    const bf16* v = v_ + tile % 2 * S::kTileSize + (lane_ / 8 % 2 * 8 + lane_ % 8) * S::kStride + lane_ / 16 * 8;
    float scores[kTileBlocks][4];
#pragma unroll
    for (int n = 0; n < kTileBlocks; n += 2) {
      float sums[2][4];
      for (int i = 0; i < 8; i += 2) {
        const float2 bias = __half22float2(column_bias_[(n + i / 4) % kColumnBlocks][i % 4 / 2]);
        sums[i / 4][i % 4] = bias.x;
        sums[i / 4][i % 4 + 1] = bias.y;
      }
      multiply_rows(sums, k + n * 8 * S::kStride);
      for (int i = 0; i < 8; ++i) scores[n + i / 4][i % 4] = sums[i / 4][i % 4];
    }
    soften(scores, tile);
#pragma unroll
    for (int step = 0; step < kTile / 16; ++step) {
      uint32_t a[4];
      for (int i = 0; i < 4; ++i) {
        const float* from = &scores[2 * step + i / 2][i % 2 * 2];
        a[i] = pack(from[0], from[1]);
      }
#pragma unroll
      for (int n = 0; n < Dim / 8; n += 2) {
        uint32_t b[4];
        load_blocks_transposed(b, v + step * 16 * S::kStride + n * 8);
        multiply_add(sums_[n], a, b[0], b[1]);
        multiply_add(sums_[n + 1], a, b[2], b[3]);
      }
    }
  }

  // Scores to weights: 2 to the power of (logit - the largest so far), with logits times log2(e).
  __device__ void soften(float (&scores)[kTileBlocks][4], int tile) {
    const float scale = rsqrtf(static_cast<float>(Dim)) * kLog2e;
    for (int below = 0; below < 2; ++below) {
      const float* row_bias = bias_ + (first_row_ + group_ + below * 8) * S::kBiasStride + tile * S::kGridRows;
      float most = most_[below];
#pragma unroll
      for (int row = 0; row < S::kGridRows; ++row) {
        float most_in_row = -INFINITY;
#pragma unroll
        for (int n = row * kColumnBlocks; n < (row + 1) * kColumnBlocks; ++n) {
          most_in_row = fmaxf(most_in_row, fmaxf(scores[n][2 * below], scores[n][2 * below + 1]));
        }
        most = fmaxf(most, fmaf(most_in_row, scale, row_bias[row]));
      }
      most = fmaxf(most, __shfl_xor_sync(0xffffffff, most, 1));
      most = fmaxf(most, __shfl_xor_sync(0xffffffff, most, 2));
      const float shrink = exp2_fast(most_[below] - most);
      most_[below] = most;
      float weight = 0;
#pragma unroll
      for (int n = 0; n < kTileBlocks; ++n) {
        const float offset = row_bias[n / kColumnBlocks] - most;
        for (int i = 2 * below; i < 2 * below + 2; ++i) {
          scores[n][i] = exp2_fast(fmaf(scores[n][i], scale, offset));
          weight += scores[n][i];
        }
      }
      weight_[below] = weight_[below] * shrink + weight;
#pragma unroll
      for (int n = 0; n < Dim / 8; ++n) {
        sums_[n][2 * below] *= shrink;
        sums_[n][2 * below + 1] *= shrink;
      }
    }
  }

  __device__ void store() {
    for (int below = 0; below < 2; ++below) {
      float weight = weight_[below];
      weight += __shfl_xor_sync(0xffffffff, weight, 1);
      weight += __shfl_xor_sync(0xffffffff, weight, 2);
      const int query = first_query_ + first_row_ + group_ + below * 8;
      const int y = top_ + query / args_.window, x = left_ + query % args_.window;
      if (query >= args_.window * args_.window || y >= args_.height || x >= args_.width) continue;
      bf16* to = static_cast<bf16*>(args_.out) + (token(y, x) * args_.heads + head_) * Dim + pair_;
      for (int n = 0; n < Dim / 8; ++n) {
        *reinterpret_cast<uint32_t*>(to + n * 8) = pack(sums_[n][2 * below] / weight, sums_[n][2 * below + 1] / weight);
      }
    }
  }
};

template <int Dim, int Pitch, int Warps>
__global__ void __launch_bounds__(32 * Warps, 2) kernel(RelPosAttentionArgs args) {
  extern __shared__ __align__(16) unsigned char shared[];
  Attention<Dim, Pitch, Warps>(args, reinterpret_cast<bf16*>(shared)).run();
}

template <int Dim, int Pitch, int Warps>
cudaError_t launch(const RelPosAttentionArgs& args, cudaStream_t stream) {
  using S = Shape<Dim, Pitch, Warps>;
  const auto pieces = [](int length, int of) { return static_cast<unsigned>((length + of - 1) / of); };
  const dim3 grid(pieces(args.window * args.window, S::kRows), args.heads,
                  args.batch * pieces(args.height, args.window) * pieces(args.width, args.window));
  const auto own = kernel<Dim, Pitch, Warps>;
  const cudaError_t error = cudaFuncSetAttribute(own, cudaFuncAttributeMaxDynamicSharedMemorySize, S::kBytes);
  if (error != cudaSuccess) return error;
  own<<<grid, S::kThreads, S::kBytes, stream>>>(args);
  return cudaGetLastError();
}

// Warps as measured on an H200; two blocks of 7 have the 196 queries of SAM's windows.
template <int Dim>
cudaError_t launch_for_window(const RelPosAttentionArgs& args, cudaStream_t stream) {
  if (args.window <= 16) return launch<Dim, 16, 7>(args, stream);
  return args.window <= 32 ? launch<Dim, 32, 6>(args, stream) : launch<Dim, 64, 6>(args, stream);
}

}  // namespace

bool takes_rel_pos_attention(int64_t head_dim, int64_t window, int64_t windows) {
  constexpr int64_t kMostBlocks = 65535;  // along the third axis of a grid
  return (head_dim == 64 || head_dim == 80) && window >= 1 && window <= 64 && windows <= kMostBlocks;
}

const char* rel_pos_attention(const RelPosAttentionArgs& args, void* stream) {
  const auto at = static_cast<cudaStream_t>(stream);
  const cudaError_t error = args.head_dim == 64 ? launch_for_window<64>(args, at) : launch_for_window<80>(args, at);
  return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}

}  // namespace hqsam::cuda
