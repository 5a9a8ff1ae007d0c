// SPDX-License-Identifier: Apache-2.0
#include "public_weights.h"

#include <string>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"

namespace hqsam {

// Sizes in bytes and SHA-256 are those that at least two public projects state independently for the files at these
// addresses; otherwise they are left out.
const std::vector<PublicWeights>& public_weights() {
  static const std::vector<PublicWeights> all = {
      {"sam_vit_b", "sam_vit_b_01ec64.pth", "vit_b", "SAM, a base for HQ modules", 375'042'383, true,
       "ec2df62732614e57411cdcf32a23ffdf28910380d03139ee0f4fcbe91eb8c912", "Apache-2.0",
       "https://dl.fbaipublicfiles.com/segment_anything/sam_vit_b_01ec64.pth"},
      {"sam_vit_l", "sam_vit_l_0b3195.pth", "vit_l", "SAM, a base for HQ modules", 1'249'524'607, true,
       "3adcc4315b642a4d2101128f611684e8734c41232a17c648ed1693702a49a622", "Apache-2.0",
       "https://dl.fbaipublicfiles.com/segment_anything/sam_vit_l_0b3195.pth"},
      {"sam_vit_h", "sam_vit_h_4b8939.pth", "vit_h", "SAM, a base for HQ modules", 2'564'550'879, true,
       "a7bf3b02f3ebf1267aba913ff637d9a2d5c33d3173bb679e46d9f338c26f262e", "Apache-2.0",
       "https://dl.fbaipublicfiles.com/segment_anything/sam_vit_h_4b8939.pth"},
      {"mobile_sam", "mobile_sam.pt", "vit_tiny", "MobileSAM, the base of Light HQ-SAM", 40'728'226, true,
       "6dbb90523a35330fedd7f1d3dfc66f995213d81b29a5ca8108dbcdd4e37d6c2f", "Apache-2.0",
       "https://raw.githubusercontent.com/ChaoningZhang/MobileSAM/"
       "f706ad9c4eb7f219c00d9050e46328518ffb65d2/weights/mobile_sam.pt"},
      {"sam_hq_vit_b", "sam_hq_vit_b.pth", "vit_b", "HQ-SAM", 379'000'000, false, "", "Apache-2.0",
       "https://huggingface.co/lkeab/hq-sam/resolve/main/sam_hq_vit_b.pth"},
      {"sam_hq_vit_l", "sam_hq_vit_l.pth", "vit_l", "HQ-SAM", 1'250'000'000, false, "", "Apache-2.0",
       "https://huggingface.co/lkeab/hq-sam/resolve/main/sam_hq_vit_l.pth"},
      {"sam_hq_vit_h", "sam_hq_vit_h.pth", "vit_h", "HQ-SAM", 2'570'940'653, true,
       "a7ac14a085326d9fa6199c8c698c4f0e7280afdbb974d2c4660ec60877b45e35", "Apache-2.0",
       "https://huggingface.co/lkeab/hq-sam/resolve/main/sam_hq_vit_h.pth"},
      {"sam_hq_vit_tiny", "sam_hq_vit_tiny.pth", "vit_tiny", "Light HQ-SAM", 42'500'000, false,
       "0f32c075ccdd870ae54db2f7630e7a0878ede5a2b06d05d6fe02c65a82fb7196", "Apache-2.0",
       "https://huggingface.co/lkeab/hq-sam/resolve/main/sam_hq_vit_tiny.pth"},
  };
  return all;
}

const PublicWeights& public_weights(std::string_view name) {
  std::vector<std::string> names;
  for (const PublicWeights& weights : public_weights()) {
    if (name == weights.name || name == weights.file) return weights;
    names.emplace_back(weights.name);
  }
  fail("weights", "no public checkpoint '{}'{}: hqsam weights lists them", name, did_you_mean(name, names));
}

}  // namespace hqsam
