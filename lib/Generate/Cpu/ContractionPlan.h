// How a contraction kernel runs: tiles, panels, blocks of k, chunks, scratch.
// From shapes and target alone, so that schedule can ask before anything is
// emitted and the emitter finds the same answer.
#ifndef OGEE_LIB_GENERATE_CPU_CONTRACTIONPLAN_H
#define OGEE_LIB_GENERATE_CPU_CONTRACTIONPLAN_H

#include "lib/Generate/Cpu/Emit.h"
#include "lib/Generate/Cpu/NarrowTiles.h"
#include "lib/Generate/Cpu/Products.h"
#include "lib/Generate/Cpu/Tiles.h"

namespace ogee {

/// One product. A chunk is a group of row tiles by a group of panels of one
/// batch.
struct ProductPlan {
  RowTiles tiles;
  ColumnPanels panels;
  int64_t tilesPerGroup, rowGroups;
  int64_t panelsPerGroup, panelGroups;
  int64_t tilesPerBlock; // of A's rows that are made ready together
  int64_t firstChunk, chunks;
  llvm::SmallVector<int64_t> blockDepth; // of k, a segment

  int64_t rowsPerGroup() const { return tilesPerGroup * tiles.largest(); }
};

struct ContractionPlan {
  std::vector<Product> products;
  llvm::SmallVector<ProductPlan> plans;
  int64_t rows, columns, lanes; // of the register tile; columns in elements
  mlir::Type type;
  Unit unit;
  mlir::Type packed; // of an operand on its way
  int64_t chunks;
  /// Byte offsets in scratch.
  int64_t packedB, packedA, sums, tile, scratch;

  bool isNarrow() const { return unit != Unit::Vectors; }
  /// What blocks of k are multiples of: operands are packed that far, in bf16
  /// with zeros.
  int64_t depthStep() const { return isNarrow() ? kNarrowDepth : lanes; }
  /// Elements from one packed k to the next in A (Columns), from one row to the
  /// next (Rows).
  int64_t strideOfA(unsigned product, unsigned segment) const;
  /// Elements of one packed panel of B.
  int64_t panelSize(unsigned product) const;
  /// Rows for which sums may wait between blocks of k: those of a group, with
  /// whole tiles where the unit writes whole tiles.
  int64_t sumRows(unsigned product) const;
  /// Whether accumulators leave the registers between blocks of k.
  bool isBlocked(unsigned product) const;
  int64_t blocks(unsigned product, unsigned segment) const;
};

/// Which dimensions of a product a partial reduces, and how many parts that
/// makes: parts are numbered by the batch, row group and panel group of a
/// chunk, as far as they are reduced.
struct PartShape {
  bool alongBatch, alongRows, alongColumns;
  int64_t parts;
};
PartShape partShape(const ContractionPlan &plan, unsigned index,
                    mlir::AffineMap out);

/// Tile by the target, blocks and groups by their price. Uses the
/// kernel's tile if it has one.
mlir::FailureOr<ContractionPlan> planContraction(kernel::FuncOp kernel,
                                                 const Target &target);

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_CONTRACTIONPLAN_H
