// SPDX-License-Identifier: Apache-2.0
#include "hqsam/config/config.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "temporary_folder.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

class LoadConfig : public testing::Test {
 protected:
  Config load(const std::string& text, const std::vector<std::string>& overrides = {}) {
    write_file(folder_ / "run.yaml", text);
    return load_config(folder_ / "run.yaml", overrides);
  }
  // The Error's text, without the folder of this test.
  std::string error(const std::string& text, const std::vector<std::string>& overrides = {}) {
    try {
      load(text, overrides);
    } catch (const Error& error) {
      std::string message = error.what();
      const std::string prefix = folder_.string() + "/";
      for (size_t at; (at = message.find(prefix)) != std::string::npos;) message.erase(at, prefix.size());
      EXPECT_EQ(message.find('\n'), std::string::npos) << message;
      return message;
    }
    return "no error";
  }

  testing_support::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path;
};

constexpr const char* kWhole = R"(
model: {checkpoint: base.pth, variant: vit_l}
data:
  root: ../data
  train:
    - {name: dis, images: DIS/im, masks: DIS/gt, coarsen: true, weight: 2}
    - {name: duts, images: /abs/DUTS, masks: /abs/DUTS, image_ext: .jpeg, mask_ext: .bmp}
  valid:
    - {name: coift, images: COIFT/im, masks: COIFT/gt}
  image_size: 512
  workers: 3
  augment: {flip_probability: 0.25, scale_min: 0.5, scale_max: 1.5}
prompts:
  - {type: box, weight: 1}
  - {type: points, weight: 0.1, count: 7}
  - {type: [box, noisy_mask]}
train:
  objective: sam
  trainable: all
  epochs: 3
  batch_size: 8
  micro_batch: 2
  lr: 1.0e-4
  schedule: {type: cosine, warmup_steps: 9, drop_after_epoch: 2, factor: 0.5, final_factor: 0.05}
  lora: {rank: 4, alpha: 32}
  encoder_batch: 0
  clip_grad_norm: 0.75
  ema: {decay: 0.99}
  deterministic: true
  validate_every: {steps: 50}
  best_metric: coift/hq.miou
  patience: 4
  keep_states: 5
  precision: bf16
  seed: 18446744073709551615
  save_minutes: 2.5
evaluate: {prompt: points, prompt_points: 3, protocol: keep_aspect, masks: [hq, sam], boundary_dilation: 0.01,
  batch: 4, limit: 5, seed: 7}
output: runs/x
)";

TEST_F(LoadConfig, ReadsSetsOfOtherFormatsAndSeveralPrompts) {
  const Config config = load(R"(
data:
  root: d
  valid:
    - {name: c, type: coco, images: im, annotations: c.json, detections: boxes.json}
    - {name: b, type: big, images: big, coarse: rough}
    - {name: v, type: davis, images: im, masks: gt}
evaluate:
  prompts: [{type: box}, {type: points, count: 3}, {type: clicks, count: 5}]
  strict_dilation: 0.005
  max_detections: 300
)");
  EXPECT_EQ(config.valid_sets[0].format, SetFormat::kCoco);
  EXPECT_EQ(config.valid_sets[0].detections.filename(), "boxes.json");
  EXPECT_EQ(config.valid_sets[1].image_ext, "_im.jpg");
  EXPECT_EQ(config.valid_sets[1].masks, config.valid_sets[1].images);
  EXPECT_EQ(config.valid_sets[2].format, SetFormat::kDavis);
  ASSERT_EQ(config.evaluations.size(), 3u);
  EXPECT_EQ(config.evaluations[1].prompt_points, 3);
  EXPECT_EQ(config.evaluations[2].origin, PromptOrigin::kClicks);
  EXPECT_EQ(config.evaluations[2].clicks, 5);
  EXPECT_EQ(config.evaluate.ap.max_detections, 300);
  const Config again = load(to_yaml(config));
  EXPECT_EQ(to_yaml(again), to_yaml(config));
  EXPECT_EQ(again.evaluations.size(), 3u);
}

