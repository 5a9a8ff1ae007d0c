// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "hqsam/mask/mask.h"

namespace hqsam {

// Rings of pixel sides and the bridges between them; the parts of outline.h.

// A place where a ring is joined to another one. Vertices are pixels' corners.
struct RingLink {
  int64_t vertex = 0;  // of this ring
  size_t ring = 0;     // the other one
  int64_t other = 0;   // its vertex
};

struct Ring {
  std::vector<int64_t> path;  // vertices in turn, a pixel side apart; the last joins the first
  bool hole = false;
  int32_t region = 0;  // 1, 2, ...: the connected region that it bounds
  std::vector<RingLink> links;
};

// All rings of a mask, in reading order of their first sides. Vertex v lies at corner of(v).
struct Rings {
  Size size;               // of the part of the mask that was looked at
  int64_t x0 = 0, y0 = 0;  // its first pixel
  int64_t regions = 0;
  std::vector<Ring> rings;
  std::vector<int32_t> region_of_pixel;  // row-major, 0 outside
  std::vector<int32_t> ring_of_vertex;   // -1: none

  int64_t vertex(int64_t y, int64_t x) const { return y * (size.width + 1) + x; }
  int64_t x(int64_t vertex) const { return vertex % (size.width + 1); }  // within the part
  int64_t y(int64_t vertex) const { return vertex / (size.width + 1); }
};

Rings trace_rings(const Mask& mask);

// Joins each hole to a ring of its region: a straight way to the left, through pixels inside. The rings of a region are
// then a tree.
void link_holes(Rings& rings);

// Joins the regions where they are near, as a tree that is short.
void link_regions(Rings& rings);

}  // namespace hqsam
