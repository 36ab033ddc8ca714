// An own small parser: LLVM's would mix in the options of every library in the
// process, and `train` passes on what it does not know.
#include "tools/ogee/CommandLine.h"
#include "lang/Diagnostics.h"
#include "lib/Compile/Stages.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"

using namespace llvm;
using namespace ogee;

namespace {
struct VerbRow {
  StringLiteral name, arguments, what;
};
constexpr VerbRow kVerbs[] = {
#define OGEE_VERB(name, function, arguments, what) {#name, arguments, what},
#include "tools/ogee/Verbs.def"
#undef OGEE_VERB
};

struct FlagRow {
  StringLiteral name, value;
  std::string CommandLine::*member;
  StringLiteral what;
};
constexpr FlagRow kFlags[] = {
#define OGEE_FLAG(name, value, member, what)                                   \
  {name, value, &CommandLine::member, what},
#include "tools/ogee/Flags.def"
#undef OGEE_FLAG
};
} // namespace

void ogee::printHelp(raw_ostream &stream) {
  stream
      << "ogee: from a description of a model to a program that trains it\n\n"
         "usage:\n";
  for (const VerbRow &verb : kVerbs)
    stream << "  ogee "
           << left_justify((verb.name + " " + verb.arguments).str(), 48) << " "
           << verb.what << "\n";
  stream << "\nflags:\n";
  for (const FlagRow &flag : kFlags)
    stream
        << "  "
        << left_justify(
               (flag.name + (flag.value.empty() ? "" : " ") + flag.value).str(),
               20)
        << " " << flag.what << "\n";
  stream << "\nstages:\n";
  for (const StageInfo &info : allStages())
    stream << "  " << left_justify(info.name, 14) << " "
           << left_justify((info.input + " -> " + info.output).str(), 44)
           << info.what << "\n";
}

void ogee::printStages(raw_ostream &stream) {
  stream << "| stage | folder | input | output | what happens |\n"
            "|---|---|---|---|---|\n";
  for (const StageInfo &info : allStages())
    stream << "| " << info.name << " | `" << info.folder << "` | " << info.input
           << " | " << info.output << " | " << info.what << " |\n";
}

static void suggest(StringRef word, ArrayRef<StringRef> candidates) {
  StringRef meant = didYouMean(word, candidates);
  if (!meant.empty())
    errs() << "; did you mean `" << meant << "`?";
  errs() << "\n";
}

static bool takeVerb(StringRef word, CommandLine &line) {
  for (const VerbRow &verb : kVerbs)
    if (verb.name == word) {
      line.verb = word.str();
      return true;
    }
  errs() << "ogee: no verb `" << word << "`";
  SmallVector<StringRef> names;
  for (const VerbRow &verb : kVerbs)
    names.push_back(verb.name);
  suggest(word, names);
  return false;
}

static const FlagRow *findFlag(StringRef word) {
  StringRef name = word.split('=').first;
  const FlagRow *row = llvm::find_if(
      kFlags, [&](const FlagRow &flag) { return flag.name == name; });
  return row == std::end(kFlags) ? nullptr : row;
}

static bool refuseFlag(StringRef word) {
  errs() << "ogee: no flag `" << word << "`";
  SmallVector<StringRef> names;
  for (const FlagRow &flag : kFlags)
    names.push_back(flag.name);
  suggest(word.split('=').first, names);
  return false;
}

namespace {
/// Reads the words after the verb.
class WordReader {
public:
  WordReader(ArrayRef<const char *> words, CommandLine &line)
      : words(words), line(line) {}

  bool run() {
    while (!words.empty())
      if (!takeWord(next()))
        return false;
    return true;
  }

private:
  StringRef next() {
    StringRef word = words.front();
    words = words.drop_front();
    return word;
  }

  bool takeWord(StringRef word) {
    if (const FlagRow *flag = findFlag(word))
      return takeFlag(*flag, word);
    if (word.starts_with("-") && word != "-")
      return line.verb == "train" ? passOn(word) : refuseFlag(word);
    if (line.file.empty()) {
      line.file = word.str();
      return true;
    }
    if (line.verb == "fmt") {
      line.moreFiles.push_back(word.str());
      return true;
    }
    if (word.contains('=')) {
      line.overrides.push_back(word.str());
      return true;
    }
    errs() << "ogee: `" << word << "` is neither a flag nor name=value\n";
    return false;
  }

  bool takeFlag(const FlagRow &flag, StringRef word) {
    std::string &member = line.*flag.member;
    auto [name, value] = word.split('=');
    if (flag.value.empty())
      member = "1";
    else if (word.contains('='))
      member = value.str();
    else if (!words.empty())
      member = next().str();
    else {
      errs() << "ogee: `" << name << "` needs a value: " << flag.value << "\n";
      return false;
    }
    return true;
  }

  /// A flag of the run takes the next word along if that can be its value.
  bool passOn(StringRef word) {
    line.passed.push_back(word.str());
    bool hasValue = !word.contains('=') && !words.empty() &&
                    !StringRef(words.front()).starts_with("--") &&
                    !StringRef(words.front()).contains('=');
    if (hasValue && !line.file.empty())
      line.passed.push_back(next().str());
    return true;
  }

  ArrayRef<const char *> words;
  CommandLine &line;
};
} // namespace

std::optional<CommandLine>
ogee::parseCommandLine(ArrayRef<const char *> words) {
  CommandLine line;
  if (words.empty()) {
    printHelp(errs());
    return std::nullopt;
  }
  if (!takeVerb(words.front(), line) ||
      !WordReader(words.drop_front(), line).run())
    return std::nullopt;
  if (line.file.empty()) {
    errs() << "ogee: `" << line.verb << "` needs "
           << (line.verb == "explain" ? "a code" : "a file") << "\n";
    return std::nullopt;
  }
  return line;
}
