// Verifiers of the nn dialect: shapes follow from the operands, so each is
// computed and compared rather than described.
#include "lib/Nn/Nn.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace ogee::nn;

#include "lib/Nn/NnDialect.cpp.inc"
#include "lib/Nn/NnEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "lib/Nn/NnAttrs.cpp.inc"
#include "lib/Nn/NnInterfaces.cpp.inc"
#define GET_OP_CLASSES
#include "lib/Nn/NnOps.cpp.inc"

void NnDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "lib/Nn/NnAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "lib/Nn/NnOps.cpp.inc"
      >();
}

static RankedTensorType tensorOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static LogicalResult expectShape(Operation *op, Value value, StringRef name,
                                 ArrayRef<int64_t> shape) {
  if (tensorOf(value).getShape() == shape)
    return success();
  return op->emitOpError() << name << " has type " << value.getType()
                           << ", expected shape [" << shape << "]";
}

static LogicalResult expectInteger(Operation *op, Value value, StringRef name) {
  if (tensorOf(value).getElementType().isIntOrIndex())
    return success();
  return op->emitOpError() << name << " must hold integers, found "
                           << value.getType();
}

/// `shape` without `dimensions`; fails where they are not sorted or not inside.
static FailureOr<SmallVector<int64_t>>
dropDimensions(Operation *op, ArrayRef<int64_t> shape,
               ArrayRef<int64_t> dimensions) {
  SmallVector<int64_t> rest;
  int64_t previous = -1;
  for (int64_t dimension : dimensions) {
    if (dimension <= previous || dimension >= int64_t(shape.size()))
      return op->emitOpError() << "dimensions must be sorted and inside";
    previous = dimension;
  }
  for (auto [index, extent] : llvm::enumerate(shape))
    if (!llvm::is_contained(dimensions, int64_t(index)))
      rest.push_back(extent);
  return rest;
}

static SmallVector<int64_t> gatheredShape(Value table, Value indices) {
  SmallVector<int64_t> shape(tensorOf(indices).getShape());
  llvm::append_range(shape, tensorOf(table).getShape().drop_front());
  return shape;
}

LogicalResult GatherOp::verify() {
  if (tensorOf(getTable()).getRank() == 0)
    return emitOpError() << "table must have a dimension to choose from";
  if (failed(expectInteger(*this, getIndices(), "indices")))
    return failure();
  return expectShape(*this, getResult(), "result",
                     gatheredShape(getTable(), getIndices()));
}

template <typename Scatter> static LogicalResult verifyScatter(Scatter op) {
  if (tensorOf(op.getInit()).getRank() == 0)
    return op.emitOpError() << "init must have a dimension to choose from";
  if (failed(expectInteger(op, op.getIndices(), "indices")))
    return failure();
  if (op.getInit().getType() != op.getResult().getType())
    return op.emitOpError() << "result must have the type of init";
  return expectShape(op, op.getUpdates(), "updates",
                     gatheredShape(op.getInit(), op.getIndices()));
}

LogicalResult ScatterAddOp::verify() { return verifyScatter(*this); }

LogicalResult ScatterOp::verify() { return verifyScatter(*this); }

LogicalResult MomentsOp::verify() {
  auto rest =
      dropDimensions(*this, tensorOf(getInput()).getShape(), getDimensions());
  if (failed(rest) || failed(expectShape(*this, getMean(), "mean", *rest)))
    return failure();
  return expectShape(*this, getM2(), "m2", *rest);
}

LogicalResult LogSumExpOp::verify() {
  auto rest =
      dropDimensions(*this, tensorOf(getInput()).getShape(), getDimensions());
  if (failed(rest))
    return failure();
  return expectShape(*this, getResult(), "result", *rest);
}

LogicalResult SoftmaxOp::verify() {
  if (int64_t(getDimension()) >= tensorOf(getInput()).getRank())
    return emitOpError() << "dimension must be inside";
  if (getInput().getType() != getResult().getType())
    return emitOpError() << "result must have the type of the input";
  return success();
}

