// A short epilogue is unrolled on the registers. A long one (a GELU's
// derivative) would be 24 copies of itself in up to four bodies, so the tile is
// put down in L1 and a loop runs over its vectors.
#include "lib/Generate/Cpu/Epilogue.h"

#include "lib/Generate/Cpu/Partials.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace ogee;

static constexpr int64_t kLongest = 600; // operations in an unrolled tile

SmallVector<AnchorOutput> ogee::outputsOf(kernel::FuncOp kernel, Value anchor) {
  SmallVector<AnchorOutput> outputs;
  int64_t size = cast<ShapedType>(anchor.getType()).getNumElements();
  for (const Sink &sink : sinksOf(kernel)) {
    AffineMap map = consumerMap(anchor, sink.value);
    if (!map || isFinished(sink.value))
      continue;
    int64_t own = cast<ShapedType>(sink.value.getType()).getNumElements();
    outputs.push_back({sink, map, own == size});
  }
  return outputs;
}

SmallVector<AnchorSum> ogee::sumsOf(kernel::FuncOp kernel, AnchorReach reach) {
  SmallVector<AnchorSum> sums;
  for (auto [workspace, op] : llvm::enumerate(partialsOf(kernel))) {
    auto generic = dyn_cast<linalg::GenericOp>(op);
    if (!generic || generic.getNumDpsInputs() != 1)
      continue;
    OpOperand *input = generic.getDpsInputOperand(0);
    AffineMap map = generic.getMatchingIndexingMap(input);
    if (!map.isPermutation())
      continue;
    AffineMap out =
        generic.getMatchingIndexingMap(generic.getDpsInitOperand(0));
    for (AffineMap toInput : reach(input->get())) {
      AffineMap loops = inversePermutation(map).compose(toInput);
      sums.push_back({generic, combinerOf(generic), unsigned(workspace), loops,
                      simplifyAffineMap(out.compose(loops)),
                      /*alongRows=*/false, /*viewed=*/false});
    }
  }
  return sums;
}

SmallVector<AnchorSum> ogee::sumsOf(kernel::FuncOp kernel, Value anchor) {
  return sumsOf(kernel, [&](Value summed) -> SmallVector<AffineMap> {
    if (AffineMap map = consumerMap(anchor, summed))
      return {map};
    return {};
  });
}

//===-- Parts of the partials ---------------------------------------------===//

/// A neutral element of the sum, in the shape of `type`: a product in f64 may
/// be summed in f32.
static Value neutralIn(Frame &frame, const AnchorSum &sum, Type type) {
  linalg::GenericOp op = sum.op;
  Type element = getElementTypeOrSelf(op.getResult(0).getType());
  if (auto vector = dyn_cast<VectorType>(type))
    element = vector.clone(element);
  return frame.constant(element, neutralOf(sum.combiner));
}

void Epilogue::usePart(const AnchorSum &sum, Value part) {
  linalg::GenericOp op = sum.op;
  auto type = cast<RankedTensorType>(op.getResult(0).getType());
  elements.place(op.getResult(0),
                 frame.at(frame.workspace(sum.workspace), type.getElementType(),
                          frame.mul(part, partStride(type))));
}

void Epilogue::begin(const ChunkBox &chunk) {
  Value none = frame.constant(0), one = frame.constant(1);
  for (AnchorSum &sum : sums) {
    bool vectors = sum.alongRows; // then the columns may stay
    Value neutral = neutralIn(frame, sum, anchor.type);
    auto clear = [&](Value row, Value column) {
      Elements::Scope scope(elements);
      elements.setMask(
          frame.laneMask(frame.sub(chunk.columns, column), elements.lanes()));
      AffineExpr m = elements.variable(frame.add(chunk.firstRow, row));
      AffineExpr n = elements.variable(frame.add(chunk.firstColumn, column),
                                       elements.lanes());
      elements.write(
          sum.op.getResult(0),
          mapped(sum.out, anchor.point(chunk.batch, m, n + elements.lane())),
          neutral);
    };
    frame.loop(none, vectors ? one : chunk.rows, 1, [&](Value row) {
      frame.loop(none, chunk.columns, elements.lanes(),
                 [&](Value column) { clear(row, column); });
    });
  }
}

