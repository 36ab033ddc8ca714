//===- Lexer.h - Tokens, and where statements end -------------------------===//
//
// A thin filter between Flex and Bison. A newline becomes the token that ends a
// statement unless a bracket is open, the token before it leaves something
// pending, or `else` follows. After a syntax error it drops the rest of the
// statement with all the blocks in it, so that one mistake is one message.
//
//===----------------------------------------------------------------------===//
#ifndef OGEE_LANG_PARSE_LEXER_H
#define OGEE_LANG_PARSE_LEXER_H

#include "lang/Parse/Grammar.h"

namespace ogee::parsing {

struct Token {
  using Kind = Grammar::symbol_kind_type;
  Kind kind = Grammar::symbol_kind::S_END;
  Range range;
  llvm::StringRef text = {}; ///< Of a name, or of a string without its escapes.
  int64_t integer = 0;
  double number = 0;
};

class Lexer {
public:
  using Kind = Token::Kind;

  Lexer(llvm::StringRef text, Builder &builder, DiagnosticSink &sink);
  ~Lexer();
  Lexer(const Lexer &) = delete;
  Lexer &operator=(const Lexer &) = delete;

  /// The next token as the grammar wants it.
  Token next();

  /// Reports a token that the grammar refused, and drops the statement.
  void reject(Token token, llvm::ArrayRef<Kind> expected);

  // For the rules of the scanner.
  Token name(Range range);
  Token integer(Range range);
  Token number(Range range);
  Token string(Range range, bool isClosed);
  void addDoc(Range range) { builder.addDoc(range); }
  void refuse(Range range);
  Token foreignName(Range range);
  Token badNumber(Range range);
  /// The range of the next `length` bytes, which the scanner has matched.
  Range advance(size_t length);

private:
  /// The scanner itself; newlines come as END.
  Token scan();
  Token take();
  Token filtered();
  Token closeFile(Range range);
  bool endsStatement();
  void track(Token token);
  void abandonBrackets();
  void compareIndents(Range opening, Range closing);
  bool inBracket() const;
  size_t braceDepth() const;
  void report(Token token, llvm::ArrayRef<Kind> expected);
  /// Says how this language writes what other languages write as `range`.
  void addHint(mlir::InFlightDiagnostic &diagnostic, Range range);
  void suggestKeyword(mlir::InFlightDiagnostic &diagnostic, Range range,
                      llvm::ArrayRef<Kind> expected);

  llvm::StringRef text;
  Builder &builder;
  DiagnosticSink &sink;
  void *scanner; ///< Flex's state.
  size_t offset = 0;

  struct Open {
    Kind kind;
    Range range;
  };
  std::vector<Open> open;     ///< Brackets and braces, the innermost last.
  Range suspect;              ///< A brace closed left of where its line begins.
  std::vector<Token> pending; ///< Read ahead, at most one.
  Kind last = Grammar::symbol_kind::S_END;
  Range first;              ///< The first token of the statement, for hints,
  Range current, before;    ///< the last token, and the one before it.
  bool isExplained = false; ///< What the grammar will refuse next.
  bool isDropping = false;
  size_t dropDepth = 0; ///< The braces around the statement.
};

} // namespace ogee::parsing

#endif // OGEE_LANG_PARSE_LEXER_H
