// Vectors run in the direction in which the operand is contiguous: along k for
// A by rows, across it for A by columns; B is transposed in registers where its
// k is contiguous. What lies beyond a tail is never read by the register tile
// or never stored, so it need not be 0.
#include "lib/Generate/Cpu/Pack.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace ogee;

Point Packer::pointOf(const Segment &segment, const Factor &factor,
                      AffineExpr batch, AffineExpr row, AffineExpr column,
                      AffineExpr k) const {
  return mapped(factor.map, product.loops(segment, batch, row, column, k));
}

//===-- B -----------------------------------------------------------------===//

TileColumns Packer::packedColumns(Value slot, int64_t width) {
  Value base = frame.bytes(frame.scratch(), plan.packedB);
  return {frame.at(base, plan.packed, frame.mul(slot, plan.panelSize(index))),
          int64_t(llvm::alignTo(width, plan.lanes))};
}

/// Only whole panels: the register tile loads without masks.
bool Packer::isInPlace(const Segment &segment, int64_t width) const {
  return segment.b.supply == Supply::InPlace && width % plan.lanes == 0;
}

TileColumns Packer::columnsOfB(unsigned segment, AffineExpr batch,
                               const PackedDepth &k, Value panel, Value slot,
                               int64_t width) {
  const Segment &part = product.segments[segment];
  if (!isInPlace(part, width))
    return packedColumns(slot, width);
  AffineExpr column =
      elements.variable(frame.mul(panel, plan.columns), plan.columns);
  AffineExpr depth = elements.variable(k.first);
  Point point =
      pointOf(part, part.b, batch, elements.constant(0), column, depth);
  Placed place = *placeOf(part.b.tensor, point);
  auto stride =
      strideOf(place.offset, cast<AffineDimExpr>(depth).getPosition());
  Value base = frame.argument(place.argument.getArgNumber());
  return {frame.at(base, plan.type, elements.offset(place.offset)), *stride};
}

void Packer::packB(unsigned segment, AffineExpr batch, const PackedDepth &k,
                   Value from, Value depth, Value panel, Value slot,
                   int64_t width) {
  const Segment &part = product.segments[segment];
  if (isInPlace(part, width))
    return;
  TileColumns target = packedColumns(slot, width);
  PanelPlace place{
      frame.at(target.pointer, plan.packed, frame.mul(from, target.kStride)),
      frame.mul(panel, plan.columns),
      frame.add(k.first, from),
      depth,
      width,
      plan.type};
  auto source = [&](AffineExpr column, AffineExpr step) {
    return elements.read(
        part.b.tensor,
        pointOf(part, part.b, batch, elements.constant(0), column, step));
  };
  auto pack = [&] {
    Elements::Scope scope(elements);
    if (plan.isNarrow())
      packNarrowB(part, batch, place);
    else if (part.b.supply != Supply::Rows)
      copyPanel(frame, elements, place, source);
    else
      transposePanel(frame, elements, place, part.depth % plan.lanes == 0,
                     source);
  };
  if (part.b.operations > 0)
    frame.outline(pack);
  else
    pack();
}

//===-- A -----------------------------------------------------------------===//

Value Packer::blockOfA() { return frame.bytes(frame.scratch(), plan.packedA); }

void Packer::packA(unsigned segment, AffineExpr batch, const PackedDepth &k,
                   Value row, Value count) {
  const Factor &a = product.segments[segment].a;
  if (a.supply == Supply::InPlace)
    return;
  auto pack = [&] {
    Elements::Scope scope(elements);
    if (plan.isNarrow())
      packNarrowA(product.segments[segment], batch, k, row, count,
                  plan.strideOfA(index, segment));
    else if (a.supply == Supply::Rows)
      packRows(segment, batch, k, row, count);
    else
      packColumns(segment, batch, k, row, count);
  };
  if (a.operations > 0)
    frame.outline(pack);
  else
    pack();
}

