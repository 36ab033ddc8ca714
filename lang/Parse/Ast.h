//===- Ast.h - What an .arch file says, before anyone asks if it is right -===//
//
// All nodes lie in the arena of their File and are trivially destructible: a
// pointer, an ArrayRef or a StringRef of the tree is good as long as the File
// (names, docs and literals: as long as the SourceMgr's buffer too).
//
// The tree says what is written, nothing more. Members of an arch, statements
// of a function and settings of a train block are all `Stmt`: which of them may
// stand where is decided by Check. Nodes are told apart llvm-style, by isa,
// dyn_cast and switch over `kind`.
//
//===----------------------------------------------------------------------===//
#ifndef OGEE_LANG_PARSE_AST_H
#define OGEE_LANG_PARSE_AST_H

#include "lang/Range.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Allocator.h"
#include "llvm/Support/Casting.h"
#include <cstdint>
#include <string>

namespace ogee::ast {

using llvm::ArrayRef;
using llvm::StringRef;

struct Expr;
struct Stmt;
struct TypeExpr;

/// A name where it is written. An absent optional name is false.
struct Ident {
  StringRef name;
  Range range;
  explicit operator bool() const { return !name.empty(); }
};

//===----------------------------------------------------------------------===//
// Parts shared by expressions and statements
//===----------------------------------------------------------------------===//

/// `value` or `name = value`: an argument, or a field of a tuple.
struct Arg {
  Ident name;
  Expr *value;
};

/// `{ statements }`. As a function body or a branch, its value is that of its
/// last statement where this is an ExprStmt (or an FnDecl without a name).
struct Block {
  Range range;
  ArrayRef<Stmt *> stmts;
};

/// What stands between `[` and `]` after a name: a subscript, the left side of
/// an element definition, or the indices that a function closes.
///   x[b, h * s + i, (g, d), .., : , i in 0..n, 0..T where c else v]
struct Bracket {
  Range range;
  /// Any expression, and only here (or in a tuple that stands here): Binder,
  /// Ellipsis, Slice.
  ArrayRef<Expr *> items;
  Expr *where = nullptr;     ///< Null if absent.
  Expr *otherwise = nullptr; ///< The value of `else`; null if absent.
};

/// `name: type = value`, type and value optional: of an arch or of a fn.
struct Parameter {
  Ident name;
  TypeExpr *type;
  Expr *value;
  StringRef doc;
};

/// `(parameters) -> result { body }`, result optional.
struct Function {
  Range range; ///< From `fn` to the closing brace.
  ArrayRef<Parameter> params;
  TypeExpr *result;
  Block *body;
};

/// `(name: type, ..)` as the type of a tuple; names are optional.
struct TypeField {
  Ident name;
  TypeExpr *type;
};

/// `[B, T]`, `int(vocab)[B, T]`, `f32[..]`, `int`, `arch`, `fn`, `(A, B)`.
/// Either a tuple (`fields` not empty) or element, bound and shape, of which
/// each is optional but not all absent.
struct TypeExpr {
  Range range;
  unsigned depth = 1; ///< As that of an Expr.
  Ident element;      ///< Absent in `[B, T]`: the float of the precision.
  Expr *bound;        ///< `vocab` of `int(vocab)`, a RangeExpr in `int(a..b)`.
  bool hasShape;      ///< True for `[]` too, the shape of a scalar.
  ArrayRef<Expr *> shape; ///< Expressions and Ellipsis.
  ArrayRef<TypeField> fields;
};

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

enum class ExprKind {
  Int,
  Float,
  String,
  Bool,
  None,
  Name,
  Member,
  Call,
  Subscript,
  Unary,
  Binary,
  If,
  List,
  Comprehension,
  Tuple,
  Lambda,
  Range,
  Binder,
  Ellipsis,
  Slice,
};

struct Expr {
  ExprKind kind;
  Range range;
  /// Levels of the tree below and with this node, at most `maxDepth`, so that
  /// recursion over a tree is bounded.
  unsigned depth = 1;
};

/// Deeper nesting is a syntax error; the node too deep becomes `none`.
constexpr unsigned maxDepth = 400;

template <ExprKind K> struct ExprOf : Expr {
  ExprOf(Range range) : Expr{K, range} {}
  static bool classof(const Expr *expr) { return expr->kind == K; }
};

struct IntExpr : ExprOf<ExprKind::Int> {
  int64_t value; ///< Not negative; `-3` is a Unary.
};

struct FloatExpr : ExprOf<ExprKind::Float> {
  double value;
};

struct StringExpr : ExprOf<ExprKind::String> {
  StringRef value; ///< Escapes resolved, without quotes.
};

struct BoolExpr : ExprOf<ExprKind::Bool> {
  bool value;
};

struct NoneExpr : ExprOf<ExprKind::None> {};

struct NameExpr : ExprOf<ExprKind::Name> {
  StringRef name;
};

/// `base.name`.
struct MemberExpr : ExprOf<ExprKind::Member> {
  Expr *base;
  Ident name;
};

/// `callee(args)`. `sum[i](e)` is a Call whose callee is a Subscript.
struct CallExpr : ExprOf<ExprKind::Call> {
  Expr *callee;
  ArrayRef<Arg> args;
};

/// `base[..]`.
struct SubscriptExpr : ExprOf<ExprKind::Subscript> {
  Expr *base;
  Bracket *bracket;
};

enum class UnaryOp { Negate, Not };

struct UnaryExpr : ExprOf<ExprKind::Unary> {
  UnaryOp op;
  Expr *operand;
};

enum class BinaryOp {
#define OGEE_BINARY_OP(name, spelling) name,
#include "lang/Parse/BinaryOps.def"
};

/// As in the text: `div`, `<=`.
/// As in the text: `div`, `<=`.
StringRef spelling(BinaryOp op);

struct BinaryExpr : ExprOf<ExprKind::Binary> {
  BinaryOp op;
  Range opRange;
  Expr *lhs;
  Expr *rhs;
};

/// `if cond { .. } else { .. }`, as an expression and, inside an ExprStmt, as a
/// statement or member. `else if` is a block that holds one ExprStmt.
struct IfExpr : ExprOf<ExprKind::If> {
  Expr *cond;
  Block *then;
  Block *otherwise; ///< Null if absent.
};

/// `[a, b]`.
struct ListExpr : ExprOf<ExprKind::List> {
  ArrayRef<Expr *> elements;
};

/// `[element for names in domain]`.
struct ComprehensionExpr : ExprOf<ExprKind::Comprehension> {
  Expr *element;
  ArrayRef<Ident> names; ///< Several: `for (a, b) in pairs`.
  Expr *domain;          ///< A RangeExpr or any list.
};

/// `(a, b)` or `(name = a, name = b)`; `()` has no elements. In a subscript
/// `(h, d)` is h * |d| + d and may hold Binders. `(a)` is no tuple but `a`.
struct TupleExpr : ExprOf<ExprKind::Tuple> {
  ArrayRef<Arg> elements;
};

/// `fn (p) { .. }` as a value.
struct LambdaExpr : ExprOf<ExprKind::Lambda> {
  Function *fn;
};

/// `lower..upper by step`: half open. The step is null if absent.
struct RangeExpr : ExprOf<ExprKind::Range> {
  Expr *lower;
  Expr *upper;
  Expr *step;
};

/// `name in domain`, in a Bracket: introduces an index with a written range.
struct BinderExpr : ExprOf<ExprKind::Binder> {
  Ident name;
  Expr *domain; ///< A RangeExpr.
};

/// `..` as an item of a Bracket or of a shape: any list of dimensions.
struct EllipsisExpr : ExprOf<ExprKind::Ellipsis> {};

/// `:` as an item of a Bracket: the whole dimension.
struct SliceExpr : ExprOf<ExprKind::Slice> {};

//===----------------------------------------------------------------------===//
// Statements, members, settings, declarations
//===----------------------------------------------------------------------===//

enum class StmtKind {
  Arch,
  Fn,
  Binding,
  Assign,
  Expr,
  For,
  Use,
  Require,
  Minimise,
  Section,
};

struct Stmt {
  StmtKind kind;
  Range range;
  unsigned depth = 1;
};

template <StmtKind K> struct StmtOf : Stmt {
  StmtOf(Range range) : Stmt{K, range} {}
  static bool classof(const Stmt *stmt) { return stmt->kind == K; }
};

/// `arch Name(hyper-parameters) { members }`.
struct ArchDecl : StmtOf<StmtKind::Arch> {
  StringRef doc; ///< Text of the `///` lines before it, without the slashes.
  Ident name;
  ArrayRef<Parameter> params;
  Block *body;
};

/// `fn name(..) { .. }`; without a name the one that calls the instance, or,
/// as the last statement of a function body, a function that is its value.
struct FnDecl : StmtOf<StmtKind::Fn> {
  StringRef doc;
  Ident name;
  Function *fn;
};

enum class BindingKind { Param, State, Let, Var };
/// As in the text: `param`.
StringRef spelling(BindingKind kind);

enum class InitKind { None, Value, Draw };

/// `param|state|let|var name: type = value as role`, also `name[indices]`,
/// also `(name, name)`, also `~ distribution`.
struct BindingStmt : StmtOf<StmtKind::Binding> {
  StringRef doc;
  BindingKind binding;
  ArrayRef<Ident> names; ///< One, or those of a tuple.
  bool isTuple;
  Bracket *indices; ///< Null if absent; then not a tuple.
  TypeExpr *type;   ///< Null if absent. Both with indices: Check refuses it.
  InitKind init;    ///< Draw: `value` is a distribution.
  Expr *value;      ///< Null iff init is None.
  Ident role;       ///< `gain` of `as gain`; `loss`, `metric`.
};

enum class AssignOp { Set, Add };

/// `target = value`, `target += value`; a setting where it stands in a Section.
/// The target is any expression; Check wants a Name, a Subscript (of a Name),
/// a Member path, or a Tuple of these.
struct AssignStmt : StmtOf<StmtKind::Assign> {
  StringRef doc;
  AssignOp op;
  Expr *target;
  Expr *value;
  Ident role;
};

struct ExprStmt : StmtOf<StmtKind::Expr> {
  Expr *expr;
};

/// `for names in domain { .. }` (while compiling) or `scan` (at run time).
struct ForStmt : StmtOf<StmtKind::For> {
  bool isScan;
  ArrayRef<Ident> names; ///< Several: `for (a, b) in pairs`.
  Expr *domain;          ///< A RangeExpr or any list.
  Block *body;
};

/// `use "file"`.
struct UseDecl : StmtOf<StmtKind::Use> {
  StringRef file;
  Range fileRange;
};

/// `require cond, text`; text is null if absent.
struct RequireStmt : StmtOf<StmtKind::Require> {
  Expr *cond;
  Expr *text;
};

/// `minimise value over nets with optimizer`.
struct MinimiseStmt : StmtOf<StmtKind::Minimise> {
  Expr *value;
  Expr *over;
  Expr *with;
};

/// `train GPT {`, `study scaling of [GPT, LSTM] {`, `target l2 {`, `phase {`,
/// `test "text" {`: a word, a name or a title, a subject, and a block. Which
/// words there are is Check's table.
struct SectionDecl : StmtOf<StmtKind::Section> {
  StringRef doc;
  Ident word;
  Ident name;        ///< Absent in `phase {` and `test "text" {`.
  StringExpr *title; ///< Null if absent.
  Expr *subject;     ///< What follows `of`; null if absent.
  Block *body;
};

//===----------------------------------------------------------------------===//
// File
//===----------------------------------------------------------------------===//

/// One parsed file and the owner of its nodes. Check may allocate nodes of its
/// own in the arena.
struct File {
  std::string name;
  Range range; ///< The whole text.
  ArrayRef<Stmt *> stmts;
  llvm::BumpPtrAllocator arena;

  File() = default;
  File(const File &) = delete;
  File &operator=(const File &) = delete;
};

} // namespace ogee::ast

#endif // OGEE_LANG_PARSE_AST_H
