#include "lang/Check/Model.h"
#include "lang/Parse/Ast.h"

using namespace ogee;
using namespace ogee::model;
using llvm::cast;

CheckedModel::CheckedModel(DiagnosticSink &sink) : sink(&sink) {}
CheckedModel::~CheckedModel() = default;

StringRef model::spelling(ScalarOp op) {
  static constexpr llvm::StringLiteral spellings[] = {
#define OGEE_SCALAR_OP(name, spelling, operands) spelling,
#include "lang/Check/Ops.def"
  };
  return spellings[unsigned(op)];
}

StringRef model::spelling(Distribution distribution) {
  switch (distribution) {
  case Distribution::Constant:
    return "constant";
  case Distribution::Normal:
    return "normal";
  case Distribution::Uniform:
    return "uniform";
  case Distribution::TruncNormal:
    return "trunc_normal";
  case Distribution::Table:
    return "table";
  case Distribution::Bernoulli:
    return "bernoulli";
  }
  llvm_unreachable("covered switch");
}

void model::mapOperands(Scalar &scalar,
                        llvm::function_ref<Scalar *(Scalar *)> map,
                        llvm::BumpPtrAllocator &arena) {
  auto one = [&](Scalar *&operand) {
    if (operand)
      operand = map(operand);
  };
  auto list = [&](ArrayRef<Scalar *> &operands) {
    llvm::SmallVector<Scalar *> mapped(operands);
    for (Scalar *&operand : mapped)
      one(operand);
    operands = ArrayRef<Scalar *>(mapped).copy(arena);
  };
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

void model::forEachOperand(const Scalar &scalar,
                           llvm::function_ref<void(const Scalar *)> visit) {
  auto each = [&](ArrayRef<Scalar *> operands) {
    for (const Scalar *operand : operands)
      if (operand)
        visit(operand);
  };
  switch (scalar.kind) {
  case ScalarKind::Const:
  case ScalarKind::Index:
  case ScalarKind::RunTime:
    return;
  case ScalarKind::Read:
    each(cast<ReadScalar>(scalar).subscripts);
    return each(cast<ReadScalar>(scalar).otherwise);
  case ScalarKind::Op:
    return each(cast<OpScalar>(scalar).operands);
  case ScalarKind::Tuple:
    return each(cast<TupleScalar>(scalar).parts);
  case ScalarKind::If: {
    auto &node = cast<IfScalar>(scalar);
    return each({node.cond, node.then, node.otherwise});
  }
  case ScalarKind::Reduce:
    return each(
        {cast<ReduceScalar>(scalar).where, cast<ReduceScalar>(scalar).body});
  case ScalarKind::Softmax: {
    auto &node = cast<SoftmaxScalar>(scalar);
    return each({node.at, node.where, node.body});
  }
  }
}
