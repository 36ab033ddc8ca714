// The front end on whole files and on each file without one of its lines, under
// the address and undefined-behaviour sanitizers: any text gives a model or
// messages. What it says is judged elsewhere. Then, for as many seconds as
// FRONT_END_SECONDS says, the parser and the formatter on texts made of pieces
// of these: `failing.arch` in the current folder is the one under way.
#include "lang/Check/Check.h"
#include "lang/Diagnostics.h"
#include "lang/Format/Format.h"
#include "lang/Import/Import.h"
#include "lang/Parse/Parse.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>
#include <cstdlib>
#include <random>

using namespace ogee;

/// Whether the text became a module.
static bool translate(llvm::StringRef text, mlir::MLIRContext &context) {
  DiagnosticSink sink(context);
  DiagnosticPrinter printer(sink, llvm::nulls());
  auto file = parse(text, "text.arch", sink);
  if (sink.hasErrors())
    return false;
  auto model = check(*file, CheckOptions(), sink);
  return model && succeeded(importModel(*model, context));
}

/// All lines but one.
static std::string without(llvm::ArrayRef<llvm::StringRef> lines, size_t left) {
  std::string text;
  for (auto [index, line] : llvm::enumerate(lines))
    if (index != left)
      text += (line + "\n").str();
  return text;
}

/// Lines or pieces of two texts, a few bytes changed: some of them are right.
static std::string mixed(llvm::ArrayRef<std::string> texts,
                         std::mt19937 &random) {
  static constexpr char letters[] = "(){}[];:.,=+-*/~\"\\\n \xc2x0";
  auto below = [&](size_t limit) {
    return random() % std::max<size_t>(limit, 1);
  };
  std::string text;
  for (int part = 0; part < 2; ++part) {
    llvm::StringRef from = texts[below(texts.size())];
    from = from.drop_front(below(from.size()));
    bool isLine = below(2);
    from = isLine ? from.split('\n').second.split('\n').first : from;
    text += from.take_front(below(400)).str() + (isLine ? "\n" : "");
  }
  for (size_t change = below(2) * below(8); change > 0 && !text.empty();
       --change) {
    size_t place = below(text.size());
    if (below(2))
      text.erase(place, 1 + below(3));
    else
      text.insert(place, 1, letters[below(sizeof(letters) - 1)]);
  }
  return text;
}

/// The layout of a text that has one, or nothing.
static std::optional<std::string> layoutOf(llvm::StringRef text,
                                           mlir::MLIRContext &context) {
  DiagnosticSink sink(context);
  DiagnosticPrinter printer(sink, llvm::nulls());
  auto file = parse(text, "text.arch", sink);
  dump(*file, llvm::nulls());
  return sink.hasErrors() ? std::nullopt : format(*file, sink);
}

static bool writeFailing(llvm::StringRef text) {
  std::error_code error;
  llvm::raw_fd_ostream stream("failing.arch", error);
  stream << text;
  return !error;
}

/// False if a layout is no text of the language, or not its own layout.
static bool searchForTrouble(llvm::ArrayRef<std::string> texts,
                             mlir::MLIRContext &context) {
  const char *seconds = std::getenv("FRONT_END_SECONDS");
  using Clock = std::chrono::steady_clock;
  auto end = Clock::now() + std::chrono::seconds(seconds ? atoi(seconds) : 0);
  std::mt19937 random(std::random_device{}());
  int tried = 0, understood = 0;
  for (; Clock::now() < end; ++tried) {
    std::string text = mixed(texts, random);
    if (!writeFailing(text))
      return false;
    auto once = layoutOf(text, context);
    if (!once)
      continue;
    ++understood;
    if (layoutOf(*once, context) != once)
      return false;
  }
  llvm::outs() << tried << " mixed texts, " << understood << " understood\n";
  return true;
}

int main(int count, char **paths) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  int models = 0, texts = 0;
  std::vector<std::string> sources;
  for (const char *path : llvm::ArrayRef(paths, count).drop_front()) {
    auto buffer = llvm::MemoryBuffer::getFile(path);
    if (!buffer) {
      llvm::errs() << path << ": " << buffer.getError().message() << "\n";
      return 1;
    }
    llvm::StringRef text = (*buffer)->getBuffer();
    llvm::SmallVector<llvm::StringRef> lines;
    text.split(lines, '\n');
    models += translate(text, context);
    for (size_t left = 0; left < lines.size(); ++left)
      models += translate(without(lines, left), context);
    texts += 1 + lines.size();
    sources.push_back(text.str());
  }
  if (!searchForTrouble(sources, context))
    return 1;
  llvm::outs() << models << " of " << texts << " texts are models\n";
}
