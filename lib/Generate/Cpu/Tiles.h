// How rows and columns are cut into register tiles and panels, and how a panel
// of columns is packed; shared by the contraction and attention emitters.
#ifndef OGEE_LIB_GENERATE_CPU_TILES_H
#define OGEE_LIB_GENERATE_CPU_TILES_H

#include "lib/Generate/Cpu/Elements.h"

namespace ogee {

/// Register tile that fits the target for results of `columns` columns: rows,
/// and vectors of `lanes` elements.
struct RegisterTile {
  int64_t rows, vectors;
};
RegisterTile registerTile(const Target &target, int64_t columns, int64_t lanes);

/// Rows spread evenly over tiles: the first `extra` have base + 1 rows, the
/// others base, so that there are two bodies and no remainder.
struct RowTiles {
  int64_t count = 0, base = 0, extra = 0;

  static RowTiles spread(int64_t rows, int64_t largest);
  int64_t largest() const { return base + (extra > 0 ? 1 : 0); }
  /// The first row of a tile; of tile `count`, the number of rows.
  mlir::Value rowOf(Frame &frame, mlir::Value tile) const;
  /// Tiles that begin before row `row`.
  mlir::Value tilesBefore(Frame &frame, mlir::Value row) const;
  /// body(tile, rows) for tiles from <= tile < to.
  void forEach(Frame &frame, Elements &elements, mlir::Value from,
               mlir::Value to,
               llvm::function_ref<void(mlir::Value, int64_t)> body) const;
};

/// Columns cut into panels of `width`; the last one may be narrower.
struct ColumnPanels {
  int64_t columns = 0, width = 1;

  int64_t count() const { return (columns + width - 1) / width; }
  /// body(panel, columns in it) for panels from <= panel < to.
  void forEach(Frame &frame, Elements &elements, mlir::Value from,
               mlir::Value to,
               llvm::function_ref<void(mlir::Value, int64_t)> body) const;
};

/// A panel to pack: `width` columns from `column`, `depth` k from `k` (i64;
/// column a multiple of the lanes, k as well if the panel is transposed), into
/// `target` as [k][width up to a whole vector].
struct PanelPlace {
  mlir::Value target;
  mlir::Value column, k, depth;
  int64_t width;
  mlir::Type type;
};
/// The elements at a column and a k, one of which varies by lane.
using PanelSource =
    llvm::function_ref<mlir::Value(mlir::AffineExpr, mlir::AffineExpr)>;

/// Packs what is contiguous along columns.
void copyPanel(Frame &frame, Elements &elements, const PanelPlace &place,
               PanelSource source);
/// Packs what is contiguous along k. `wholeDepth`: depth is a multiple of the
/// lanes. Writes depth up to a multiple of the lanes.
void transposePanel(Frame &frame, Elements &elements, const PanelPlace &place,
                    bool wholeDepth, PanelSource source);

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_TILES_H
