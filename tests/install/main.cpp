// SPDX-License-Identifier: Apache-2.0
// Predicts on a picture with a small model, as a program outside of hqsam would.
#include <hqsam/hqsam.h>

#include <cstdio>

int main(int, char** argv) {
  try {
    hqsam::SamPredictor predictor(hqsam::load_sam_hq(argv[1]));
    predictor.set_image(hqsam::synth_scene({.size = {64, 96}, .seed = 7}, 0).image);
    const auto prediction = predictor.predict(hqsam::PredictPrompt{.box = hqsam::Box{8, 8, 40, 40}});
    std::printf("%s: %lld x %lld, score %.3f\n", hqsam::variant_name(predictor.model()->options()).c_str(),
                static_cast<long long>(prediction.mask.width), static_cast<long long>(prediction.mask.height),
                prediction.score);
    return prediction.mask.size() == hqsam::Size{64, 96} ? 0 : 1;
  } catch (const hqsam::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
