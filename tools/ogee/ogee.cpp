// The compiler's command: each verb is a row of Verbs.def and a function here
// or beside; each runs the stages of lib/Compile as far as it needs.
#include "lang/Check/Check.h"
#include "lang/Diagnostics.h"
#include "lang/Import/Import.h"
#include "lang/Library.h"
#include "lang/Parse/Parse.h"
#include "lib/Arch/Arch.h"
#include "lib/Compile/Compile.h"
#include "lib/Compile/KernelCache.h"
#include "lib/Generate/Cpu/Object.h"
#include "lib/Link/Executable.h"
#include "tools/ogee/CommandLine.h"
#include "tools/ogee/Fmt.h"
#include "tools/ogee/Report.h"
#include "tools/ogee/Test.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

#include <fcntl.h>
#include <unistd.h>

using namespace llvm;
using namespace ogee;

namespace {
/// One compilation: owns what the stages hand on.
class Compilation {
public:
  explicit Compilation(const CommandLine &line)
      : line(line), sink(context), printer(sink, errs()) {
    options.target = line.target;
    options.withGradients = line.with == "gradients";
    options.debugInfo = !line.debug.empty();
    options.timing = !line.timing.empty();
    options.verify = !line.verify.empty();
    options.irDirectory = line.irDirectory;
    options.cache = KernelCache::folderFor(line.cache);
  }

  /// Each returns an exit code; kExitOk to go on.
  int parse();
  int check(const std::string &train);
  int import();
  int readModule();
  int lower(Stage last);

  mlir::MLIRContext context;
  const CommandLine &line;
  DiagnosticSink sink;
  DiagnosticPrinter printer;
  CompileOptions options;
  std::unique_ptr<ast::File> file;
  std::unique_ptr<CheckedModel> model;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};
} // namespace

int Compilation::parse() {
  auto buffer = MemoryBuffer::getFile(line.file);
  if (!buffer) {
    errs() << "ogee: cannot read " << line.file << ": "
           << buffer.getError().message() << "\n";
    return kExitUsage;
  }
  file = ogee::parse((*buffer)->getBuffer(), line.file, sink);
  return sink.hasErrors() ? kExitDiagnostics : kExitOk;
}

int Compilation::check(const std::string &train) {
  if (int code = parse())
    return code;
  CheckOptions checkOptions;
  checkOptions.libraryDir = line.library;
  checkOptions.train = train;
  checkOptions.test = line.test;
  checkOptions.testsAlone = line.verb == "check";
  for (StringRef text : line.overrides) {
    auto [path, value] = text.split('=');
    checkOptions.overrides.push_back({path.str(), value.str()});
  }
  model = ogee::check(*file, checkOptions, sink);
  return model && !sink.hasErrors() ? kExitOk : kExitDiagnostics;
}

int Compilation::import() {
  if (StringRef(line.file).ends_with(".mlir"))
    return readModule();
  if (int code = check(line.train))
    return code;
  auto imported = importModel(*model, context);
  if (failed(imported))
    return kExitInternal;
  module = std::move(*imported);
  return kExitOk;
}

/// A file of the arch dialect takes the place of the front end's result, so
/// that what import gave can be changed by hand and compiled on.
int Compilation::readModule() {
  context.loadDialect<arch::ArchDialect, nn::NnDialect,
                      mlir::arith::ArithDialect, mlir::math::MathDialect>();
  module = mlir::parseSourceFile<mlir::ModuleOp>(line.file, &context);
  return module ? kExitOk : kExitDiagnostics;
}

int Compilation::lower(Stage last) {
  if (int code = import())
    return code;
  return succeeded(runStages(*module, last, options)) ? kExitOk : kExitInternal;
}

/// The folder of what the executable is linked with: ../lib beside `ogee`.
static std::string libraryDirectory() {
  std::string program = sys::fs::getMainExecutable(nullptr, nullptr);
  SmallString<128> path(
      sys::path::parent_path(sys::path::parent_path(program)));
  sys::path::append(path, "lib");
  return std::string(path);
}

static int buildExecutable(Compilation &compilation, StringRef output) {
  if (int code = compilation.lower(Stage::Plan))
    return code;
  auto objects = generateAll(*compilation.module, compilation.options);
  if (failed(objects))
    return kExitInternal;
  LinkOptions link;
  link.libraryDirectory = libraryDirectory();
  link.output = output.str();
  link.debugInfo = compilation.options.debugInfo;
  return succeeded(linkExecutable(*objects, link)) ? kExitOk : kExitInternal;
}

