/*===- Grammar.y - The grammar of Arch --------------------------------------===

A statement is a statement: members of an arch, statements of a function,
settings and declarations of a file share one rule, and Check decides which may
stand where. So the grammar knows no layer, no setting and no kind of section.

The rules on newlines are the Lexer's: here a `;` ends a statement.

===------------------------------------------------------------------------===*/
%require "3.8"
%language "c++"
%define api.namespace {ogee::parsing}
%define api.parser.class {Grammar}
%define api.value.type variant
%define api.value.automove
%define api.token.constructor
%define api.token.raw
%define api.token.prefix {T_}
%define api.location.type {ogee::Range}
%define parse.lac full
%define parse.error custom
%locations
%expect 0
%param { Lexer &lexer }
%parse-param { Builder &b }

%code requires {
#include "lang/Parse/Builder.h"

namespace ogee::parsing {
using namespace ogee::ast;
class Lexer;
} // namespace ogee::parsing

/// A rule without symbols lies where the one before it ends.
#define YYLLOC_DEFAULT(current, rhs, n)                                        \
  (current) = (n) ? ::ogee::Range::join(YYRHSLOC(rhs, 1), YYRHSLOC(rhs, n))    \
                  : ::ogee::Range{YYRHSLOC(rhs, 0).end, YYRHSLOC(rhs, 0).end}
}

%code {
#include "lang/Parse/Lexer.h"

static ogee::parsing::Grammar::symbol_type yylex(ogee::parsing::Lexer &lexer) {
  using namespace ogee::parsing;
  Token token = lexer.next();
  switch (token.kind) {
  case Grammar::symbol_kind::S_NAME:
    return Grammar::make_NAME(token.text, token.range);
  case Grammar::symbol_kind::S_STRING:
    return Grammar::make_STRING(token.text, token.range);
  case Grammar::symbol_kind::S_INT:
    return Grammar::make_INT(token.integer, token.range);
  case Grammar::symbol_kind::S_FLOAT:
    return Grammar::make_FLOAT(token.number, token.range);
  default:
    return {token.kind, token.range};
  }
}
}

%token
  ARCH "arch" FN "fn" PARAM "param" STATE "state" LET "let" VAR "var"
  IF "if" ELSE "else" FOR "for" SCAN "scan" IN "in" BY "by" WHERE "where"
  AS "as" USE "use" REQUIRE "require" MINIMISE "minimise" OVER "over"
  WITH "with" OF "of" AND "and" OR "or" NOT "not" DIV "div" MOD "mod"
  TRUE "true" FALSE "false" NONE "none"
  LPAREN "(" RPAREN ")" LBRACKET "[" RBRACKET "]" LBRACE "{" RBRACE "}"
  COMMA "," COLON ":" DOT "." DOTS ".." ASSIGN "=" ADDASSIGN "+=" TILDE "~"
  ARROW "->" PLUS "+" MINUS "-" STAR "*" SLASH "/" POWER "**" AT "@"
  EQ "==" NE "!=" LT "<" LE "<=" GT ">" GE ">="
  END ";"
%token <llvm::StringRef> NAME "name" STRING "string"
%token <int64_t> INT "integer"
%token <double> FLOAT "number"

// In `x[i where if a { b } else 0]` the `else` belongs to the `if`.
%precedence THEN
%precedence "else"
%left "or"
%left "and"
%precedence "not"
%nonassoc "==" "!=" "<" "<=" ">" ">="
%left "+" "-"
%left "*" "/" "div" "mod" "@"
%precedence NEGATE
%right "**"

%nterm <std::vector<Stmt *>> stmts
%nterm <Stmt *> stmt section
%nterm <Block *> block
%nterm <BindingKind> binding
%nterm <std::pair<InitKind, Expr *>> init
%nterm <Ident> role ident
%nterm <std::vector<Ident>> idents names
%nterm <Function *> function
%nterm <std::vector<Parameter>> hyper params param.list
%nterm <Parameter> param
%nterm <TypeExpr *> type type.opt result
%nterm <std::vector<TypeField>> fields
%nterm <TypeField> field
%nterm <std::vector<Expr *>> shape dims exprs items
%nterm <Expr *> dim expr value postfix primary if list item default where else
%nterm <StringExpr *> string
%nterm <Block *> otherwise
%nterm <Bracket *> bracket bracket.opt
%nterm <std::vector<Arg>> args arg.list elements element.list
%nterm <Arg> arg element

