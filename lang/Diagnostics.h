//===- Diagnostics.h - What the front end says about a wrong program ------===//
//
// Every message is a row of Diagnostics.def and a constant in `ogee::diag`
// whose type carries the types of its arguments: a message with a missing
// argument does not compile. All go through MLIR's engine, so that handlers
// and the verifier of `expected-error` comments treat .arch like .mlir files.
//
//===----------------------------------------------------------------------===//
#ifndef OGEE_LANG_DIAGNOSTICS_H
#define OGEE_LANG_DIAGNOSTICS_H

#include "lang/Range.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/SourceMgr.h"
#include <string>
#include <type_traits>

namespace ogee {

/// A row of the table without the types of its arguments.
struct DiagnosticRow {
  mlir::DiagnosticSeverity severity;
  llvm::StringLiteral name; ///< `UnknownName`; names its explanation and test.
  llvm::StringLiteral code; ///< `E0201`; empty for a note.
  llvm::StringLiteral text; ///< With {0}, {1}, .. for the arguments.
};

template <class... Args> struct DiagnosticKind : DiagnosticRow {};

namespace diag {
using llvm::StringRef;
#define OGEE_DIAGNOSTIC(severity, name, code, text, ...)                       \
  inline constexpr DiagnosticKind<__VA_ARGS__> name{                           \
      {mlir::DiagnosticSeverity::severity, #name, code, text}};
#include "lang/Diagnostics.def"
#undef OGEE_DIAGNOSTIC
} // namespace diag

/// All rows that have a code, in the order of the table.
llvm::ArrayRef<const DiagnosticRow *> diagnosticRows();

/// Owns the text of all source files of a compilation and takes what is said
/// about them. Holds a reference to the context only.
class DiagnosticSink {
public:
  explicit DiagnosticSink(mlir::MLIRContext &context) : context(context) {}

  /// Keeps a copy of `text`; the result lies in that copy.
  llvm::StringRef addFile(llvm::StringRef text, llvm::StringRef fileName);

  /// Reports at a range of a file added before. The result is emitted when it
  /// dies; `attachNote` adds notes to it.
  template <class... Args>
  mlir::InFlightDiagnostic report(const DiagnosticKind<Args...> &kind,
                                  Range range,
                                  std::type_identity_t<Args>... args) {
    return emit(kind, range, llvm::formatv(kind.text.data(), args...).str());
  }

  /// Adds a note, a row without a code, to what `report` returned.
  template <class... Args>
  void note(mlir::InFlightDiagnostic &diagnostic,
            const DiagnosticKind<Args...> &kind, Range range,
            std::type_identity_t<Args>... args) {
    diagnostic.attachNote(location(range))
        << llvm::formatv(kind.text.data(), args...).str();
  }

  /// The range as file, first and last line and column; unknown if empty.
  mlir::Location location(Range range) const;

  bool hasErrors() const { return errors != 0; }
  unsigned errorCount() const { return errors; }
  /// For the handlers that print lines of the source.
  llvm::SourceMgr &sourceMgr() { return sources; }
  mlir::MLIRContext *getContext() const { return &context; }

private:
  mlir::InFlightDiagnostic emit(const DiagnosticRow &row, Range range,
                                std::string text);

  mlir::MLIRContext &context;
  llvm::SourceMgr sources;
  unsigned errors = 0;
};

/// Prints every diagnostic of the context as `file:line:column: error: text
/// [code]`, the line and a caret under the range, while it lives.
class DiagnosticPrinter {
public:
  DiagnosticPrinter(DiagnosticSink &sink, llvm::raw_ostream &os);

private:
  mlir::ScopedDiagnosticHandler handler;
};

/// The candidate that `name` was most likely meant to be, or an empty string:
/// the nearest one, of which about a third of the letters may differ.
llvm::StringRef didYouMean(llvm::StringRef name,
                           llvm::ArrayRef<llvm::StringRef> candidates);

} // namespace ogee

#endif // OGEE_LANG_DIAGNOSTICS_H
