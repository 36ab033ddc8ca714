// What each tensor operation of a kernel means at a point.
#include "lib/Generate/Cpu/Elements.h"
#include "lib/Nn/Nn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace ogee;

Value Elements::compute(OpResult tensor, Coordinates point) {
  Operation *op = tensor.getOwner();
  Frame::Line line(frame, op->getLoc());
  Type type = getElementTypeOrSelf(tensor.getType());
  return TypeSwitch<Operation *, Value>(op)
      .Case<linalg::GenericOp>([&](auto generic) {
        return computeGeneric(generic, tensor.getResultNumber(), point);
      })
      .Case<linalg::FillOp>(
          [&](auto fill) { return scalarOutside(fill.value()); })
      .Case<arith::ConstantOp>(
          [&](auto constant) { return constantAt(constant, point); })
      .Case<tensor::EmptyOp>([&](auto) { return frame.constant(type, 0); })
      .Case<tensor::PadOp>([&](auto pad) { return padAt(pad, point); })
      .Case<tensor::ConcatOp>(
          [&](auto concat) { return concatAt(concat, point); })
      .Case<tensor::InsertSliceOp>(
          [&](auto insert) { return insertAt(insert, point); })
      .Case<tensor::ExtractSliceOp, tensor::ExpandShapeOp,
            tensor::CollapseShapeOp, tensor::CastOp>([&](auto view) {
        return read(view->getOperand(0), mapped(sourceMap(view), point));
      })
      .Case<nn::GatherOp>([&](auto gather) { return gatherAt(gather, point); })
      .Case<nn::RandomOp>([&](auto random) { return randomAt(random, point); })
      .Default([&](Operation *other) {
        return fail(other, type, "its value is not there yet");
      });
}

//===-- linalg.generic ----------------------------------------------------===//

Value Elements::bodyAt(linalg::GenericOp op, unsigned result, Coordinates loops,
                       Value accumulator) {
  SmallVector<Value> arguments;
  for (OpOperand &operand : op->getOpOperands()) {
    if (!op.payloadUsesValueFromOperand(&operand)) {
      arguments.push_back(
          frame.constant(getElementTypeOrSelf(operand.get().getType()), 0));
      continue;
    }
    if (accumulator && op.isDpsInit(&operand)) {
      arguments.push_back(accumulator);
      continue;
    }
    Point point;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    for (AffineExpr coordinate : map.getResults())
      point.push_back(coordinate.replaceDims(loops));
    arguments.push_back(read(operand.get(), point));
  }
  return runBody(*op.getBody(), arguments, loops)[result];
}

/// The loops of a result's element; 0 where the result does not name one.
Point Elements::loopsAt(linalg::GenericOp op, unsigned result,
                        Coordinates point) const {
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(result));
  Point loops(op.getNumLoops(), constant(0));
  for (auto [coordinate, value] : llvm::zip_equal(map.getResults(), point))
    if (auto dimension = dyn_cast<AffineDimExpr>(coordinate))
      loops[dimension.getPosition()] = value;
  return loops;
}

Value Elements::computeGeneric(linalg::GenericOp op, unsigned result,
                               Coordinates point) {
  if (op.getNumReductionLoops() != 0)
    return reduce(op, result, point);
  return bodyAt(op, result, loopsAt(op, result, point), Value());
}

/// A reduction that no emitter has computed: loops in place. Right for any
/// operation, and meant for small ones.
Value Elements::reduce(linalg::GenericOp op, unsigned result,
                       Coordinates point) {
  OpOperand *init = op.getDpsInitOperand(result);
  Point loops = loopsAt(op, result, point);
  SmallVector<unsigned> dimensions;
  op.getReductionDims(dimensions);
  bool varies = llvm::any_of(
      point, [&](AffineExpr coordinate) { return variesByLane(coordinate); });
  Value initial = read(init->get(), point);
  if (varies)
    initial = frame.splat(initial, laneCount);
  return reduceOver(op, result, loops, dimensions, initial);
}