void Epilogue::flush(const AnchorSum &sum, const Point &point, Value value) {
  linalg::GenericOp op = sum.op;
  Value tensor = op.getResult(0);
  Point out = mapped(sum.out, point);
  Value before = elements.fetch(tensor, out);
  if (!isa<VectorType>(before.getType()) && isa<VectorType>(value.getType()))
    value = combineLanes(frame, sum.combiner, value);
  elements.write(tensor, out, combineTwo(frame, sum.combiner, before, value));
}

SmallVector<Value> Epilogue::startSums() {
  SmallVector<Value> start;
  auto vector = VectorType::get({elements.lanes()}, anchor.type);
  for (AnchorSum &sum : sums)
    if (sum.alongRows)
      start.push_back(neutralIn(frame, sum, vector));
  return start;
}

//===-- One tile ----------------------------------------------------------===//

/// Operations for one element, transcendental ones weighing more.
static int64_t weightOf(Value value, Value product,
                        llvm::SmallDenseSet<Value> &seen) {
  Operation *op = value.getDefiningOp();
  if (value == product || !op || !seen.insert(value).second)
    return 0;
  int64_t weight = 0;
  if (auto generic = dyn_cast<linalg::GenericOp>(op))
    for (Operation &inner : generic.getBody()->without_terminator())
      weight += inner.getName().getDialectNamespace() == "math" ? 20 : 1;
  for (Value operand : op->getOperands())
    weight += weightOf(operand, product, seen);
  return weight;
}

bool Epilogue::isLong(const TileShape &tile) const {
  llvm::SmallDenseSet<Value> seen;
  int64_t weight = 0;
  for (const AnchorOutput &output : outputs)
    weight += 1 + weightOf(output.sink.value, anchor.value, seen);
  for (AnchorSum sum : sums)
    weight += 2 + weightOf(sum.op.getResult(0), anchor.value, seen);
  return weight * tile.rows * tile.vectors > kLongest;
}

void Epilogue::maskColumns(const TilePlace &place, Value column) {
  if (!place.masked)
    return elements.setMask(Value());
  elements.setMask(frame.laneMask(
      frame.sub(frame.constant(anchor.columns), column), elements.lanes()));
}

SmallVector<Value> Epilogue::finishVector(Value value, const Point &point,
                                          ValueRange carried) {
  elements.bind(anchor.value, point, value);
  // A result may lie where an operand of another result or of a sum lies, so
  // that all of them are evaluated before one is stored.
  for (const AnchorOutput &output : outputs)
    if (output.inside)
      elements.read(output.sink.value, mapped(output.map, point));
  SmallVector<Value> next = addToSums(value, point, carried);
  storeOutputs(point);
  return next;
}

void Epilogue::storeOutputs(const Point &point) {
  for (const AnchorOutput &output : outputs)
    if (!output.inside)
      elements.storeInside(output.sink, mapped(output.map, point));
  for (const AnchorOutput &output : outputs)
    if (output.inside)
      elements.store(output.sink, mapped(output.map, point));
}

SmallVector<Value> Epilogue::addToSums(Value value, const Point &point,
                                       ValueRange carried) {
  SmallVector<Value> next;
  for (AnchorSum &sum : sums) {
    Point loops = mapped(sum.loops, point);
    // Through views alone the summed tensor holds the very element.
    linalg::GenericOp op = sum.op;
    OpOperand *input = op.getDpsInputOperand(0);
    if (sum.viewed)
      elements.bind(input->get(),
                    mapped(op.getMatchingIndexingMap(input), loops), value);
    Value start = sum.alongRows ? carried[next.size()]
                                : neutralIn(frame, sum, value.getType());
    Value total = elements.accumulate(sum.op, loops, start);
    if (sum.alongRows)
      next.push_back(total);
    else
      flush(sum, point, total);
  }
  return next;
}

