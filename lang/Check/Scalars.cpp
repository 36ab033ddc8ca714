#include "lang/Check/Scalars.h"

using namespace ogee;
using namespace ogee::model;
using llvm::cast;

StringRef model::spelling(Element element) {
  switch (element) {
  case Element::Bool:
    return "bool";
  case Element::Int:
    return "int";
  case Element::F32:
    return "f32";
  case Element::F64:
    return "f64";
  }
  llvm_unreachable("covered switch");
}

StringRef model::spelling(ScalarOp op) {
  static constexpr llvm::StringLiteral spellings[] = {
#define OGEE_SCALAR_OP(name, spelling, operands) spelling,
#include "lang/Check/Ops.def"
  };
  return spellings[unsigned(op)];
}

/// Calls `one` with each operand that stands alone and `list` with each list of
/// operands, in the order of the text.
template <class Node, class One, class List>
static void walkOperands(Node &scalar, One one, List list) {
  switch (scalar.kind) {
  case ScalarKind::Const:
  case ScalarKind::Index:
  case ScalarKind::RunTime:
    return;
  case ScalarKind::Read:
    list(cast<ReadScalar>(scalar).subscripts);
    return one(cast<ReadScalar>(scalar).otherwise);
  case ScalarKind::Op:
    return list(cast<OpScalar>(scalar).operands);
  case ScalarKind::Tuple:
    return list(cast<TupleScalar>(scalar).parts);
  case ScalarKind::If:
    one(cast<IfScalar>(scalar).cond);
    one(cast<IfScalar>(scalar).then);
    return one(cast<IfScalar>(scalar).otherwise);
  case ScalarKind::Reduce:
    one(cast<ReduceScalar>(scalar).where);
    return one(cast<ReduceScalar>(scalar).body);
  case ScalarKind::Softmax:
    one(cast<SoftmaxScalar>(scalar).at);
    one(cast<SoftmaxScalar>(scalar).where);
    return one(cast<SoftmaxScalar>(scalar).body);
  }
}

void model::mapOperands(Scalar &scalar,
                        llvm::function_ref<Scalar *(Scalar *)> map,
                        llvm::BumpPtrAllocator &arena) {
  auto one = [&](Scalar *&operand) {
    if (operand)
      operand = map(operand);
  };
  walkOperands(scalar, one, [&](ArrayRef<Scalar *> &operands) {
    llvm::SmallVector<Scalar *> mapped(operands);
    for (Scalar *&operand : mapped)
      one(operand);
    operands = ArrayRef<Scalar *>(mapped).copy(arena);
  });
}

void model::forEachOperand(const Scalar &scalar,
                           llvm::function_ref<void(const Scalar *)> visit) {
  auto one = [&](const Scalar *operand) {
    if (operand)
      visit(operand);
  };
  walkOperands(scalar, one,
               [&](ArrayRef<Scalar *> list) { llvm::for_each(list, one); });
}
