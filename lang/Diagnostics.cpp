#include "lang/Diagnostics.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/SmallVector.h"

using namespace ogee;
using llvm::StringRef;

static constexpr const DiagnosticRow *allRows[] = {
#define OGEE_DIAGNOSTIC(severity, name, code, text, ...) &diag::name,
#include "lang/Diagnostics.def"
#undef OGEE_DIAGNOSTIC
};

llvm::ArrayRef<const DiagnosticRow *> ogee::diagnosticRows() {
  static const auto rows = [] {
    llvm::SmallVector<const DiagnosticRow *> withCode;
    for (const DiagnosticRow *row : allRows)
      if (!row->code.empty())
        withCode.push_back(row);
    return withCode;
  }();
  return rows;
}

StringRef DiagnosticSink::addFile(StringRef text, StringRef fileName) {
  auto buffer = llvm::MemoryBuffer::getMemBufferCopy(text, fileName);
  StringRef copy = buffer->getBuffer();
  sources.AddNewSourceBuffer(std::move(buffer), llvm::SMLoc());
  return copy;
}

mlir::Location DiagnosticSink::location(Range range) const {
  unsigned buffer = range ? sources.FindBufferContainingLoc(range.start()) : 0;
  if (!buffer)
    return mlir::UnknownLoc::get(&context);
  StringRef name = sources.getMemoryBuffer(buffer)->getBufferIdentifier();
  auto [line, column] = sources.getLineAndColumn(range.start(), buffer);
  auto [endLine, endColumn] =
      sources.getLineAndColumn(range.smRange().End, buffer);
  auto file = mlir::StringAttr::get(&context, name);
  return mlir::FileLineColRange::get(file, line, column, endLine, endColumn);
}

mlir::InFlightDiagnostic DiagnosticSink::emit(const DiagnosticRow &row,
                                              Range range, std::string text) {
  if (row.severity == mlir::DiagnosticSeverity::Error)
    ++errors;
  if (!row.code.empty())
    text += (" [" + row.code + "]").str();
  mlir::DiagnosticEngine &engine = context.getDiagEngine();
  return engine.emit(location(range), row.severity) << text;
}

/// A tab counts as one column, as in the locations themselves.
static void print(DiagnosticSink &sink, const mlir::Diagnostic &diagnostic,
                  llvm::SourceMgr::DiagKind kind, llvm::raw_ostream &os) {
  llvm::SourceMgr &sources = sink.sourceMgr();
  auto loc = diagnostic.getLocation()->findInstanceOf<mlir::FileLineColRange>();
  for (unsigned id = 1; loc && id <= sources.getNumBuffers(); ++id) {
    const llvm::MemoryBuffer *buffer = sources.getMemoryBuffer(id);
    if (buffer->getBufferIdentifier() != loc.getFilename().getValue())
      continue;
    llvm::SMLoc start = sources.FindLocForLineAndColumn(id, loc.getStartLine(),
                                                        loc.getStartColumn());
    llvm::SMLoc end = sources.FindLocForLineAndColumn(id, loc.getEndLine(),
                                                      loc.getEndColumn());
    if (!start.isValid() || !end.isValid())
      break;
    // A bare carriage return counts as a line for columns, but not for lines.
    if (end.getPointer() < start.getPointer())
      end = start;
    sources.PrintMessage(os, start, kind, diagnostic.str(),
                         llvm::SMRange(start, end));
    return;
  }
  llvm::SMDiagnostic(loc ? loc.getFilename().getValue() : "ogee", kind,
                     diagnostic.str())
      .print(nullptr, os);
}

static llvm::SourceMgr::DiagKind kindOf(mlir::DiagnosticSeverity severity) {
  switch (severity) {
  case mlir::DiagnosticSeverity::Error:
    return llvm::SourceMgr::DK_Error;
  case mlir::DiagnosticSeverity::Warning:
    return llvm::SourceMgr::DK_Warning;
  case mlir::DiagnosticSeverity::Note:
    return llvm::SourceMgr::DK_Note;
  case mlir::DiagnosticSeverity::Remark:
    return llvm::SourceMgr::DK_Remark;
  }
  llvm_unreachable("covered switch");
}

DiagnosticPrinter::DiagnosticPrinter(DiagnosticSink &sink,
                                     llvm::raw_ostream &os)
    : handler(sink.getContext(), [&sink, &os](mlir::Diagnostic &diagnostic) {
        print(sink, diagnostic, kindOf(diagnostic.getSeverity()), os);
        for (mlir::Diagnostic &note : diagnostic.getNotes())
          print(sink, note, llvm::SourceMgr::DK_Note, os);
      }) {}

/// True if two neighbouring letters were typed in the wrong order.
static bool isExchange(StringRef name, StringRef candidate) {
  if (name.size() != candidate.size())
    return false;
  size_t at = 0;
  while (at < name.size() && name[at] == candidate[at])
    ++at;
  return at + 1 < name.size() && name[at] == candidate[at + 1] &&
         name[at + 1] == candidate[at] &&
         name.drop_front(at + 2) == candidate.drop_front(at + 2);
}

StringRef ogee::didYouMean(StringRef name,
                           llvm::ArrayRef<StringRef> candidates) {
  size_t best = (name.size() + 2) / 3 + 1;
  StringRef result;
  for (StringRef candidate : candidates) {
    if (name.equals_insensitive(candidate))
      return candidate;
    size_t distance = isExchange(name, candidate)
                          ? 1
                          : name.edit_distance(candidate, true, best);
    if (distance >= best || distance >= std::min(candidate.size(), name.size()))
      continue;
    best = distance;
    result = candidate;
  }
  return result;
}
