// Works on the tokens, not on the tree: the tree has forgotten comments and
// parentheses, and all that a layout needs to know about a token is what kind
// of bracket it lies in and whether it begins a statement.
#include "lang/Format/Format.h"
#include "lang/Diagnostics.h"
#include "lang/Format/Doc.h"
#include "lang/Format/Spacing.h"
#include "lang/Parse/Ast.h"
#include "llvm/ADT/STLExtras.h"

using namespace ogee;
using namespace ogee::layout;
using llvm::StringRef;
using Kind = Doc::Kind;
using Docs = std::vector<const Doc *>;

static constexpr size_t kWidth = 100;

namespace {

/// The operands of a line: what follows the first place to break is indented,
/// up to a block.
class Line {
public:
  explicit Line(DocArena &docs) : docs(docs) {}
  void add(const Doc *doc) { (isIndented ? rest : parts).push_back(doc); }
  void addBreak() {
    isIndented = true;
    add(docs.leaf(Kind::Fill));
  }
  /// Ends the indentation.
  void flush() {
    if (!rest.empty())
      parts.push_back(docs.node(Kind::Indent, std::move(rest)));
    rest.clear();
    isIndented = false;
  }
  Docs take() {
    flush();
    return std::move(parts);
  }

private:
  DocArena &docs;
  Docs parts, rest;
  bool isIndented = false;
};

/// Makes a document from tokens, a method for each kind of nesting.
class Layout {
public:
  explicit Layout(const std::vector<SourceToken> &tokens) : tokens(tokens) {}
  const Doc *file() { return docs.node(Kind::Concat, statements(false).docs); }

private:
  /// Each statement after the line that it begins.
  struct Statements {
    Docs docs;
    size_t count = 0;
    bool isHard = false; ///< Not on one line with its braces.
  };
  /// What stands in a bracket, in two forms: one part a line, or all on one
  /// line but for what the block at the end holds.
  struct Elements {
    Docs broken, hugged;
    bool mayHug = true;  ///< No comment, no block with lines so far.
    bool canHug = false; ///< And a block is the end.
  };

  const SourceToken &token() const { return tokens[next]; }
  StringRef text() const { return token().text(); }
  bool isBlockEnd() const {
    return token().kind == TokenClass::EndOfFile || text() == "}";
  }
  bool isSection() const;
  void comments(Docs &into);
  Statements statements(bool isHard);
  void statement(Statements &into);
  Docs sequence(bool inBracket);
  void gap(Line &into, bool inBracket);
  const Doc *rightSide();
  const Doc *brackets();
  const Doc *bracket(const Elements &inside, Kind kind);
  Elements elements();
  void element(Elements &into);
  void block(Line &into, bool isHard);

  const std::vector<SourceToken> &tokens;
  DocArena docs;
  size_t next = 0;
};

} // namespace

