// A chunk is one group of heads of one example, so that the gradients of keys
// and values have one owner and are added in one order. For a block of rows:
// scores again, probabilities from the saved log-sum-exp, the gradient of the
// scores, and from it three products (Dao 2023, section 3.1.2).
#include "lib/Generate/Cpu/Attention.h"
#include "lib/Generate/Cpu/Partials.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace ogee;

namespace {

class BackwardEmitter : AttentionEmitter {
public:
  BackwardEmitter(Frame &frame, Elements &elements, const AttentionPlan &plan)
      : AttentionEmitter(frame, elements, plan),
        op(cast<nn::AttentionGradOp>(shape.op)),
        gradQ(epilogueOf(op.getDq(), shape.depth, true)),
        gradK(epilogueOf(op.getDk(), shape.depth, false)),
        gradV(epilogueOf(op.getDv(), shape.width, false)) {}

  void emit();
  SmallVector<Partial> partials() const;

private:
  /// The rows of a block: its tiles, their rows, and the keys they may keep,
  /// up to a whole tile of keys.
  struct RowBlock {
    Value firstTile, endTile, firstRow, rows, keyTiles, keys;
  };

  Epilogue epilogueOf(Value result, int64_t columns, bool ofHead);
  void useParts(Epilogue &epilogue);
  void beginParts(Epilogue &epilogue, int64_t rows, int64_t columns);
  void packOperands();
  void clear(int64_t offset, int64_t count);
  void emitBlock(Value firstTile);
  void packBlock(const RowBlock &block);
  void sumDeltas(const RowBlock &block);
  void gradScoreRow(const RowBlock &block, Value r);
  void gradScoreKeys(AffineExpr row, Value key, Value scores, Value grads,
                     Value delta, Value lse);
  void addTransposed(const RowBlock &block, int64_t probabilities,
                     int64_t factor, const ColumnPanels &panels, int64_t sums);
  void multiplyKeys(const RowBlock &block);
  void storeSums(Epilogue &epilogue, const ColumnPanels &panels, int64_t sums);
  Value sumsAt(int64_t sums, const PanelTile &tile, Value key);

  nn::AttentionGradOp op;
  Epilogue gradQ, gradK, gradV;
  Value batchIndex, groupIndex;
};

} // namespace

Epilogue BackwardEmitter::epilogueOf(Value result, int64_t columns,
                                     bool ofHead) {
  auto point = [this, ofHead](AffineExpr, AffineExpr row, AffineExpr column) {
    return Point{batch, row, ofHead ? head : group, column};
  };
  return Epilogue(
      frame, elements, {result, shape.type, columns, point, plan.tile},
      outputsOf(frame.kernel(), result), attentionSums(frame.kernel(), result));
}

SmallVector<Partial> BackwardEmitter::partials() const {
  SmallVector<Partial> partials;
  for (const Epilogue *epilogue : {&gradQ, &gradK, &gradV})
    for (const AnchorSum &sum : epilogue->partials())
      if (llvm::none_of(partials, [&](const Partial &partial) {
            return partial.workspace == sum.workspace;
          }))
        partials.push_back({sum.op, sum.workspace, partsOf(plan, sum).parts});
  return partials;
}

void BackwardEmitter::emit() {
  groupIndex = frame.remainder(frame.chunk(), shape.groups);
  batchIndex = frame.divide(frame.chunk(), shape.groups);
  batch = elements.variable(batchIndex);
  group = elements.variable(groupIndex);
  Value firstHead = frame.mul(groupIndex, shape.headsPerGroup());
  for (Epilogue *epilogue : {&gradQ, &gradK, &gradV})
    useParts(*epilogue);
  frame.loop(0, shape.headsPerGroup(), 1, [&](Value number) {
    Elements::Scope scope(elements);
    head = elements.variable(frame.add(firstHead, number));
    beginParts(gradQ, shape.rows, shape.depth);
  });
  beginParts(gradK, shape.keys, shape.depth);
  beginParts(gradV, shape.keys, shape.width);
  packOperands();
  clear(plan.sumK, plan.depthPanels.count() * plan.panel * shape.keys);
  clear(plan.sumV, plan.widthPanels.count() * plan.panel * shape.keys);
  frame.loop(0, shape.headsPerGroup(), 1, [&](Value number) {
    Elements::Scope scope(elements);
    head = elements.variable(frame.add(firstHead, number));
    frame.loop(0, plan.rowTiles.count, plan.tilesPerBlock, [&](Value tile) {
      Elements::Scope inner(elements);
      emitBlock(tile);
    });
  });
  storeSums(gradK, plan.depthPanels, plan.sumK);
  storeSums(gradV, plan.widthPanels, plan.sumV);
}

void BackwardEmitter::useParts(Epilogue &epilogue) {
  for (const AnchorSum &sum : epilogue.partials()) {
    AttentionParts parts = partsOf(plan, sum);
    Value part = parts.alongBatch ? batchIndex : frame.constant(0);
    if (parts.alongHeads)
      part = frame.add(frame.mul(part, shape.groups), groupIndex);
    epilogue.usePart(sum, part);
  }
}

