// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hqsam/serve/annotation_folder.h"
#include "hqsam/serve/engine.h"
#include "hqsam/serve/http.h"
#include "hqsam/serve/picture_bytes.h"
#include "hqsam/serve/picture_list.h"
#include "hqsam/serve/retraining.h"
#include "hqsam/serve/suggestions.h"

namespace hqsam {

// What the page asks for: answers to /api/..., docs/annotate.md lists them. All from any thread.
class AnnotateApi {
 public:
  struct Parts {
    const std::vector<ListedPicture>& pictures;
    AnnotationFolder& folder;
    PromptEngine& engine;
    Retraining& loop;
    std::string version;
  };
  explicit AnnotateApi(Parts parts);

  // Throws nothing but std::bad_alloc.
  HttpResponse answer(const HttpRequest& request);
  // The engine has another model: pictures that are not done get new proposals where they had some.
  void propose_again();

 private:
  using Json = nlohmann::json;
  struct Call;  // a request, its path in parts
  HttpResponse image(size_t picture);
  Json route(const Call& call);
  Json route_picture(const Call& call, size_t picture);
  Json route_train(const Call& call);

  std::vector<std::string> kind_words() const;
  Json state() const;
  Json picture(size_t picture) const;
  Json classes(const Json& body);
  Json predict(size_t picture, const Json& body);
  Json proposals(size_t picture, const Json& body);
  Json previous(size_t picture, const Json& body);
  Json put_object(size_t picture, int64_t object, const Json& body);
  Json remove_object(size_t picture, int64_t object, const Json& body);
  Json set_state(size_t picture, const Json& body);
  std::string state_of(size_t picture, const PictureRecord& record) const;
  void changed(const PictureRecord& record, bool was_done);

  Parts parts_;
  PictureBytes bytes_;
  Suggestions suggestions_;
};

// {"models":[...]}: what masks cost with each model.
nlohmann::json statistics_json(const std::vector<std::shared_ptr<const PictureRecord>>& records);

}  // namespace hqsam
