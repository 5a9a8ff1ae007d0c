// SPDX-License-Identifier: Apache-2.0
#include "hqsam/serve/api.h"

#include <chrono>
#include <future>
#include <thread>

#include "hqsam/core/file.h"
#include "hqsam/predict/predictor.h"
#include "hqsam/serve/runs.h"
#include "hqsam/serve/wire.h"
#include "serve/pictures_folder.h"

namespace hqsam {
using namespace testing_support;
namespace {

using Json = nlohmann::json;

class AnnotateApiTest : public ::testing::Test {
 protected:
  AnnotateApiTest() {
    for (size_t i = 0; i < folder.size(); ++i) stems.push_back(folder.stem(i));
    engine =
        std::make_unique<PromptEngine>(EngineModel{model, MaskKind::kSum, "tiny.pth"},
                                       PromptEngine::Options{pictures.output / "embeddings"}, pictures.list, stems);
    loop = std::make_unique<Retraining>(folder, Retraining::Options{.program = "/bin/false",
                                                                    .images = pictures.images,
                                                                    .checkpoint = [] { return "tiny.pth"; },
                                                                    .kind = [] { return MaskKind::kSum; }});
    api = std::make_unique<AnnotateApi>(AnnotateApi::Parts{pictures.list, folder, *engine, *loop, "1.2.3"});
  }

  HttpResponse send(const std::string& method, const std::string& path, const std::string& body = {}) const {
    return api->answer({.method = method, .path = path, .body = body});
  }
  Json ask(const std::string& method, const std::string& path, const Json& body = nullptr, int status = 200) const {
    const HttpResponse answer = send(method, path, body.is_null() ? "" : body.dump());
    EXPECT_EQ(answer.status, status) << method << " " << path << ": " << answer.body;
    return Json::parse(answer.body);
  }
  static Json object(int64_t id, const Mask& mask, const Json& category = nullptr) {
    return {{"id", id},       {"class", category}, {"mask", runs_json(pack_tightly(mask))},
            {"prompts", {}},  {"kind", "sum"},     {"clicks", 1},
            {"seconds", 2.5}, {"edited", false},   {"source", "prompt"}};
  }