TEST_F(LoadConfig, RefusesPromptsAndFormatsThatDoNotFit) {
  EXPECT_THROW(load("data: {valid: [{name: c, type: coco, images: im}]}"), Error);
  EXPECT_THROW(load("data: {valid: [{name: c, type: coco, images: im, annotations: a, masks: gt}]}"), Error);
  EXPECT_THROW(load("data: {train: [{name: c, type: folder, images: im, masks: gt, annotations: a}]}"), Error);
  EXPECT_THROW(load("data: {train: [{name: c, images: im, masks: gt, mask_kind: idz}]}"), Error);
  EXPECT_THROW(load("data: {train: [{name: c, images: im, masks: gt, range: [5]}]}"), Error);
  EXPECT_THROW(load("data: {train: [{name: c, images: im, masks: gt, per_picture: 0}]}"), Error);
  EXPECT_THROW(load("data: {exclude: [FSS]}"), Error);
  EXPECT_THROW(load("evaluate: {prompt: box, prompts: [{type: points}]}"), Error);
  EXPECT_THROW(load("evaluate: {prompts: [{type: box}, {type: box}]}"), Error);
  EXPECT_THROW(load("evaluate: {prompts: [{count: 3}]}"), Error);
}

TEST_F(LoadConfig, ReadsHowASetsFilesAreRead) {
  const Config config = load(R"(
data:
  train:
    - {name: a, images: im, masks: gt, mask_kind: ids, ignore: -1, select: [3, 5], exif: ignore, range: [0, 4095],
       bands: [4, 3, 2], per_picture: all, min_area: 50, mask_name: "{stem}_m.png"}
    - {name: b, type: coco, images: im, annotations: a.json, crowd: use, per_picture: 4, range: full}
)");
  const SetOptions &a = config.train_sets[0], &b = config.train_sets[1];
  EXPECT_EQ(a.mask, (MaskRule{MaskFileKind::kIds, -1, {"3", "5"}, 128}));
  EXPECT_EQ(a.exif, ExifRule::kIgnore);
  EXPECT_EQ(a.picture.range, RangeRule::kFixed);
  EXPECT_EQ(a.picture.high, 4095);
  EXPECT_EQ(a.picture.bands, (std::vector<int64_t>{4, 3, 2}));
  EXPECT_EQ(a.per_picture, 0);
  EXPECT_EQ(a.min_area, 50);
  EXPECT_EQ(b.crowd, CrowdRule::kUse);
  EXPECT_EQ(b.per_picture, 4);
  const Config again = load(to_yaml(config));
  EXPECT_EQ(to_yaml(again), to_yaml(config));
  EXPECT_EQ(again.train_sets[0].mask, a.mask);
}

