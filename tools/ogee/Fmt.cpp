// A file that is not in order is left as it is: nothing is written before all
// of the new text is there.
#include "tools/ogee/Fmt.h"
#include "lang/Diagnostics.h"
#include "lang/Format/Format.h"
#include "lang/Parse/Parse.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;
using namespace ogee;

static int writeFile(StringRef path, StringRef text) {
  Error failure = writeToOutput(path, [&](raw_ostream &stream) {
    stream << text;
    return Error::success();
  });
  if (!failure)
    return kExitOk;
  errs() << "ogee: cannot write " << path << ": "
         << toString(std::move(failure)) << "\n";
  return kExitUsage;
}

static int fmtFile(StringRef path, bool isCheck) {
  auto buffer = MemoryBuffer::getFileOrSTDIN(path);
  if (!buffer) {
    errs() << "ogee: cannot read " << path << ": "
           << buffer.getError().message() << "\n";
    return kExitUsage;
  }
  bool isInput = path == "-";
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  DiagnosticSink sink(context);
  DiagnosticPrinter printer(sink, errs());
  auto file = parse((*buffer)->getBuffer(), isInput ? "<stdin>" : path, sink);
  if (sink.hasErrors())
    return kExitDiagnostics;
  std::optional<std::string> text = format(*file, sink);
  if (!text)
    return kExitDiagnostics;
  bool isSame = (*buffer)->getBuffer() == *text;
  if (isCheck && !isSame)
    outs() << path << " is not in the layout of `ogee fmt`\n";
  if (isCheck)
    return isSame ? kExitOk : kExitDiagnostics;
  if (isInput)
    outs() << *text;
  return isInput || isSame ? kExitOk : writeFile(path, *text);
}

int ogee::runFmt(const CommandLine &line) {
  int worst = fmtFile(line.file, !line.check.empty());
  for (const std::string &path : line.moreFiles)
    worst = std::max(worst, fmtFile(path, !line.check.empty()));
  return worst;
}
