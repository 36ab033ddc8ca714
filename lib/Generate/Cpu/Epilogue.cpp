// A short epilogue is unrolled on the registers. A long one (a GELU's
// derivative) would be 24 copies of itself in up to four bodies, so the tile is
// put down in L1 and a loop runs over its vectors.
#include "lib/Generate/Cpu/Epilogue.h"

#include "lib/Generate/Cpu/Partials.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace ogee;

static constexpr int64_t kLongest = 600; // operations in an unrolled tile

static Point mapped(AffineMap map, ArrayRef<AffineExpr> point) {
  return llvm::map_to_vector<4>(map.getResults(), [&](AffineExpr coordinate) {
    return coordinate.replaceDims(point);
  });
}

Epilogue::Epilogue(Frame &frame, Elements &elements,
                   const ContractionPlan &plan, unsigned index)
    : frame(frame), elements(elements), plan(plan),
      product(plan.products[index]), shape(plan.plans[index]) {
  int64_t size = cast<ShapedType>(product.result.getType()).getNumElements();
  for (const Sink &sink : sinksOf(frame.kernel())) {
    AffineMap map = consumerMap(product.result, sink.value);
    if (!map || isFinished(sink.value))
      continue;
    bool inside =
        cast<ShapedType>(sink.value.getType()).getNumElements() == size;
    outputs.push_back({sink, map, inside});
  }
  sums = sumsOf(frame.kernel(), plan, index);
}

/// The sum that a partial reduction of this product's values is; no operation
/// if it reduces something else.
static ProductSum sumOf(const Product &product, Operation *op) {
  auto generic = dyn_cast<linalg::GenericOp>(op);
  if (!generic || generic.getNumDpsInputs() != 1)
    return {};
  OpOperand *input = generic.getDpsInputOperand(0);
  AffineMap reach = consumerMap(product.result, input->get());
  AffineMap map = generic.getMatchingIndexingMap(input);
  Operation *combiner = combinerOf(generic);
  if (!reach || !map.isPermutation() || !combiner)
    return {};
  ProductSum sum{};
  sum.op = generic;
  sum.combiner = combiner;
  sum.loops = inversePermutation(map).compose(reach);
  sum.out = generic.getMatchingIndexingMap(generic.getDpsInitOperand(0))
                .compose(sum.loops);
  MLIRContext *context = op->getContext();
  Point out = mapped(sum.out, product.point(getAffineDimExpr(0, context),
                                            getAffineDimExpr(1, context),
                                            getAffineDimExpr(2, context)));
  auto reduced = [&](unsigned i) {
    return llvm::none_of(out, [&](AffineExpr coordinate) {
      return coordinate.isFunctionOfDim(i);
    });
  };
  sum.alongBatch = reduced(0);
  sum.alongRows = reduced(1);
  sum.alongColumns = reduced(2);
  return sum;
}

SmallVector<ProductSum> ogee::sumsOf(kernel::FuncOp kernel,
                                     const ContractionPlan &plan,
                                     unsigned index) {
  const Product &product = plan.products[index];
  const ProductPlan &shape = plan.plans[index];
  SmallVector<ProductSum> sums;
  for (auto [workspace, op] : llvm::enumerate(partialsOf(kernel))) {
    ProductSum sum = sumOf(product, op);
    if (!sum.op)
      continue;
    sum.workspace = workspace;
    sum.parts = (sum.alongBatch ? product.batches : 1) *
                (sum.alongRows ? shape.rowGroups : 1) *
                (sum.alongColumns ? shape.panelGroups : 1);
    sums.push_back(sum);
  }
  return sums;
}

SmallVector<Partial> Epilogue::partials() const {
  return llvm::map_to_vector(sums, [](const ProductSum &sum) {
    return Partial{sum.op, sum.workspace, sum.parts};
  });
}

Point Epilogue::pointOf(const TilePlace &place, AffineExpr row,
                        AffineExpr column) const {
  return product.point(place.batch, row, column);
}

//===-- Parts of the partials ---------------------------------------------===//