TEST_F(LoadConfig, ReadsEveryKey) {
  const Config config = load(kWhole);
  EXPECT_EQ(config.checkpoint, (fs::current_path() / "base.pth").string());
  EXPECT_EQ(config.variant, "vit_l");
  ASSERT_EQ(config.train_sets.size(), 2u);
  EXPECT_EQ(config.train_sets[0].weight, 2);
  EXPECT_TRUE(config.train_sets[0].coarsen);
  EXPECT_EQ(config.train_sets[0].image_ext, "");
  EXPECT_EQ(config.train_sets[1].mask_ext, ".bmp");
  EXPECT_EQ(config.image_size, 512);
  EXPECT_EQ(config.rows.image_size, 512);
  EXPECT_EQ(config.rows.seed, 18446744073709551615u);
  EXPECT_EQ(config.rows.augment.flip_probability, 0.25);
  EXPECT_EQ(config.rows.augment.scale_max, 1.5);
  ASSERT_EQ(config.rows.prompts.size(), 3u);
  EXPECT_EQ(config.rows.prompts[1].types, std::vector{PromptType::kPoints});
  EXPECT_EQ(config.rows.prompts[1].count, 7);
  EXPECT_EQ(config.rows.prompts[2].types, (std::vector{PromptType::kBox, PromptType::kNoisyMask}));
  EXPECT_EQ(config.train.objective, Objective::kSam);
  EXPECT_EQ(config.train.trainable, Trainable::kAll);
  EXPECT_EQ(config.train.epochs, 3);
  EXPECT_EQ(config.train.lr, 1e-4);
  EXPECT_EQ(config.train.schedule.drop_after_epoch, 2);
  EXPECT_EQ(config.train.precision, Precision::kBf16);
  EXPECT_EQ(config.train.save_minutes, 2.5);
  EXPECT_EQ(config.train.schedule.type, ScheduleType::kCosine);
  EXPECT_EQ(config.train.schedule.warmup_steps, 9);
  EXPECT_EQ(config.train.schedule.final_factor, 0.05);
  EXPECT_EQ(config.train.lora.rank, 4);
  EXPECT_EQ(config.train.lora.alpha, 32);
  EXPECT_EQ(config.train.clip_grad_norm, 0.75);
  EXPECT_EQ(config.train.ema_decay, 0.99);
  EXPECT_TRUE(config.train.deterministic);
  EXPECT_EQ(config.train.validate_every.steps, 50);
  EXPECT_EQ(config.train.best_metric, "coift/hq.miou");
  EXPECT_EQ(config.train.patience, 4);
  EXPECT_EQ(config.train.keep_states, 5);
  EXPECT_EQ(config.train.workers, 3);
  EXPECT_EQ(config.evaluate.workers, 3);
  EXPECT_EQ(config.evaluate.prompt, PromptType::kPoints);
  EXPECT_EQ(config.evaluate.protocol, Protocol::kKeepAspect);
  EXPECT_EQ(config.evaluate.masks, (std::vector<MaskKind>{MaskKind::kHq, MaskKind::kSam}));
  EXPECT_EQ(config.evaluate.limit, 5);
  EXPECT_EQ(config.evaluate.batch, 4);
  EXPECT_EQ(config.output, fs::current_path() / "runs/x");
}

TEST_F(LoadConfig, TakesSetPathsFromTheConfigsFolder) {
  const Config config = load(kWhole);
  EXPECT_EQ(config.train_sets[0].images, (folder_ / "../data/DIS/im").lexically_normal());
  EXPECT_EQ(config.train_sets[1].images, "/abs/DUTS");
  const Config without_root = load("data: {valid: [{name: a, images: a/im, masks: a/gt}]}");
  EXPECT_EQ(without_root.valid_sets[0].masks, folder_ / "a/gt");
}

TEST_F(LoadConfig, LeavesDefaultsWhereKeysAreAbsent) {
  const Config config = load("train:\noutput: runs/x");
  EXPECT_EQ(config.train.epochs, TrainOptions{}.epochs);
  EXPECT_EQ(config.image_size, 0);
  EXPECT_TRUE(config.checkpoint.empty());
  EXPECT_TRUE(config.train_sets.empty());
  EXPECT_EQ(config.rows.prompts.size(), 3u);  // box, points, noisy mask
}

TEST_F(LoadConfig, RefusesUnknownKeysAndNamesTheNearest) {
  EXPECT_EQ(error("train:\n  epoch: 3"),
            "[load_config] run.yaml:2: unknown key 'train.epoch' (did you mean 'epochs'?)");
  EXPECT_EQ(error("modle: {variant: micro}"), "[load_config] run.yaml:1: unknown key 'modle' (did you mean 'model'?)");
  EXPECT_EQ(error("data:\n  train:\n    - name: a\n      images: a\n      masks: b\n      mask_extension: .png"),
            "[load_config] run.yaml:6: unknown key 'data.train.0.mask_extension'");
  EXPECT_EQ(error("prompts: [{type: box, count: 3}]"), "[load_config] run.yaml:1: unknown key 'prompts.0.count'");
}

