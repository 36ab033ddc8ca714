//===- Dump.cpp - The tree as nested lists --------------------------------===//
//
// A node becomes a list `(word part ..)`; what fits into 80 columns stands on
// one line, the rest breaks after its word and its names.
//
//===----------------------------------------------------------------------===//
#include "lang/Parse/Parse.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <vector>

using namespace ogee;
using namespace ogee::ast;
using llvm::cast;

namespace {

/// An atom (no parts) or a list, whose first `head` parts stay on its line.
struct Tree {
  std::string atom;
  std::vector<Tree> parts;
  size_t head = 1;
  size_t width = 0;

  Tree(std::string text) : atom(std::move(text)), width(atom.size()) {}
  Tree(StringRef word, std::initializer_list<std::string> names) {
    add(word.str());
    for (const std::string &name : names)
      if (!name.empty())
        add(name);
    head = parts.size();
  }
  void add(Tree part) {
    width += part.width + (parts.empty() ? 2 : 1);
    parts.push_back(std::move(part));
  }
  void print(llvm::raw_ostream &os, size_t indent) const;
};

} // namespace

void Tree::print(llvm::raw_ostream &os, size_t indent) const {
  if (parts.empty()) {
    os << atom;
    return;
  }
  bool isFlat = indent + width <= 80;
  os << '(';
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i >= head && !isFlat)
      os << '\n' << std::string(indent + 2, ' ');
    else if (i != 0)
      os << ' ';
    parts[i].print(os, indent + 2);
  }
  os << ')';
}

namespace {
/// One overload of `tree` for each kind of part.
class Dumper {
public:
  Tree tree(const Stmt *stmt);
  Tree tree(const Expr *expr);

private:
  Tree tree(const TypeExpr *type);
  Tree tree(const Block *block);
  Tree tree(const Arg &arg);
  Tree tree(const Ident &ident) { return Tree(ident.name.str()); }
  Tree tree(const TypeField &field);
  Tree tree(const Parameter &param);
  Tree list(StringRef word, ArrayRef<Expr *> elements) {
    Tree result(word, {});
    all(result, elements);
    return result;
  }

  template <class T> void all(Tree &into, ArrayRef<T> list) {
    for (const T &each : list)
      into.add(tree(each));
  }
  template <class T> void optional(Tree &into, T *part) {
    if (part)
      into.add(tree(part));
  }
  template <class T> void named(Tree &into, StringRef word, T *part) {
    if (!part)
      return;
    Tree result(word, {});
    result.add(tree(part));
    into.add(std::move(result));
  }
  void names(Tree &into, ArrayRef<Ident> names);
  void role(Tree &into, const Ident &role) {
    if (role)
      into.add(Tree("as", {role.name.str()}));
  }
  void function(Tree &into, const Function *function);
  void bracket(Tree &into, const Bracket *bracket);
  void binding(Tree &into, const BindingStmt *stmt);
  void section(Tree &into, const SectionDecl *stmt);
};

} // namespace

