// Tails are cut here once, so that no emitter has a remainder loop of its own.
#include "lib/Generate/Cpu/Tiles.h"

#include "lib/Generate/Cpu/Microkernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace ogee;
using llvm::divideCeil;

RegisterTile ogee::registerTile(const Target &target, int64_t columns,
                                int64_t lanes) {
  // Rows by vectors: accumulators, the vectors of B and one broadcast fit.
  static constexpr int64_t kWide[] = {0, 12, 12, 8, 6};
  static constexpr int64_t kNarrow[] = {0, 10, 6};
  bool wide = target.registers >= 32;
  int64_t vectors =
      std::clamp<int64_t>(divideCeil(columns, lanes), 1, wide ? 4 : 2);
  return {wide ? kWide[vectors] : kNarrow[vectors], vectors};
}

RowTiles RowTiles::spread(int64_t rows, int64_t largest) {
  RowTiles tiles;
  tiles.count = std::max<int64_t>(divideCeil(rows, largest), 1);
  tiles.base = rows / tiles.count;
  tiles.extra = rows % tiles.count;
  return tiles;
}

Value RowTiles::rowOf(Frame &frame, Value tile) const {
  Value row = frame.mul(tile, base);
  if (extra == 0)
    return row;
  return frame.add(row, frame.min(tile, frame.constant(extra)));
}

Value RowTiles::tilesBefore(Frame &frame, Value row) const {
  auto ceil = [&](Value value, int64_t by) {
    return frame.divide(frame.add(value, by - 1), by);
  };
  if (extra == 0)
    return ceil(row, base);
  int64_t longRows = extra * (base + 1);
  Value rest =
      frame.max(frame.sub(row, frame.constant(longRows)), frame.constant(0));
  // One of the two is the answer, the other one ends at the border.
  return frame.add(frame.min(ceil(row, base + 1), frame.constant(extra)),
                   extra == count ? frame.constant(0) : ceil(rest, base));
}

void RowTiles::forEach(Frame &frame, Elements &elements, Value from, Value to,
                       function_ref<void(Value, int64_t)> body) const {
  auto loop = [&](Value lower, Value upper, int64_t rows) {
    frame.loop(lower, upper, 1, [&](Value tile) {
      Elements::Scope scope(elements);
      body(tile, rows);
    });
  };
  Value border = frame.constant(extra);
  if (extra > 0)
    loop(from, frame.min(to, border), base + 1);
  if (extra < count)
    loop(extra > 0 ? frame.max(from, border) : from, to, base);
}

void ColumnPanels::forEach(Frame &frame, Elements &elements, Value from,
                           Value to,
                           function_ref<void(Value, int64_t)> body) const {
  int64_t full = columns / width, rest = columns % width;
  if (full > 0)
    frame.loop(from, rest == 0 ? to : frame.min(to, frame.constant(full)), 1,
               [&](Value panel) {
                 Elements::Scope scope(elements);
                 body(panel, width);
               });
  if (rest == 0)
    return;
  frame.when(frame.equal(to, frame.constant(count())), [&] {
    Elements::Scope scope(elements);
    body(frame.constant(full), rest);
  });
}

void ogee::copyPanel(Frame &frame, Elements &elements, const PanelPlace &place,
                     PanelSource source) {
  int64_t lanes = elements.lanes(), tail = place.width % lanes;
  int64_t vectors = divideCeil(place.width, lanes);
  AffineExpr column = elements.variable(place.column, lanes) + elements.lane();
  Value lastMask;
  if (tail != 0)
    lastMask = frame.laneMask(frame.constant(tail), lanes);
  frame.loop(frame.constant(0), place.depth, 1, [&](Value step) {
    Elements::Scope scope(elements);
    AffineExpr k = elements.variable(frame.add(place.k, step));
    Value line =
        frame.at(place.target, place.type, frame.mul(step, vectors * lanes));
    for (int64_t v = 0; v < vectors; ++v) {
      elements.setMask(v + 1 == vectors ? lastMask : Value());
      frame.store(frame.splat(source(column + v * lanes, k), lanes),
                  frame.bytes(line, v * lanes * storageBytes(place.type)));
    }
  });
}

void ogee::transposePanel(Frame &frame, Elements &elements,
                          const PanelPlace &place, bool wholeDepth,
                          PanelSource source) {
  int64_t lanes = elements.lanes(), tail = place.width % lanes;
  int64_t stride = llvm::alignTo(place.width, lanes);
  Value zero = frame.constant(VectorType::get({lanes}, place.type), 0);
  auto square = [&](Value step, AffineExpr k, Value offset, int64_t valid) {
    Elements::Scope scope(elements);
    AffineExpr column =
        elements.variable(frame.add(place.column, offset), lanes);
    SmallVector<Value> rows;
    for (int64_t j = 0; j < lanes; ++j)
      rows.push_back(j < valid ? frame.splat(source(column + j, k), lanes)
                               : zero);
    Value target = frame.at(place.target, place.type,
                            frame.add(frame.mul(step, stride), offset));
    for (auto [row, value] : llvm::enumerate(transposeSquare(frame, rows)))
      frame.store(value,
                  frame.bytes(target, row * stride * storageBytes(place.type)));
  };
  frame.loop(frame.constant(0), place.depth, lanes, [&](Value step) {
    Elements::Scope scope(elements);
    if (!wholeDepth)
      elements.setMask(frame.laneMask(frame.sub(place.depth, step), lanes));
    AffineExpr k =
        elements.variable(frame.add(place.k, step), lanes) + elements.lane();
    frame.loop(0, place.width - tail, lanes,
               [&](Value offset) { square(step, k, offset, lanes); });
    if (tail != 0)
      square(step, k, frame.constant(place.width - tail), tail);
  });
}
