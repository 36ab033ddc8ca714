// Operands on their way to the register tile: panels of B and blocks of A in a
// thread's scratch, with the prologue applied on the way.
#ifndef OGEE_LIB_GENERATE_CPU_PACK_H
#define OGEE_LIB_GENERATE_CPU_PACK_H

#include "lib/Generate/Cpu/ContractionPlan.h"
#include "lib/Generate/Cpu/Elements.h"
#include "lib/Generate/Cpu/Microkernel.h"
#include "lib/Generate/Cpu/Tiles.h"

namespace ogee {

/// A block of k: its first k, its extent, and the first as a variable (a
/// multiple of the lanes).
struct PackedDepth {
  mlir::Value first, depth;
  mlir::AffineExpr variable;
};

class Packer {
public:
  Packer(Frame &frame, Elements &elements, const ContractionPlan &plan,
         unsigned product)
      : frame(frame), elements(elements), plan(plan), index(product),
        product(plan.products[product]) {}

  /// Packs k from `from`, `depth` of them, of panel `panel` of B, which has
  /// `width` columns, into slot `slot`: [k][columns up to a whole vector], in
  /// bf16 [k / 2][columns up to a whole vector][2].
  void packB(unsigned segment, mlir::AffineExpr batch, const PackedDepth &k,
             mlir::Value from, mlir::Value depth, mlir::Value panel,
             mlir::Value slot, int64_t width);
  /// The panel as the register tile reads it.
  TileColumns columnsOfB(unsigned segment, mlir::AffineExpr batch,
                         const PackedDepth &k, mlir::Value panel,
                         mlir::Value slot, int64_t width);
  /// Makes `count` rows of A ready; nothing if they are read in place.
  void packA(unsigned segment, mlir::AffineExpr batch, const PackedDepth &k,
             mlir::Value row, mlir::Value count);
  /// Rows row, row + 1, .. of A, which are `offset` rows into the block.
  /// Strides are in packed elements.
  TileRows rowsOfA(unsigned segment, mlir::AffineExpr batch,
                   const PackedDepth &k, mlir::Value row, mlir::Value offset,
                   int64_t rows);

private:
  TileColumns packedColumns(mlir::Value slot, int64_t width);
  bool isInPlace(const Segment &segment, int64_t width) const;
  Point pointOf(const Segment &segment, const Factor &factor,
                mlir::AffineExpr batch, mlir::AffineExpr row,
                mlir::AffineExpr column, mlir::AffineExpr k) const;
  void packRows(unsigned segment, mlir::AffineExpr batch, const PackedDepth &k,
                mlir::Value row, mlir::Value count);
  void packColumns(unsigned segment, mlir::AffineExpr batch,
                   const PackedDepth &k, mlir::Value row, mlir::Value count);
  void packNarrowB(const Segment &part, mlir::AffineExpr batch,
                   const PanelPlace &place);
  void packNarrowA(const Segment &part, mlir::AffineExpr batch,
                   const PackedDepth &k, mlir::Value row, mlir::Value count,
                   int64_t stride);
  void packNarrowRows(const Segment &part, mlir::AffineExpr batch,
                      const PackedDepth &k, mlir::Value row, mlir::Value count,
                      int64_t stride);
  void packNarrowColumns(const Segment &part, mlir::AffineExpr batch,
                         const PackedDepth &k, mlir::Value row,
                         mlir::Value count, int64_t stride);
  TileRows rowsInPlace(const Segment &segment, mlir::AffineExpr batch,
                       const PackedDepth &k, mlir::Value row, int64_t rows);
  mlir::Value blockOfA();

  Frame &frame;
  Elements &elements;
  const ContractionPlan &plan;
  unsigned index;
  const Product &product;
};

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_PACK_H