%%

file:
  stmts                       { b.finish($stmts); }
| stmts stmt                  { b.finish(b.append($stmts, $stmt)); }
| stmts error                 { b.finish($stmts); }

stmts:
  %empty                      { }
| stmts[list] stmt ";"        { $$ = b.append($list, $stmt); }
| stmts[list] error ";"       { $$ = $list; yyerrok; }

block:
  "{" stmts "}"               { $$ = b.block(@$, $stmts); }
| "{" stmts stmt "}"          { $$ = b.block(@$, b.append($stmts, $stmt)); }
| "{" stmts error "}"         { $$ = b.block(@$, $stmts); yyerrok; }

// Statements

stmt:
  "arch" ident hyper block    { $$ = b.make<ArchDecl>(@$, b.doc(@$), $ident, $hyper, $block); }
| "fn" ident function         { $$ = b.make<FnDecl>(@$, b.doc(@$), $ident, b.from(@1, $function)); }
| binding ident bracket.opt type.opt init role
                              { $$ = b.binding(@$, $binding, b.one($ident), $[bracket.opt], $[type.opt], $init, $role); }
| binding "(" idents ")" init role
                              { $$ = b.binding(@$, $binding, $idents, nullptr, nullptr, $init, $role, true); }
| expr                        { $$ = b.exprStmt(@$, $expr); }
| expr[target] "=" expr[value] role
                              { $$ = b.make<AssignStmt>(@$, b.doc(@$), AssignOp::Set, $target, $value, $role); }
| expr[target] "+=" expr[value] role
                              { $$ = b.make<AssignStmt>(@$, b.doc(@$), AssignOp::Add, $target, $value, $role); }
| "for" names "in" expr block { $$ = b.make<ForStmt>(@$, false, $names, $expr, $block); }
| "scan" names "in" expr block
                              { $$ = b.make<ForStmt>(@$, true, $names, $expr, $block); }
| "use" "string"              { $$ = b.make<UseDecl>(@$, $2, @2); }
| "require" expr              { $$ = b.make<RequireStmt>(@$, $expr, nullptr); }
| "require" expr[cond] "," expr[text]
                              { $$ = b.make<RequireStmt>(@$, $cond, $text); }
| "minimise" expr[value] "over" expr[nets] "with" expr[optimizer]
                              { $$ = b.make<MinimiseStmt>(@$, $value, $nets, $optimizer); }
| section                     { $$ = $section; }

section:
  ident block                 { $$ = b.section(@$, $ident, {}, nullptr, nullptr, $block); }
| ident string block          { $$ = b.section(@$, $ident, {}, $string, nullptr, $block); }
| ident[word] ident[name] block
                              { $$ = b.section(@$, $word, $name, nullptr, nullptr, $block); }
| ident[word] ident[name] "of" expr block
                              { $$ = b.section(@$, $word, $name, nullptr, $expr, $block); }
| ident "of" expr block       { $$ = b.section(@$, $ident, {}, nullptr, $expr, $block); }

binding:
  "param"                     { $$ = BindingKind::Param; }
| "state"                     { $$ = BindingKind::State; }
| "let"                       { $$ = BindingKind::Let; }
| "var"                       { $$ = BindingKind::Var; }

init:
  %empty                      { $$ = {InitKind::None, nullptr}; }
| "=" expr                    { $$ = {InitKind::Value, $expr}; }
| "~" expr                    { $$ = {InitKind::Draw, $expr}; }

role:
  %empty                      { }
| "as" ident                  { $$ = $ident; }

ident:
  "name"                      { $$ = {$1, @1}; }

idents:
  ident                       { $$ = b.one($ident); }
| idents[list] "," ident      { $$ = b.append($list, $ident); }

names:
  ident                       { $$ = b.one($ident); }
| "(" idents ")"              { $$ = $idents; }

// Functions and types

hyper:
  %empty                      { }
| "(" params ")"              { $$ = $params; }

function:
  "(" params ")" result block { $$ = b.function(@$, $params, $result, $block); }

params:
  %empty                      { }
| param.list                  { $$ = $1; }
| param.list ","              { $$ = $1; }

param.list:
  param                       { $$ = b.one($param); }
| param.list[list] "," param  { $$ = b.append($list, $param); }

param:
  ident type.opt default      { $$ = {$ident, $[type.opt], $default, b.doc(@$)}; }

default:
  %empty                      { $$ = nullptr; }
