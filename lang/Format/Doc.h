//===- Doc.h - A text with the places where its lines may break -----------===//
//
// The algebra of Wadler's "A prettier printer" (2003), and two choices that
// need more than one group: what follows a `=`, and a bracket that ends in a
// block. A document is built once and never changed, so parts may be shared.
//
//===----------------------------------------------------------------------===//
#ifndef OGEE_LANG_FORMAT_DOC_H
#define OGEE_LANG_FORMAT_DOC_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <deque>
#include <string>
#include <vector>

namespace ogee::layout {

struct Doc {
  enum class Kind {
    Text,
    Space,     ///< One space.
    Line,      ///< A space, or a new line where the group is broken.
    SoftLine,  ///< Nothing, or a new line where the group is broken.
    HardLine,  ///< Always a new line: all groups around it are broken.
    Blank,     ///< One empty line; a line follows.
    Fill,      ///< A space, or a new line if what follows does not fit.
    Trailing,  ///< A comment at the end of a line; a new line follows.
    OwnLine,   ///< A comment on a line of its own.
    Concat,    ///< The parts one after the other.
    Indent,    ///< New lines in the part are one level deeper.
    Group,     ///< On one line if it fits there.
    RightSide, ///< What follows a `=`: beside it, or below it on one line if
               ///< that is enough, else beside it and broken.
    Either,    ///< The first part if its first line fits, else the second.
  };
  Kind kind;
  llvm::StringRef text;
  std::vector<const Doc *> parts;
  bool isHard = false; ///< Holds a new line that does not depend on the width.
};

/// Owns documents.
class DocArena {
public:
  using Kind = Doc::Kind;
  const Doc *text(llvm::StringRef text) { return add({Kind::Text, text, {}}); }
  const Doc *comment(llvm::StringRef text, bool isTrailing) {
    Kind kind = isTrailing ? Kind::Trailing : Kind::OwnLine;
    return add({kind, text, {}, true});
  }
  /// A document without parts.
  const Doc *leaf(Kind kind) {
    return add({kind, "", {}, kind == Kind::HardLine || kind == Kind::Blank});
  }
  const Doc *node(Kind kind, std::vector<const Doc *> parts) {
    bool isHard = false;
    for (const Doc *part : parts)
      isHard |= part->isHard;
    return add({kind, "", std::move(parts), isHard});
  }

private:
  const Doc *add(Doc doc) {
    docs.push_back(std::move(doc));
    return &docs.back();
  }
  std::deque<Doc> docs;
};

/// The document in lines of at most `width` columns where its breaks allow it;
/// no line ends in white space.
std::string print(const Doc *doc, size_t width);

} // namespace ogee::layout

#endif // OGEE_LANG_FORMAT_DOC_H