void Epilogue::begin(const ChunkPlace &chunk) {
  for (ProductSum &sum : sums) {
    Value part = frame.constant(0);
    if (sum.alongBatch)
      part = chunk.batchIndex;
    if (sum.alongRows)
      part = frame.add(frame.mul(part, shape.rowGroups), chunk.rowGroup);
    if (sum.alongColumns)
      part = frame.add(frame.mul(part, shape.panelGroups), chunk.panelGroup);
    auto type = cast<RankedTensorType>(sum.op.getResult(0).getType());
    elements.place(sum.op.getResult(0),
                   frame.at(frame.workspace(sum.workspace),
                            type.getElementType(),
                            frame.mul(part, partStride(type))));
    Value one = frame.constant(1);
    frame.loop(
        frame.constant(0), sum.alongRows ? one : chunk.rows, 1, [&](Value row) {
          frame.loop(frame.constant(0), sum.alongColumns ? one : chunk.columns,
                     plan.lanes, [&](Value column) {
                       Elements::Scope scope(elements);
                       elements.setMask(frame.laneMask(
                           frame.sub(chunk.columns, column), plan.lanes));
                       AffineExpr m =
                           elements.variable(frame.add(chunk.firstRow, row));
                       AffineExpr n = elements.variable(
                           frame.add(chunk.firstColumn, column), plan.lanes);
                       Point out =
                           mapped(sum.out, product.point(chunk.batch, m,
                                                         n + elements.lane()));
                       elements.write(sum.op.getResult(0), out,
                                      frame.constant(type.getElementType(),
                                                     neutralOf(sum.combiner)));
                     });
        });
  }
}

void Epilogue::flush(const ProductSum &sum, const Point &point, Value value) {
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
  auto vector = VectorType::get({plan.lanes}, plan.type);
  for (ProductSum &sum : sums)
    if (sum.alongRows)
      start.push_back(frame.constant(vector, neutralOf(sum.combiner)));
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
  for (const Output &output : outputs)
    weight += 1 + weightOf(output.sink.value, product.result, seen);
  for (ProductSum sum : sums)
    weight += 2 + weightOf(sum.op.getResult(0), product.result, seen);
  return weight * tile.rows * tile.vectors > kLongest;
}

void Epilogue::maskColumns(const TilePlace &place, Value column) {
  if (!place.masked)
    return elements.setMask(Value());
  elements.setMask(frame.laneMask(
      frame.sub(frame.constant(product.columns), column), plan.lanes));
}

SmallVector<Value> Epilogue::finishVector(Value value, const Point &point,
                                          ValueRange carried) {
  elements.bind(product.result, point, value);
  for (const Output &output : outputs) {
    Point target = mapped(output.map, point);
    if (output.inside)
      elements.store(output.sink, target);
    else
      elements.storeInside(output.sink, target);
  }
  SmallVector<Value> next;
  for (ProductSum &sum : sums) {
    Point loops = mapped(sum.loops, point);
    Value start = sum.alongRows ? carried[next.size()]
                                : frame.constant(value.getType(),
                                                 neutralOf(sum.combiner));
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
  for (ProductSum &sum : sums)
    if (sum.alongRows)
      flush(sum, pointOf(place, place.row, column), carried[next++]);
}

void Epilogue::finishTile(const TileShape &tile, ValueRange values,
                          const TilePlace &place) {
  Elements::Scope scope(elements);
  if (!isLong(tile)) {
    for (int64_t v = 0; v < tile.vectors; ++v) {
      AffineExpr column = place.column + v * tile.lanes;
      maskColumns(place, frame.add(place.firstColumn, v * tile.lanes));
      AffineExpr lane = column + elements.lane();
      SmallVector<Value> carried = startSums();
      for (int64_t r = 0; r < tile.rows; ++r)
        carried = finishVector(values[r * tile.vectors + v],
                               pointOf(place, place.row + r, lane), carried);
      finishColumn(place, lane, carried);
    }
    return;
  }
  Value buffer = frame.bytes(frame.scratch(), plan.tile);
  storeTile(frame, tile, values, buffer, tile.columns());
  frame.loop(0, tile.columns(), tile.lanes, [&](Value offset) {
    Elements::Scope inner(elements);
    Value first = frame.add(place.firstColumn, offset);
    AffineExpr lane = elements.variable(first, tile.lanes) + elements.lane();
    maskColumns(place, first);
    auto body = [&](Value r, ValueRange carried) {
      Elements::Scope innermost(elements);
      Value at = frame.add(frame.mul(r, tile.columns()), offset);
      Value value =
          frame.load(Type(tile.vectorType()), frame.at(buffer, tile.type, at));
      return finishVector(
          value, pointOf(place, place.row + elements.variable(r), lane),
          carried);
    };
    finishColumn(place, lane,
                 frame.loop(frame.constant(0), frame.constant(tile.rows), 1,
                            startSums(), body));
  });
}
