// SPDX-License-Identifier: Apache-2.0
#include "hqsam/serve/api.h"

#include <charconv>
#include <optional>

#include "hqsam/core/bounded_json.h"
#include "hqsam/serve/api_error.h"
#include "hqsam/serve/page_file.h"
#include "hqsam/serve/page_prompt.h"
#include "hqsam/serve/wire.h"

namespace hqsam {
namespace {

constexpr const char* kAnnotate = "annotate";

std::vector<std::string> parts_of(const std::string& path) {
  std::vector<std::string> parts;
  for (size_t at = 0; at < path.size();) {
    const size_t end = std::min(path.find('/', at + 1), path.size());
    parts.push_back(path.substr(at + 1, end - at - 1));
    at = end;
  }
  return parts;
}

// Decimal digits alone.
std::optional<int64_t> number_of(const std::string& text) {
  int64_t number = 0;
  const char* end = text.data() + text.size();
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (!digits || error != std::errc() || stop != end) return {};
  return number;
}

int64_t whole_member(const nlohmann::json& body, const char* name) {
  const auto at = body.find(name);
  if (at == body.end() || !at->is_number_unsigned() || at->get<uint64_t>() > INT64_MAX) {
    throw ApiError(400, fmt::format("'{}' is a whole number of at least 0", name));
  }
  return at->get<int64_t>();
}

nlohmann::json json_of(const std::string& body) {
  try {
    return parse_json_object(kAnnotate, "the request", body);
  } catch (const Error& error) {
    throw ApiError(400, error.what());
  }
}

[[noreturn]] void no_such_address() { throw ApiError(404, "there is no such address: docs/annotate.md lists them"); }

HttpResponse refusal(const ApiError& error) {
  nlohmann::json json = error.more;
  json["error"] = error.what();
  return {.status = error.status, .body = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

}  // namespace

struct AnnotateApi::Call {
  const std::string& method;
  std::vector<std::string> parts;  // "api", ...
  Json body = Json::object();

  // By method and number of parts, such as PUT with 5.
  bool is(const char* wanted, size_t count) const { return method == wanted && parts.size() == count; }
};

AnnotateApi::AnnotateApi(Parts parts)
    : parts_(std::move(parts)), suggestions_([this](size_t picture, int64_t points_per_side) {
        return parts_.engine.proposals(picture, points_per_side);
      }) {}

HttpResponse AnnotateApi::answer(const HttpRequest& request) {
  try {
    if (!request.path.starts_with("/api/")) return page_response(request);
    Call call{request.method, parts_of(request.path)};
    if (call.is("GET", 4) && call.parts[1] == "pictures" && call.parts[3] == "image") {
      const auto picture = number_of(call.parts[2]);
      if (!picture || static_cast<size_t>(*picture) >= parts_.pictures.size()) no_such_address();
      return image(static_cast<size_t>(*picture));
    }
    if (!request.body.empty()) call.body = json_of(request.body);
    return {.body = route(call).dump(-1, ' ', false, Json::error_handler_t::replace)};
  } catch (const ApiError& error) {
    return refusal(error);
  } catch (const std::bad_alloc&) {
    return error_response(503, "out of memory");
  } catch (const std::exception& error) {
    return error_response(500, error.what());
  }
}

HttpResponse AnnotateApi::image(size_t picture) {
  try {
    return *bytes_.of(parts_.pictures[picture]);
  } catch (const Error& error) {
    throw ApiError(400, error.what());
  }
}

nlohmann::json AnnotateApi::route(const Call& call) {
  const std::string& what = call.parts[1];
  if (what == "state" && call.is("GET", 2)) return state();
  if (what == "classes" && call.is("POST", 2)) return classes(call.body);
  if (what == "statistics" && call.is("GET", 2)) return statistics_json(parts_.folder.records());
  if (what == "train") return route_train(call);
  if (what == "pictures" && call.parts.size() >= 3) {
    const auto picture = number_of(call.parts[2]);
    if (picture && static_cast<size_t>(*picture) < parts_.pictures.size()) {
      return route_picture(call, static_cast<size_t>(*picture));
    }
    throw ApiError(404, "there is no such picture");
  }
  no_such_address();
}

nlohmann::json AnnotateApi::route_train(const Call& call) {
  if (call.is("GET", 2)) return parts_.loop.status();
  if (call.is("POST", 2)) {
    std::optional<int64_t> epochs;
    if (call.body.contains("epochs") && !call.body["epochs"].is_null()) epochs = whole_member(call.body, "epochs");
    parts_.loop.start(epochs);
    return parts_.loop.status();
  }
  if (call.is("POST", 3) && call.parts[2] == "stop") {
    parts_.loop.stop();
    return parts_.loop.status();
  }
  no_such_address();
}

nlohmann::json AnnotateApi::route_picture(const Call& call, size_t picture) {
  if (call.is("GET", 3)) return this->picture(picture);
  const std::string what = call.parts.size() > 3 ? call.parts[3] : "";
  if (call.is("POST", 4) && what == "open") return {{"ready", parts_.engine.open(picture)}};
  if (call.is("POST", 4) && what == "predict") return predict(picture, call.body);
  if (call.is("POST", 4) && what == "proposals") return proposals(picture, call.body);
  if (call.is("POST", 4) && what == "previous") return previous(picture, call.body);
  if (call.is("PUT", 4) && what == "state") return set_state(picture, call.body);
  if (what == "objects" && call.parts.size() == 5) {
    const auto object = number_of(call.parts[4]);
    if (!object || *object < 1) throw ApiError(404, "objects have numbers from 1 on");
    if (call.method == "PUT") return put_object(picture, *object, call.body);
    if (call.method == "DELETE") return remove_object(picture, *object, call.body);
  }
  no_such_address();
}

std::vector<std::string> AnnotateApi::kind_words() const {
  std::vector<std::string> words;
  for (const MaskKind kind : parts_.engine.kinds()) words.push_back(to_string(kind));
  return words;
}

nlohmann::json AnnotateApi::state() const {
  Json pictures = Json::array();
  for (size_t id = 0; id < parts_.pictures.size(); ++id) {
    const auto record = parts_.folder.record(id);
    pictures.push_back(
        {{"id", id}, {"name", record->name}, {"state", state_of(id, *record)}, {"objects", record->objects.size()}});
  }
  return {{"version", parts_.version},
          {"checkpoint", std::filesystem::path(parts_.engine.checkpoint()).filename().string()},
          {"fingerprint", parts_.engine.fingerprint()},
          {"kinds", kind_words()},
          {"default_kind", to_string(parts_.engine.default_kind())},
          {"classes", parts_.folder.classes()},
          {"folder", parts_.folder.path().string()},
          {"pictures", pictures},
          {"training", parts_.loop.status()}};
}

nlohmann::json AnnotateApi::picture(size_t picture) const {
  const auto record = parts_.folder.record(picture);
  Json objects = Json::array();
  for (const AnnotationObject& object : record->objects) objects.push_back(object_for_page(object, record->size));
  return {{"id", picture},
          {"name", record->name},
          {"width", record->size.width},
          {"height", record->size.height},
          {"state", state_of(picture, *record)},
          {"revision", record->revision},
          {"next_id", record->next_id},
          {"objects", std::move(objects)}};
}

nlohmann::json AnnotateApi::classes(const Json& body) {
  const auto at = body.find("classes");
  if (at == body.end()) throw ApiError(400, "'classes' is missing: a list of names");
  parts_.folder.set_classes(classes_of_json(*at));
  return {{"classes", parts_.folder.classes()}};
}

nlohmann::json AnnotateApi::predict(size_t picture, const Json& body) {
  const PageRequest request = page_request_of(body, parts_.pictures[picture].size, kind_words());
  std::vector<MaskKind> kinds;
  for (const std::string& word : request.kinds) kinds.push_back(choose(word, kMaskKinds, kAnnotate, "a kind"));
  const PageMasks answer = parts_.engine.predict(picture, request.seq, request.prompt, kinds);
  Json masks = Json::object();
  for (const PageMask& mask : answer.masks) {
    masks[to_string(mask.kind)] = {{"mask", runs_json(mask.mask)}, {"iou", mask.score}};
  }
  return {{"seq", request.seq}, {"masks", std::move(masks)}, {"milliseconds", answer.milliseconds}};
}

nlohmann::json AnnotateApi::proposals(size_t picture, const Json& body) {
  int64_t points = 16;
  if (body.contains("points_per_side")) points = whole_member(body, "points_per_side");
  if (points < 1 || points > 64) throw ApiError(400, "'points_per_side' is a whole number from 1 to 64");
  Json list = Json::array();
  const Suggestions::Masks masks = suggestions_.of(picture, points);
  for (const FoundMask& found : *masks) {
    list.push_back({{"mask", runs_json(found.mask)},
                    {"iou", found.predicted_iou},
                    {"stability", found.stability},
                    {"box", outer_box(found.mask)}});
  }
  return {{"proposals", std::move(list)}};
}

nlohmann::json AnnotateApi::previous(size_t picture, const Json& body) {
  const auto from = parts_.folder.record(static_cast<size_t>(whole_member(body, "from")));
  const Size size = parts_.pictures[picture].size;
  std::vector<PagePrompt> prompts;
  for (const AnnotationObject& object : from->objects) {
    prompts.push_back(prompt_of_other(object.mask(from->size), size));
  }
  Json list = Json::array();
  if (prompts.empty()) return {{"proposals", list}};
  const std::vector<PageMask> masks = parts_.engine.predict_all(picture, prompts);
  for (size_t i = 0; i < masks.size(); ++i) {
    if (masks[i].mask.area == 0) continue;
    const std::string& category = from->objects[i].category;
    list.push_back({{"mask", runs_json(masks[i].mask)},
                    {"iou", masks[i].score},
                    {"box", outer_box(masks[i].mask)},
                    {"class", category.empty() ? Json() : Json(category)}});
  }
  return {{"proposals", std::move(list)}};
}

nlohmann::json AnnotateApi::put_object(size_t picture, int64_t object, const Json& body) {
  const int64_t revision = whole_member(body, "revision");
  if (!body.contains("object")) throw ApiError(400, "'object' is missing");
  AnnotationObject own = object_of_page(body["object"], parts_.pictures[picture].size);
  if (own.id != object) throw ApiError(400, fmt::format("object {} was sent to the address of {}", own.id, object));
  own.fingerprint = parts_.engine.fingerprint();
  own.checkpoint = std::filesystem::path(parts_.engine.checkpoint()).filename().string();
  const auto record = parts_.folder.put(picture, revision, std::move(own));
  changed(*record, record->done);
  return {{"revision", record->revision}, {"state", state_of(picture, *record)}};
}

nlohmann::json AnnotateApi::remove_object(size_t picture, int64_t object, const Json& body) {
  const auto record = parts_.folder.remove(picture, whole_member(body, "revision"), object);
  changed(*record, record->done);
  return {{"revision", record->revision}, {"state", state_of(picture, *record)}};
}

nlohmann::json AnnotateApi::set_state(size_t picture, const Json& body) {
  const Json state = body.value("state", Json());
  if (state != "done" && state != "todo") throw ApiError(400, "'state' is done or todo");
  const bool was_done = parts_.folder.record(picture)->done;
  const auto record = parts_.folder.set_done(picture, whole_member(body, "revision"), state == "done");
  changed(*record, was_done);
  return {{"revision", record->revision}, {"state", state_of(picture, *record)}};
}

std::string AnnotateApi::state_of(size_t picture, const PictureRecord& record) const {
  return record.done ? "done" : suggestions_.has(picture) ? "proposed" : "todo";
}

void AnnotateApi::propose_again() {
  suggestions_.again([this](size_t picture) { return !parts_.folder.record(picture)->done; });
}

// What training reads holds the pictures that are done.
void AnnotateApi::changed(const PictureRecord& record, bool was_done) {
  if (record.done || was_done) parts_.loop.write_training_files();
}

}  // namespace hqsam
