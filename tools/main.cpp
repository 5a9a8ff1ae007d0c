// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <new>
#include <system_error>

#include "common.h"
#include "hqsam/core/errno_text.h"
#include "hqsam/core/error.h"
#include "hqsam/core/left_behind.h"
#include "hqsam/core/log.h"
#include "hqsam/core/print.h"
#include "hqsam/core/text.h"
#include "process.h"
#include "version.h"

namespace hqsam {
namespace {

int report(const std::string& message) {
  tell_line("error: " + message);
  return kExitError;
}

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// The innermost command named on the command line.
const CLI::App* innermost(const CLI::App* app) {
  while (!app->get_subcommands().empty()) app = app->get_subcommands().back();
  return app;
}

std::vector<std::string> known_words(const CLI::App* command, bool options) {
  std::vector<std::string> words;
  if (options) {
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
    }
  } else {
    for (const CLI::App* sub : command->get_subcommands([](const CLI::App*) { return true; })) {
      words.push_back(sub->get_name());
    }
  }
  return words;
}

std::string full_name(const CLI::App* command) {
  const CLI::App* parent = command->get_parent();
  return parent == nullptr ? command->get_name() : full_name(parent) + " " + command->get_name();
}

// Selects the most likely mistake: an unknown word is reported rather than the missing option that it caused.
std::string usage_message(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* command = innermost(&app);
  for (const std::string& word : command->remaining()) {
    const std::string name = word.substr(0, word.find('='));
    if (name.starts_with("--") && name.size() > 2) {
      return fmt::format("unknown option '{}'{}", name, did_you_mean(name, known_words(command, true)));
    }
    const std::vector<std::string> commands = known_words(command, false);
    if (!commands.empty()) return fmt::format("unknown command '{}'{}", word, did_you_mean(word, commands));
    return fmt::format("unexpected argument '{}'", word);
  }
  return one_line(error.what());
}

void add_log_level(CLI::App& app, std::string& level) {
  for (CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    add_log_level(*command, level);
    if (!known_words(command, false).empty()) continue;
    command->add_option("--log-level", level, "what to say on stderr")
        ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}))
        ->default_str("info");
  }
}

// A closed standard output (`hqsam info x | head -1`) is not a failure; a full disk is.
int finish(int code) {
  const int reason = finish_printing();
  if (reason == 0 || reason == EPIPE) return code;
  return report(fmt::format("[hqsam] cannot write to the standard output: {}", errno_text(reason)));
}

int run_guarded(const Run& run) {
  try {
    return finish(run());
  } catch (const Error& error) {
    return report(one_line(error.what()));
  } catch (const c10::Error& error) {
    const std::string message = first_line(error.what_without_backtrace());
    const bool memory = message.find("can't allocate memory") != std::string::npos;
    return report(memory ? "[hqsam] out of memory" : "[libtorch] " + message);
  } catch (const std::bad_alloc&) {
    return report("[hqsam] out of memory");
  } catch (const std::system_error& error) {
    const bool threads = error.code() == std::errc::resource_unavailable_try_again;
    return report(threads ? "[hqsam] cannot start a thread: memory or processes are limited (ulimit -v, -u)"
                          : fmt::format("[hqsam] {}", first_line(error.what())));
  } catch (const std::exception& error) {
    const std::string message = first_line(error.what());
    const bool onednn = message.find("create a primitive") != std::string::npos;
    return report("[hqsam] " + message + (onednn ? ", most likely for a lack of memory" : ""));
  }
}

int run_command_line(int argc, char** argv) {
  CLI::App app("HQ-SAM: high-quality masks for pictures. Trains, evaluates and runs it.", "hqsam");
  app.set_version_flag("--version", version_text, "what this is, and what it computes with");
  app.require_subcommand(1);
  app.footer("hqsam <command> --help tells more. Exit codes: 0 done, 1 error, 2 wrong usage, 75 stopped and saved.");
  Run run;
  add_init(app, run);
  add_train(app, run);
  add_evaluate(app, run);
  add_compare(app, run);
  add_predict(app, run);
  add_amg(app, run);
  add_annotate(app, run);
  add_export(app, run);
  add_info(app, run);
  add_bench(app, run);
  add_data(app, run);
  add_weights(app, run);
  add_launch(app, run);
  add_completion(app, run);
  std::string log_level = "info";
  add_log_level(app, log_level);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return finish(app.exit(help));
  } catch (const CLI::ParseError& error) {
    tell_line(fmt::format("error: {}; see {} --help", usage_message(app, error), full_name(innermost(&app))));
    return kExitUsage;
  }
  init_logging(log_level);
  return run_guarded(run);
}

}  // namespace
}  // namespace hqsam

int main(int argc, char** argv) {
  hqsam::set_up_process(argv);
  const int code = hqsam::run_command_line(argc, argv);
  if (!hqsam::any_left_behind()) return code;
  std::fflush(stdout);
  std::fflush(stderr);
  _exit(code);
}
