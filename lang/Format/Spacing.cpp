// The tokens alone decide: a bracket that follows an operand is a call or a
// subscript, a `-` that does not follow one is a sign.
#include "lang/Format/Spacing.h"
#include "llvm/ADT/StringSwitch.h"

using namespace ogee;
using namespace ogee::layout;
using llvm::StringRef;
using Tokens = std::vector<SourceToken>;

bool layout::isOpening(const SourceToken &token) {
  return token.text() == "(" || token.text() == "[";
}

bool layout::isClosing(const SourceToken &token) {
  return token.text() == ")" || token.text() == "]";
}

bool layout::endsOperand(const SourceToken &token) {
  switch (token.kind) {
  case TokenClass::Name:
  case TokenClass::Literal:
    return true;
  case TokenClass::Keyword:
    return llvm::StringSwitch<bool>(token.text())
        .Cases({"true", "false", "none"}, true)
        .Default(false);
  case TokenClass::Punctuation:
    return isClosing(token) || token.text() == "}";
  case TokenClass::EndOfFile:
    return false;
  }
  llvm_unreachable("covered switch");
}

static bool isSign(const Tokens &tokens, size_t index) {
  return tokens[index].text() == "-" &&
         (index == 0 || !endsOperand(tokens[index - 1]));
}

bool layout::isBreakable(const Tokens &tokens, size_t index) {
  bool isOperator = llvm::StringSwitch<bool>(tokens[index].text())
                        .Cases({"+", "-", "*", "/", "div", "mod", "@"}, true)
                        .Cases({"==", "!=", "<", "<=", ">", ">="}, true)
                        .Cases({"and", "or", ","}, true)
                        .Default(false);
  return isOperator && !isSign(tokens, index);
}

/// `..` stands close to numbers and names, not to words such as `where`.
static bool isClose(const SourceToken &token) {
  return token.kind != TokenClass::Keyword || endsOperand(token);
}

bool layout::hasSpaceBefore(const Tokens &tokens, size_t index) {
  const SourceToken &token = tokens[index], &before = tokens[index - 1];
  StringRef text = token.text(), last = before.text();
  if (text == "," || text == "." || last == ".")
    return false;
  if (text == ":")
    return last == ",";
  if (isSign(tokens, index - 1))
    return false;
  if (text == "..")
    return last == "," || !isClose(before);
  if (last == "..")
    return !isClose(token);
  if (isOpening(token))
    return !endsOperand(before);
  return true;
}
