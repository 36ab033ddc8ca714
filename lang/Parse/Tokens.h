//===- Tokens.h - What a file is made of, comments included ---------------===//
//
// For tools that keep what the tree forgets: the tokens of a file in the order
// of the text, each with the comments before it. Where statements end has
// become a property of the token that begins the next one.
//
//===----------------------------------------------------------------------===//
#ifndef OGEE_LANG_PARSE_TOKENS_H
#define OGEE_LANG_PARSE_TOKENS_H

#include "lang/Range.h"
#include "llvm/ADT/StringRef.h"
#include <vector>

namespace ogee {
class DiagnosticSink;
namespace ast {
struct File;
} // namespace ast

/// `// text`, from the slashes to the last visible character of the line.
struct Comment {
  llvm::StringRef text;
  bool isTrailing;  ///< A token stands before it on its line.
  bool blankBefore; ///< An empty line lies between it and what is before it.
};

enum class TokenClass { Name, Keyword, Literal, Punctuation, EndOfFile };

struct SourceToken {
  TokenClass kind;
  Range range;
  std::vector<Comment> before; ///< Between the token before this and this.
  bool blankBefore = false;
  bool startsStatement = false;
  llvm::StringRef text() const { return range.text(); }
};

/// The tokens of a file that was parsed without errors; the last one is the end
/// of the file. The texts lie in the sink's copy of the file.
std::vector<SourceToken> tokensOf(const ast::File &file, DiagnosticSink &sink);

} // namespace ogee

#endif // OGEE_LANG_PARSE_TOKENS_H