/// The comments before the token, each with the empty line above it.
void Layout::comments(Docs &into) {
  for (const Comment &comment : token().before) {
    if (comment.blankBefore)
      into.push_back(docs.leaf(Kind::Blank));
    into.push_back(docs.comment(comment.text, comment.isTrailing));
  }
  if (!token().before.empty() && token().blankBefore)
    into.push_back(docs.leaf(Kind::Blank));
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

/// `arch`, or `word name {`, `word "text" {`, `word of e {`, `word {`: no
/// expression begins so.
bool Layout::isSection() const {
  if (token().kind != TokenClass::Name)
    return text() == "arch";
  const SourceToken &second = tokens[next + 1];
  return !second.startsStatement &&
         (second.kind == TokenClass::Name ||
          second.kind == TokenClass::Literal || second.text() == "of" ||
          second.text() == "{");
}

/// The comments before a statement, the first of which may end the line before
/// it, and the statement, if one is left in the block.
void Layout::statement(Statements &into) {
  bool isFirst = into.count++ == 0;
  bool mayBeBlank = !isFirst;
  auto newLine = [&](bool isBlank) {
    into.docs.push_back(
        docs.leaf(isBlank && mayBeBlank ? Kind::Blank : Kind::Line));
    mayBeBlank = true;
  };
  for (const Comment &comment : token().before) {
    if (!comment.isTrailing)
      newLine(comment.blankBefore);
    into.docs.push_back(docs.comment(comment.text, comment.isTrailing));
    into.isHard = true;
  }
  if (isBlockEnd())
    return;
  newLine(token().blankBefore);
  into.isHard |= !isFirst || isSection() ||
                 llvm::is_contained({"for", "scan", "fn"}, text());
  into.docs.push_back(docs.node(Kind::Group, sequence(false)));
}

Layout::Statements Layout::statements(bool isHard) {
  Statements result;
  result.isHard = isHard;
  while (!isBlockEnd())
    statement(result);
  if (!token().before.empty())
    statement(result);
  return result;
}

/// `{ .. }`; its lines are those of the group around it.
void Layout::block(Line &into, bool isHard) {
  into.flush();
  into.add(docs.text("{"));
  ++next;
  Statements inside = statements(isHard);
  if (inside.count > 0) {
    if (inside.isHard)
      inside.docs.push_back(docs.leaf(Kind::HardLine));
    into.add(docs.node(Kind::Indent, std::move(inside.docs)));
    into.add(docs.leaf(Kind::Line));
  }
  into.add(docs.text("}"));
  ++next;
}

//===----------------------------------------------------------------------===//
// What a statement, or a part of a bracket, is made of
//===----------------------------------------------------------------------===//

/// What stands between the token and the one before it.
void Layout::gap(Line &into, bool inBracket) {
  if (!token().before.empty()) {
    Docs found;
    comments(found);
    for (const Doc *doc : found)
      into.add(doc);
    return;
  }
  bool isClause = inBracket && tokens[next - 1].text() != "}" &&
                  llvm::is_contained({"where", "else", "for"}, text());
  if (isClause || isBreakable(tokens, next - 1))
    into.addBreak();
  else if (hasSpaceBefore(tokens, next))
    into.add(docs.leaf(Kind::Space));
}

/// From its first token, whose comments are the caller's, to the end of the
/// statement or to what ends the part of a bracket.
Docs Layout::sequence(bool inBracket) {
  Line line(docs);
  const size_t begin = next;
  const bool isDeclaration = !inBracket && isSection();
  auto isEnd = [&] {
    if (inBracket)
      return text() == "," || isClosing(token());
    return isBlockEnd() || (token().startsStatement && next != begin);
  };
  while (!isEnd()) {
    if (next != begin)
      gap(line, inBracket);
    if (text() == "{") {
      block(line, isDeclaration);
      continue;
    }
    if (isOpening(token())) {
      line.add(brackets());
      continue;
    }
    line.add(docs.text(text()));
    ++next;
    if (!inBracket &&
        llvm::is_contained({"=", "+=", "~"}, tokens[next - 1].text())) {
      line.add(rightSide());
      break;
    }
  }
  return line.take();
}

/// What follows `=` or `~` in a statement. A function as a value stays beside
/// it, and its block is broken.
const Doc *Layout::rightSide() {
  if (!token().before.empty()) {
    Docs parts;
    comments(parts);
    parts.push_back(docs.node(Kind::Group, sequence(false)));
    return docs.node(Kind::Indent, std::move(parts));
  }
  bool isFunction = text() == "fn";
  const Doc *value =
      docs.node(isFunction ? Kind::Concat : Kind::Group, sequence(false));
  if (isFunction)
    return docs.node(Kind::Concat, {docs.leaf(Kind::Space), value});
  return docs.node(Kind::RightSide, {value});
}

//===----------------------------------------------------------------------===//
// Brackets
//===----------------------------------------------------------------------===//

/// One part and the comma after it, which is left out before the end.
void Layout::element(Elements &into) {
  const bool isFirst = into.broken.empty();
  const bool hasComment = !token().before.empty();
  if (!isFirst)
    into.hugged.push_back(docs.leaf(Kind::Space));
  if (!hasComment || !token().before.front().isTrailing)
    into.broken.push_back(docs.leaf(isFirst ? Kind::SoftLine : Kind::Line));
  comments(into.broken);
  Docs parts = sequence(true);
  const bool endsInBlock = tokens[next - 1].text() == "}";
  const Doc *group = docs.node(Kind::Group, parts);
  into.mayHug &= !hasComment;
  into.broken.push_back(group);
  if (isClosing(token())) {
    into.canHug = into.mayHug && endsInBlock && token().before.empty();
    into.hugged.push_back(docs.node(Kind::Concat, std::move(parts)));
    return;
  }
  const size_t comma = next++;
  const bool isLast = isClosing(token());
  into.hugged.push_back(group);
  into.mayHug &= !group->isHard && tokens[comma].before.empty();
  if (!isLast) {
    into.broken.push_back(docs.text(","));
    into.hugged.push_back(docs.text(","));
  }
  for (const Comment &comment : tokens[comma].before)
    into.broken.push_back(docs.comment(comment.text, comment.isTrailing));
}

Layout::Elements Layout::elements() {
  Elements inside;
  const Doc *open = docs.text(text());
  ++next;
  while (!isClosing(token()))
    element(inside);
  comments(inside.broken);
  const Doc *close = docs.text(text());
  ++next;
  const Doc *lines = docs.node(Kind::Indent, std::move(inside.broken));
  inside.broken = {open, lines, docs.leaf(Kind::SoftLine), close};
  inside.hugged.insert(inside.hugged.begin(), open);
  inside.hugged.push_back(close);
  return inside;
}

/// A bracket that is broken only where it must be; one that ends in a block
/// goes on beside its closing brace.
const Doc *Layout::bracket(const Elements &inside, Kind kind) {
  if (!inside.canHug)
    return docs.node(kind, inside.broken);
  return docs.node(Kind::Either, {docs.node(Kind::Concat, inside.hugged),
                                  docs.node(Kind::Concat, inside.broken)});
}

/// `[..](..)`: the second one is broken before the first.
const Doc *Layout::brackets() {
  bool isSubscript = text() == "[";
  Elements first = elements();
  const Doc *alone = bracket(first, Kind::Group);
  if (!isSubscript || text() != "(" || token().startsStatement ||
      !token().before.empty() || alone->isHard)
    return alone;
  Elements second = elements();
  const Doc *flat = docs.node(Kind::Group, first.hugged);
  return docs.node(
      Kind::Either,
      {docs.node(Kind::Concat, {flat, bracket(second, Kind::Concat)}),
       docs.node(Kind::Concat, {alone, bracket(second, Kind::Group)})});
}

/// The token at which brackets and braces nest deeper than a tree may, or null.
static const SourceToken *tooDeep(const std::vector<SourceToken> &tokens) {
  unsigned depth = 0;
  for (const SourceToken &token : tokens) {
    if (isOpening(token) || token.text() == "{")
      ++depth;
    if (isClosing(token) || token.text() == "}")
      --depth;
    if (depth > ast::maxDepth)
      return &token;
  }
  return nullptr;
}

std::optional<std::string> ogee::format(const ast::File &file,
                                        DiagnosticSink &sink) {
  std::vector<SourceToken> tokens = tokensOf(file, sink);
  if (const SourceToken *token = tooDeep(tokens)) {
    sink.report(diag::TooDeep, token->range, ast::maxDepth);
    return std::nullopt;
  }
  return layout::print(Layout(tokens).file(), kWidth);
}
