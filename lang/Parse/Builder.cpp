#include "lang/Parse/Builder.h"

using namespace ogee;
using namespace ogee::ast;
using namespace ogee::parsing;

unsigned Builder::depthOf(Block *block) {
  return block ? depthOf(block->stmts) : 0;
}

unsigned Builder::depthOf(Bracket *bracket) {
  if (!bracket)
    return 0;
  return std::max({depthOf(bracket->items), depthOf(bracket->where),
                   depthOf(bracket->otherwise)});
}

unsigned Builder::depthOf(Function *function) {
  return std::max({depthOf(function->params), depthOf(function->result),
                   depthOf(function->body)});
}

/// Said once a file: the levels above a node that was replaced count anew.
bool Builder::tooDeep(unsigned depth, Range range) {
  if (depth <= maxDepth)
    return false;
  if (!std::exchange(saidTooDeep, true))
    sink.report(diag::TooDeep, {range.begin, range.begin}, maxDepth);
  return true;
}

Expr *Builder::bounded(Expr *expr) {
  if (tooDeep(expr->depth, expr->range))
    return new (file.arena) NoneExpr{{expr->range}};
  return expr;
}

Stmt *Builder::bounded(Stmt *stmt) {
  if (tooDeep(stmt->depth, stmt->range))
    return make<ExprStmt>(stmt->range, make<NoneExpr>(stmt->range));
  return stmt;
}

Block *Builder::block(Range range, llvm::ArrayRef<Stmt *> stmts) {
  return new (file.arena) Block{range, keep(stmts)};
}

Bracket *Builder::bracket(Range range, llvm::ArrayRef<Expr *> items,
                          Expr *where, Expr *otherwise) {
  return new (file.arena) Bracket{range, keep(items), where, otherwise};
}

Function *Builder::function(Range range, llvm::ArrayRef<Parameter> params,
                            TypeExpr *result, Block *body) {
  return new (file.arena) Function{range, keep(params), result, body};
}

Function *Builder::from(Range start, Function *function) {
  function->range = Range::join(start, function->range);
  return function;
}

TypeExpr *Builder::type(Range range, Ident element, Expr *bound) {
  return new (file.arena)
      TypeExpr{range, 1 + depthOf(bound), element, bound, false, {}, {}};
}

TypeExpr *Builder::type(Range range, Ident element, Expr *bound,
                        llvm::ArrayRef<Expr *> shape) {
  unsigned depth = 1 + std::max(depthOf(bound), depthOf(shape));
  return new (file.arena)
      TypeExpr{range, depth, element, bound, true, keep(shape), {}};
}

TypeExpr *Builder::tupleType(Range range, llvm::ArrayRef<TypeField> fields) {
  unsigned depth = 1 + depthOf(fields);
  if (tooDeep(depth, range))
    return type(range, {}, nullptr, {});
  return new (file.arena)
      TypeExpr{range, depth, {}, nullptr, false, {}, keep(fields)};
}

Stmt *Builder::binding(Range range, BindingKind kind,
                       llvm::ArrayRef<Ident> names, Bracket *indices,
                       TypeExpr *type, std::pair<InitKind, Expr *> init,
                       Ident role, bool isTuple) {
  return make<BindingStmt>(range, doc(range), kind, names, isTuple, indices,
                           type, init.first, init.second, role);
}

Stmt *Builder::section(Range range, Ident word, Ident name, StringExpr *title,
                       Expr *subject, Block *body) {
  return make<SectionDecl>(range, doc(range), word, name, title, subject, body);
}

Stmt *Builder::exprStmt(Range range, Expr *expr) {
  if (auto *lambda = llvm::dyn_cast<LambdaExpr>(expr))
    return make<FnDecl>(range, doc(range), Ident{}, lambda->fn);
  return make<ExprStmt>(range, expr);
}

Expr *Builder::paren(Range range, std::vector<Arg> elements) {
  bool isGrouping = elements.size() == 1 && !elements[0].name &&
                    !llvm::isa<BinderExpr>(elements[0].value);
  return isGrouping ? elements[0].value : make<TupleExpr>(range, elements);
}

StringExpr *Builder::string(Range range, llvm::StringRef value) {
  return new (file.arena) StringExpr{{range}, value};
}

/// True if nothing but white space, with at most one newline, lies between.
static bool areAdjacent(const char *begin, const char *end) {
  llvm::StringRef gap(begin, end - begin);
  return gap.trim().empty() && gap.count('\n') <= 1;
}

llvm::StringRef Builder::doc(Range range) {
  auto next =
      llvm::upper_bound(docs, range.begin, [](const char *place, Range line) {
        return place < line.end;
      });
  auto first = next;
  const char *place = range.begin;
  while (first != docs.begin() && areAdjacent(std::prev(first)->end, place)) {
    --first;
    place = first->begin;
  }
  std::string text;
  for (auto line = first; line != next; ++line)
    text +=
        (text.empty() ? "" : "\n") + line->text().drop_front(3).trim().str();
  return intern(text);
}