void Epilogue::finishColumn(const TilePlace &place, AffineExpr column,
                            ValueRange carried) {
  unsigned next = 0;
  for (AnchorSum &sum : sums)
    if (sum.alongRows)
      flush(sum, pointOf(place, place.row, column), carried[next++]);
}

void Epilogue::prefetchRow(const TileShape &tile, const TilePlace &place,
                           AffineExpr row) {
  llvm::MapVector<AffineMap, SmallVector<Sink>> byMap;
  for (const AnchorOutput &output : outputs)
    if (output.inside)
      byMap[output.map].push_back(output.sink);
  for (int64_t v = 0; v < tile.vectors; ++v) {
    AffineExpr column = place.column + v * tile.lanes + elements.lane();
    Point point = pointOf(place, row, column);
    for (auto &[map, sinks] : byMap)
      elements.prefetch(sinks, mapped(map, point));
  }
}

void Epilogue::prefetchTile(const TileShape &tile, const TilePlace &place) {
  for (int64_t r = 0; r < tile.rows; ++r)
    prefetchRow(tile, place, place.row + r);
}

void Epilogue::prefetchByRows(const TileShape &tile, const TilePlace &place) {
  frame.loop(0, tile.rows, 1, [&](Value r) {
    Elements::Scope scope(elements);
    prefetchRow(tile, place, place.row + elements.variable(r));
  });
}

void Epilogue::finishTile(const TileShape &tile, ValueRange values,
                          const TilePlace &place) {
  Elements::Scope scope(elements);
  if (isLong(tile)) {
    storeTile(frame, tile, values, frame.bytes(frame.scratch(), anchor.buffer),
              tile.columns());
    return finishRolled(tile, place);
  }
  auto inRegister = [&](int64_t row, int64_t v) {
    return values[row * tile.vectors + v];
  };
  finishUnrolled(tile, inRegister, place);
}

void Epilogue::finishStored(const TileShape &tile, const TilePlace &place) {
  Elements::Scope scope(elements);
  if (isLong(tile))
    return finishRolled(tile, place);
  Value buffer = frame.bytes(frame.scratch(), anchor.buffer);
  auto loaded = [&](int64_t row, int64_t v) {
    int64_t at = row * tile.columns() + v * tile.lanes;
    return frame.load(Type(tile.vectorType()),
                      frame.bytes(buffer, at * storageBytes(tile.type)));
  };
  finishUnrolled(tile, loaded, place);
}

void Epilogue::finishUnrolled(const TileShape &tile, TileValue value,
                              const TilePlace &place) {
  for (int64_t v = 0; v < tile.vectors; ++v) {
    maskColumns(place, frame.add(place.firstColumn, v * tile.lanes));
    AffineExpr column = place.column + v * tile.lanes + elements.lane();
    SmallVector<Value> carried = startSums();
    for (int64_t r = 0; r < tile.rows; ++r)
      carried = finishVector(value(r, v), pointOf(place, place.row + r, column),
                             carried);
    finishColumn(place, column, carried);
  }
}

void Epilogue::finishRolled(const TileShape &tile, const TilePlace &place) {
  Value buffer = frame.bytes(frame.scratch(), anchor.buffer);
  auto column = [&](Value offset) {
    Elements::Scope scope(elements);
    Value first = frame.add(place.firstColumn, offset);
    AffineExpr lane = elements.variable(first, tile.lanes) + elements.lane();
    maskColumns(place, first);
    auto body = [&](Value r, ValueRange carried) {
      Elements::Scope inner(elements);
      Value at = frame.add(frame.mul(r, tile.columns()), offset);
      Value value =
          frame.load(Type(tile.vectorType()), frame.at(buffer, tile.type, at));
      AffineExpr row = place.row + elements.variable(r);
      return finishVector(value, pointOf(place, row, lane), carried);
    };
    finishColumn(place, lane,
                 frame.loop(frame.constant(0), frame.constant(tile.rows), 1,
                            startSums(), body));
  };
  frame.outline([&] {
    Elements::Scope scope(elements);
    frame.loop(0, tile.columns(), tile.lanes, column);
  });
}