void Packer::packRows(unsigned segment, AffineExpr batch, const PackedDepth &k,
                      Value row, Value count) {
  const Segment &part = product.segments[segment];
  int64_t stride = plan.strideOfA(index, segment);
  frame.loop(frame.constant(0), count, 1, [&](Value r) {
    Elements::Scope scope(elements);
    AffineExpr m = elements.variable(frame.add(row, r));
    Value line = frame.at(blockOfA(), plan.type, frame.mul(r, stride));
    elements.hoist(
        part.a.tensor,
        pointOf(part, part.a, batch, m, elements.constant(0), elements.lane()));
    frame.loop(frame.constant(0), k.depth, plan.lanes, [&](Value step) {
      Elements::Scope inner(elements);
      if (part.depth % plan.lanes != 0)
        elements.setMask(frame.laneMask(frame.sub(k.depth, step), plan.lanes));
      AffineExpr depth =
          elements.variable(frame.add(k.first, step), plan.lanes);
      Point point = pointOf(part, part.a, batch, m, elements.constant(0),
                            depth + elements.lane());
      frame.store(elements.readVector(part.a.tensor, point),
                  frame.at(line, plan.type, step));
    });
  });
}

void Packer::packColumns(unsigned segment, AffineExpr batch,
                         const PackedDepth &k, Value row, Value count) {
  const Segment &part = product.segments[segment];
  int64_t stride = plan.strideOfA(index, segment);
  AffineExpr m = elements.variable(row);
  SmallVector<Value> masks;
  for (int64_t v = 0; v < stride / plan.lanes; ++v)
    masks.push_back(frame.laneMask(
        frame.sub(count, frame.constant(v * plan.lanes)), plan.lanes));
  frame.loop(frame.constant(0), k.depth, 1, [&](Value step) {
    Elements::Scope scope(elements);
    AffineExpr depth = elements.variable(frame.add(k.first, step));
    Value line = frame.at(blockOfA(), plan.type, frame.mul(step, stride));
    for (auto [v, mask] : llvm::enumerate(masks)) {
      elements.setMask(mask);
      Point point = pointOf(part, part.a, batch,
                            m + int64_t(v) * plan.lanes + elements.lane(),
                            elements.constant(0), depth);
      frame.store(elements.readVector(part.a.tensor, point),
                  frame.bytes(line, v * plan.lanes * storageBytes(plan.type)));
    }
  });
}

/// Rows where they lie. Rows at a constant distance share one pointer.
TileRows Packer::rowsInPlace(const Segment &segment, AffineExpr batch,
                             const PackedDepth &k, Value row, int64_t rows) {
  AffineExpr m = elements.variable(row);
  auto offsetOf = [&](int64_t r) {
    Point point = pointOf(segment, segment.a, batch, m + r,
                          elements.constant(0), k.variable);
    return *placeOf(segment.a.tensor, point);
  };
  Placed first = offsetOf(0);
  Value base = frame.argument(first.argument.getArgNumber());
  TileRows result;
  auto distance = strideOf(first.offset, cast<AffineDimExpr>(m).getPosition());
  for (int64_t r = 0; r < (distance ? 1 : rows); ++r)
    result.rows.push_back(
        frame.at(base, plan.type, elements.offset(offsetOf(r).offset)));
  result.rowStride = distance.value_or(0);
  return result;
}

TileRows Packer::rowsOfA(unsigned segment, AffineExpr batch,
                         const PackedDepth &k, Value row, Value offset,
                         int64_t rows) {
  const Segment &part = product.segments[segment];
  if (part.a.supply == Supply::InPlace)
    return rowsInPlace(part, batch, k, row, rows);
  int64_t stride = plan.strideOfA(index, segment);
  if (part.a.supply == Supply::Columns && !plan.isNarrow())
    return {{frame.at(blockOfA(), plan.type, offset)}, 1, stride};
  return {{frame.at(blockOfA(), plan.packed, frame.mul(offset, stride))},
          stride,
          1};
}
