// What happens to a register tile of a product once it is complete: results are
// stored, and partials join their chunk's part, while the sums are in
// registers.
#ifndef OGEE_LIB_GENERATE_CPU_EPILOGUE_H
#define OGEE_LIB_GENERATE_CPU_EPILOGUE_H

#include "lib/Generate/Cpu/ContractionPlan.h"
#include "lib/Generate/Cpu/Elements.h"
#include "lib/Generate/Cpu/Finish.h"
#include "lib/Generate/Cpu/Microkernel.h"

namespace ogee {

/// Where a tile lies: variables of the evaluator and the values behind them.
struct TilePlace {
  mlir::AffineExpr batch, row, column; // of the first element
  mlir::Value firstColumn;             // i64
  bool masked;                         // columns may end within a vector
};

/// Where a chunk lies within its product.
struct ChunkPlace {
  mlir::AffineExpr batch;
  mlir::Value batchIndex, rowGroup, panelGroup; // i64
  mlir::Value firstRow, rows, firstColumn, columns;
};

/// A partial over values of a product's box.
struct ProductSum {
  mlir::linalg::GenericOp op;
  mlir::Operation *combiner;
  unsigned workspace;
  mlir::AffineMap loops; // from the product's point to the reduction's loops
  mlir::AffineMap out;   // from the product's point to the partial's
  bool alongBatch, alongRows, alongColumns; // reduced over these
  int64_t parts;
};
llvm::SmallVector<ProductSum>
sumsOf(kernel::FuncOp kernel, const ContractionPlan &plan, unsigned product);

class Epilogue {
public:
  Epilogue(Frame &frame, Elements &elements, const ContractionPlan &plan,
           unsigned product);

  /// Partials of this product and the number of their parts.
  llvm::SmallVector<Partial> partials() const;
  /// Sets the chunk's parts to the neutral element. Before any tile.
  void begin(const ChunkPlace &chunk);
  void finishTile(const TileShape &shape, mlir::ValueRange tile,
                  const TilePlace &place);

private:
  struct Output {
    Sink sink;
    mlir::AffineMap map; // from the product's point to the value's
    bool inside;         // every point of the product has one
  };
  bool isLong(const TileShape &shape) const;
  Point pointOf(const TilePlace &place, mlir::AffineExpr row,
                mlir::AffineExpr column) const;
  /// One vector of the tile; returns the sums along rows, carried.
  llvm::SmallVector<mlir::Value>
  finishVector(mlir::Value value, const Point &point, mlir::ValueRange carried);
  void finishColumn(const TilePlace &place, mlir::AffineExpr column,
                    mlir::ValueRange carried);
  void flush(const ProductSum &sum, const Point &point, mlir::Value value);
  void maskColumns(const TilePlace &place, mlir::Value column);
  llvm::SmallVector<mlir::Value> startSums();

  Frame &frame;
  Elements &elements;
  const ContractionPlan &plan;
  const Product &product;
  const ProductPlan &shape;
  llvm::SmallVector<Output> outputs;
  llvm::SmallVector<ProductSum> sums;
};

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_EPILOGUE_H
