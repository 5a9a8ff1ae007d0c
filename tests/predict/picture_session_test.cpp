// SPDX-License-Identifier: Apache-2.0
#include "hqsam/predict/picture_session.h"

#include "golden.h"
#include "hqsam/predict/embedding_file.h"
#include "predict/tiny_model.h"
#include "temporary_folder.h"

namespace hqsam {
using namespace testing_support;

namespace {

using Kinds = std::vector<MaskKind>;
const Kinds kAllKinds = {MaskKind::kSam, MaskKind::kHq, MaskKind::kSum};

std::vector<Prompt> two_boxes() {
  return {{.box_in_input = box_tensor({5, 5, 40, 30})}, {.box_in_input = box_tensor({10, 2, 50, 38})}};
}

// By kind and prompt.
std::map<std::pair<MaskKind, size_t>, torch::Tensor> logits_of(PictureSession& session, const DecodeOptions& options) {
  std::map<std::pair<MaskKind, size_t>, torch::Tensor> all;
  session.decode(two_boxes(), options, [&](const Decoded& decoded) {
    all[{decoded.kind, decoded.prompt}] = decoded.low_res.clone();
  });
  return all;
}

}  // namespace

class PictureSessions : public ::testing::Test {
 protected:
  PictureInput input(int64_t height = 40, int64_t width = 60, Protocol protocol = Protocol::kKeepAspect) const {
    return picture_input(waves(height, width), protocol, 64);
  }
  std::filesystem::path file(const std::string& name) const { return folder.path / name; }
  TemporaryFolder folder;
  SamHq model = tiny_model();
};

TEST_F(PictureSessions, GiveEachKindWhatItGivesAlone) {
  PictureSession session(model, input());
  const auto together = logits_of(session, {.kinds = kAllKinds, .scores = false});
  ASSERT_EQ(together.size(), 6u);
  for (const MaskKind kind : kAllKinds) {
    for (const auto& [key, alone] : logits_of(session, {.kinds = {kind}, .batch = 1})) {
      expect_close(together.at(key), alone, 1e-5, to_string(kind));
    }
  }
}

TEST_F(PictureSessions, TellWhatTheTokensOfAPassLookAt) {
  PictureSession session(model, input());
  for (const MaskKind kind : {MaskKind::kSam, MaskKind::kHq}) {
    session.decode(two_boxes(), {.kinds = {kind}, .scores = false, .attention = true}, [&](const Decoded& decoded) {
      ASSERT_EQ(decoded.attention.sizes(), torch::IntArrayRef({1, kind == MaskKind::kSam ? 7 : 8, 4, 4}));
      const auto sums = decoded.attention.sum({2, 3});
      expect_close(sums, torch::ones_like(sums), 1e-5);
    });
  }
}

TEST_F(PictureSessions, EncodeSeveralPicturesTogetherAsEachAlone) {
  const PictureInput a = input(), b = input(64, 20);
  const PictureInput* const both[] = {&a, &b};
  std::vector<PictureSession> sessions = PictureSession::encode(model, both);
  ASSERT_EQ(sessions.size(), 2u);
  PictureSession alone(model, b);
  EXPECT_EQ(sessions[1].frame().image_size, (Size{64, 20}));
  for (const auto& [key, logits] : logits_of(alone, {.kinds = kAllKinds})) {
    expect_close(logits_of(sessions[1], {.kinds = kAllKinds}).at(key), logits, 1e-5);
  }
}

TEST_F(PictureSessions, RefuseNoPromptsNoKindsAndHqMasksOfSam) {
  PictureSession session(model, input());
  const auto error = [](PictureSession& of, const std::vector<Prompt>& prompts, const DecodeOptions& options) {
    return message_of([&] { of.decode(prompts, options, [](const Decoded&) {}); });
  };
  EXPECT_NE(error(session, {}, {}).find("no prompts"), std::string::npos);
  EXPECT_NE(error(session, two_boxes(), {.kinds = {}}).find("no kinds"), std::string::npos);
  PictureSession sam(tiny_model(without_hq(tiny_options())), input());
  EXPECT_NE(error(sam, two_boxes(), {.kinds = {MaskKind::kHq}}).find("no HQ modules"), std::string::npos);
  EXPECT_EQ(error(sam, two_boxes(), {.kinds = {MaskKind::kSam}}), "");
}

TEST_F(PictureSessions, BringMasksBackByTheirProtocol) {
  auto low_res = torch::full({1, 1, 16, 16}, -1.0F);
  low_res.narrow(2, 0, 8).fill_(1);  // the upper half of the square
  FrameRoom room;
  const PictureSession kept(model, input(20, 40));  // which covers that half
  EXPECT_EQ(kept.mask_in_image(low_res, room).area, 20 * 40);
  const PictureSession squashed(model, input(20, 40, Protocol::kReference));
  EXPECT_EQ(squashed.mask_in_image(low_res, room).area, 10 * 40);
  EXPECT_EQ(squashed.mask_in_image(low_res, room, Size{10, 20}).area, 5 * 20);
}

TEST_F(PictureSessions, AnEmbeddingFromItsFileGivesTheSameBits) {
  const EmbeddingFiles files(model);
  for (const Protocol protocol : {Protocol::kKeepAspect, Protocol::kReference}) {
    PictureSession session(model, input(40, 60, protocol));
    files.write(file("a.safetensors"), {session.embedding(), "pictures/a.jpg", 6});
    const StoredEmbedding stored = files.read(file("a.safetensors"));
    EXPECT_EQ(stored.picture, "pictures/a.jpg");
    EXPECT_EQ(stored.orientation, 6);
    EXPECT_EQ(stored.embedding.frame.protocol, protocol);
    EXPECT_EQ(stored.embedding.frame.input_size, session.frame().input_size);
    PictureSession again(model, stored.embedding);
    for (const auto& [key, logits] : logits_of(session, {.kinds = kAllKinds})) {
      EXPECT_TRUE(torch::equal(logits_of(again, {.kinds = kAllKinds}).at(key), logits));
    }
  }
}

TEST_F(PictureSessions, AnEmbeddingIsOfOneEncoderAndWhole) {
  PictureSession session(model, input());
  EmbeddingFiles(model).write(file("a.safetensors"), {session.embedding(), "a.jpg"});
  const auto error = [&](SamHq of) { return message_of([&] { EmbeddingFiles(of).read(file("a.safetensors")); }); };
  SamHq other_hq = tiny_model();
  {
    const torch::NoGradGuard no_grad;
    for (auto& item : other_hq->named_parameters()) {
      if (is_hq_key(item.key())) item.value().add_(1);
    }
  }
  EXPECT_EQ(error(other_hq), "");
  SamHq other = tiny_model();
  initialize(other, InitScope::kAll, 8);
  EXPECT_NE(error(other).find("another encoder"), std::string::npos) << error(other);

  TensorMap map = read_safetensors(file("a.safetensors"));
  map.tensors.front().second.view(-1)[0] += 1;
  write_safetensors(file("a.safetensors"), map);
  EXPECT_NE(error(model).find("damaged"), std::string::npos) << error(model);
  TensorMap weights;
  weights.set("image_embeddings", torch::zeros({1}));
  write_safetensors(file("a.safetensors"), weights);
  EXPECT_NE(error(model).find("not a picture's embedding"), std::string::npos) << error(model);
}

}  // namespace hqsam
