//===- Parse.h - The one door of the parser -------------------------------===//
#ifndef OGEE_LANG_PARSE_PARSE_H
#define OGEE_LANG_PARSE_PARSE_H

#include "lang/Parse/Ast.h"
#include <memory>

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace ogee {
class DiagnosticSink;

/// Parses `text`, of which the sink's SourceMgr keeps a copy. Never null: what
/// could not be parsed is reported and left out, so `sink.hasErrors()` decides
/// whether to go on. An override's value (`width=512`) is parsed the same way,
/// as a file of one ExprStmt.
std::unique_ptr<ast::File> parse(llvm::StringRef text, llvm::StringRef fileName,
                                 DiagnosticSink &sink);

/// Prints the tree as nested lists, a node a line where it has parts.
void dump(const ast::File &file, llvm::raw_ostream &os);

} // namespace ogee

#endif // OGEE_LANG_PARSE_PARSE_H