void BackwardEmitter::beginParts(Epilogue &epilogue, int64_t rows,
                                 int64_t columns) {
  epilogue.begin({batch, frame.constant(0), frame.constant(rows),
                  frame.constant(0), frame.constant(columns)});
}

void BackwardEmitter::packOperands() {
  Value panels = frame.constant(plan.keyPanels.count());
  pack(plan.keysAcross, plan.keyPanels, panels, frame.constant(shape.depth),
       shape.depth, /*across=*/true, [&](AffineExpr key, AffineExpr d) {
         return read(shape.k, key, group, d);
       });
  pack(plan.values, plan.keyPanels, panels, frame.constant(shape.width),
       shape.width, /*across=*/true, [&](AffineExpr key, AffineExpr e) {
         return read(shape.v, key, group, e);
       });
  pack(plan.keysDown, plan.depthPanels,
       frame.constant(plan.depthPanels.count()), frame.constant(shape.keys),
       shape.keys, /*across=*/false, [&](AffineExpr d, AffineExpr key) {
         return read(shape.k, key, group, d);
       });
}

void BackwardEmitter::clear(int64_t offset, int64_t count) {
  Value zero = frame.constant(vectorType(), 0);
  frame.loop(0, count, plan.lanes,
             [&](Value index) { frame.store(zero, at(offset, index)); });
}

void BackwardEmitter::emitBlock(Value firstTile) {
  RowBlock block;
  block.firstTile = firstTile;
  block.endTile = frame.min(frame.add(firstTile, plan.tilesPerBlock),
                            frame.constant(plan.rowTiles.count));
  block.firstRow = plan.rowTiles.rowOf(frame, firstTile);
  Value endRow = plan.rowTiles.rowOf(frame, block.endTile);
  block.rows = frame.sub(endRow, block.firstRow);
  block.keyTiles = plan.keyTiles.tilesBefore(frame, keysBefore(endRow));
  block.keys = plan.keyTiles.rowOf(frame, block.keyTiles);
  packBlock(block);
  sumDeltas(block);
  multiplyRows(shape.q, plan.keysAcross, shape.depth, block.firstTile,
               block.endTile, block.keys, plan.scores);
  multiplyRows(op.getGrad(), plan.values, shape.width, block.firstTile,
               block.endTile, block.keys, plan.gradScores);
  frame.outline([&] {
    frame.loop(frame.constant(0), block.rows, 1, [&](Value r) {
      Elements::Scope scope(elements);
      gradScoreRow(block, r);
    });
  });
  addTransposed(block, plan.scores, plan.blockGrad, plan.widthPanels,
                plan.sumV);
  addTransposed(block, plan.gradScores, plan.blockQ, plan.depthPanels,
                plan.sumK);
  multiplyKeys(block);
}

void BackwardEmitter::packBlock(const RowBlock &block) {
  AffineExpr first = elements.variable(block.firstRow);
  auto packRows = [&](Value tensor, int64_t offset,
                      const ColumnPanels &panels) {
    pack(offset, panels, frame.constant(panels.count()), block.rows,
         plan.blockRows(), /*across=*/false,
         [&](AffineExpr column, AffineExpr r) {
           return read(tensor, first + r, head, column);
         });
  };
  packRows(shape.q, plan.blockQ, plan.depthPanels);
  packRows(op.getGrad(), plan.blockGrad, plan.widthPanels);
}

/// delta = sum over e of grad * out, a row.
void BackwardEmitter::sumDeltas(const RowBlock &block) {
  OpBuilder &b = frame.builder();
  Value zero = frame.constant(vectorType(), 0);
  frame.loop(frame.constant(0), block.rows, 1, [&](Value r) {
    Elements::Scope scope(elements);
    AffineExpr row = elements.variable(frame.add(block.firstRow, r));
    auto body = [&](Value e, ValueRange carried) -> SmallVector<Value> {
      Elements::Scope inner(elements);
      if (shape.width % plan.lanes != 0)
        elements.setMask(frame.laneMask(
            frame.sub(frame.constant(shape.width), e), plan.lanes));
      AffineExpr column = elements.variable(e, plan.lanes) + elements.lane();
      return {LLVM::FMAOp::create(
          b, frame.loc(), read(op.getGrad(), row, head, column),
          read(op.getOut(), row, head, column), carried[0])};
    };
    Value all = frame.loop(frame.constant(0), frame.constant(shape.width),
                           plan.lanes, ValueRange{zero}, body)[0];
    auto combiner = arith::AddFOp::create(b, frame.loc(), all, zero);
    frame.store(combineLanes(frame, combiner, combiner), at(plan.rowValues, r));
  });
}

