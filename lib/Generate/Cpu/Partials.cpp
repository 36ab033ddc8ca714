#include "lib/Generate/Cpu/Partials.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <limits>

using namespace mlir;
using namespace ogee;

Operation *ogee::combinerOf(linalg::GenericOp reduction) {
  return reduction.getBody()->getTerminator()->getOperand(0).getDefiningOp();
}

double ogee::neutralOf(Operation *combiner) {
  if (isa<arith::MulFOp, arith::MulIOp>(combiner))
    return 1;
  // Integers are i32, or i64 that hold such.
  if (isa<arith::MaxSIOp>(combiner))
    return std::numeric_limits<int32_t>::min();
  if (isa<arith::MinSIOp>(combiner))
    return std::numeric_limits<int32_t>::max();
  if (isa<arith::MaximumFOp>(combiner))
    return -std::numeric_limits<double>::infinity();
  if (isa<arith::MinimumFOp>(combiner))
    return std::numeric_limits<double>::infinity();
  if (isa<arith::AndIOp>(combiner))
    return -1; // all bits
  return 0;
}

Value ogee::combineTwo(Frame &frame, Operation *combiner, Value lhs,
                       Value rhs) {
  OperationState state(frame.loc(), combiner->getName());
  state.addOperands({lhs, rhs});
  state.addTypes(lhs.getType());
  return frame.builder().create(state)->getResult(0);
}

Value ogee::combineLanes(Frame &frame, Operation *combiner, Value vector) {
  OpBuilder &b = frame.builder();
  for (int64_t lanes = cast<VectorType>(vector.getType()).getDimSize(0);
       lanes > 1; lanes /= 2) {
    auto half = [&](int64_t offset) -> Value {
      return vector::ExtractStridedSliceOp::create(b, frame.loc(), vector,
                                                   offset, lanes / 2, 1);
    };
    vector = combineTwo(frame, combiner, half(0), half(lanes / 2));
  }
  return vector::ExtractOp::create(b, frame.loc(), vector, int64_t(0));
}

ChunkPartials::ChunkPartials(Frame &frame, Elements &elements)
    : frame(frame), elements(elements) {
  for (auto [index, op] : llvm::enumerate(partialsOf(frame.kernel()))) {
    auto reduction = cast<linalg::GenericOp>(op);
    auto type = cast<RankedTensorType>(reduction.getResult(0).getType());
    Value offset = frame.mul(frame.chunk(), partStride(type));
    sums.push_back({reduction, frame.at(frame.workspace(index),
                                        type.getElementType(), offset)});
  }
}

void ChunkPartials::begin() {
  for (Sum &sum : sums) {
    auto type = cast<RankedTensorType>(sum.op.getResult(0).getType());
    Value neutral =
        frame.constant(type.getElementType(), neutralOf(combinerOf(sum.op)));
    frame.loop(0, type.getNumElements(), 1, [&](Value element) {
      frame.store(neutral, frame.at(sum.part, type.getElementType(), element));
    });
  }
}

/// Its elements all join one sum.
static bool isScalar(linalg::GenericOp op) {
  return cast<RankedTensorType>(op.getResult(0).getType()).getRank() == 0;
}

SmallVector<Value> ChunkPartials::neutral() {
  SmallVector<Value> carried;
  for (Sum &sum : sums)
    if (isScalar(sum.op))
      carried.push_back(frame.constant(
          VectorType::get({elements.lanes()},
                          getElementTypeOrSelf(sum.op.getResult(0).getType())),
          neutralOf(combinerOf(sum.op))));
  return carried;
}

SmallVector<Value> ChunkPartials::combine(ArrayRef<AffineExpr> point,
                                          Value mask, ValueRange carried) {
  SmallVector<Value> next;
  for (Sum &sum : sums) {
    Value value = valueAt(sum, point, mask);
    if (isScalar(sum.op))
      next.push_back(
          combineTwo(frame, combinerOf(sum.op), carried[next.size()], value));
    else
      combineInMemory(sum, point, value, mask);
  }
  return next;
}

void ChunkPartials::end(ValueRange carried) {
  for (Sum &sum : sums) {
    if (!isScalar(sum.op))
      continue;
    Operation *combiner = combinerOf(sum.op);
    Value total = combineLanes(frame, combiner, carried.front());
    carried = carried.drop_front();
    Value before = frame.load(total.getType(), sum.part);
    frame.store(combineTwo(frame, combiner, before, total), sum.part);
  }
}

Value ChunkPartials::valueAt(Sum &sum, ArrayRef<AffineExpr> point, Value mask) {
  Value value = elements.readVector(sum.op.getDpsInputs()[0], point);
  if (!mask)
    return value;
  return arith::SelectOp::create(
      frame.builder(), frame.loc(), mask, value,
      frame.constant(value.getType(), neutralOf(combinerOf(sum.op))));
}

void ChunkPartials::combineInMemory(Sum &sum, ArrayRef<AffineExpr> point,
                                    Value value, Value mask) {
  linalg::GenericOp op = sum.op;
  Operation *combiner = combinerOf(op);
  auto type = cast<RankedTensorType>(op.getResult(0).getType());
  Type element = type.getElementType();

  // The place of the sum: the box's coordinates that the output map keeps.
  AffineMap input = op.getMatchingIndexingMap(op.getDpsInputOperand(0));
  AffineMap output = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  AffineExpr offset = elements.constant(0);
  bool keepsLane = false;
  for (auto [result, stride] :
       llvm::zip_equal(output.getResults(), rowMajor(type.getShape()))) {
    auto from = input.getResultPosition(result);
    AffineExpr coordinate = point[*from];
    keepsLane |= *from + 1 == point.size();
    offset = offset + coordinate * stride;
  }
  if (keepsLane) {
    // Lane 0's place: the lane is the last dimension of both, so stride 1.
    AffineExpr start = offset.replace(elements.lane(), elements.constant(0));
    Value place = frame.at(sum.part, element, elements.materialise(start));
    auto vector = cast<VectorType>(value.getType());
    Value before = frame.load(vector, place, mask);
    frame.store(combineTwo(frame, combiner, before, value), place, mask);
    return;
  }
  Value place = frame.at(sum.part, element, elements.materialise(offset));
  Value before = frame.load(element, place);
  frame.store(
      combineTwo(frame, combiner, before, combineLanes(frame, combiner, value)),
      place);
}
