// What the forward and the backward emitter of attention share: sizes, scratch,
// packed panels, blocks of rows, and the score region on vectors of keys.
#ifndef OGEE_LIB_GENERATE_CPU_ATTENTION_H
#define OGEE_LIB_GENERATE_CPU_ATTENTION_H

#include "lib/Generate/Cpu/Emit.h"
#include "lib/Generate/Cpu/Epilogue.h"
#include "lib/Generate/Cpu/Microkernel.h"
#include "lib/Generate/Cpu/Tiles.h"
#include "lib/Nn/Nn.h"

namespace ogee {

/// The operands of nn.attention and what nn.attention_grad has in common.
struct AttentionShape {
  mlir::Operation *op;
  mlir::Value q, k, v;
  mlir::ValueRange captures;
  llvm::SmallVector<mlir::AffineMap> captureMaps;
  mlir::Region *score;
  bool causal;
  int64_t batch, rows, heads, groups, keys, depth, width; // B T H G S D E
  mlir::Type type;

  int64_t headsPerGroup() const { return heads / groups; }
};
AttentionShape shapeOf(nn::AttentionOp op);
AttentionShape shapeOf(nn::AttentionGradOp op);

/// Cuts and scratch, in bytes of offset. `forward`: what only one direction
/// needs has size 0 in the other.
struct AttentionPlan {
  AttentionShape shape;
  int64_t lanes, tileRows, panel; // panel: columns
  RowTiles rowTiles, keyTiles;
  ColumnPanels keyPanels, depthPanels, widthPanels;
  int64_t tilesPerBlock; // rows of scores that are in scratch together
  int64_t rowGroups, tilesPerGroup; // of a forward chunk
  int64_t chunks;
  int64_t scoreStride; // elements
  int64_t tile, keysAcross, keysDown, values, scores, gradScores, blockQ,
      blockGrad, sumK, sumV, rowValues;
  int64_t scratch;

  int64_t blockRows() const { return tilesPerBlock * rowTiles.largest(); }
  /// Elements of a panel with `depth` k.
  int64_t panelSize(int64_t depth) const;
};
AttentionPlan planAttention(const AttentionShape &shape, bool forward,
                            const Target &target);

class AttentionEmitter {
public:
  AttentionEmitter(Frame &frame, Elements &elements, const AttentionPlan &plan)
      : frame(frame), elements(elements), plan(plan), shape(plan.shape) {}

protected:
  mlir::Value at(int64_t bytes, mlir::Value elementsOffset);
  mlir::Value scratch(int64_t bytes) {
    return frame.bytes(frame.scratch(), bytes);
  }
  /// Reads at (b, row, head or group, column).
  mlir::Value read(mlir::Value tensor, mlir::AffineExpr row,
                   mlir::AffineExpr head, mlir::AffineExpr column) {
    return elements.read(tensor, {batch, row, head, column});
  }

  /// Packs the panels from 0 up to `panels` of a matrix with `depth` k, at
  /// `offset` of scratch: [panel][k][width]. `across`: k is the contiguous one.
  void pack(int64_t offset, const ColumnPanels &panels, mlir::Value end,
            mlir::Value depth, int64_t mostDepth, bool across,
            PanelSource source);
  TileColumns panelAt(int64_t offset, mlir::Value panel, int64_t width,
                      int64_t mostDepth);
  /// Rows row, row + 1, .. of a tensor [B, T, H, D] in place.
  TileRows rowsOf(mlir::Value tensor, mlir::AffineExpr head, mlir::Value row,
                  int64_t rows);
  /// Puts rows * keys' into scratch, for the tiles of a block.
  void multiplyRows(mlir::Value tensor, int64_t packed, int64_t mostDepth,
                    mlir::Value firstTile, mlir::Value endTile,
                    mlir::Value keys, int64_t target);

  /// A tile of rows in a panel of columns, `width` of which there are.
  struct PanelTile {
    mlir::Value panel, tile;
    int64_t width;
    TileShape registers;
  };
  /// Runs body for every panel, and in it for the tiles `from` up to `to`.
  void forEachTile(const ColumnPanels &panels, const RowTiles &tiles,
                   mlir::Value from, mlir::Value to,
                   llvm::function_ref<void(const PanelTile &)> body);
  /// Where the epilogue finds a tile whose first row is `row`.
  TilePlace tilePlace(mlir::Value row, const PanelTile &at);

  /// The score region at row `row` and keys first + lane: score and keep, keep
  /// off where there is no key.
  struct Scored {
    mlir::Value score, keep;
    llvm::SmallVector<mlir::Value> arguments; // of the region
  };
  Scored scoreAt(mlir::Value dot, mlir::AffineExpr row, mlir::Value firstKey);
  /// Keys that the rows before `row` may keep.
  mlir::Value keysBefore(mlir::Value row);
  /// Keys that the other rows of `row`'s tile may keep, and at least as many as
  /// lie in one tile of keys with the last that it keeps itself: as far as
  /// scores must be right, or 0 where they are not kept. What lies beyond is
  /// not read.
  mlir::Value keysNear(mlir::Value row);
  mlir::Value firstTileFor(mlir::Value panel, mlir::Value firstTile);
  mlir::VectorType vectorType() const {
    return mlir::VectorType::get({plan.lanes}, shape.type);
  }

  Frame &frame;
  Elements &elements;
  const AttentionPlan &plan;
  const AttentionShape &shape;
  mlir::AffineExpr batch, head, group;
};

mlir::LogicalResult emitAttentionForward(Frame &frame,
                                         const AttentionPlan &plan,
                                         llvm::SmallVectorImpl<Partial> &parts);
mlir::LogicalResult
emitAttentionBackward(Frame &frame, const AttentionPlan &plan,
                      llvm::SmallVectorImpl<Partial> &parts);

/// Partials over elements of a result of attention, which leave unchanged
/// through views; chunks are (batch, group, row group).
llvm::SmallVector<AnchorSum> attentionSums(kernel::FuncOp kernel,
                                           mlir::Value result);
struct AttentionParts {
  bool alongBatch, alongHeads, alongRows;
  int64_t parts;
};
AttentionParts partsOf(const AttentionPlan &plan, const AnchorSum &sum);

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_ATTENTION_H