/// Scores of a row become probabilities, gradients of probabilities become
/// gradients of the products of queries and keys.
void BackwardEmitter::gradScoreRow(const RowBlock &block, Value r) {
  Value number = frame.add(block.firstRow, r);
  AffineExpr row = elements.variable(number);
  Value line = frame.mul(r, plan.scoreStride);
  Value scores = at(plan.scores, line), grads = at(plan.gradScores, line);
  Value lse =
      frame.splat(elements.read(op.getLse(), {batch, head, row}), plan.lanes);
  Value delta =
      frame.splat(frame.load(shape.type, at(plan.rowValues, r)), plan.lanes);
  frame.loop(frame.constant(0), keysNear(number), plan.lanes, [&](Value key) {
    Elements::Scope scope(elements);
    gradScoreKeys(row, key, frame.at(scores, shape.type, key),
                  frame.at(grads, shape.type, key), delta, lse);
  });
}

void BackwardEmitter::gradScoreKeys(AffineExpr row, Value key, Value scores,
                                    Value grads, Value delta, Value lse) {
  OpBuilder &b = frame.builder();
  Location loc = frame.loc();
  Value zero = frame.constant(vectorType(), 0);
  Scored scored = scoreAt(frame.load(Type(vectorType()), scores), row, key);
  Value power = math::ExpOp::create(
      b, loc, arith::SubFOp::create(b, loc, scored.score, lse).getResult());
  Value p = arith::SelectOp::create(b, loc, scored.keep, power, zero);
  Value gradP = frame.load(Type(vectorType()), grads);
  Value centred = arith::SubFOp::create(b, loc, gradP, delta);
  scored.arguments.push_back(arith::MulFOp::create(b, loc, p, centred));
  SmallVector<Value> yielded =
      elements.cloneBlock(op.getScoreGrad().front(), scored.arguments);
  Value gradS = frame.splat(yielded[0], plan.lanes);
  frame.store(p, scores);
  frame.store(arith::SelectOp::create(b, loc, scored.keep, gradS, zero), grads);
}

/// The sums of a tile of keys: [panel][key][column of the panel].
Value BackwardEmitter::sumsAt(int64_t sums, const PanelTile &tile, Value key) {
  Value line = frame.add(frame.mul(tile.panel, shape.keys), key);
  return at(sums, frame.mul(line, plan.panel));
}

/// sums[key, :] += sum over rows of block[row, key] * factor[row, :].
void BackwardEmitter::addTransposed(const RowBlock &block,
                                    int64_t probabilities, int64_t factor,
                                    const ColumnPanels &panels, int64_t sums) {
  auto body = [&](const PanelTile &tile) {
    const TileShape &registers = tile.registers;
    Value key = plan.keyTiles.rowOf(frame, tile.tile);
    Value place = sumsAt(sums, tile, key);
    // Rows before the key do not keep it.
    Value skipped = frame.constant(0);
    if (shape.causal)
      skipped = frame.max(frame.sub(key, block.firstRow), skipped);
    Value first = frame.add(key, frame.mul(skipped, plan.scoreStride));
    TileRows a{{at(probabilities, first)}, 1, plan.scoreStride};
    TileColumns b = panelAt(factor, tile.panel, tile.width, plan.blockRows());
    b.pointer = frame.at(b.pointer, shape.type, frame.mul(skipped, b.kStride));
    SmallVector<Value> result =
        multiplyTile(frame, registers, a, b, frame.sub(block.rows, skipped),
                     loadTile(frame, registers, place, plan.panel));
    storeTile(frame, registers, result, place, plan.panel);
  };
  forEachTile(panels, plan.keyTiles, frame.constant(0), block.keyTiles, body);
}

/// The gradient of the queries of a block: gradient of the scores times keys.
void BackwardEmitter::multiplyKeys(const RowBlock &block) {
  auto body = [&](const PanelTile &tile) {
    const TileShape &registers = tile.registers;
    Value row = plan.rowTiles.rowOf(frame, tile.tile);
    Value line = frame.mul(frame.sub(row, block.firstRow), plan.scoreStride);
    TileRows a{{at(plan.gradScores, line)}, plan.scoreStride, 1};
    SmallVector<Value> result = multiplyTile(
        frame, registers, a,
        panelAt(plan.keysDown, tile.panel, tile.width, shape.keys),
        keysBefore(frame.add(row, registers.rows)), zeroTile(frame, registers));
    gradQ.finishTile(registers, result, tilePlace(row, tile));
  };
  forEachTile(plan.depthPanels, plan.rowTiles, block.firstTile, block.endTile,
              body);
}

void BackwardEmitter::storeSums(Epilogue &epilogue, const ColumnPanels &panels,
                                int64_t sums) {
  auto body = [&](const PanelTile &tile) {
    Value key = plan.keyTiles.rowOf(frame, tile.tile);
    epilogue.finishTile(
        tile.registers,
        loadTile(frame, tile.registers, sumsAt(sums, tile, key), plan.panel),
        tilePlace(key, tile));
  };
  forEachTile(panels, plan.keyTiles, frame.constant(0),
              frame.constant(plan.keyTiles.count), body);
}

LogicalResult ogee::emitAttentionBackward(Frame &frame,
                                          const AttentionPlan &plan,
                                          SmallVectorImpl<Partial> &parts) {
  Elements elements(frame, plan.lanes);
  BackwardEmitter emitter(frame, elements, plan);
  emitter.emit();
  llvm::append_range(parts, emitter.partials());
  return failure(elements.failed());
}
