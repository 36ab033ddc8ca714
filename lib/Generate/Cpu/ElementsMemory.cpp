// Loads and stores of a point in all lanes: one address where lanes agree, a
// vector where they are neighbours, else an address a lane.
#include "lib/Generate/Cpu/Elements.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace ogee;

AffineExpr Elements::offsetIn(const Memory &memory,
                              ArrayRef<AffineExpr> point) const {
  AffineExpr offset = constant(0);
  for (auto [coordinate, stride] : llvm::zip_equal(point, memory.strides))
    offset = offset + coordinate * stride;
  return simplify(offset);
}

Value Elements::maskOrAll() const {
  if (mask)
    return mask;
  OpBuilder &b = frame.builder();
  return frame.constant(VectorType::get({laneCount}, b.getI1Type()), 1);
}

/// A pointer for each lane.
Value Elements::pointers(Value base, Type type, AffineExpr offset) {
  OpBuilder &b = frame.builder();
  Value offsets = materialise(offset);
  auto result = VectorType::get({laneCount}, base.getType());
  return LLVM::GEPOp::create(b, frame.loc(), result, storageType(type), base,
                             ValueRange{offsets});
}

Value Elements::gatherLanes(Value base, Type type, AffineExpr offset) {
  OpBuilder &b = frame.builder();
  Type storage = storageType(type);
  auto vector = VectorType::get({laneCount}, storage);
  Value loaded = LLVM::masked_gather::create(
      b, frame.loc(), vector, pointers(base, type, offset), maskOrAll(),
      ValueRange{frame.constant(vector, 0)},
      b.getI32IntegerAttr(storageBytes(type)));
  return frame.fromMemory(VectorType::get({laneCount}, type), loaded);
}

Value Elements::load(const Memory &memory, Type type,
                     ArrayRef<AffineExpr> point) {
  AffineExpr offset = offsetIn(memory, point);
  auto form = laneForm(offset);
  if (!form || form->stride > 1 || form->stride < 0)
    return gatherLanes(memory.pointer, type, offset);
  Value start = materialise(simplify(form->start));
  Value address = frame.at(memory.pointer, type, start);
  if (form->stride == 0)
    return frame.load(type, address);
  return frame.load(VectorType::get({laneCount}, type), address, mask);
}

void Elements::store(unsigned result, ArrayRef<AffineExpr> point, Value value) {
  auto tensor = cast<RankedTensorType>(frame.kernel().getResultTypes()[result]);
  storeTo({frame.result(result), rowMajor(tensor.getShape())},
          tensor.getElementType(), point, value);
}

void Elements::write(Value tensor, ArrayRef<AffineExpr> point, Value value) {
  storeTo(memories.find(tensor)->second, getElementTypeOrSelf(tensor.getType()),
          point, value);
}

Value Elements::fetch(Value tensor, ArrayRef<AffineExpr> point) {
  return load(memories.find(tensor)->second,
              getElementTypeOrSelf(tensor.getType()), point);
}

void Elements::storeTo(const Memory &memory, Type type,
                       ArrayRef<AffineExpr> point, Value value) {
  OpBuilder &b = frame.builder();
  Value base = memory.pointer;
  AffineExpr offset = offsetIn(memory, point);
  auto form = laneForm(offset);
  if (form && form->stride == 0) {
    if (isa<VectorType>(value.getType()))
      value = vector::ExtractOp::create(b, frame.loc(), value, int64_t(0));
    return frame.store(
        value, frame.at(base, type, materialise(simplify(form->start))));
  }
  value = frame.splat(value, laneCount);
  if (form && form->stride == 1)
    return frame.store(
        value, frame.at(base, type, materialise(simplify(form->start))), mask);
  LLVM::masked_scatter::create(b, frame.loc(), frame.toMemory(value),
                               pointers(base, type, offset), maskOrAll(),
                               b.getI32IntegerAttr(storageBytes(type)));
}

void Elements::store(const Sink &sink, ArrayRef<AffineExpr> point) {
  Point target;
  for (AffineExpr coordinate : sink.map.getResults())
    target.push_back(coordinate.replaceDims(point));
  store(sink.result, target, read(sink.value, point));
}

void Elements::store(ArrayRef<Sink> sinks, ArrayRef<AffineExpr> point) {
  for (const Sink &sink : sinks)
    read(sink.value, point);
  for (const Sink &sink : sinks)
    store(sink, point);
}