static std::string quoted(StringRef text) {
  std::string result;
  llvm::raw_string_ostream os(result);
  os << '"';
  llvm::printEscapedString(text, os);
  os << '"';
  return result;
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

Tree Dumper::tree(const TypeExpr *type) {
  Tree result("type", {type->element.name.str()});
  named(result, "bound", type->bound);
  if (type->hasShape)
    result.add(list("shape", type->shape));
  all(result, type->fields);
  return result;
}

Tree Dumper::tree(const TypeField &field) {
  Tree result("field", {field.name.name.str()});
  result.add(tree(field.type));
  return result;
}

Tree Dumper::tree(const Parameter &param) {
  Tree result("parameter", {param.name.name.str()});
  optional(result, param.type);
  named(result, "default", param.value);
  return result;
}

Tree Dumper::tree(const Arg &arg) {
  if (!arg.name)
    return tree(arg.value);
  Tree result("=", {arg.name.name.str()});
  result.add(tree(arg.value));
  return result;
}

Tree Dumper::tree(const Block *block) {
  Tree result("do", {});
  all(result, block->stmts);
  return result;
}

void Dumper::names(Tree &into, ArrayRef<Ident> names) {
  for (const Ident &name : names)
    into.add(tree(name));
  into.head += names.size();
}

void Dumper::function(Tree &into, const Function *function) {
  all(into, function->params);
  named(into, "result", function->result);
  into.add(tree(function->body));
}

void Dumper::bracket(Tree &into, const Bracket *bracket) {
  Tree result("at", {});
  all(result, bracket->items);
  named(result, "where", bracket->where);
  named(result, "else", bracket->otherwise);
  into.add(std::move(result));
}

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

Tree Dumper::tree(const Expr *expr) {
  switch (expr->kind) {
  case ExprKind::Int:
    return Tree(std::to_string(cast<IntExpr>(expr)->value));
  case ExprKind::Float:
    return Tree(expr->range.text().str());
  case ExprKind::String:
    return Tree(quoted(cast<StringExpr>(expr)->value));
  case ExprKind::Bool:
    return Tree(cast<BoolExpr>(expr)->value ? "true" : "false");
  case ExprKind::None:
    return Tree("none");
  case ExprKind::Name:
    return Tree(cast<NameExpr>(expr)->name.str());
  case ExprKind::Ellipsis:
    return Tree("..");
  case ExprKind::Slice:
    return Tree(":");
  case ExprKind::Member: {
    Tree result("member", {});
    result.add(tree(cast<MemberExpr>(expr)->base));
    result.add(tree(cast<MemberExpr>(expr)->name));
    return result;
  }
  case ExprKind::Call: {
    Tree result("call", {});
    result.add(tree(cast<CallExpr>(expr)->callee));
    all(result, cast<CallExpr>(expr)->args);
    return result;
  }
  case ExprKind::Subscript: {
    Tree result("subscript", {});
    result.add(tree(cast<SubscriptExpr>(expr)->base));
    bracket(result, cast<SubscriptExpr>(expr)->bracket);
    return result;
  }
  case ExprKind::Unary: {
    auto *unary = cast<UnaryExpr>(expr);
    Tree result(unary->op == UnaryOp::Not ? "not" : "-", {});
    result.add(tree(unary->operand));
    return result;
  }
  case ExprKind::Binary: {
    auto *binary = cast<BinaryExpr>(expr);
    Tree result(spelling(binary->op), {});
    result.add(tree(binary->lhs));
    result.add(tree(binary->rhs));
    return result;
  }
  case ExprKind::If: {
    auto *choice = cast<IfExpr>(expr);
    Tree result("if", {});
    result.add(tree(choice->cond));
    result.add(tree(choice->then));
    optional(result, choice->otherwise);
    return result;
  }
  case ExprKind::List:
    return list("list", cast<ListExpr>(expr)->elements);
  case ExprKind::Comprehension: {
    auto *comprehension = cast<ComprehensionExpr>(expr);
    Tree result("list-for", {});
    names(result, comprehension->names);
    result.add(tree(comprehension->domain));
    result.add(tree(comprehension->element));
    return result;
  }
  case ExprKind::Tuple: {
    Tree result("tuple", {});
    all(result, cast<TupleExpr>(expr)->elements);
    return result;
  }
  case ExprKind::Lambda: {
    Tree result("fn", {});
    function(result, cast<LambdaExpr>(expr)->fn);
    return result;
  }
  case ExprKind::Range: {
    auto *range = cast<RangeExpr>(expr);
    Tree result("range", {});
    result.add(tree(range->lower));
    result.add(tree(range->upper));
    optional(result, range->step);
    return result;
  }
  case ExprKind::Binder: {
    Tree result("in", {});
    result.add(tree(cast<BinderExpr>(expr)->name));
    result.add(tree(cast<BinderExpr>(expr)->domain));
    return result;
  }
  }
  llvm_unreachable("covered switch");
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

void Dumper::binding(Tree &into, const BindingStmt *stmt) {
  names(into, stmt->names);
  if (stmt->indices)
    bracket(into, stmt->indices);
  optional(into, stmt->type);
  if (stmt->init == InitKind::Draw)
    named(into, "~", stmt->value);
  else
    optional(into, stmt->value);
  role(into, stmt->role);
}

void Dumper::section(Tree &into, const SectionDecl *stmt) {
  optional(into, stmt->title);
  named(into, "of", stmt->subject);
  into.add(tree(stmt->body));
}

Tree Dumper::tree(const Stmt *stmt) {
  switch (stmt->kind) {
  case StmtKind::Arch: {
    auto *arch = cast<ArchDecl>(stmt);
    Tree result("arch", {arch->name.name.str()});
    all(result, arch->params);
    all(result, arch->body->stmts);
    return result;
  }
  case StmtKind::Fn: {
    auto *fn = cast<FnDecl>(stmt);
    Tree result("fn", {fn->name.name.str()});
    function(result, fn->fn);
    return result;
  }
  case StmtKind::Binding: {
    auto *decl = cast<BindingStmt>(stmt);
    Tree result(spelling(decl->binding), {});
    binding(result, decl);
    return result;
  }
  case StmtKind::Assign: {
    auto *assign = cast<AssignStmt>(stmt);
    Tree result(assign->op == AssignOp::Add ? "+=" : "=", {});
    result.add(tree(assign->target));
    result.add(tree(assign->value));
    role(result, assign->role);
    return result;
  }
  case StmtKind::Expr:
    return tree(cast<ExprStmt>(stmt)->expr);
  case StmtKind::For: {
    auto *loop = cast<ForStmt>(stmt);
    Tree result(loop->isScan ? "scan" : "for", {});
    names(result, loop->names);
    result.add(tree(loop->domain));
    result.add(tree(loop->body));
    return result;
  }
  case StmtKind::Use:
    return Tree("use", {quoted(cast<UseDecl>(stmt)->file)});
  case StmtKind::Require: {
    Tree result("require", {});
    result.add(tree(cast<RequireStmt>(stmt)->cond));
    optional(result, cast<RequireStmt>(stmt)->text);
    return result;
  }
  case StmtKind::Minimise: {
    auto *minimise = cast<MinimiseStmt>(stmt);
    Tree result("minimise", {});
    result.add(tree(minimise->value));
    named(result, "over", minimise->over);
    named(result, "with", minimise->with);
    return result;
  }
  case StmtKind::Section: {
    auto *decl = cast<SectionDecl>(stmt);
    Tree result("section", {decl->word.name.str(), decl->name.name.str()});
    section(result, decl);
    return result;
  }
  }
  llvm_unreachable("covered switch");
}

void ogee::dump(const File &file, llvm::raw_ostream &os) {
  for (const Stmt *stmt : file.stmts) {
    Dumper().tree(stmt).print(os, 0);
    os << '\n';
  }
}
