//===- Check.h - From the syntax tree to the typed model ------------------===//
#ifndef OGEE_LANG_CHECK_CHECK_H
#define OGEE_LANG_CHECK_CHECK_H

#include "lang/Check/Model.h"
#include "llvm/Support/raw_ostream.h"

namespace ogee {

/// `width=512`, `train.batch=8`, `train.data.path="x"`: path and value as on
/// the command line; the value is parsed as an expression, and a value that is
/// one unknown name is taken as a string.
struct Override {
  std::string path;
  std::string value;
};

struct CheckOptions {
  /// The folder of the library's .arch files; empty: the copies in `ogee`.
  std::string libraryDir;
  std::vector<Override> overrides;
  /// Which `train` block, by name; empty: the first one.
  std::string train;
  /// The title of the test that is elaborated instead of the train block.
  std::string test;
  /// All of the file is checked, its tests too; then it needs no train block.
  bool testsAlone = false;
};

/// The names of the `train` blocks of a file, in order; `train` for one that
/// has none.
std::vector<std::string> trainNames(const ast::File &file);

/// Elaborates one train block of `file` and all that it uses, and then, for
/// their errors alone, its tests; or one test. Null after
/// errors, which are reported to the sink; several a run. `file` and `sink`
/// must outlive the result.
std::unique_ptr<CheckedModel>
check(const ast::File &file, const CheckOptions &options, DiagnosticSink &sink);

/// What Check decided, in words near to the language's: settings, instances by
/// path with their parameters, optimizers, signatures of functions.
void print(const CheckedModel &model, llvm::raw_ostream &os);

} // namespace ogee

#endif // OGEE_LANG_CHECK_CHECK_H
