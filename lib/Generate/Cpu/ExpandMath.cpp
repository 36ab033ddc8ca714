// Replaces calls of math functions by arithmetic, so that a kernel needs no
// libm. What the processor has as one instruction (sqrt, fma, abs, floor)
// stays.
#include "lib/Generate/Cpu/Generate.h"
#include "lib/Generate/Cpu/MathFunctions.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace ogee {
#define GEN_PASS_DEF_EXPANDMATH
#include "lib/Generate/Cpu/Passes.h.inc"
} // namespace ogee

using namespace ogee;

namespace {
struct Row {
  StringLiteral op;
  Value (*expand)(MathBuilder &, ValueRange);
};

} // namespace

template <Value (*expand)(MathBuilder &, Value)>
static Value unary(MathBuilder &m, ValueRange operands) {
  return expand(m, operands[0]);
}

template <Value (*expand)(MathBuilder &, Value, Value)>
static Value binary(MathBuilder &m, ValueRange operands) {
  return expand(m, operands[0], operands[1]);
}

static constexpr Row kRows[] = {
    {"math.exp", unary<expandExp>},     {"math.exp2", unary<expandExp2>},
    {"math.expm1", unary<expandExpm1>}, {"math.tanh", unary<expandTanh>},
    {"math.log", unary<expandLog>},     {"math.log1p", unary<expandLog1p>},
    {"math.powf", binary<expandPow>},   {"math.erf", unary<expandErf>},
    {"math.sin", unary<expandSin>},     {"math.cos", unary<expandCos>},
    {"math.rsqrt", unary<expandRsqrt>},
};

namespace {
struct ExpandMath : public ogee::impl::ExpandMathBase<ExpandMath> {
  void runOnOperation() override {
    SmallVector<Operation *> operations;
    getOperation()->walk([&](Operation *op) {
      if (isa_and_nonnull<math::MathDialect>(op->getDialect()))
        operations.push_back(op);
    });
    for (Operation *op : operations)
      if (failed(expand(op)))
        return signalPassFailure();
  }

  static LogicalResult expand(Operation *op) {
    // One instruction of every target, or a few inside LLVM.
    if (isa<math::SqrtOp, math::FmaOp, math::AbsFOp, math::AbsIOp,
            math::FloorOp, math::CeilOp, math::TruncOp, math::RoundEvenOp,
            math::CopySignOp, math::IsNaNOp, math::IsFiniteOp>(op))
      return success();
    const Row *row = llvm::find_if(kRows, [&](const Row &candidate) {
      return candidate.op == op->getName().getStringRef();
    });
    if (row == std::end(kRows))
      return op->emitError() << "no code for this function on the CPU";
    Type type = op->getResult(0).getType();
    Type element = getElementTypeOrSelf(type);
    if (!element.isF32() && !element.isF64())
      return op->emitError() << "no code for " << element << " on the CPU";
    OpBuilder builder(op);
    MathBuilder m(builder, op->getLoc(), type);
    op->getResult(0).replaceAllUsesWith(row->expand(m, op->getOperands()));
    op->erase();
    return success();
  }
};
} // namespace
