// Indentation is written with the first text of a line, so that an empty line
// has none. After a comment the next thing of any kind begins a line.
#include "lang/Format/Doc.h"
#include "llvm/ADT/STLExtras.h"

using namespace ogee::layout;
using Kind = Doc::Kind;

namespace {

constexpr unsigned kIndent = 2;

/// A document still to be printed.
struct Task {
  unsigned indent;
  bool isFlat;
  const Doc *doc;
};

class Printer {
public:
  explicit Printer(size_t width) : width(width) {}
  std::string run(const Doc *doc);

private:
  void step(Task task);
  void write(llvm::StringRef text, unsigned indent);
  void space();
  void newLine();
  void comment(Task task);
  void group(Task task);
  void rightSide(Task task);
  void either(Task task);
  void push(const Doc *doc, unsigned indent, bool isFlat) {
    tasks.push_back({indent, isFlat, doc});
  }
  void pushParts(Task task, unsigned indent) {
    for (const Doc *part : llvm::reverse(task.doc->parts))
      push(part, indent, task.isFlat);
  }
  bool fits(Task first, size_t used) const;

  const size_t width;
  std::string out;
  std::vector<Task> tasks; ///< The next one last.
  size_t column = 0;
  bool isLineStart = true;
  bool mustBreak = false; ///< A comment was written.
};

} // namespace

void Printer::newLine() {
  while (!out.empty() && out.back() == ' ')
    out.pop_back();
  if (!isLineStart)
    out += '\n';
  column = 0;
  isLineStart = true;
  mustBreak = false;
}

void Printer::write(llvm::StringRef text, unsigned indent) {
  if (mustBreak)
    newLine();
  if (isLineStart) {
    out.append(indent, ' ');
    column = indent;
  }
  isLineStart = false;
  out += text;
  column += text.size();
}

void Printer::space() {
  if (isLineStart || mustBreak)
    return;
  out += ' ';
  ++column;
}

void Printer::comment(Task task) {
  bool isTrailing = task.doc->kind == Kind::Trailing;
  if (!isTrailing && !isLineStart)
    newLine();
  if (isTrailing && !out.empty() && out.back() != ' ')
    space();
  write(task.doc->text, task.indent);
  mustBreak = true;
}

/// Whether the line that `first` begins stays within the width up to the first
/// place where it may end; what follows `first` counts too.
bool Printer::fits(Task first, size_t used) const {
  std::vector<Task> todo{first};
  size_t rest = tasks.size();
  while (used <= width) {
    if (todo.empty()) {
      if (rest == 0)
        return true;
      todo.push_back(tasks[--rest]);
    }
    Task task = todo.back();
    todo.pop_back();
    const Doc &doc = *task.doc;
    switch (doc.kind) {
    case Kind::Text:
      used += doc.text.size();
      break;
    case Kind::Space:
      ++used;
      break;
    case Kind::Line:
    case Kind::Fill:
    case Kind::SoftLine:
      if (!task.isFlat)
        return true;
      used += doc.kind != Kind::SoftLine;
      break;
    case Kind::HardLine:
    case Kind::Blank:
    case Kind::Trailing:
    case Kind::OwnLine:
      return true;
    case Kind::RightSide:
      if (!task.isFlat && !doc.isHard)
        return true;
      ++used;
      [[fallthrough]];
    case Kind::Concat:
    case Kind::Indent:
    case Kind::Group: {
      bool isFlat = task.isFlat || (doc.kind == Kind::Group && !doc.isHard);
      for (const Doc *part : llvm::reverse(doc.parts))
        todo.push_back({0, isFlat, part});
      break;
    }
    case Kind::Either:
      todo.push_back({0, task.isFlat || !doc.isHard, doc.parts.front()});
      break;
    }
  }
  return false;
}

void Printer::group(Task task) {
  Task flat = task;
  flat.isFlat = true;
  bool isFlat = task.isFlat || (!task.doc->isHard && fits(flat, column));
  pushParts({task.indent, isFlat, task.doc}, task.indent);
}

void Printer::rightSide(Task task) {
  const Doc *value = task.doc->parts.front();
  Task flat{task.indent, true, value};
  bool isBelow = !task.isFlat && !value->isHard && !fits(flat, column + 1) &&
                 fits(flat, task.indent + kIndent);
  if (isBelow)
    newLine();
  else
    space();
  push(value, task.indent + (isBelow ? kIndent : 0), task.isFlat || isBelow);
}

void Printer::either(Task task) {
  const Doc *first = task.doc->parts[0], *second = task.doc->parts[1];
  bool isFlat = task.isFlat ||
                (!task.doc->isHard && fits({task.indent, true, first}, column));
  bool isFirst = isFlat || fits({task.indent, false, first}, column);
  push(isFirst ? first : second, task.indent, isFlat);
}

void Printer::step(Task task) {
  const Doc &doc = *task.doc;
  switch (doc.kind) {
  case Kind::Text:
    return write(doc.text, task.indent);
  case Kind::Space:
    return space();
  case Kind::Line:
    return task.isFlat ? space() : newLine();
  case Kind::SoftLine:
    return task.isFlat ? void() : newLine();
  case Kind::HardLine:
    return newLine();
  case Kind::Blank:
    newLine();
    if (!out.empty() && !llvm::StringRef(out).ends_with("\n\n"))
      out += '\n';
    return;
  case Kind::Fill: {
    bool isSpace = task.isFlat || tasks.empty();
    if (!isSpace) {
      Task next = tasks.back();
      tasks.pop_back();
      isSpace = fits(next, column + 1);
      tasks.push_back(next);
    }
    return isSpace ? space() : newLine();
  }
  case Kind::Trailing:
  case Kind::OwnLine:
    return comment(task);
  case Kind::Concat:
    return pushParts(task, task.indent);
  case Kind::Indent:
    return pushParts(task, task.indent + kIndent);
  case Kind::Group:
    return group(task);
  case Kind::RightSide:
    return rightSide(task);
  case Kind::Either:
    return either(task);
  }
}

std::string Printer::run(const Doc *doc) {
  push(doc, 0, false);
  while (!tasks.empty()) {
    Task task = tasks.back();
    tasks.pop_back();
    step(task);
  }
  newLine();
  return std::move(out);
}

std::string ogee::layout::print(const Doc *doc, size_t width) {
  return Printer(width).run(doc);
}
