// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "common.h"
#include "hqsam/core/print.h"
#include "hqsam/core/text.h"

namespace hqsam {
namespace {

// An option as scripts and the manual need it.
struct OptionWords {
  std::vector<std::string> names;    // "--config", "-h"
  std::vector<std::string> choices;  // the words that it takes, where they are fixed
  bool takes_value = false, positional = false;
  std::string description;
};

struct CommandWords {
  std::string path;  // "", "train", "data check"
  std::string description, footer;
  std::vector<std::string> commands;
  std::vector<OptionWords> options;
};

// The words in "{a,b}" of an option's type.
std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const size_t begin = type.find('{'), end = type.find('}', begin);
  if (begin == std::string::npos || end == std::string::npos) return {};
  return CLI::detail::split(type.substr(begin + 1, end - begin - 1), ',');
}

OptionWords words_of(const CLI::Option& option) {
  OptionWords words;
  for (const std::string& name : option.get_snames()) words.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) words.names.push_back("--" + name);
  words.positional = option.get_positional();
  if (words.positional) words.names.push_back(option.get_single_name());
  words.takes_value = option.get_items_expected_max() > 0;
  words.choices = choices_of(option);
  words.description = option.get_description();
  if (!option.get_default_str().empty()) words.description += fmt::format(" (default: {})", option.get_default_str());
  return words;
}

void add_commands(const CLI::App& app, const std::string& path, std::vector<CommandWords>& all) {
  CommandWords command{path, app.get_description(), app.get_footer(), {}, {}};
  const auto subs = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* sub : subs) command.commands.push_back(sub->get_name());
  for (const CLI::Option* option : app.get_options()) command.options.push_back(words_of(*option));
  all.push_back(std::move(command));
  for (const CLI::App* sub : subs)
    add_commands(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), all);
}

std::string joined_options(const CommandWords& command) {
  std::vector<std::string> all;
  for (const OptionWords& option : command.options) {
    if (!option.positional) all.insert(all.end(), option.names.begin(), option.names.end());
  }
  return fmt::format("{}", fmt::join(all, " "));
}

// Writes a shell function that completes the command's options and the values of the option before the cursor, or file
// names if the values are not fixed.
std::string bash_script(const std::vector<CommandWords>& all) {
  std::string commands, options, choices;
  for (const CommandWords& command : all) {
    if (!command.commands.empty()) {
      commands += fmt::format("    '{}') commands='{}' ;;\n", command.path, fmt::join(command.commands, " "));
    }
    options += fmt::format("    '{}') options='{}' ;;\n", command.path, joined_options(command));
    for (const OptionWords& option : command.options) {
      if (option.choices.empty() || option.positional) continue;
      std::vector<std::string> patterns;
      for (const std::string& name : option.names) patterns.push_back(fmt::format("'{} {}'", command.path, name));
      choices += fmt::format("    {}) choices='{}' ;;\n", fmt::join(patterns, " | "), fmt::join(option.choices, " "));
    }
  }
  std::string script = R"(# Completion of hqsam's command line: source <(hqsam completion bash)
_hqsam() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} path= commands= options= choices= i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "$path ${COMP_WORDS[i]}" in
@PATHS@      *) break ;;
    esac
    path=${path:+$path }${COMP_WORDS[i]}
  done
  case $path in
@COMMANDS@  esac
  case $path in
@OPTIONS@  esac
  case "$path $before" in
@CHOICES@  esac
  if [ -n "$choices" ]; then
    COMPREPLY=($(compgen -W "$choices" -- "$word"))
  elif [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$word"))
  elif [ -n "$commands" ]; then
    COMPREPLY=($(compgen -W "$commands" -- "$word"))
  else
    COMPREPLY=()
  fi
}
complete -o default -F _hqsam hqsam
)";
  std::string paths;
  for (const CommandWords& command : all) {
    const size_t space = command.path.rfind(' ');
    const std::string parent = space == std::string::npos ? "" : command.path.substr(0, space);
    const std::string name = space == std::string::npos ? command.path : command.path.substr(space + 1);
    if (!name.empty()) paths += fmt::format("      '{} {}') ;;\n", parent, name);
  }
  for (const auto& [mark, text] : std::map<std::string, std::string>{
           {"@PATHS@", paths}, {"@COMMANDS@", commands}, {"@OPTIONS@", options}, {"@CHOICES@", choices}}) {
    script.replace(script.find(mark), mark.size(), text);
  }
  return script;
}

