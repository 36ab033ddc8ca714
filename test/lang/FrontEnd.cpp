// The front end on whole files and on each file without one of its lines, under
// the address and undefined-behaviour sanitizers: any text gives a model or
// messages. What it says is judged elsewhere.
#include "lang/Check/Check.h"
#include "lang/Diagnostics.h"
#include "lang/Import/Import.h"
#include "lang/Parse/Parse.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

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

int main(int count, char **paths) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  int models = 0, texts = 0;
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
  }
  llvm::outs() << models << " of " << texts << " texts are models\n";
}