  PicturesFolder pictures;
  SamHq model = tiny_model();
  AnnotationFolder folder{pictures.output, pictures.list, {"cat"}};
  std::vector<std::string> stems;
  std::unique_ptr<PromptEngine> engine;
  std::unique_ptr<Retraining> loop;
  std::unique_ptr<AnnotateApi> api;
};

TEST_F(AnnotateApiTest, TellsItsState) {
  const Json state = ask("GET", "/api/state");
  EXPECT_EQ(state["version"], "1.2.3");
  EXPECT_EQ(state["kinds"].dump(), R"(["sam","hq","sum"])");
  EXPECT_EQ(state["default_kind"], "sum");
  EXPECT_EQ(state["pictures"][1].dump(), R"({"id":1,"name":"b.png","objects":0,"state":"todo"})");
  EXPECT_EQ(state["training"]["state"], "idle");
}

TEST_F(AnnotateApiTest, KnowsNoOtherAddresses) {
  for (const char* path :
       {"/api/", "/api/x", "/api/pictures", "/api/pictures/3", "/api/pictures/-1", "/api/pictures/00x",
        "/api/pictures/0/", "/api/pictures/../state", "/api/pictures/0/image/x", "/api/pictures/99999999999999999999",
        "/page/../api.cpp", "/page//etc/passwd", "/page/%2e%2e/x", "/../x", "/etc/passwd", ""}) {
    EXPECT_EQ(send("GET", path).status, 404) << path;
  }
  EXPECT_EQ(send("POST", "/api/state").status, 404);
  EXPECT_EQ(send("DELETE", "/api/pictures/0/objects/0").status, 404);
}

TEST_F(AnnotateApiTest, RefusesBodiesThatAreNotWhatItWants) {
  const std::string deep(100, '[');
  for (const std::string& body : std::vector<std::string>{
           "", "{", "[]", "1", deep, R"({"prompt":1})", R"({"prompt":{}})", R"({"prompt":{"box":[1,2,3]}})",
           R"({"prompt":{"box":[5,5,1,1]}})", R"({"prompt":{"points":[[1,2]],"labels":[2]}})",
           R"({"prompt":{"points":[[1,2]],"labels":[1,0]}})", R"({"prompt":{"points":[["1",2]]}})",
           R"({"prompt":{"points":[[1e300,2]]}})", R"({"prompt":{"points":[[1,2]]},"kinds":["x"]})",
           R"({"prompt":{"points":[]}})", R"({"prompt":{"mask":{"size":[1,1],"runs":[1]}}})",
           R"({"prompt":{"mask":{"size":[40,48],"runs":[1920.5]}}})",
           R"({"prompt":{"mask":{"size":[40,48],"runs":[99999999999999999999]}}})"}) {
    EXPECT_EQ(send("POST", "/api/pictures/0/predict", body).status, 400) << body;
  }
}

TEST_F(AnnotateApiTest, PredictsAsSamPredictorDoesToTheBit) {
  SamPredictor predictor(model);
  predictor.set_image(read_image(pictures.list[1].path));
  const PredictPrompt box{.box = Box{5, 6, 30, 33}, .points = {{12.5, 20.25}, {40, 3}}, .point_labels = {1, 0}};
  const Json request = {{"seq", 7},
                        {"prompt", {{"box", {5, 6, 30, 33}}, {"points", {{12.5, 20.25}, {40, 3}}}, {"labels", {1, 0}}}},
                        {"kinds", {"sam", "hq", "sum"}}};
  const Json answer = ask("POST", "/api/pictures/1/predict", request);
  EXPECT_EQ(answer["seq"], 7);
  for (const MaskKind kind : {MaskKind::kSam, MaskKind::kHq, MaskKind::kSum}) {
    const Prediction own = predictor.predict(box, {.masks = kind});
    const Json& masks = answer["masks"][to_string(kind)];
    EXPECT_EQ(unpack(mask_of_json(masks["mask"], own.mask.size())), own.mask) << to_string(kind);
    EXPECT_EQ(masks["iou"].get<double>(), own.score);
    EXPECT_GT(area(own.mask), 0);
  }
  const Json point = ask("POST", "/api/pictures/1/predict", {{"prompt", {{"points", {{20, 20}}}}}, {"kinds", {"sum"}}});
  const Prediction best = predictor.predict({.points = {{20, 20}}}, {.multimask = Multimask::kBest});
  EXPECT_EQ(unpack(mask_of_json(point["masks"]["sum"]["mask"], best.mask.size())), best.mask);
}

TEST_F(AnnotateApiTest, TakesMasksAsPrompts) {
  const Mask rough = square_mask(10, 10, 20);
  const Json answer = ask("POST", "/api/pictures/0/predict",
                          {{"prompt", {{"mask", runs_json(pack_tightly(rough))}}}, {"kinds", {"hq"}}});
  SamPredictor predictor(model);
  predictor.set_image(read_image(pictures.list[0].path));
  const Prediction own = predictor.predict(
      {.mask_input = mask_prompt(rough, model->image_size(), model->mask_input_size())}, {.masks = MaskKind::kHq});
  EXPECT_EQ(unpack(mask_of_json(answer["masks"]["hq"]["mask"], rough.size())), own.mask);
}

TEST_F(AnnotateApiTest, ReadsEmbeddingsOfAnEarlierRun) {
  const Json request = {{"prompt", {{"box", {5, 6, 30, 33}}}}};
  ask("POST", "/api/pictures/0/open");
  const Json first = ask("POST", "/api/pictures/0/predict", request)["masks"];
  engine->set_model({model, MaskKind::kSum, "tiny.pth"});
  EXPECT_EQ(ask("POST", "/api/pictures/0/predict", request)["masks"], first);
  const auto file = pictures.output / "embeddings" / "a.safetensors";  // written beside
  for (int i = 0; i < 500 && !std::filesystem::exists(file); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(std::filesystem::exists(file));
}

TEST_F(AnnotateApiTest, DecodesTheNewestOfAPicturesPromptsAlone) {
  const PagePrompt prompt{.box = Box{5, 6, 30, 33}};
  std::vector<std::future<bool>> asked;
  for (int64_t seq = 1; seq <= 40; ++seq) {
    asked.push_back(std::async(std::launch::async, [&, seq] {
      try {
        engine->predict(0, seq, prompt, {MaskKind::kSum});
        return true;
      } catch (const Error& error) {
        EXPECT_TRUE(contains(error.what(), "superseded")) << error.what();
        return false;
      }
    }));
  }
  std::vector<bool> decoded;
  for (auto& future : asked) decoded.push_back(future.get());
  EXPECT_TRUE(decoded.back()) << "nothing is newer than the newest";
}

TEST_F(AnnotateApiTest, TellsThatAPictureCannotBeReadAnyMore) {
  const std::string whole = read_file(pictures.list[0].path);
  write_file(pictures.list[0].path, whole.substr(0, whole.size() / 2));
  ask("POST", "/api/pictures/0/predict", {{"prompt", {{"box", {5, 6, 30, 33}}}}}, 400);
  EXPECT_TRUE(contains(ask("GET", "/api/pictures/0/image", nullptr, 400)["error"].get<std::string>(), "a.png"));
  int status = 200;
  for (int i = 0; i < 500 && status == 200; ++i) {
    status = send("POST", "/api/pictures/0/open").status;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(status, 400);
  write_file(pictures.list[0].path, whole);
  ask("POST", "/api/pictures/1/open");
  ask("POST", "/api/pictures/0/open");
  ask("POST", "/api/pictures/0/predict", {{"prompt", {{"box", {5, 6, 30, 33}}}}});
}

TEST_F(AnnotateApiTest, SavesObjects) {
  const Mask mask = square_mask(7, 5, 10);
  const Json saved = ask("PUT", "/api/pictures/1/objects/4", {{"revision", 0}, {"object", object(4, mask, "cat")}});
  EXPECT_EQ(saved.dump(), R"({"revision":1,"state":"todo"})");
  EXPECT_EQ(threshold_label(read_gray(pictures.output / "masks" / "b_4.png")), mask);
  const Json picture = ask("GET", "/api/pictures/1");
  EXPECT_EQ(picture["width"], 48);
  EXPECT_EQ(picture["height"], 40);
  const Json& own = picture["objects"][0];
  EXPECT_EQ(own["class"], "cat");
  EXPECT_EQ(own["box"].dump(), "[7,5,17,15]");
  EXPECT_EQ(unpack(mask_of_json(own["mask"], mask.size())), mask);
  const Json stale = ask("PUT", "/api/pictures/1/objects/4", {{"revision", 0}, {"object", object(4, mask)}}, 409);
  EXPECT_EQ(stale["revision"], 1);
  EXPECT_EQ(ask("DELETE", "/api/pictures/1/objects/4", {{"revision", 1}})["revision"], 2);
  EXPECT_TRUE(ask("GET", "/api/pictures/1")["objects"].empty());
  EXPECT_EQ(ask("GET", "/api/pictures/1")["next_id"], 5);
}

TEST_F(AnnotateApiTest, RefusesObjectsThatAreNone) {
  const Mask mask = square_mask(7, 5, 10);
  const auto refused = [&](const char* name, const Json& value) {
    Json own = object(1, mask);
    own[name] = value;
    ask("PUT", "/api/pictures/0/objects/1", {{"revision", 0}, {"object", own}}, 400);
  };
  refused("id", 2);
  refused("class", "dog");
  refused("class", 3);
  refused("kind", "none");
  refused("source", "other");
  refused("clicks", -1);
  refused("clicks", 1.5);
  refused("seconds", -0.1);
  refused("edited", 1);
  refused("prompts", "x");
  refused("mask", runs_json(pack_tightly(Mask(40, 48))));
  refused("mask", runs_json(pack_tightly(Mask(4, 5))));
  EXPECT_EQ(ask("GET", "/api/pictures/0")["revision"], 0);
}

TEST_F(AnnotateApiTest, WritesWhatTrainingReads) {
  const Mask mask = square_mask(7, 5, 10);
  for (const char* picture : {"0", "2"}) {
    const std::string path = std::string("/api/pictures/") + picture;
    ask("PUT", path + "/objects/1", {{"revision", 0}, {"object", object(1, mask, "cat")}});
    EXPECT_EQ(ask("PUT", path + "/state", {{"revision", 1}, {"state", "done"}})["state"], "done");
  }
  Json found = Json::array();
  for (const char* name : {"train.json", "valid.json"}) {
    const Json coco = Json::parse(read_file(pictures.output / name));
    ASSERT_EQ(coco["images"].size(), 1U) << name;
    EXPECT_EQ(coco["annotations"][0]["bbox"].dump(), "[7,5,10,10]");
    EXPECT_EQ(coco["categories"].dump(), R"([{"id":1,"name":"cat"}])");
    found.push_back(coco["images"][0]["file_name"]);
  }
  EXPECT_NE(found[0], found[1]);
  EXPECT_TRUE(contains(read_file(pictures.output / "train.yaml"), "type: coco"));
  ask("PUT", "/api/pictures/0/state", {{"revision", 2}, {"state", "todo"}});
  EXPECT_TRUE(contains(ask("POST", "/api/train", Json::object(), 409)["error"].get<std::string>(), "at least two"));
}

TEST_F(AnnotateApiTest, ProposesAndTakesOverFromOtherPictures) {
  EXPECT_TRUE(ask("POST", "/api/pictures/1/proposals", {{"points_per_side", 4}})["proposals"].is_array());
  EXPECT_EQ(ask("GET", "/api/pictures/1")["state"], "proposed");
  ask("POST", "/api/pictures/1/proposals", {{"points_per_side", 65}}, 400);
  ask("PUT", "/api/pictures/0/objects/1", {{"revision", 0}, {"object", object(1, square_mask(7, 5, 20), "cat")}});
  const Json previous = ask("POST", "/api/pictures/1/previous", {{"from", 0}})["proposals"];
  ASSERT_EQ(previous.size(), 1U);
  EXPECT_EQ(previous[0]["class"], "cat");
  EXPECT_EQ(ask("POST", "/api/pictures/1/previous", {{"from", 2}})["proposals"].size(), 0U);
  ask("POST", "/api/pictures/1/previous", {{"from", 7}}, 404);
}

TEST_F(AnnotateApiTest, CountsClicksAndSecondsOfEachModel) {
  ask("PUT", "/api/pictures/0/objects/1", {{"revision", 0}, {"object", object(1, square_mask(7, 5, 10))}});
  Json edited = object(2, square_mask(9, 5, 10));
  edited["clicks"] = 4;
  edited["edited"] = true;
  ask("PUT", "/api/pictures/0/objects/2", {{"revision", 1}, {"object", edited}});
  const Json models = ask("GET", "/api/statistics")["models"];
  ASSERT_EQ(models.size(), 1U);
  EXPECT_EQ(models[0]["masks"], 2);
  EXPECT_EQ(models[0]["clicks_per_mask"], 2.5);
  EXPECT_EQ(models[0]["seconds_per_mask"], 2.5);
  EXPECT_EQ(models[0]["edited"], 0.5);
  EXPECT_EQ(models[0]["checkpoint"], "tiny.pth");
}

TEST_F(AnnotateApiTest, KeepsClasses) {
  EXPECT_EQ(ask("POST", "/api/classes", {{"classes", {"cat", "dog"}}})["classes"].dump(), R"(["cat","dog"])");
  ask("POST", "/api/classes", {{"classes", {"dog", "dog"}}}, 400);
  ask("POST", "/api/classes", {{"classes", {""}}}, 400);
  ask("POST", "/api/classes", {{"classes", "dog"}}, 400);
  ask("POST", "/api/classes", Json::object(), 400);
}

TEST_F(AnnotateApiTest, ServesPicturesAndThePage) {
  const HttpResponse image = send("GET", "/api/pictures/0/image");
  EXPECT_EQ(image.type, "image/png");
  const auto bytes = std::as_bytes(std::span(image.body));
  EXPECT_EQ(decode_image(bytes, "x"), read_image(pictures.list[0].path));
  const HttpResponse page = send("GET", "/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.type, "text/html; charset=utf-8");
  EXPECT_TRUE(contains(page.body, "<title>"));
  EXPECT_EQ(send("POST", "/").status, 405);
}

}  // namespace
}  // namespace hqsam