TEST_F(LoadConfig, RefusesWrongTypesWithTheLine) {
  EXPECT_EQ(error("train:\n  epochs: two"),
            "[load_config] run.yaml:2: 'train.epochs' expects a whole number, got 'two'");
  EXPECT_EQ(error("train:\n  epochs: 2.5"),
            "[load_config] run.yaml:2: 'train.epochs' expects a whole number, got '2.5'");
  EXPECT_EQ(error("train: {lr: 1e-3x}"), "[load_config] run.yaml:1: 'train.lr' expects a number, got '1e-3x'");
  EXPECT_EQ(error("train: {lr: .nan}"), "[load_config] run.yaml:1: 'train.lr' expects a number, got '.nan'");
  EXPECT_EQ(error("train: {seed: -1}"),
            "[load_config] run.yaml:1: 'train.seed' expects a whole number of at least 0, got '-1'");
  EXPECT_EQ(error("train: {epochs: [2]}"),
            "[load_config] run.yaml:1: 'train.epochs' expects a single value, got a list");
  EXPECT_EQ(error("train: 3"), "[load_config] run.yaml:1: 'train': expected a mapping of keys, got a single value");
  EXPECT_EQ(error("data: {train: {name: a}}"),
            "[load_config] run.yaml:1: 'data.train' expects a list, each item begun by '-', got a mapping");
  EXPECT_EQ(error("data: {train: [a]}"),
            "[load_config] run.yaml:1: 'data.train.0': expected a mapping of keys, got a single value");
  EXPECT_EQ(error("data: {image_size: big}"),
            "[load_config] run.yaml:1: 'data.image_size' expects a whole number, got 'big'");
  EXPECT_EQ(error("evaluate: {masks: {a: hq}}"),
            "[load_config] run.yaml:1: 'evaluate.masks' expects a single value, got a mapping");
}

TEST_F(LoadConfig, SaysWhichWordsThisVersionKnows) {
  EXPECT_EQ(error("train: {trainable: loro}"),
            "[load_config] run.yaml:1: 'train.trainable' is one of hq, output_token, decoder, lora, all in this "
            "version, got 'loro' "
            "(did you mean 'lora'?)");
  EXPECT_EQ(error("train: {precision: int8}"),
            "[load_config] run.yaml:1: 'train.precision' is one of auto, fp32, bf16 in this version, got 'int8'");
  EXPECT_EQ(
      error("train: {schedule: {type: linear}}"),
      "[load_config] run.yaml:1: 'train.schedule.type' is one of constant, step, cosine in this version, got 'linear'");
  EXPECT_EQ(
      error("prompts: [{type: boxes}]"),
      "[load_config] run.yaml:1: 'prompts.0.type' is one of box, points, noisy_mask, rough_mask, own_mask, clicks in "
      "this version, got 'boxes' (did you mean 'box'?)");
  EXPECT_NE(error("model: {variant: vit_x}").find("run.yaml:1: model: "), std::string::npos);
}

TEST_F(LoadConfig, RefusesValuesOutOfRangeWithThePlace) {
  EXPECT_EQ(error("train:\n  epochs: 0"), "[load_config] run.yaml:2: 'train.epochs' must be in 1..1000000, got 0");
  EXPECT_NE(error("data: {augment: {scale_min: 3}}").find("run.yaml:1: 'data.augment.scale_min' "), std::string::npos);
  EXPECT_NE(error("evaluate: {masks: [hq, hq]}").find("run.yaml:1: 'evaluate.masks' "), std::string::npos);
  EXPECT_NE(error("prompts: []").find("'prompts' needs at least one item"), std::string::npos);
  EXPECT_NE(error("prompts: [{weight: 1}]").find("'prompts.0.type' is needed"), std::string::npos);
}

TEST_F(LoadConfig, RefusesSetsWithoutAPartAndTwoOfOneName) {
  EXPECT_NE(error("data: {valid: [{images: a, masks: b}]}").find("'data.valid.0.name' is needed"), std::string::npos);
  EXPECT_NE(error("data: {valid: [{name: x, masks: b}]}").find("'data.valid.0.images' is needed"), std::string::npos);
  EXPECT_NE(error("data: {valid: [{name: x, images: a, masks: b}, {name: x, images: c, masks: d}]}")
                .find("'data.valid.1.name' 'x' names two sets"),
            std::string::npos);
}