Value Elements::reduceOver(linalg::GenericOp op, unsigned result,
                           SmallVectorImpl<AffineExpr> &loops,
                           ArrayRef<unsigned> dimensions, Value initial) {
  if (dimensions.empty())
    return bodyAt(op, result, loops, initial);
  int64_t extent = op.getStaticLoopRanges()[dimensions.front()];
  auto body = [&](Value index, ValueRange carried) -> SmallVector<Value> {
    Scope scope(*this);
    loops[dimensions.front()] = variable(index);
    return {reduceOver(op, result, loops, dimensions.drop_front(),
                       carried.front())};
  };
  return frame
      .loop(frame.constant(0), frame.constant(extent), 1, ValueRange{initial},
            body)
      .front();
}

Value Elements::accumulate(linalg::GenericOp op, Coordinates loops,
                           Value accumulator) {
  Value next = bodyAt(op, 0, loops, accumulator);
  if (mask && isa<VectorType>(next.getType()))
    return select(mask, next, accumulator);
  return next;
}

void Elements::hoist(Value tensor, Coordinates point) {
  Seen seen;
  hoist(tensor, point, seen);
}

void Elements::hoist(Value tensor, Coordinates point, Seen &seen) {
  bool varies = llvm::any_of(point, [&](AffineExpr coordinate) {
    return variesByLane(simplify(coordinate));
  });
  if (!varies) {
    read(tensor, point);
    return;
  }
  Operation *op = tensor.getDefiningOp();
  if (!op || memories.contains(tensor) || !seen.insert(tensor).second)
    return;
  if (auto gather = dyn_cast<nn::GatherOp>(op)) {
    int64_t rank =
        cast<RankedTensorType>(gather.getIndices().getType()).getRank();
    return hoist(gather.getIndices(), point.take_front(rank), seen);
  }
  for (const ReadAt &input : readsOf(tensor, point))
    hoist(input.tensor, input.point, seen);
}

//===-- Constants and views -----------------------------------------------===//

/// A table in the module that holds the constant's elements.
static LLVM::GlobalOp tableOf(Frame &frame, DenseElementsAttr elements) {
  OpBuilder b(frame.module().getContext());
  b.setInsertionPointToStart(frame.module().getBody());
  auto flat = RankedTensorType::get({elements.getNumElements()},
                                    elements.getElementType());
  size_t count = llvm::range_size(frame.module().getOps());
  return LLVM::GlobalOp::create(
      b, frame.loc(),
      LLVM::LLVMArrayType::get(flat.getElementType(), flat.getNumElements()),
      /*isConstant=*/true, LLVM::Linkage::Internal,
      ("table" + Twine(count)).str(), elements.reshape(flat), /*alignment=*/64);
}

Value Elements::constantAt(arith::ConstantOp op, Coordinates point) {
  auto elements = dyn_cast<DenseElementsAttr>(op.getValue());
  Type type = getElementTypeOrSelf(op.getType());
  if (!elements)
    return fail(op, type, "a constant of another kind");
  OpBuilder &b = frame.builder();
  if (elements.isSplat())
    return arith::ConstantOp::create(b, frame.loc(),
                                     elements.getSplatValue<TypedAttr>());
  if (type.isInteger(1)) // bits in the attribute, bytes in memory
    return fail(op, type, "a table of conditions");
  Value address =
      LLVM::AddressOfOp::create(b, frame.loc(), tableOf(frame, elements));
  Memory memory{address, rowMajor(elements.getType().getShape())};
  return load(memory, type, point);
}

Value Elements::select(Value condition, Value inside, Value outside) {
  if (isa<VectorType>(condition.getType()) ||
      isa<VectorType>(inside.getType()) || isa<VectorType>(outside.getType())) {
    condition = frame.splat(condition, laneCount);
    inside = frame.splat(inside, laneCount);
    outside = frame.splat(outside, laneCount);
  }
  return arith::SelectOp::create(frame.builder(), frame.loc(), condition,
                                 inside, outside);
}

