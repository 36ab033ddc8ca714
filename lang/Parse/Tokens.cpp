// The scanner drops comments, so they are found again in the gaps between its
// tokens, where besides them only white space and `;` can lie.
#include "lang/Parse/Tokens.h"
#include "lang/Parse/Lexer.h"

using namespace ogee;
using namespace ogee::parsing;
using llvm::StringRef;
using K = Grammar::symbol_kind;

static TokenClass classOf(Token::Kind kind) {
  switch (kind) {
#define OGEE_KEYWORD(token, spelling) case K::S_##token:
#include "lang/Parse/Keywords.def"
    return TokenClass::Keyword;
  case K::S_NAME:
    return TokenClass::Name;
  case K::S_STRING:
  case K::S_INT:
  case K::S_FLOAT:
    return TokenClass::Literal;
  case K::S_YYEOF:
    return TokenClass::EndOfFile;
  default:
    return TokenClass::Punctuation;
  }
}

/// Fills in what lies between the token before and `token`.
static void readGap(StringRef gap, bool isFirst, SourceToken &token) {
  bool isTrailing = !isFirst;
  size_t lines = 0;
  while (!gap.empty()) {
    if (!gap.starts_with("//")) {
      lines += gap.front() == '\n';
      isTrailing &= gap.front() != '\n';
      gap = gap.drop_front();
      continue;
    }
    StringRef text = gap.take_until([](char c) { return c == '\n'; });
    token.before.push_back({text.rtrim(), isTrailing, lines > 1});
    gap = gap.drop_front(text.size());
    lines = 0;
  }
  token.blankBefore = lines > 1;
}

std::vector<SourceToken> ogee::tokensOf(const ast::File &file,
                                        DiagnosticSink &sink) {
  ast::File scratch;
  Builder builder(scratch, sink);
  Lexer lexer(file.range.text(), builder, sink);
  std::vector<SourceToken> tokens;
  const char *end = file.range.begin;
  bool startsStatement = true;
  do {
    Token token = lexer.next();
    if (token.kind == K::S_END) {
      startsStatement = true;
      continue;
    }
    SourceToken &made = tokens.emplace_back();
    made.kind = classOf(token.kind);
    made.range = token.range;
    made.startsStatement = startsStatement || token.kind == K::S_YYEOF;
    readGap({end, size_t(token.range.begin - end)}, tokens.size() == 1, made);
    end = token.range.end;
    startsStatement = token.kind == K::S_LBRACE;
  } while (tokens.empty() || tokens.back().kind != TokenClass::EndOfFile);
  return tokens;
}
