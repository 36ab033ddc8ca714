//===- Builder.h - Makes nodes in the arena of a file ---------------------===//
//
// The lists of a rule grow in vectors and move into the arena when the node
// that holds them is made. `make` also keeps the tree shallow: it counts the
// levels below a node and puts `none` in place of one that is too deep.
//
//===----------------------------------------------------------------------===//
#ifndef OGEE_LANG_PARSE_BUILDER_H
#define OGEE_LANG_PARSE_BUILDER_H

#include "lang/Diagnostics.h"
#include "lang/Parse/Ast.h"
#include <algorithm>
#include <utility>
#include <vector>

namespace ogee::parsing {

class Builder {
public:
  Builder(ast::File &file, DiagnosticSink &sink) : file(file), sink(sink) {}

  /// A node of type T at `range` from its parts in the order of its fields.
  template <class T, class... Parts>
  auto *make(Range range, const Parts &...parts) {
    unsigned depth = 1 + std::max({0u, depthOf(parts)...});
    auto *node = new (file.arena) T{{range}, keep(parts)...};
    node->depth = depth;
    if constexpr (std::is_base_of_v<ast::Expr, T>)
      return bounded(static_cast<ast::Expr *>(node));
    else
      return bounded(static_cast<ast::Stmt *>(node));
  }

  template <class T> std::vector<T> one(T element) { return {element}; }
  template <class T>
  std::vector<T> append(std::vector<T> list, std::type_identity_t<T> element) {
    list.push_back(element);
    return list;
  }

  void finish(llvm::ArrayRef<ast::Stmt *> stmts) { file.stmts = keep(stmts); }
  ast::Block *block(Range range, llvm::ArrayRef<ast::Stmt *> stmts);
  ast::Bracket *bracket(Range range, llvm::ArrayRef<ast::Expr *> items,
                        ast::Expr *where, ast::Expr *otherwise);
  ast::Function *function(Range range, llvm::ArrayRef<ast::Parameter> params,
                          ast::TypeExpr *result, ast::Block *body);
  /// `function` with its keyword, which lies at `start`.
  ast::Function *from(Range start, ast::Function *function);
  ast::TypeExpr *type(Range range, ast::Ident element, ast::Expr *bound);
  ast::TypeExpr *type(Range range, ast::Ident element, ast::Expr *bound,
                      llvm::ArrayRef<ast::Expr *> shape);
  ast::TypeExpr *tupleType(Range range, llvm::ArrayRef<ast::TypeField> fields);
  ast::Stmt *binding(Range range, ast::BindingKind kind,
                     llvm::ArrayRef<ast::Ident> names, ast::Bracket *indices,
                     ast::TypeExpr *type,
                     std::pair<ast::InitKind, ast::Expr *> init,
                     ast::Ident role, bool isTuple = false);
  ast::Stmt *section(Range range, ast::Ident word, ast::Ident name,
                     ast::StringExpr *title, ast::Expr *subject,
                     ast::Block *body);
  ast::Expr *binder(Range range, ast::Ident name, ast::Expr *domain) {
    return make<ast::BinderExpr>(range, name, domain);
  }
  /// A function without a name is a declaration where it is a statement.
  ast::Stmt *exprStmt(Range range, ast::Expr *expr);
  /// `(e)` is e; everything else in parentheses is a tuple.
  ast::Expr *paren(Range range, std::vector<ast::Arg> elements);
  ast::StringExpr *string(Range range, llvm::StringRef value);

  /// A copy of `text` in the arena.
  llvm::StringRef intern(llvm::StringRef text) { return text.copy(file.arena); }
  /// Called for each `///` line in the order of the text.
  void addDoc(Range line) { docs.push_back(line); }
  /// The text of the `///` lines directly before `range`.
  llvm::StringRef doc(Range range);

private:
  template <class T> static T keep(T part) { return part; }
  template <class T> llvm::ArrayRef<T> keep(llvm::ArrayRef<T> list) {
    return list.copy(file.arena);
  }
  template <class T> llvm::ArrayRef<T> keep(const std::vector<T> &list) {
    return keep(llvm::ArrayRef<T>(list));
  }

  template <class T> static unsigned depthOf(const T &) { return 0; }
  static unsigned depthOf(ast::Expr *expr) { return expr ? expr->depth : 0; }
  static unsigned depthOf(ast::Stmt *stmt) { return stmt->depth; }
  static unsigned depthOf(ast::TypeExpr *type) {
    return type ? type->depth : 0;
  }
  static unsigned depthOf(const ast::Arg &arg) { return arg.value->depth; }
  static unsigned depthOf(const ast::TypeField &field) {
    return field.type->depth;
  }
  static unsigned depthOf(const ast::Parameter &param) {
    return std::max(depthOf(param.type), depthOf(param.value));
  }
  static unsigned depthOf(ast::Block *block);
  static unsigned depthOf(ast::Bracket *bracket);
  static unsigned depthOf(ast::Function *function);
  template <class T> static unsigned depthOf(llvm::ArrayRef<T> list) {
    unsigned depth = 0;
    for (const T &element : list)
      depth = std::max(depth, depthOf(element));
    return depth;
  }
  template <class T> static unsigned depthOf(const std::vector<T> &list) {
    return depthOf(llvm::ArrayRef<T>(list));
  }

  ast::Expr *bounded(ast::Expr *expr);
  ast::Stmt *bounded(ast::Stmt *stmt);
  bool tooDeep(unsigned depth, Range range);

  ast::File &file;
  DiagnosticSink &sink;
  std::vector<Range> docs;
  bool saidTooDeep = false;
};

} // namespace ogee::parsing

#endif // OGEE_LANG_PARSE_BUILDER_H
