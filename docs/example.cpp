// SPDX-License-Identifier: Apache-2.0
// example <checkpoint> <picture> <mask to write>: SAM's and HQ-SAM's mask of what is in the middle of a picture.
#include <hqsam/hqsam.h>

#include <cstdio>

int main(int count, char** arguments) {
  if (count != 4) return 2;
  try {
    // The architecture comes from the checkpoint. A SAM without HQ modules would be an error here.
    hqsam::SamHq model = hqsam::load_sam_hq(arguments[1], {.hq = hqsam::HqModules::kRequired});
    hqsam::SamPredictor predictor(model);

    const hqsam::Image picture = hqsam::read_image(arguments[2]);
    predictor.set_image(picture);  // runs the encoder, once for all prompts

    const auto width = static_cast<double>(picture.width), height = static_cast<double>(picture.height);
    hqsam::PredictPrompt prompt;  // in the picture's own pixels
    prompt.box = hqsam::Box{width / 4, height / 4, width * 3 / 4, height * 3 / 4};
    const hqsam::Prediction sam = predictor.predict(prompt, {.masks = hqsam::MaskKind::kSam});
    const hqsam::Prediction hq = predictor.predict(prompt);

    // A second round: a click inside, and the first round's logits as a rough mask.
    prompt.points = {{width / 2, height / 2}};
    prompt.mask_input = hq.low_res_logits;
    const hqsam::Prediction refined = predictor.predict(prompt);

    std::printf("%s: predicted IoU %.3f, after a click %.3f; IoU of SAM's and HQ-SAM's mask %.3f\n",
                hqsam::variant_name(model->options()).c_str(), hq.score, refined.score,
                hqsam::mask_iou(sam.mask, hq.mask));
    hqsam::write_image(arguments[3], hqsam::mask_to_gray(refined.mask));
    return 0;
  } catch (const hqsam::Error& error) {  // the one exception type; its text says what to do
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
