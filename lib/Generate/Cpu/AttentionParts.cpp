// The pieces of an attention kernel; the two directions put them together.
#include "lib/Generate/Cpu/Attention.h"
#include "lib/Generate/Cpu/Products.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace ogee;

Value AttentionEmitter::at(int64_t bytes, Value elementsOffset) {
  return frame.at(scratch(bytes), shape.type, elementsOffset);
}

void AttentionEmitter::pack(int64_t offset, const ColumnPanels &panels,
                            Value end, Value depth, int64_t mostDepth,
                            bool across, PanelSource source) {
  panels.forEach(
      frame, elements, frame.constant(0), end, [&](Value panel, int64_t width) {
        PanelPlace place{panelAt(offset, panel, width, mostDepth).pointer,
                         frame.mul(panel, panels.width),
                         frame.constant(0),
                         depth,
                         width,
                         shape.type};
        if (across)
          transposePanel(frame, elements, place, mostDepth % plan.lanes == 0,
                         source);
        else
          copyPanel(frame, elements, place, source);
      });
}

TileColumns AttentionEmitter::panelAt(int64_t offset, Value panel,
                                      int64_t width, int64_t mostDepth) {
  return {at(offset, frame.mul(panel, plan.panelSize(mostDepth))),
          int64_t(llvm::alignTo(width, plan.lanes))};
}

TileRows AttentionEmitter::rowsOf(Value tensor, AffineExpr head, Value row,
                                  int64_t rows) {
  AffineExpr m = elements.variable(row), zero = elements.constant(0);
  AffineExpr k = elements.variable(frame.constant(0));
  auto positionOf = [](AffineExpr variable) {
    return cast<AffineDimExpr>(variable).getPosition();
  };
  Placed first = *placeOf(tensor, {batch, m, head, k});
  auto distance = strideOf(first.offset, positionOf(m));
  TileRows result;
  Value base = frame.argument(first.argument.getArgNumber());
  for (int64_t r = 0; r < (distance ? 1 : rows); ++r) {
    Placed place = *placeOf(tensor, {batch, m + r, head, zero});
    result.rows.push_back(
        frame.at(base, shape.type, elements.offset(place.offset)));
  }
  result.rowStride = distance.value_or(0);
  result.kStride = strideOf(first.offset, positionOf(k)).value_or(1);
  return result;
}

void AttentionEmitter::multiplyRows(Value tensor, int64_t packed,
                                    int64_t mostDepth, Value firstTile,
                                    Value endTile, Value keys, int64_t target) {
  Value firstRow = plan.rowTiles.rowOf(frame, firstTile);
  Value end = frame.divide(frame.add(keys, plan.panel - 1), plan.panel);
  plan.keyPanels.forEach(
      frame, elements, frame.constant(0), end, [&](Value panel, int64_t width) {
        plan.rowTiles.forEach(
            frame, elements, firstTileFor(panel, firstTile), endTile,
            [&](Value tile, int64_t rows) {
              TileShape registers{shape.type, plan.lanes, rows,
                                  int64_t(llvm::divideCeil(width, plan.lanes))};
              Value row = plan.rowTiles.rowOf(frame, tile);
              SmallVector<Value> products = multiplyTile(
                  frame, registers, rowsOf(tensor, head, row, rows),
                  panelAt(packed, panel, width, mostDepth),
                  frame.constant(mostDepth), zeroTile(frame, registers));
              Value place = frame.add(
                  frame.mul(frame.sub(row, firstRow), plan.scoreStride),
                  frame.mul(panel, plan.panel));
              storeTile(frame, registers, products, at(target, place),
                        plan.scoreStride);
            });
      });
}

void AttentionEmitter::forEachTile(const ColumnPanels &panels,
                                   const RowTiles &tiles, Value from, Value to,
                                   function_ref<void(const PanelTile &)> body) {
  auto inPanel = [&](Value panel, int64_t width) {
    int64_t vectors = llvm::divideCeil(width, plan.lanes);
    tiles.forEach(frame, elements, from, to, [&](Value tile, int64_t rows) {
      body({panel, tile, width, {shape.type, plan.lanes, rows, vectors}});
    });
  };
  panels.forEach(frame, elements, frame.constant(0),
                 frame.constant(panels.count()), inPanel);
}

TilePlace AttentionEmitter::tilePlace(Value row, const PanelTile &at) {
  Value column = frame.mul(at.panel, plan.panel);
  return {batch, elements.variable(row), elements.variable(column, plan.panel),
          column, at.width % plan.lanes != 0};
}

/// The first tile from `firstTile` on of which a row may keep a key of the
/// panel.
Value AttentionEmitter::firstTileFor(Value panel, Value firstTile) {
  if (!shape.causal)
    return firstTile;
  Value key = frame.mul(panel, plan.panel);
  Value tile = frame.sub(
      plan.rowTiles.tilesBefore(frame, frame.add(key, frame.constant(1))),
      frame.constant(1));
  return frame.max(tile, firstTile);
}

Value AttentionEmitter::keysNear(Value row) {
  return keysBefore(frame.add(row, plan.tileRows));
}

Value AttentionEmitter::keysBefore(Value row) {
  Value all = frame.constant(shape.keys);
  return shape.causal ? frame.min(row, all) : all;
}

AttentionEmitter::Scored AttentionEmitter::scoreAt(Value dot, AffineExpr row,
                                                   Value firstKey) {
  OpBuilder &b = frame.builder();
  AffineExpr column = elements.variable(firstKey, plan.lanes) + elements.lane();
  Value inside;
  if (shape.keys % plan.lanes != 0)
    inside = frame.laneMask(frame.sub(frame.constant(shape.keys), firstKey),
                            plan.lanes);
  elements.setMask(inside);
  auto index = [&](AffineExpr expression) {
    return elements.asIndex(elements.offset(expression));
  };
  Point point{batch, head, row, column};
  Scored scored;
  scored.arguments = {dot, index(batch), index(head), index(row),
                      index(column)};
  for (auto [capture, map] : llvm::zip_equal(shape.captures, shape.captureMaps))
    scored.arguments.push_back(elements.read(capture, mapped(map, point)));
  SmallVector<Value> yielded =
      elements.cloneBlock(shape.score->front(), scored.arguments);
  scored.score = frame.splat(yielded[0], plan.lanes);
  scored.keep = frame.splat(yielded[1], plan.lanes);
  if (inside)
    scored.keep = arith::AndIOp::create(b, frame.loc(), scored.keep, inside);
  return scored;
}