TEST_F(LoadConfig, RefusesWhatIsNoConfig) {
  EXPECT_EQ(error(""), "[load_config] run.yaml: is empty");
  EXPECT_EQ(error("# only a comment\n"), "[load_config] run.yaml: is empty");
  EXPECT_NE(error("- a\n- b").find("run.yaml: expected a mapping"), std::string::npos);
  EXPECT_NE(error("train: {epochs: 1").find("run.yaml:"), std::string::npos);
  EXPECT_NE(error("train:\n\tepochs: 1").find("run.yaml:2: not valid YAML"), std::string::npos);
  const std::string several =
      "[load_config] run.yaml: holds several YAML documents, or something behind its first, expected one";
  EXPECT_EQ(error("train: {}\n---\ntrain: {}"), several);
  EXPECT_EQ(error(",---"), several);  // once read for ever
  EXPECT_NE(error("{}", {"train.epochs=,---"}).find("--set train.epochs=,---: there is something behind"),
            std::string::npos);
  EXPECT_EQ(error("train: {epochs: 1}\nmodel: {}\ntrain: {epochs: 2}"),
            "[load_config] run.yaml:3: the key 'train' comes twice");
  EXPECT_EQ(error("train: {? [a] : b}"), "[load_config] run.yaml:1: a key must be a word");
  EXPECT_NE(error(std::string("\x00\xff\xfe\x01{{{[[", 8)), "no error");
  EXPECT_THROW(load_config(folder_ / "absent.yaml"), Error);
  EXPECT_THROW(load_config(folder_), Error);
}

TEST_F(LoadConfig, AppliesOverridesInOrder) {
  const Config config =
      load(kWhole, {"train.epochs=5", "train.epochs=6", "data.train.0.weight=4", "evaluate.masks=[sum]",
                    "train.schedule={type: step, factor: 0.2}", "model.checkpoint=", "output=a=b"});
  EXPECT_EQ(config.train.epochs, 6);
  EXPECT_EQ(config.train_sets[0].weight, 4);
  EXPECT_EQ(config.evaluate.masks, std::vector<MaskKind>{MaskKind::kSum});
  EXPECT_EQ(config.train.schedule.factor, 0.2);
  EXPECT_TRUE(config.checkpoint.empty());
  EXPECT_EQ(config.output.filename(), "a=b");
  EXPECT_EQ(load("output: x", {"train.epochs=9"}).train.epochs, 9);
}

TEST_F(LoadConfig, NamesTheOverrideInMessages) {
  EXPECT_EQ(error(kWhole, {"train.epoch=2"}),
            "[load_config] --set train.epoch=2: unknown key 'train.epoch' (did you mean 'epochs'?)");
  EXPECT_EQ(error(kWhole, {"trian.epochs=2"}),
            "[load_config] --set trian.epochs=2: unknown key 'trian' (did you mean 'train'?)");
  EXPECT_EQ(error(kWhole, {"train.epochs=two"}),
            "[load_config] --set train.epochs=two: 'train.epochs' expects a whole number, got 'two'");
  EXPECT_EQ(error(kWhole, {"train.epochs"}),
            "[load_config] --set train.epochs: expected key=value, such as train.epochs=2");
  EXPECT_EQ(error(kWhole, {"train..epochs=2"}),
            "[load_config] --set train..epochs=2: the key 'train..epochs' has an empty part");
  EXPECT_EQ(error(kWhole, {"data.train.7.weight=2"}),
            "[load_config] --set data.train.7.weight=2: '7' is not one of the list's 2 items (0, 1, ...)");
  EXPECT_EQ(error(kWhole, {"train.epochs.x=2"}),
            "[load_config] --set train.epochs.x=2: 'x' is a key of a single value, which has none");
  EXPECT_NE(error(kWhole, {"train.epochs=[1"}).find("the value is not valid YAML"), std::string::npos);
}