| "=" expr                    { $$ = $expr; }

result:
  %empty                      { $$ = nullptr; }
| "->" type                   { $$ = $type; }

type.opt:
  %empty                      { $$ = nullptr; }
| ":" type                    { $$ = $type; }

type:
  ident                       { $$ = b.type(@$, $ident, nullptr); }
| ident "(" expr ")"          { $$ = b.type(@$, $ident, $expr); }
| ident shape                 { $$ = b.type(@$, $ident, nullptr, $shape); }
| ident "(" expr ")" shape    { $$ = b.type(@$, $ident, $expr, $shape); }
| shape                       { $$ = b.type(@$, {}, nullptr, $shape); }
| "arch"                      { $$ = b.type(@$, {"arch", @1}, nullptr); }
| "fn"                        { $$ = b.type(@$, {"fn", @1}, nullptr); }
| "(" fields ")"              { $$ = b.tupleType(@$, $fields); }

shape:
  "[" "]"                     { }
| "[" dims "]"                { $$ = $dims; }

dims:
  dim                         { $$ = b.one($dim); }
| dims[list] "," dim          { $$ = b.append($list, $dim); }

dim:
  expr                        { $$ = $expr; }
| ".."                        { $$ = b.make<EllipsisExpr>(@$); }

fields:
  field                       { $$ = b.one($field); }
| fields[list] "," field      { $$ = b.append($list, $field); }

field:
  type                        { $$ = {{}, $type}; }
| ident ":" type              { $$ = {$ident, $type}; }

// Expressions, from the loosest to the tightest

expr:
  value                       { $$ = $value; }
| value "->" expr[to]         { $$ = b.make<BinaryExpr>(@$, BinaryOp::Pair, @2, $value, $to); }
| value[from] ".." value[to]  { $$ = b.make<RangeExpr>(@$, $from, $to, nullptr); }
| value[from] ".." value[to] "by" value[step]
                              { $$ = b.make<RangeExpr>(@$, $from, $to, $step); }

value:
  postfix                     { $$ = $postfix; }
| value[l] "or" value[r]      { $$ = b.make<BinaryExpr>(@$, BinaryOp::Or, @2, $l, $r); }
| value[l] "and" value[r]     { $$ = b.make<BinaryExpr>(@$, BinaryOp::And, @2, $l, $r); }
| "not" value[e]              { $$ = b.make<UnaryExpr>(@$, UnaryOp::Not, $e); }
| value[l] "==" value[r]      { $$ = b.make<BinaryExpr>(@$, BinaryOp::Equal, @2, $l, $r); }
| value[l] "!=" value[r]      { $$ = b.make<BinaryExpr>(@$, BinaryOp::NotEqual, @2, $l, $r); }
| value[l] "<" value[r]       { $$ = b.make<BinaryExpr>(@$, BinaryOp::Less, @2, $l, $r); }
| value[l] "<=" value[r]      { $$ = b.make<BinaryExpr>(@$, BinaryOp::LessEqual, @2, $l, $r); }
| value[l] ">" value[r]       { $$ = b.make<BinaryExpr>(@$, BinaryOp::Greater, @2, $l, $r); }
| value[l] ">=" value[r]      { $$ = b.make<BinaryExpr>(@$, BinaryOp::GreaterEqual, @2, $l, $r); }
| value[l] "+" value[r]       { $$ = b.make<BinaryExpr>(@$, BinaryOp::Add, @2, $l, $r); }
| value[l] "-" value[r]       { $$ = b.make<BinaryExpr>(@$, BinaryOp::Sub, @2, $l, $r); }
| value[l] "*" value[r]       { $$ = b.make<BinaryExpr>(@$, BinaryOp::Mul, @2, $l, $r); }
| value[l] "/" value[r]       { $$ = b.make<BinaryExpr>(@$, BinaryOp::Div, @2, $l, $r); }
| value[l] "div" value[r]     { $$ = b.make<BinaryExpr>(@$, BinaryOp::FloorDiv, @2, $l, $r); }
| value[l] "mod" value[r]     { $$ = b.make<BinaryExpr>(@$, BinaryOp::Mod, @2, $l, $r); }
| value[l] "@" value[r]       { $$ = b.make<BinaryExpr>(@$, BinaryOp::MatMul, @2, $l, $r); }
| "-" value[e] %prec NEGATE   { $$ = b.make<UnaryExpr>(@$, UnaryOp::Negate, $e); }
| value[l] "**" value[r]      { $$ = b.make<BinaryExpr>(@$, BinaryOp::Pow, @2, $l, $r); }

