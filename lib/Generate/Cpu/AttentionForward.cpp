// A chunk is one head of one example and a group of rows. For a block of rows:
// scores, their softmax without the division, and its product with the values,
// divided at the end.
#include "lib/Generate/Cpu/Attention.h"
#include "lib/Generate/Cpu/Partials.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <limits>

using namespace mlir;
using namespace ogee;

namespace {

class ForwardEmitter : AttentionEmitter {
public:
  ForwardEmitter(Frame &frame, Elements &elements, const AttentionPlan &plan)
      : AttentionEmitter(frame, elements, plan),
        op(cast<nn::AttentionOp>(shape.op)),
        epilogue(frame, elements, anchor(),
                 outputsOf(frame.kernel(), op.getOut()),
                 attentionSums(frame.kernel(), op.getOut())),
        lseOutputs(outputsOf(frame.kernel(), op.getLse())) {}

  void emit();
  SmallVector<Partial> partials() const;

private:
  Anchor anchor();
  void beginParts(Value tile0, Value tile1, Value group);
  void packOperands(Value keys);
  void emitBlock(Value firstTile, Value endTile);
  void softmaxRow(Value line, Value row, Value keys, Value inverse);
  Value rowMaximum(Value line, AffineExpr row, Value keys);
  Value rowSum(Value line, Value keys, Value shift);
  void storeLse(AffineExpr row, Value maximum, Value total);
  void multiplyValues(Value firstTile, Value endTile);

  nn::AttentionOp op;
  Epilogue epilogue;
  SmallVector<AnchorOutput> lseOutputs;
  Value batchIndex, headIndex;
};

} // namespace

Anchor ForwardEmitter::anchor() {
  auto point = [this](AffineExpr, AffineExpr row, AffineExpr column) {
    return Point{batch, row, head, column};
  };
  return {op.getOut(), shape.type, shape.width, point, plan.tile};
}

SmallVector<Partial> ForwardEmitter::partials() const {
  return llvm::map_to_vector(epilogue.partials(), [&](const AnchorSum &sum) {
    return Partial{sum.op, sum.workspace, partsOf(plan, sum).parts};
  });
}

void ForwardEmitter::emit() {
  Value chunk = frame.chunk();
  Value rowGroup = frame.remainder(chunk, plan.rowGroups);
  Value outer = frame.divide(chunk, plan.rowGroups);
  headIndex = frame.remainder(outer, shape.heads);
  batchIndex = frame.divide(outer, shape.heads);
  batch = elements.variable(batchIndex);
  head = elements.variable(headIndex);
  group = elements.variable(frame.divide(headIndex, shape.headsPerGroup()));
  Value tile0 = frame.mul(rowGroup, plan.tilesPerGroup);
  Value tile1 = frame.min(frame.add(tile0, plan.tilesPerGroup),
                          frame.constant(plan.rowTiles.count));
  beginParts(tile0, tile1, rowGroup);
  packOperands(keysBefore(plan.rowTiles.rowOf(frame, tile1)));
  frame.loop(tile0, tile1, plan.tilesPerBlock, [&](Value tile) {
    Elements::Scope scope(elements);
    emitBlock(tile, frame.min(frame.add(tile, plan.tilesPerBlock), tile1));
  });
}

void ForwardEmitter::beginParts(Value tile0, Value tile1, Value rowGroup) {
  for (const AnchorSum &sum : epilogue.partials()) {
    AttentionParts parts = partsOf(plan, sum);
    Value part = parts.alongBatch ? batchIndex : frame.constant(0);
    if (parts.alongHeads)
      part = frame.add(frame.mul(part, shape.heads), headIndex);
    if (parts.alongRows)
      part = frame.add(frame.mul(part, plan.rowGroups), rowGroup);
    epilogue.usePart(sum, part);
  }
  Value row = plan.rowTiles.rowOf(frame, tile0);
  epilogue.begin({batch, row, frame.sub(plan.rowTiles.rowOf(frame, tile1), row),
                  frame.constant(0), frame.constant(shape.width)});
}

void ForwardEmitter::packOperands(Value keys) {
  Value panels = frame.divide(frame.add(keys, plan.panel - 1), plan.panel);
  pack(plan.keysAcross, plan.keyPanels, panels, frame.constant(shape.depth),
       shape.depth, /*across=*/true, [&](AffineExpr key, AffineExpr d) {
         return read(shape.k, key, group, d);
       });
  pack(plan.values, plan.widthPanels, frame.constant(plan.widthPanels.count()),
       keys, shape.keys, /*across=*/false, [&](AffineExpr e, AffineExpr key) {
         return read(shape.v, key, group, e);
       });
}

void ForwardEmitter::emitBlock(Value firstTile, Value endTile) {
  Value firstRow = plan.rowTiles.rowOf(frame, firstTile);
  Value endRow = plan.rowTiles.rowOf(frame, endTile);
  Value keys = keysBefore(endRow);
  multiplyRows(shape.q, plan.keysAcross, shape.depth, firstTile, endTile, keys,
               plan.scores);
  Value rows = frame.sub(endRow, firstRow);
  frame.outline([&] {
    frame.loop(frame.constant(0), rows, 1, [&](Value r) {
      Elements::Scope scope(elements);
      Value row = frame.add(firstRow, r);
      softmaxRow(at(plan.scores, frame.mul(r, plan.scoreStride)), row,
                 keysNear(row), at(plan.rowValues, r));
    });
  });
  multiplyValues(firstTile, endTile);
}

