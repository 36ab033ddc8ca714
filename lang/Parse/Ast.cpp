#include "lang/Parse/Ast.h"

using namespace ogee;
using namespace ogee::ast;

StringRef ast::spelling(BinaryOp op) {
  switch (op) {
#define OGEE_BINARY_OP(name, spelling)                                         \
  case BinaryOp::name:                                                         \
    return spelling;
#include "lang/Parse/BinaryOps.def"
  }
  llvm_unreachable("covered switch");
}

StringRef ast::spelling(BindingKind kind) {
  switch (kind) {
  case BindingKind::Param:
    return "param";
  case BindingKind::State:
    return "state";
  case BindingKind::Let:
    return "let";
  case BindingKind::Var:
    return "var";
  }
  llvm_unreachable("covered switch");
}