/// All train blocks, where neither one is named nor an override says what only
/// one of them may have.
static int runCheck(const CommandLine &line) {
  Compilation first(line);
  if (int code = first.check(line.train))
    return code;
  if (!line.train.empty() || !line.overrides.empty())
    return kExitOk;
  std::vector<std::string> names = trainNames(*first.file);
  for (const std::string &name : ArrayRef(names).drop_front())
    if (int code = Compilation(line).check(name))
      return code;
  return kExitOk;
}

static int runBuild(const CommandLine &line) {
  std::string output = line.output.empty()
                           ? "train-" + sys::path::stem(line.file).str()
                           : line.output;
  Compilation compilation(line);
  return buildExecutable(compilation, output);
}

/// Replaces this process by the run, so that signals and the terminal are its
/// own; the file is open without a name by then and is gone when the run ends.
static int runTrain(const CommandLine &line) {
  SmallString<128> path;
  if (sys::fs::createTemporaryFile("ogee-train", "", path)) {
    errs() << "ogee: cannot make a temporary file\n";
    return kExitInternal;
  }
  {
    Compilation compilation(line);
    if (int code = buildExecutable(compilation, path)) {
      (void)sys::fs::remove(path);
      return code;
    }
  }
  std::vector<const char *> arguments{path.c_str()};
  for (const std::string &word : line.passed)
    arguments.push_back(word.c_str());
  arguments.push_back(nullptr);
  int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  (void)sys::fs::remove(path);
  fexecve(descriptor, const_cast<char *const *>(arguments.data()), environ);
  errs() << "ogee: cannot start the run\n";
  return kExitInternal;
}

/// The forms of `--emit` behind the stages: what generate makes.
static std::optional<GeneratedForm> generatedForm(StringRef name) {
  return llvm::StringSwitch<std::optional<GeneratedForm>>(name)
      .Case("generate", GeneratedForm::LlvmDialect)
      .Case("llvm", GeneratedForm::LlvmIr)
      .Case("asm", GeneratedForm::Assembly)
      .Default(std::nullopt);
}

static int dumpGenerated(Compilation &compilation, GeneratedForm form) {
  if (int code = compilation.lower(Stage::Plan))
    return code;
  LogicalResult printed =
      printGenerated(*compilation.module, form, compilation.options, outs());
  return succeeded(printed) ? kExitOk : kExitInternal;
}

static int runDump(const CommandLine &line) {
  Compilation compilation(line);
  if (auto form = generatedForm(line.emit))
    return dumpGenerated(compilation, *form);
  std::optional<Stage> stage = stageNamed(line.emit);
  if (!stage || *stage == Stage::Link) {
    errs() << "ogee: `" << line.emit << "` is nothing that can be printed; "
           << "there are the stages before link, llvm and asm\n";
    return kExitUsage;
  }
  if (*stage == Stage::Parse) {
    int code = compilation.parse();
    dump(*compilation.file, outs());
    return code;
  }
  if (*stage == Stage::Check) {
    int code = compilation.check(line.train);
    if (!code)
      print(*compilation.model, outs());
    return code;
  }
  int code = *stage == Stage::Import ? compilation.import()
                                     : compilation.lower(*stage);
  if (!code)
    compilation.module->print(outs());
  return code;
}

static int runReport(const CommandLine &line) {
  Compilation compilation(line);
  if (int code = compilation.lower(Stage::Plan))
    return code;
  printReport(*compilation.module, outs());
  return kExitOk;
}

static int runExplain(const CommandLine &line) {
  if (explain(line.file, outs()))
    return kExitOk;
  SmallVector<StringRef> known;
  for (const DiagnosticRow *row : diagnosticRows())
    known.append({row->code, row->name});
  errs() << "ogee: no message has the code or name `" << line.file << "`";
  if (StringRef meant = didYouMean(line.file, known); !meant.empty())
    errs() << "; did you mean `" << meant << "`?";
  errs() << "\n";
  return kExitUsage;
}

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  ArrayRef<const char *> words(argv + 1, argc - 1);
  if (!words.empty() &&
      (StringRef(words[0]) == "--help" || StringRef(words[0]) == "help")) {
    bool wantsStages = words.size() > 1 && StringRef(words[1]) == "stages";
    wantsStages ? printStages(outs()) : printHelp(outs());
    return kExitOk;
  }
  std::optional<CommandLine> line = parseCommandLine(words);
  if (!line)
    return kExitUsage;
  if (!findTarget(line->target)) {
    errs() << "ogee: no target `" << line->target << "`; there are "
           << targetNames() << "\n";
    return kExitUsage;
  }
#define OGEE_VERB(name, function, arguments, what)                             \
  if (line->verb == #name)                                                     \
    return function(*line);
#include "tools/ogee/Verbs.def"
#undef OGEE_VERB
  return kExitUsage;
}