postfix:
  primary                     { $$ = $primary; }
| postfix[base] "." ident     { $$ = b.make<MemberExpr>(@$, $base, $ident); }
| postfix[base] "(" args ")"  { $$ = b.make<CallExpr>(@$, $base, $args); }
| postfix[base] bracket       { $$ = b.make<SubscriptExpr>(@$, $base, $bracket); }

primary:
  "integer"                   { $$ = b.make<IntExpr>(@$, $1); }
| "number"                    { $$ = b.make<FloatExpr>(@$, $1); }
| string                      { $$ = $1; }
| "true"                      { $$ = b.make<BoolExpr>(@$, true); }
| "false"                     { $$ = b.make<BoolExpr>(@$, false); }
| "none"                      { $$ = b.make<NoneExpr>(@$); }
| "name"                      { $$ = b.make<NameExpr>(@$, $1); }
| "(" elements ")"            { $$ = b.paren(@$, $elements); }
| list                        { $$ = $list; }
| "fn" function               { $$ = b.make<LambdaExpr>(@$, b.from(@1, $function)); }
| if                          { $$ = $if; }

string:
  "string"                    { $$ = b.string(@$, $1); }

if:
  "if" value block %prec THEN { $$ = b.make<IfExpr>(@$, $value, $block, nullptr); }
| "if" value block "else" otherwise
                              { $$ = b.make<IfExpr>(@$, $value, $block, $otherwise); }

otherwise:
  block                       { $$ = $block; }
| if                          { $$ = b.block(@$, b.one(b.exprStmt(@$, $if))); }

list:
  "[" "]"                     { $$ = b.make<ListExpr>(@$, std::vector<Expr *>()); }
| "[" exprs "]"               { $$ = b.make<ListExpr>(@$, $exprs); }
| "[" exprs "," "]"           { $$ = b.make<ListExpr>(@$, $exprs); }
| "[" expr[element] "for" names "in" expr[domain] "]"
                              { $$ = b.make<ComprehensionExpr>(@$, $element, $names, $domain); }

exprs:
  expr                        { $$ = b.one($expr); }
| exprs[list] "," expr        { $$ = b.append($list, $expr); }

args:
  %empty                      { }
| arg.list                    { $$ = $1; }
| arg.list ","                { $$ = $1; }

arg.list:
  arg                         { $$ = b.one($arg); }
| arg.list[list] "," arg      { $$ = b.append($list, $arg); }

arg:
  expr                        { $$ = {{}, $expr}; }
| "name"[n] "=" expr          { $$ = {{$n, @n}, $expr}; }

elements:
  %empty                      { }
| element.list                { $$ = $1; }

element.list:
  element                     { $$ = b.one($element); }
| element.list[list] "," element
                              { $$ = b.append($list, $element); }

element:
  arg                         { $$ = $arg; }
| "name"[n] "in" expr         { $$ = {{}, b.binder(@$, {$n, @n}, $expr)}; }

// Brackets: subscripts, left sides, and what a function closes

bracket.opt:
  %empty                      { $$ = nullptr; }
| bracket                     { $$ = $bracket; }

bracket:
  "[" items where else "]"    { $$ = b.bracket(@$, $items, $where, $else); }

items:
  item                        { $$ = b.one($item); }
| items[list] "," item        { $$ = b.append($list, $item); }

item:
  expr                        { $$ = $expr; }
| "name"[n] "in" expr         { $$ = b.binder(@$, {$n, @n}, $expr); }
| ".."                        { $$ = b.make<EllipsisExpr>(@$); }
| ":"                         { $$ = b.make<SliceExpr>(@$); }

where:
  %empty                      { $$ = nullptr; }
| "where" value               { $$ = $value; }

else:
  %empty                      { $$ = nullptr; }
| "else" value                { $$ = $value; }

%%

namespace ogee::parsing {

void Grammar::report_syntax_error(const context &where) const {
  symbol_kind_type expected[YYNTOKENS];
  int count = where.expected_tokens(expected, YYNTOKENS);
  const symbol_type &token = where.lookahead();
  lexer.reject({token.kind(), token.location}, llvm::ArrayRef(expected, count));
}

void Grammar::error(const Range &, const std::string &) {
  llvm_unreachable("all errors are custom");
}

} // namespace ogee::parsing
