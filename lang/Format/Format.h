//===- Format.h - The one layout of a file --------------------------------===//
#ifndef OGEE_LANG_FORMAT_FORMAT_H
#define OGEE_LANG_FORMAT_FORMAT_H

#include <optional>
#include <string>

namespace ogee {
class DiagnosticSink;
namespace ast {
struct File;
} // namespace ast

/// The text of `file`, which was parsed without errors, in the layout of rule
/// L1.7; parsed again it gives the same tree. Nothing, after a message, if
/// brackets are nested deeper than a tree may be.
std::optional<std::string> format(const ast::File &file, DiagnosticSink &sink);

} // namespace ogee

#endif // OGEE_LANG_FORMAT_FORMAT_H
