// The contract of docs/architecture.md, checked where flatten and differentiate
// end, because upstream's verifiers do not.
#include "lib/Flatten/Flatten.h"
#include "lib/Nn/Affine.h"
#include "lib/Nn/Program.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace ogee {
#define GEN_PASS_DEF_VERIFYTENSORPROGRAM
#include "lib/Flatten/Passes.h.inc"
} // namespace ogee

using namespace mlir;
using namespace ogee;

static LogicalResult verifyMaps(linalg::GenericOp op) {
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  unsigned inputs = op.getNumDpsInputs();
  for (auto [index, map] : llvm::enumerate(op.getIndexingMapsArray())) {
    if (index >= inputs && !map.isProjectedPermutation())
      return op.emitOpError() << "output map " << AffineMapAttr::get(map)
                              << " is no projected permutation";
    if (index >= inputs)
      continue;
    auto type = cast<RankedTensorType>(op.getInputs()[index].getType());
    for (auto [expr, extent] :
         llvm::zip_equal(map.getResults(), type.getShape())) {
      auto bounds = boundsOf(expr, extents);
      if (!bounds || bounds->low < 0 || bounds->high >= extent)
        return op.emitOpError() << "input " << index << " is read outside by "
                                << AffineMapAttr::get(map);
    }
  }
  return success();
}

/// What compares and converts an index beside `linalg.index`.
static bool isIndexArithmetic(Operation &op) {
  return isa<linalg::IndexOp, arith::ConstantOp, arith::IndexCastOp,
             arith::SIToFPOp, arith::CmpIOp, arith::AddIOp, arith::SubIOp,
             arith::MulIOp, arith::FloorDivSIOp, arith::RemSIOp>(op);
}

/// The rows of the derivative table, and what works on integers and conditions.
static bool isScalar(Operation &op) {
  return isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp,
             arith::NegFOp, arith::MaximumFOp, arith::MinimumFOp,
             arith::SelectOp, arith::ExtFOp, arith::TruncFOp, arith::SIToFPOp,
             arith::UIToFPOp, arith::CmpFOp, math::AbsFOp, math::ExpOp,
             math::ExpM1Op, math::LogOp, math::Log1pOp, math::SqrtOp,
             math::RsqrtOp, math::TanhOp, math::SinOp, math::CosOp, math::ErfOp,
             math::PowFOp, math::FloorOp, math::CeilOp, math::RoundOp,
             math::RoundEvenOp, arith::CmpIOp, arith::AddIOp, arith::SubIOp,
             arith::MulIOp, arith::DivSIOp, arith::FloorDivSIOp, arith::RemSIOp,
             arith::MaxSIOp, arith::MinSIOp, arith::AndIOp, arith::OrIOp,
             arith::XOrIOp, arith::ExtSIOp, arith::ExtUIOp, arith::TruncIOp,
             arith::FPToSIOp>(op);
}

static LogicalResult verifyBody(linalg::GenericOp op) {
  if (op.getNumResults() != 1)
    return op.emitOpError() << "has more than one result";
  for (Operation &inner : *op.getBody())
    for (Value operand : inner.getOperands())
      if (operand.getParentRegion() != &op.getRegion())
        return op.emitOpError() << "captures a value";
  auto body = op.getBody()->without_terminator();
  bool indices = llvm::any_of(body, llvm::IsaPred<linalg::IndexOp>);
  if (isCopy(op) || isContraction(op) || body.empty() ||
      (indices && llvm::all_of(body, isIndexArithmetic)))
    return success();
  Operation *scalar = scalarOp(op);
  if (!scalar)
    return op.emitOpError() << "has more than one scalar operation in its body";
  if (!isScalar(*scalar))
    return op.emitOpError() << "'" << scalar->getName()
                            << "' is no scalar operation of a tensor program";
  return success();
}

static LogicalResult verifyTypes(Operation *op, TypeRange types) {
  for (Type type : types) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (tensor && (!tensor.hasStaticShape() ||
                   llvm::any_of(tensor.getShape(),
                                [](int64_t extent) { return extent <= 0; })))
      return op->emitOpError() << "has no static, positive shape: " << type;
  }
  return success();
}

static LogicalResult verifyOp(Operation &op) {
  if (failed(verifyTypes(&op, op.getResultTypes())))
    return failure();
  if (auto generic = dyn_cast<linalg::GenericOp>(op)) {
    if (failed(verifyMaps(generic)))
      return failure();
    return verifyBody(generic);
  }
  bool known = isa<linalg::FillOp, arith::ConstantOp, func::ReturnOp,
                   tensor::EmptyOp, tensor::ExpandShapeOp,
                   tensor::CollapseShapeOp, tensor::ExtractSliceOp,
                   tensor::InsertSliceOp, tensor::ConcatOp, tensor::PadOp>(op);
  if (known || (isa<nn::NnDialect>(op.getDialect()) && !isa<nn::SoftmaxOp>(op)))
    return success();
  return op.emitOpError() << "is no part of a tensor program";
}

namespace {
struct VerifyTensorProgramPass
    : ogee::impl::VerifyTensorProgramBase<VerifyTensorProgramPass> {
  using VerifyTensorProgramBase::VerifyTensorProgramBase;
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (!function.getBody().hasOneBlock()) {
        function.emitOpError("must have one block");
        return signalPassFailure();
      }
      if (failed(verifyTypes(function, function.getArgumentTypes())))
        return signalPassFailure();
      for (Operation &op : function.getBody().front())
        if (failed(verifyOp(op)))
          return signalPassFailure();
    }
  }
};
} // namespace