/// Whether a point lies within `shape`; null if it always does. Coordinates
/// that are the same in all lanes are moved inside, the others leave the mask.
Value Elements::within(SmallVectorImpl<AffineExpr> &point,
                       ArrayRef<int64_t> shape) {
  OpBuilder &b = frame.builder();
  Value all;
  for (auto [coordinate, extent] : llvm::zip_equal(point, shape)) {
    Value value = materialise(simplify(coordinate));
    Value limit = frame.constant(value.getType(), extent);
    // Unsigned: a negative coordinate is beyond every extent.
    Value inside = arith::CmpIOp::create(
        b, frame.loc(), arith::CmpIPredicate::ult, value, limit);
    if (isa<VectorType>(value.getType()))
      mask = mask ? arith::AndIOp::create(b, frame.loc(), mask, inside)
                  : Value(inside);
    else
      coordinate = variable(select(inside, value, frame.constant(0)));
    if (all &&
        (isa<VectorType>(all.getType()) || isa<VectorType>(inside.getType()))) {
      all = frame.splat(all, laneCount);
      inside = frame.splat(inside, laneCount);
    }
    all = all ? arith::AndIOp::create(b, frame.loc(), all, inside)
              : Value(inside);
  }
  return all;
}

Value Elements::readWithin(Value source, Coordinates point, Value other) {
  Value saved = mask;
  Point inner(point);
  Value inside =
      within(inner, cast<RankedTensorType>(source.getType()).getShape());
  Value value = read(source, inner);
  mask = saved;
  return inside ? select(inside, value, other) : value;
}

void Elements::storeInside(const Sink &sink, Coordinates point) {
  Value saved = mask;
  Point inner(point);
  Value inside =
      within(inner, cast<RankedTensorType>(sink.value.getType()).getShape());
  if (!inside || isa<VectorType>(inside.getType())) {
    store(sink, inner);
  } else {
    frame.when(inside, [&] {
      Scope scope(*this);
      store(sink, inner);
    });
  }
  mask = saved;
}

Value Elements::padAt(tensor::PadOp op, Coordinates point) {
  Point source;
  for (auto [coordinate, low] : llvm::zip_equal(point, op.getStaticLow()))
    source.push_back(coordinate - low);
  Value padding = op.getConstantPaddingValue();
  if (!padding)
    return fail(op, op.getResultType().getElementType(), "padding varies");
  return readWithin(op.getSource(), source, scalarOutside(padding));
}

Value Elements::concatAt(tensor::ConcatOp op, Coordinates point) {
  Value value;
  int64_t before = 0;
  for (Value input : op.getInputs()) {
    Point source(point);
    source[op.getDim()] = source[op.getDim()] - before;
    value = readWithin(
        input, source,
        value ? value : frame.constant(getElementTypeOrSelf(op.getType()), 0));
    before += cast<RankedTensorType>(input.getType()).getDimSize(op.getDim());
  }
  return value;
}

Value Elements::insertAt(tensor::InsertSliceOp op, Coordinates point) {
  Value outside = read(op.getDest(), point);
  llvm::SmallBitVector dropped = op.getDroppedDims();
  // The dropped dimensions have extent 1: they must match as well. What a
  // stride leaves over is a coordinate of its own, which must be 0.
  Point source, kept;
  SmallVector<int64_t> sizes(op.getStaticSizes());
  for (auto [dimension, offset] : llvm::enumerate(op.getStaticOffsets()))
    source.push_back(
        (point[dimension] - offset).floorDiv(op.getStaticStride(dimension)));
  for (auto [dimension, offset] : llvm::enumerate(op.getStaticOffsets()))
    if (op.getStaticStride(dimension) != 1) {
      source.push_back((point[dimension] - offset) %
                       op.getStaticStride(dimension));
      sizes.push_back(1);
    }
  Value saved = mask;
  Value inside = within(source, sizes);
  for (int64_t dimension = 0; dimension < int64_t(point.size()); ++dimension)
    if (!dropped.test(dimension))
      kept.push_back(source[dimension]);
  Value value = read(op.getSource(), kept);
  mask = saved;
  return inside ? select(inside, value, outside) : value;
}

//===-- Data-dependent reads ----------------------------------------------===//

Value Elements::gatherAt(nn::GatherOp op, Coordinates point) {
  int64_t rank = cast<RankedTensorType>(op.getIndices().getType()).getRank();
  Value index = read(op.getIndices(), point.take_front(rank));
  OpBuilder &b = frame.builder();
  Type wide = b.getI64Type();
  if (auto vector = dyn_cast<VectorType>(index.getType()))
    wide = VectorType::get(vector.getShape(), wide);
  if (index.getType() != wide)
    index = arith::ExtSIOp::create(b, frame.loc(), wide, index);
  Point row{variable(index)};
  row.append(point.begin() + rank, point.end());
  return read(op.getTable(), row);
}