TEST_F(LoadConfig, ExpandsEnvironmentVariables) {
  ::setenv("HQSAM_TEST_ROOT", "/srv/sets", 1);
  ::setenv("HQSAM_TEST_EPOCHS", "4", 1);
  ::unsetenv("HQSAM_TEST_UNSET");
  const Config config = load(
      "data: {root: '${HQSAM_TEST_ROOT}/v1', valid: [{name: a, images: '$${im}', masks: gt}]}\n"
      "train:\n  epochs: ${HQSAM_TEST_EPOCHS}");
  EXPECT_EQ(config.valid_sets[0].masks, "/srv/sets/v1/gt");
  EXPECT_EQ(config.valid_sets[0].images, "/srv/sets/v1/${im}");
  EXPECT_EQ(config.train.epochs, 4);
  EXPECT_EQ(error("model: {}\noutput: a/${HQSAM_TEST_UNSET}/b"),
            "[load_config] run.yaml:2: 'output' uses ${HQSAM_TEST_UNSET}, which is not set in the environment");
  EXPECT_NE(error("output: a/${HQSAM").find("has a ${ without its }"), std::string::npos);
}

TEST_F(LoadConfig, ComesBackFromItsOwnYaml) {
  for (const std::string& text : {std::string(kWhole), std::string("output: 'odd ${HQSAM_X} # name: yes'")}) {
    ::setenv("HQSAM_X", "$${literal}", 1);
    const Config config = load(text);
    const std::string yaml = to_yaml(config);
    fs::create_directories(folder_ / "elsewhere");
    write_file(folder_ / "elsewhere" / "config.yaml", yaml);
    const Config again = load_config(folder_ / "elsewhere" / "config.yaml");
    EXPECT_EQ(to_yaml(again), yaml);
    EXPECT_EQ(again.checkpoint, config.checkpoint);
    EXPECT_EQ(again.output, config.output);
    EXPECT_EQ(again.image_size, config.image_size);
    EXPECT_EQ(again.rows.seed, config.rows.seed);
    EXPECT_EQ(again.train.lr, config.train.lr);
    EXPECT_EQ(again.evaluate.masks, config.evaluate.masks);
    ASSERT_EQ(again.train_sets.size(), config.train_sets.size());
    for (size_t i = 0; i < config.train_sets.size(); ++i) {
      EXPECT_EQ(again.train_sets[i].images, config.train_sets[i].images);
      EXPECT_EQ(again.train_sets[i].mask_ext, config.train_sets[i].mask_ext);
    }
    EXPECT_EQ(training_fingerprint(again), training_fingerprint(config));
  }
}

TEST_F(LoadConfig, FingerprintsWhatShapesTheWeights) {
  const uint64_t base = training_fingerprint(load(kWhole));
  for (const char* same :
       {"output=elsewhere", "data.workers=1", "train.save_minutes=60", "evaluate.limit=1", "data.valid=[]"}) {
    EXPECT_EQ(training_fingerprint(load(kWhole, {same})), base) << same;
  }
  for (const char* other :
       {"train.lr=2e-3", "train.epochs=4", "train.seed=1", "data.train.0.weight=3", "data.augment.scale_max=1.0",
        "prompts=[{type: box}]", "train.batch_size=4", "model.checkpoint=other.pth", "data.train.0.images=elsewhere"}) {
    EXPECT_NE(training_fingerprint(load(kWhole, {other})), base) << other;
  }
}

TEST_F(LoadConfig, FingerprintsHowItValidates) {
  const uint64_t base = validation_fingerprint(load(kWhole));
  for (const char* same : {"output=elsewhere", "data.workers=1", "train.lr=2e-3", "data.train.0.weight=3"}) {
    EXPECT_EQ(validation_fingerprint(load(kWhole, {same})), base) << same;
  }
  for (const char* other : {"data.valid=[]", "evaluate.limit=1", "evaluate.masks=[sam]", "evaluate.seed=5"}) {
    EXPECT_NE(validation_fingerprint(load(kWhole, {other})), base) << other;
  }
}

}  // namespace
}  // namespace hqsam
