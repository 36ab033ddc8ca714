// What happens to a register tile once it is complete: results are
// stored, and partials join their chunk's part, while the sums are in
// registers.
#ifndef OGEE_LIB_GENERATE_CPU_EPILOGUE_H
#define OGEE_LIB_GENERATE_CPU_EPILOGUE_H

#include "lib/Generate/Cpu/Elements.h"
#include "lib/Generate/Cpu/Finish.h"
#include "lib/Generate/Cpu/Microkernel.h"

#include <functional>

namespace ogee {

/// The value that register tiles are tiles of, addressed by a batch, a row and
/// a column index.
struct Anchor {
  mlir::Value value;
  mlir::Type type; // of an element
  int64_t columns;
  std::function<Point(mlir::AffineExpr, mlir::AffineExpr, mlir::AffineExpr)>
      point;
  int64_t buffer; // bytes in scratch where a tile may be put down
};

/// Where a tile lies: variables of the evaluator, and the first column's value.
struct TilePlace {
  mlir::AffineExpr batch, row, column;
  mlir::Value firstColumn; // i64
  bool masked;             // columns may end within a vector
};

/// A result that the anchor's elements reach.
struct AnchorOutput {
  Sink sink;
  mlir::AffineMap map; // from the anchor's point to the sink's value
  bool inside;         // every point of the anchor has one
};

/// A partial over values of the anchor's box.
struct AnchorSum {
  mlir::linalg::GenericOp op;
  mlir::Operation *combiner;
  unsigned workspace;
  mlir::AffineMap loops; // from the anchor's point to the reduction's loops
  mlir::AffineMap out;   // from the anchor's point to the partial's
  bool alongRows;        // reduced over these
  bool viewed;           // reads the anchor through views that only insert
};

/// Results and partials that read `anchor` through element-wise operations.
llvm::SmallVector<AnchorOutput> outputsOf(kernel::FuncOp kernel,
                                          mlir::Value anchor);
llvm::SmallVector<AnchorSum> sumsOf(kernel::FuncOp kernel, mlir::Value anchor);
/// Partials of tensors that the anchor's points reach by the maps that `reach`
/// gives. They reduce no rows unless the caller says so.
using AnchorReach =
    llvm::function_ref<llvm::SmallVector<mlir::AffineMap>(mlir::Value)>;
llvm::SmallVector<AnchorSum> sumsOf(kernel::FuncOp kernel, AnchorReach reach);

/// Rows and columns of a chunk.
struct ChunkBox {
  mlir::AffineExpr batch;
  mlir::Value firstRow, rows, firstColumn, columns; // i64
};

class Epilogue {
public:
  Epilogue(Frame &frame, Elements &elements, Anchor anchor,
           llvm::ArrayRef<AnchorOutput> outputs, llvm::ArrayRef<AnchorSum> sums)
      : frame(frame), elements(elements), anchor(std::move(anchor)),
        outputs(outputs), sums(sums) {}

  llvm::ArrayRef<AnchorSum> partials() const { return sums; }
  /// Says that this chunk adds to part `part` (i64) of a partial.
  void usePart(const AnchorSum &sum, mlir::Value part);
  /// Sets the chunk's elements of its parts to neutral. Before any tile.
  void begin(const ChunkBox &chunk);
  /// Asks memory for what `finishTile` will read and write there.
  void prefetchTile(const TileShape &tile, const TilePlace &place);
  /// The same as a loop, for tiles of many rows.
  void prefetchByRows(const TileShape &tile, const TilePlace &place);
  /// Stores what follows from a tile's elements, row by row, and adds them to
  /// the partials.
  void finishTile(const TileShape &tile, mlir::ValueRange values,
                  const TilePlace &place);
  /// The same for a tile that lies in the anchor's buffer.
  void finishStored(const TileShape &tile, const TilePlace &place);

private:
  void prefetchRow(const TileShape &tile, const TilePlace &place,
                   mlir::AffineExpr row);
  bool isLong(const TileShape &tile) const;
  Point pointOf(const TilePlace &place, mlir::AffineExpr row,
                mlir::AffineExpr column) const {
    return anchor.point(place.batch, row, column);
  }
  /// One vector of the tile; returns the sums along rows, carried.
  llvm::SmallVector<mlir::Value>
  finishVector(mlir::Value value, const Point &point, mlir::ValueRange carried);
  /// The sums that loops carry, with the values at a point added.
  llvm::SmallVector<mlir::Value>
  addToSums(mlir::Value value, const Point &point, mlir::ValueRange carried);
  void storeOutputs(const Point &point);
  void finishColumn(const TilePlace &place, mlir::AffineExpr column,
                    mlir::ValueRange carried);
  using TileValue = llvm::function_ref<mlir::Value(int64_t row, int64_t v)>;
  void finishUnrolled(const TileShape &tile, TileValue value,
                      const TilePlace &place);
  void finishRolled(const TileShape &tile, const TilePlace &place);
  void flush(const AnchorSum &sum, const Point &point, mlir::Value value);
  void maskColumns(const TilePlace &place, mlir::Value column);
  llvm::SmallVector<mlir::Value> startSums();

  Frame &frame;
  Elements &elements;
  Anchor anchor;
  llvm::SmallVector<AnchorOutput, 2> outputs;
  llvm::SmallVector<AnchorSum, 2> sums;
};

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_EPILOGUE_H