/// Scores of one row become exp(score - maximum); 1 / sum goes to `inverse`.
void ForwardEmitter::softmaxRow(Value line, Value row, Value keys,
                                Value inverse) {
  OpBuilder &b = frame.builder();
  AffineExpr m = elements.variable(row);
  Value maximum = rowMaximum(line, m, keys);
  Value zero = frame.constant(shape.type, 0);
  Value lowest =
      frame.constant(shape.type, -std::numeric_limits<double>::infinity());
  Value isEmpty = arith::CmpFOp::create(
      b, frame.loc(), arith::CmpFPredicate::OEQ, maximum, lowest);
  Value shift = arith::SelectOp::create(b, frame.loc(), isEmpty, zero, maximum);
  Value total = rowSum(line, keys, shift);
  Value quotient = arith::DivFOp::create(b, frame.loc(),
                                         frame.constant(shape.type, 1), total);
  frame.store(arith::SelectOp::create(b, frame.loc(), isEmpty, zero, quotient),
              inverse);
  Value logarithm = math::LogOp::create(b, frame.loc(), total);
  Value lse = arith::AddFOp::create(b, frame.loc(), shift, logarithm);
  elements.setMask(Value());
  elements.bind(op.getLse(), {batch, head, m},
                arith::SelectOp::create(b, frame.loc(), isEmpty, lowest, lse));
  for (const AnchorOutput &output : lseOutputs)
    elements.store(output.sink, mapped(output.map, {batch, head, m}));
}

Value ForwardEmitter::rowMaximum(Value line, AffineExpr row, Value keys) {
  OpBuilder &b = frame.builder();
  Value lowest =
      frame.constant(vectorType(), -std::numeric_limits<double>::infinity());
  auto body = [&](Value key, ValueRange carried) -> SmallVector<Value> {
    Elements::Scope scope(elements);
    Value place = frame.at(line, shape.type, key);
    Scored scored = scoreAt(frame.load(Type(vectorType()), place), row, key);
    Value score = arith::SelectOp::create(b, frame.loc(), scored.keep,
                                          scored.score, lowest);
    frame.store(score, place);
    return {arith::MaximumFOp::create(b, frame.loc(), carried[0], score)};
  };
  Value all = frame.loop(frame.constant(0), keys, plan.lanes,
                         ValueRange{lowest}, body)[0];
  auto combiner = arith::MaximumFOp::create(b, frame.loc(), all, lowest);
  return combineLanes(frame, combiner, combiner);
}

Value ForwardEmitter::rowSum(Value line, Value keys, Value shift) {
  OpBuilder &b = frame.builder();
  Value zero = frame.constant(vectorType(), 0);
  Value spread = frame.splat(shift, plan.lanes);
  auto body = [&](Value key, ValueRange carried) -> SmallVector<Value> {
    Value place = frame.at(line, shape.type, key);
    Value score = frame.load(Type(vectorType()), place);
    Value power = math::ExpOp::create(
        b, frame.loc(),
        arith::SubFOp::create(b, frame.loc(), score, spread).getResult());
    frame.store(power, place);
    return {arith::AddFOp::create(b, frame.loc(), carried[0], power)};
  };
  Value all = frame.loop(frame.constant(0), keys, plan.lanes, ValueRange{zero},
                         body)[0];
  auto combiner = arith::AddFOp::create(b, frame.loc(), all, zero);
  return combineLanes(frame, combiner, combiner);
}

void ForwardEmitter::multiplyValues(Value firstTile, Value endTile) {
  OpBuilder &b = frame.builder();
  Value firstRow = plan.rowTiles.rowOf(frame, firstTile);
  auto body = [&](const PanelTile &tile) {
    const TileShape &registers = tile.registers;
    Value row = plan.rowTiles.rowOf(frame, tile.tile);
    Value r = frame.sub(row, firstRow);
    TileRows a{
        {at(plan.scores, frame.mul(r, plan.scoreStride))}, plan.scoreStride, 1};
    SmallVector<Value> sums = multiplyTile(
        frame, registers, a,
        panelAt(plan.values, tile.panel, tile.width, shape.keys),
        keysBefore(frame.add(row, registers.rows)), zeroTile(frame, registers));
    for (int64_t i = 0; i < registers.rows; ++i) {
      Value inverse =
          frame.load(shape.type, frame.at(at(plan.rowValues, r), shape.type,
                                          frame.constant(0), i));
      Value spread = frame.splat(inverse, plan.lanes);
      for (int64_t v = 0; v < registers.vectors; ++v) {
        Value &sum = sums[i * registers.vectors + v];
        sum = arith::MulFOp::create(b, frame.loc(), sum, spread);
      }
    }
    epilogue.finishTile(registers, sums, tilePlace(row, tile));
  };
  forEachTile(plan.widthPanels, plan.rowTiles, firstTile, endTile, body);
}

LogicalResult ogee::emitAttentionForward(Frame &frame,
                                         const AttentionPlan &plan,
                                         SmallVectorImpl<Partial> &parts) {
  Elements elements(frame, plan.lanes);
  ForwardEmitter emitter(frame, elements, plan);
  emitter.emit();
  llvm::append_range(parts, emitter.partials());
  return failure(elements.failed());
}