std::string zsh_script(const std::vector<CommandWords>& all) {
  return "#compdef hqsam\n# Completion of hqsam's command line: source <(hqsam completion zsh)\n"
         "autoload -U +X bashcompinit && bashcompinit\n" +
         bash_script(all);
}

std::string fish_quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c == '\n' ? ' ' : c;
  }
  return quoted + "'";
}

std::string fish_script(const std::vector<CommandWords>& all) {
  std::string script = "# Completion of hqsam's command line: hqsam completion fish | source\n";
  for (const CommandWords& command : all) {
    std::string where = "__fish_use_subcommand";
    if (!command.path.empty()) {
      where.clear();
      for (const std::string& name : CLI::detail::split(command.path, ' ')) {
        where += (where.empty() ? "" : "; and ") + std::string("__fish_seen_subcommand_from ") + name;
      }
    }
    for (const std::string& name : command.commands) {
      const std::string path = command.path.empty() ? name : command.path + " " + name;
      const auto at =
          std::find_if(all.begin(), all.end(), [&](const CommandWords& other) { return other.path == path; });
      script += fmt::format("complete -c hqsam -f -n '{}' -a {} -d {}\n", where, name, fish_quoted(at->description));
    }
    for (const OptionWords& option : command.options) {
      if (option.positional) continue;
      std::string line = fmt::format("complete -c hqsam -n '{}'", where);
      for (const std::string& name : option.names) {
        line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (option.takes_value) line += " -r";
      if (!option.choices.empty())
        line += fmt::format(" -f -a {}", fish_quoted(fmt::format("{}", fmt::join(option.choices, " "))));
      script += line + " -d " + fish_quoted(option.description) + "\n";
    }
  }
  return script;
}

// Escapes text for a manual page, where backslashes and dots at the beginning of a line are markup.
std::string roff(const std::string& text) {
  std::string safe;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((text[i] == '.' || text[i] == '\'') && (i == 0 || text[i - 1] == '\n')) safe += "\\&";
    if (text[i] == '\\' || text[i] == '-') safe += '\\';
    safe += text[i];
  }
  return safe;
}

std::string manual(const std::vector<CommandWords>& all) {
  std::string page = fmt::format(".TH HQSAM 1 \"\" \"hqsam {}\"\n.SH NAME\nhqsam \\- {}\n", HQSAM_VERSION,
                                 roff(all.front().description));
  page += ".SH SYNOPSIS\n.B hqsam\n.I command\n[options]\n";
  for (const CommandWords& command : all) {
    page += fmt::format(".SH {}\n", command.path.empty() ? "OPTIONS" : "\"hqsam " + command.path + "\"");
    if (!command.path.empty()) page += roff(command.description) + ".\n";
    for (const OptionWords& option : command.options) {
      page += fmt::format(".TP\n.B {}\n{}\n", roff(fmt::format("{}", fmt::join(option.names, ", "))),
                          roff(option.description));
    }
    if (!command.footer.empty()) page += fmt::format(".PP\n.nf\n{}\n.fi\n", roff(command.footer));
  }
  return page;
}

struct CompletionArguments {
  std::string of;
  const CLI::App* app = nullptr;
};

int print_completion(const CompletionArguments& arguments) {
  std::vector<CommandWords> all;
  add_commands(*arguments.app, "", all);
  const std::string& of = arguments.of;
  print_raw(of == "man"    ? manual(all)
            : of == "fish" ? fish_script(all)
            : of == "zsh"  ? zsh_script(all)
                           : bash_script(all));
  return 0;
}

}  // namespace

void add_completion(CLI::App& app, Run& run) {
  const auto [command, arguments] = add_command<CompletionArguments>(
      app, run, "completion", "print a script by which a shell completes this command line, or its manual page",
      print_completion);
  arguments->app = &app;
  command->add_option("of", arguments->of, "bash, zsh, fish or man")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish", "man"}));
  command->footer(
      "bash and zsh: source <(hqsam completion bash), in ~/.bashrc or ~/.zshrc. fish: hqsam completion fish | source.\n"
      "hqsam completion man > hqsam.1; man ./hqsam.1");
}

}  // namespace hqsam
