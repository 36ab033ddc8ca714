// `ogee test FILE`: each test is built by this same program and run by itself,
// so that one that fails, or does not compile, says nothing about the others.
#include "tools/ogee/Test.h"
#include "lang/Diagnostics.h"
#include "lang/Parse/Parse.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

using namespace llvm;
using namespace ogee;

namespace {
/// Files of one test, in a folder that is removed at the end.
struct Workplace {
  Workplace() {
    if (sys::fs::createUniqueDirectory("ogee-test", folder))
      folder.clear();
  }
  ~Workplace() {
    if (!folder.empty())
      (void)sys::fs::remove_directories(folder);
  }
  std::string file(StringRef name) const {
    SmallString<128> path(folder);
    sys::path::append(path, name);
    return path.str().str();
  }
  SmallString<128> folder;
};

/// One `require` that does not hold, as the metrics of a step tell it.
struct Failure {
  std::string place, text;
};
} // namespace

static std::string textOf(const std::string &path) {
  auto buffer = MemoryBuffer::getFile(path);
  return buffer ? (*buffer)->getBuffer().str() : "";
}

static int runProgram(StringRef program, ArrayRef<StringRef> arguments,
                      StringRef errors) {
  SmallVector<StringRef> words = {program};
  words.append(arguments.begin(), arguments.end());
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(""), errors};
  return sys::ExecuteAndWait(program, words, std::nullopt, redirects);
}

/// `[1, 2]` for number 5 of the shape `2x3`.
static std::string elementName(StringRef shape, int64_t number) {
  SmallVector<StringRef> words;
  shape.split(words, 'x', -1, /*KeepEmpty=*/false);
  SmallVector<std::string> digits(words.size());
  for (size_t at = words.size(); at-- > 0;) {
    int64_t extent = 1;
    words[at].getAsInteger(10, extent);
    digits[at] = std::to_string(number % extent);
    number /= extent;
  }
  return digits.empty() ? "" : "element [" + join(digits, ", ") + "] ";
}

static std::string numberOf(const json::Object &step, const std::string &name) {
  auto number = step.getNumber(name);
  if (!number)
    return "not finite";
  std::string text;
  raw_string_ostream(text) << format("%.9g", *number);
  return text;
}

/// Reads the requirements off the metrics' names (lang/Check/Tests.cpp).
static std::vector<Failure> failuresOf(const json::Object &step,
                                       StringRef file) {
  std::vector<Failure> failures;
  for (const auto &[key, value] : step) {
    StringRef name = key;
    if (!name.starts_with("r") || !name.consume_back(".n"))
      continue;
    std::string stem = name.str();
    auto failing = step.getNumber(stem + ".n");
    if (failing && *failing == 0)
      continue;
    SmallVector<StringRef> parts;
    name.split(parts, '_');
    if (parts.size() != 4)
      continue;
    auto at = step.getNumber(stem + ".at");
    std::string text = elementName(parts[3], at ? int64_t(*at) : 0);
    if (step.get(stem + ".a"))
      text += "is " + numberOf(step, stem + ".a") + ", and " +
              numberOf(step, stem + ".b") + " is wanted";
    else
      text += "does not hold";
    if (failing && *failing > 1)
      text += " (" + numberOf(step, stem + ".n") + " elements fail)";
    failures.push_back({(file + ":" + parts[1] + ":" + parts[2]).str(), text});
  }
  llvm::sort(failures, [](const Failure &a, const Failure &b) {
    return a.place < b.place;
  });
  return failures;
}

static std::optional<json::Object> stepOf(const std::string &log) {
  SmallVector<StringRef> lines;
  StringRef(log).split(lines, '\n');
  for (StringRef line : lines) {
    auto value = json::parse(line);
    if (!value) {
      consumeError(value.takeError());
      continue;
    }
    json::Object *object = value->getAsObject();
    if (object && object->get("loss"))
      return std::move(*object);
  }
  return std::nullopt;
}

/// Prints what became of the test; whether it passed.
static bool runOne(const CommandLine &line, StringRef title) {
  Workplace place;
  std::string program = place.file("test"), errors = place.file("errors"),
              log = place.file("log"), data = place.file("data");
  std::string self = sys::fs::getMainExecutable(nullptr, nullptr);
  SmallVector<StringRef> build = {"build", line.file, "--test",
                                  title,   "-o",      program};
  std::string target = "--target=" + line.target;
  std::string library = "--library=" + line.library;
  build.push_back(target);
  if (!line.library.empty())
    build.push_back(library);
  build.append(line.overrides.begin(), line.overrides.end());
  auto failed = [&](StringRef why) {
    outs() << "FAIL  " << title << "\n" << why;
    return false;
  };
  if (runProgram(self, build, errors) != 0)
    return failed(textOf(errors));
  std::error_code code;
  raw_fd_ostream(data, code) << "test";
  if (runProgram(program,
                 {"--quiet", "--data", data, "--steps", "1", "--log", log},
                 errors) != 0)
    return failed(textOf(errors));
  std::optional<json::Object> step = stepOf(textOf(log));
  if (!step)
    return failed("      it wrote no result\n");
  std::string text;
  for (const Failure &failure : failuresOf(*step, line.file))
    text += "      " + failure.place + ": " + failure.text + "\n";
  if (!text.empty())
    return failed(text);
  outs() << "ok    " << title << "\n";
  return true;
}

int ogee::runTests(const CommandLine &line) {
  auto buffer = MemoryBuffer::getFile(line.file);
  if (!buffer) {
    errs() << "ogee: cannot read " << line.file << ": "
           << buffer.getError().message() << "\n";
    return kExitUsage;
  }
  mlir::MLIRContext context;
  DiagnosticSink sink(context);
  DiagnosticPrinter printer(sink, errs());
  auto file = ogee::parse((*buffer)->getBuffer(), line.file, sink);
  if (sink.hasErrors())
    return kExitDiagnostics;
  unsigned count = 0, failures = 0;
  for (const ast::Stmt *stmt : file->stmts) {
    auto *section = dyn_cast<ast::SectionDecl>(stmt);
    if (!section || section->word.name != "test" || !section->title)
      continue;
    ++count;
    failures += !runOne(line, section->title->value);
    outs().flush();
  }
  if (count == 0) {
    errs() << "ogee: " << line.file << " has no test\n";
    return kExitUsage;
  }
  outs() << count << (count == 1 ? " test, " : " tests, ") << failures
         << " failed\n";
  return failures ? kExitDiagnostics : kExitOk;
}
