//===- Reject.cpp - What is said about a token that does not fit ----------===//
#include "lang/Parse/Lexer.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace ogee;
using namespace ogee::parsing;
using llvm::StringRef;
using Kind = Lexer::Kind;
using K = Grammar::symbol_kind;

static std::string describe(Kind kind) {
  switch (kind) {
  case K::S_NAME:
    return "a name";
  case K::S_STRING:
    return "a string";
  case K::S_INT:
    return "an integer";
  case K::S_FLOAT:
    return "a number";
  case K::S_END:
    return "the end of the statement";
  case K::S_YYEOF:
    return "the end of the file";
  default:
    return ("`" + llvm::StringRef(Grammar::symbol_name(kind)) + "`").str();
  }
}

/// The tokens that go on with an expression are rarely what was forgotten.
static bool continuesExpression(Kind kind) {
  switch (kind) {
  case K::S_OR:
  case K::S_AND:
  case K::S_DIV:
  case K::S_MOD:
  case K::S_DOT:
  case K::S_DOTS:
  case K::S_LPAREN:
  case K::S_LBRACKET:
  case K::S_ARROW:
    return true;
  default:
    return kind >= K::S_PLUS && kind <= K::S_GE;
  }
}

/// `, expected a, b or c`, or nothing where too much is possible.
static std::string describeExpected(llvm::ArrayRef<Kind> expected) {
  llvm::SmallVector<std::string> parts;
  if (llvm::is_contained(expected, K::S_INT)) {
    parts.push_back("an expression");
  } else {
    bool canEnd = llvm::is_contained(expected, K::S_END);
    for (Kind kind : expected) {
      bool isEnd = kind == K::S_YYEOF || kind == K::S_RBRACE;
      if (!continuesExpression(kind) && !(canEnd && isEnd))
        parts.push_back(describe(kind));
    }
  }
  if (parts.empty() || parts.size() > 4)
    return "";
  std::string last = parts.pop_back_val();
  std::string all = llvm::join(parts, ", ");
  return ", expected " + all + (all.empty() ? "" : " or ") + last;
}

/// True if `rest` closes the bracket it lies in before a brace or a line that
/// starts a statement. A guess from the characters: it only decides how much
/// is dropped.
static bool closesBracket(StringRef rest) {
  int depth = 0;
  for (size_t i = 0; i < rest.size(); ++i) {
    char c = rest[i];
    StringRef line = rest.substr(i + 1).ltrim(' ');
    bool startsStatement =
        c == '\n' && (line.starts_with("let ") || line.starts_with("param ") ||
                      line.starts_with("var ") || line.starts_with("fn "));
    if (c == '{' || c == '}' || startsStatement)
      return false;
    if (c == '(' || c == '[')
      ++depth;
    else if ((c == ')' || c == ']') && depth-- == 0)
      return true;
  }
  return false;
}

void Lexer::reject(Token token, llvm::ArrayRef<Kind> expected) {
  if (!std::exchange(isExplained, false))
    report(token, expected);
  bool isSynchronising = token.kind == K::S_END || token.kind == K::S_RBRACE ||
                         token.kind == K::S_YYEOF;
  if (isSynchronising)
    return;
  isDropping = true;
  if (!closesBracket(text.drop_front(token.range.end - text.begin())))
    abandonBrackets();
  dropDepth = braceDepth() - (token.kind == K::S_LBRACE);
}

static StringRef hintFor(StringRef text) {
  if (text.starts_with("'"))
    return "a string is written with `\"`";
#define OGEE_HINT(foreign, hint)                                               \
  if (text == (foreign))                                                       \
    return hint;
#include "lang/Parse/Hints.def"
  return "";
}

void Lexer::addHint(mlir::InFlightDiagnostic &diagnostic, Range range) {
  StringRef hint = hintFor(range.text());
  if (!hint.empty())
    sink.note(diagnostic, diag::Hint, range, hint);
}

/// A word that is nearly a keyword was meant as one: any at the begin of a
/// statement, where `expected` is empty, else one that could stand there.
void Lexer::suggestKeyword(mlir::InFlightDiagnostic &diagnostic, Range range,
                           llvm::ArrayRef<Kind> expected) {
  llvm::SmallVector<StringRef> words;
  bool isWord = !range.text().empty() && llvm::isAlpha(range.text().front());
#define OGEE_KEYWORD(token, spelling)                                          \
  isWord &= range.text() != (spelling);                                        \
  if (expected.empty() || llvm::is_contained(expected, K::S_##token))          \
    words.push_back(spelling);
#include "lang/Parse/Keywords.def"
  StringRef meant = isWord ? didYouMean(range.text(), words) : "";
  if (!meant.empty())
    sink.note(diagnostic, diag::DidYouMean, range, meant);
}

void Lexer::report(Token token, llvm::ArrayRef<Kind> expected) {
  bool isText = token.kind != K::S_END && token.kind != K::S_YYEOF;
  Range range = isText ? token.range : Range{before.end, before.end};
  std::string what =
      isText ? ("`" + range.text() + "`").str() : describe(token.kind);
  std::string wanted = describeExpected(expected);
  auto diagnostic = sink.report(diag::UnexpectedToken, range, what, wanted);
  addHint(diagnostic, token.range);
  // Two characters that other languages take for one operator.
  if (before.end == token.range.begin)
    addHint(diagnostic, {before.begin, token.range.end});
  bool isWord = !before.text().empty() && llvm::isAlpha(*before.begin);
  if (isWord && before.begin != first.begin)
    addHint(diagnostic, before);
  if (token.kind == K::S_COLON)
    sink.note(diagnostic, diag::Hint, token.range,
              inBracket() ? "a range is written `a..b`, a whole dimension `:`"
                          : "a block stands between `{` and `}`");
  if (first.begin != token.range.begin) {
    addHint(diagnostic, first);
    suggestKeyword(diagnostic, first, {});
  }
  suggestKeyword(diagnostic, token.range, expected);
  bool wantsName = llvm::is_contained(expected, K::S_NAME) &&
                   !llvm::is_contained(expected, K::S_INT);
  if (wantsName && token.kind <= K::S_NONE && token.kind >= K::S_ARCH)
    sink.note(diagnostic, diag::Hint, token.range,
              "a word of the language is no name");
  if (inBracket() && open.back().range.begin != range.begin)
    sink.note(diagnostic, diag::OpenedHere, open.back().range,
              open.back().range.text());
}
