// SPDX-License-Identifier: Apache-2.0
// run_onnxruntime FOLDER PICTURE x0,y0,x1,y1 MASK.png     (g++ -std=c++17, with ONNX Runtime and OpenCV)
#include <onnxruntime_cxx_api.h>

#include <opencv2/opencv.hpp>

int main(int, char** argv) {
  Ort::Env env;
  Ort::Session encoder(env, (argv[1] + std::string("/encoder.onnx")).c_str(), Ort::SessionOptions());
  Ort::Session decoder(env, (argv[1] + std::string("/decoder.onnx")).c_str(), Ort::SessionOptions());
  const char* names[] = {"image",        "masks",      "image_embeddings", "hq_features", "point_coords",
                         "point_labels", "mask_input", "has_mask_input",   "orig_im_size"};
  std::vector<Ort::Value> inputs;
  const auto add = [&](auto* numbers, size_t count, const std::vector<int64_t>& shape) {
    const auto cpu = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
    inputs.push_back(Ort::Value::CreateTensor(cpu, numbers, count, shape.data(), shape.size()));
  };
  const int64_t low = decoder.GetInputTypeInfo(4).GetTensorTypeAndShapeInfo().GetShape()[3];  // of mask_input
  const cv::Mat picture = cv::imread(argv[2]);                                                // upright, blue first
  const double scale = 4.0 * low / std::max(picture.rows, picture.cols);  // the model's input has 4 * low
  const int height = std::max(int(picture.rows * scale + 0.5), 1), width = std::max(int(picture.cols * scale + 0.5), 1);
  cv::Mat resized;
  cv::resize(picture, resized, {width, height}, 0, 0, scale < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
  const cv::Mat pixels = cv::dnn::blobFromImage(resized, 1, {}, {}, true);  // [1,3,h,w], red first, 0..255
  add((float*)pixels.data, pixels.total(), {1, 3, height, width});
  inputs = encoder.Run(Ort::RunOptions(), names, inputs.data(), 1, names + 2, 2);
  float box[4], labels[] = {2, 3}, has_mask = 0;  // a box: its two corners; no mask prompt
  std::sscanf(argv[3], "%f,%f,%f,%f", box, box + 1, box + 2, box + 3);
  for (int i = 0; i < 4; ++i) box[i] *= i % 2 ? float(height) / picture.rows : float(width) / picture.cols;
  std::vector<float> mask(low * low);
  int64_t size[] = {picture.rows, picture.cols};
  add(box, 4, {1, 2, 2});
  add(labels, 2, {1, 2});
  add(mask.data(), mask.size(), {1, 1, low, low});
  add(&has_mask, 1, {1});
  add(size, 2, {2});
  const auto masks = decoder.Run(Ort::RunOptions(), names + 2, inputs.data(), 7, names + 1, 1);
  cv::imwrite(argv[4], cv::Mat(picture.size(), CV_32F, (void*)masks[0].GetTensorData<float>()) > 0);
}
