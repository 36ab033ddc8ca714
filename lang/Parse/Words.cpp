//===- Words.cpp - Tokens with a value ------------------------------------===//
//
// Names, numbers and strings; what is wrong with one of them is said here, and
// a token of its kind goes on to the grammar, so that one mistake is one
// message.
//
//===----------------------------------------------------------------------===//
#include "lang/Parse/Lexer.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <charconv>

using namespace ogee;
using namespace ogee::parsing;
using llvm::StringRef;
using K = Grammar::symbol_kind;

Range Lexer::advance(size_t length) {
  const char *begin = text.data() + offset;
  offset += length;
  return {begin, begin + length};
}

Token Lexer::name(Range range) {
#define OGEE_KEYWORD(token, spelling)                                          \
  if (range.text() == (spelling))                                              \
    return {K::S_##token, range};
#include "lang/Parse/Keywords.def"
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

void Lexer::refuse(Range range) {
  bool isPrintable = !range.text().empty() && (unsigned char)*range.begin > ' ';
  std::string byte = "\\x" + llvm::utohexstr((unsigned char)*range.begin);
  auto diagnostic = sink.report(diag::UnknownCharacter, range,
                                isPrintable ? range.text() : StringRef(byte));
  addHint(diagnostic, range);
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
