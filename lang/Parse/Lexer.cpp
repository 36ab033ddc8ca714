#include "lang/Parse/Lexer.h"
#include "llvm/ADT/STLExtras.h"

using namespace ogee;
using namespace ogee::parsing;
using Kind = Lexer::Kind;
using K = Grammar::symbol_kind;

/// The tokens after which a statement may be complete.
static bool canEndStatement(Kind kind) {
  switch (kind) {
  case K::S_NAME:
  case K::S_STRING:
  case K::S_INT:
  case K::S_FLOAT:
  case K::S_TRUE:
  case K::S_FALSE:
  case K::S_NONE:
  case K::S_RPAREN:
  case K::S_RBRACKET:
  case K::S_RBRACE:
    return true;
  default:
    return false;
  }
}

/// The tokens that start a statement and stand nowhere else: before one of them
/// a bracket that is still open has been forgotten.
static bool onlyStartsStatement(Kind kind) {
  switch (kind) {
  case K::S_ARCH:
  case K::S_PARAM:
  case K::S_STATE:
  case K::S_LET:
  case K::S_VAR:
  case K::S_SCAN:
  case K::S_USE:
  case K::S_REQUIRE:
  case K::S_MINIMISE:
    return true;
  default:
    return false;
  }
}

static bool isNewline(Token token) {
  return token.kind == K::S_END && token.range.text() != ";";
}

bool Lexer::inBracket() const {
  return !open.empty() && open.back().kind != K::S_LBRACE;
}

Token Lexer::take() {
  if (pending.empty())
    return scan();
  Token token = pending.back();
  pending.pop_back();
  return token;
}

/// Looks at the token after a run of newlines, which stays pending.
bool Lexer::endsStatement() {
  Token next = take();
  while (isNewline(next))
    next = take();
  Kind kind = next.kind;
  pending.push_back(next);
  if (!inBracket())
    return canEndStatement(last) && kind != K::S_ELSE;
  if (!onlyStartsStatement(kind))
    return false;
  abandonBrackets();
  return true;
}

/// The brackets inside the innermost brace will not be closed any more.
void Lexer::abandonBrackets() {
  if (!inBracket())
    return;
  if (!isDropping) {
    sink.report(diag::Unclosed, open.back().range, open.back().range.text());
    isExplained = true;
  }
  while (inBracket())
    open.pop_back();
}

/// How far the line of `place` is indented. Of a line that is longer than a
/// person would read only the end is looked at, so that the time stays linear.
static size_t indentOf(llvm::StringRef text, const char *place) {
  llvm::StringRef before = text.take_front(place - text.begin()).take_back(400);
  llvm::StringRef line = before.drop_front(before.rfind('\n') + 1);
  return std::min(line.find_first_not_of(' '), line.size());
}

/// A brace that begins its line further left than the line of the one it closes
/// was meant for another one: the first such is what a file with an open brace
/// has forgotten.
void Lexer::compareIndents(Range opening, Range closing) {
  size_t indent = indentOf(text, closing.begin);
  llvm::StringRef before = text.take_front(closing.begin - text.begin());
  bool beginsLine = before.drop_back(indent).ends_with("\n");
  if (beginsLine && !suspect && indent < indentOf(text, opening.begin))
    suspect = opening;
}

/// Follows what is open. A bracket that closes nothing is left to the grammar.
void Lexer::track(Token token) {
  switch (token.kind) {
  case K::S_LPAREN:
  case K::S_LBRACKET:
  case K::S_LBRACE:
    open.push_back({token.kind, token.range});
    return;
  case K::S_RPAREN:
  case K::S_RBRACKET: {
    Kind opening = token.kind == K::S_RPAREN ? K::S_LPAREN : K::S_LBRACKET;
    if (!open.empty() && open.back().kind == opening)
      open.pop_back();
    return;
  }
  case K::S_RBRACE:
    abandonBrackets();
    if (open.empty())
      return;
    compareIndents(open.back().range, token.range);
    open.pop_back();
    return;
  default:
    return;
  }
}

/// At the end of the text every brace is closed, so that the statements before
/// it are not lost; only the innermost one is reported.
Token Lexer::closeFile(Range range) {
  abandonBrackets();
  if (!open.empty() && !isExplained)
    sink.report(diag::Unclosed, suspect ? suspect : open.back().range, "{");
  isExplained = true;
  if (open.empty())
    return {K::S_YYEOF, range};
  open.pop_back();
  return {K::S_RBRACE, range};
}

Token Lexer::filtered() {
  Token token = take();
  while (token.kind == K::S_END) {
    bool isKept = isNewline(token) ? endsStatement()
                                   : last != K::S_END && last != K::S_LBRACE;
    if (isKept)
      break;
    token = take();
  }
  if (token.kind == K::S_YYEOF && !open.empty()) {
    Range range = token.range;
    pending.push_back(token);
    return closeFile(range);
  }
  if (last == K::S_END || last == K::S_LBRACE)
    first = token.range;
  track(token);
  last = token.kind;
  before = std::exchange(current, token.range);
  return token;
}

size_t Lexer::braceDepth() const {
  return llvm::count_if(
      open, [](const Open &each) { return each.kind == K::S_LBRACE; });
}

/// A dropped statement ends where the braces opened in it are closed.
Token Lexer::next() {
  Token token = filtered();
  while (isDropping) {
    bool isOutside = braceDepth() < dropDepth;
    bool isEnd = token.kind == K::S_END && braceDepth() == dropDepth;
    if (isOutside || isEnd || token.kind == K::S_YYEOF)
      isDropping = false;
    else
      token = filtered();
  }
  return token;
}
