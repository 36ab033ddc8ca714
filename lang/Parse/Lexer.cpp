#include "lang/Parse/Lexer.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include <charconv>

using namespace ogee;
using namespace ogee::parsing;
using llvm::StringRef;
using Kind = Lexer::Kind;
using K = Grammar::symbol_kind;

//===----------------------------------------------------------------------===//
// Tokens with a value
//===----------------------------------------------------------------------===//

Range Lexer::advance(size_t length) {
  const char *begin = text.data() + offset;
  offset += length;
  return {begin, begin + length};
}

/// The table of words that are not names.
#define OGEE_KEYWORDS(M)                                                       \
  M(ARCH, "arch")                                                              \
  M(FN, "fn")                                                                  \
  M(PARAM, "param")                                                            \
  M(STATE, "state")                                                            \
  M(LET, "let") M(VAR, "var") M(IF, "if") M(ELSE, "else") M(FOR, "for")        \
      M(SCAN, "scan") M(IN, "in") M(BY, "by") M(WHERE, "where") M(AS, "as")    \
          M(USE, "use") M(REQUIRE, "require") M(MINIMISE, "minimise")          \
              M(OVER, "over") M(WITH, "with") M(OF, "of") M(AND, "and")        \
                  M(OR, "or") M(NOT, "not") M(DIV, "div") M(MOD, "mod")        \
                      M(TRUE, "true") M(FALSE, "false") M(NONE, "none")

Token Lexer::name(Range range) {
#define KEYWORD(token, spelling)                                               \
  if (range.text() == spelling)                                                \
    return {K::S_##token, range};
  OGEE_KEYWORDS(KEYWORD)
#undef KEYWORD
  return {K::S_NAME, range, range.text()};
}

Token Lexer::integer(Range range) {
  int64_t value = 0;
  if (range.text().getAsInteger(10, value))
    sink.report(diag::NumberTooLarge, range, range.text(), "64 bits");
  return {K::S_INT, range, "", value};
}

Token Lexer::number(Range range) {
  double value = 0;
  auto [end, error] = std::from_chars(range.begin, range.end, value);
  if (error == std::errc::result_out_of_range)
    sink.report(diag::NumberTooLarge, range, range.text(), "a double");
  return {K::S_FLOAT, range, "", 0, value};
}

Token Lexer::badNumber(Range range) {
  sink.report(diag::BadNumber, range, range.text());
  return {K::S_INT, range};
}

void Lexer::refuseCharacter(Range range) {
  bool isPrintable = !range.text().empty() && (unsigned char)*range.begin > ' ';
  std::string byte = "\\x" + llvm::utohexstr((unsigned char)*range.begin);
  sink.report(diag::UnknownCharacter, range,
              isPrintable ? range.text() : StringRef(byte));
}

/// A word with letters that are not ours, such as `µ`: one mistake, one name.
Token Lexer::foreignName(Range range) {
  const char *begin = llvm::find_if(
      range.text(), [](char c) { return (unsigned char)c >= 0x80; });
  const char *end = begin + 1;
  while (end != range.end && ((unsigned char)*end & 0xC0) == 0x80)
    ++end;
  Range character{begin, end};
  sink.report(diag::UnknownCharacter, character, character.text());
  return {K::S_NAME, range, range.text()};
}

Token Lexer::string(Range range, bool isClosed) {
  if (!isClosed)
    sink.report(diag::UnterminatedString, range);
  StringRef body = range.text().drop_front().drop_back(isClosed);
  std::string value;
  for (size_t i = 0; i < body.size(); ++i) {
    if (body[i] != '\\') {
      value += body[i];
      continue;
    }
    static constexpr StringRef letters = "nt\\\"", meanings = "\n\t\\\"";
    StringRef escape = body.substr(i, 2);
    size_t which =
        escape.size() == 2 ? letters.find(escape[1]) : StringRef::npos;
    if (which != StringRef::npos)
      value += meanings[which];
    else
      sink.report(diag::BadEscape, {escape.begin(), escape.end()}, escape);
    ++i;
  }
  return {K::S_STRING, range, builder.intern(value)};
}

//===----------------------------------------------------------------------===//
// Where statements end
//===----------------------------------------------------------------------===//

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
    if (!open.empty())
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
    sink.report(diag::Unclosed, open.back().range, open.back().range.text());
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
  track(token);
  last = token.kind;
  return token;
}

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

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

void Lexer::report(Token token, llvm::ArrayRef<Kind> expected) {
  Range range = token.range;
  bool isText = token.kind != K::S_END && token.kind != K::S_YYEOF;
  std::string what =
      isText ? ("`" + range.text() + "`").str() : describe(token.kind);
  std::string wanted = describeExpected(expected);
  auto diagnostic = sink.report(diag::UnexpectedToken, range, what, wanted);
  if (inBracket() && open.back().range.begin != range.begin)
    sink.note(diagnostic, diag::OpenedHere, open.back().range,
              open.back().range.text());
}