LogicalResult ArgMaxOp::verify() {
  auto rest = dropDimensions(*this, tensorOf(getInput()).getShape(),
                             {int64_t(getDimension())});
  if (failed(rest) || failed(expectInteger(*this, getResult(), "result")))
    return failure();
  return expectShape(*this, getResult(), "result", *rest);
}

LogicalResult RandomOp::verify() {
  if (failed(expectShape(*this, getSeed(), "seed", {})) ||
      failed(expectShape(*this, getStep(), "step", {})))
    return failure();
  bool isBool = tensorOf(getResult()).getElementType().isInteger(1);
  if (isBool != (getDistribution() == Distribution::Bernoulli))
    return emitOpError() << "bernoulli gives i1, and nothing else does";
  return success();
}

/// What both attention operations share: shapes of q, k, v and out, the maps of
/// the captures, and the score region's signature.
template <typename AttentionLike>
static LogicalResult verifyAttention(AttentionLike op, Value out, Value lse) {
  auto q = tensorOf(op.getQ()), k = tensorOf(op.getK()),
       v = tensorOf(op.getV());
  if (q.getRank() != 4 || k.getRank() != 4 || v.getRank() != 4)
    return op.emitOpError() << "q, k and v must have four dimensions";
  int64_t batch = q.getDimSize(0), rows = q.getDimSize(1),
          heads = q.getDimSize(2), groups = k.getDimSize(2);
  if (groups == 0 || heads % groups != 0)
    return op.emitOpError() << heads << " heads are no multiple of " << groups;
  if (failed(expectShape(op, op.getK(), "k",
                         {batch, k.getDimSize(1), groups, q.getDimSize(3)})) ||
      failed(expectShape(op, op.getV(), "v",
                         {batch, k.getDimSize(1), groups, v.getDimSize(3)})) ||
      failed(
          expectShape(op, out, "out", {batch, rows, heads, v.getDimSize(3)})) ||
      failed(expectShape(op, lse, "lse", {batch, heads, rows})))
    return failure();
  if (op.getCaptures().size() != op.getCaptureMaps().size())
    return op.emitOpError() << "needs one map for each capture";
  for (auto [capture, map] : llvm::zip_equal(
           op.getCaptures(),
           op.getCaptureMaps().template getAsValueRange<AffineMapAttr>()))
    if (map.getNumDims() != 4 || map.getNumSymbols() != 0 ||
        map.getNumResults() != tensorOf(capture).getRank())
      return op.emitOpError() << "capture map " << AffineMapAttr::get(map)
                              << " does not fit " << capture.getType();
  Block &score = op.getScore().front();
  if (score.getNumArguments() != 5 + op.getCaptures().size() ||
      score.getTerminator()->getNumOperands() != 2)
    return op.emitOpError() << "score must map (s, b, h, i, j, captures) to "
                               "(score, keep)";
  return success();
}

LogicalResult AttentionOp::verify() {
  return verifyAttention(*this, getOut(), getLse());
}

LogicalResult AttentionGradOp::verify() {
  if (failed(verifyAttention(*this, getOut(), getLse())))
    return failure();
  for (auto [value, gradient] :
       {std::pair(getQ(), getDq()), std::pair(getK(), getDk()),
        std::pair(getV(), getDv()), std::pair(getOut(), getGrad())})
    if (value.getType() != gradient.getType())
      return emitOpError() << "gradient type " << gradient.getType()
                           << " differs from " << value.getType();
  Block &grad = getScoreGrad().front();
  if (grad.getNumArguments() != 6 + getCaptures().size() ||
      grad.getTerminator()->getNumOperands() != 1 + getDcaptures().size())
    return emitOpError() << "score gradient must map (s, b, h, i, j, captures, "
                            "g) to (ds, gradients of captures)";
  return success();
}
