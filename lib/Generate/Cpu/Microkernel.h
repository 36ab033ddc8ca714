// The register tile: rows x (vectors * lanes) accumulators in SSA values, one
// loop over k that does nothing but load, broadcast and fma.
#ifndef OGEE_LIB_GENERATE_CPU_MICROKERNEL_H
#define OGEE_LIB_GENERATE_CPU_MICROKERNEL_H

#include "lib/Generate/Cpu/Frame.h"

namespace ogee {

struct TileShape {
  mlir::Type type; // f32 or f64
  int64_t lanes, rows, vectors;

  mlir::VectorType vectorType() const {
    return mlir::VectorType::get({lanes}, type);
  }
  int64_t columns() const { return vectors * lanes; }
};

/// Rows of A: element (r, k) is at rows[r] + k * kStride elements. Rows at a
/// constant distance are given as one pointer and `rowStride`.
struct TileRows {
  llvm::SmallVector<mlir::Value> rows;
  int64_t rowStride = 0;
  int64_t kStride = 1;
};

/// Columns of B: vector v of k is at pointer + k * kStride + v * lanes.
struct TileColumns {
  mlir::Value pointer;
  int64_t kStride;
};

/// Accumulators, row by row, after adding the products over k < depth (i64).
llvm::SmallVector<mlir::Value>
multiplyTile(Frame &frame, const TileShape &shape, const TileRows &a,
             const TileColumns &b, mlir::Value depth, mlir::ValueRange initial);

/// Accumulators that start from 0.
llvm::SmallVector<mlir::Value> zeroTile(Frame &frame, const TileShape &shape);
/// Loads or stores a tile that lies in memory with `stride` elements a row.
llvm::SmallVector<mlir::Value> loadTile(Frame &frame, const TileShape &shape,
                                        mlir::Value pointer, int64_t stride);
void storeTile(Frame &frame, const TileShape &shape, mlir::ValueRange tile,
               mlir::Value pointer, int64_t stride);

/// The transpose of a square of vectors, by log2(lanes) rounds of exchanges.
llvm::SmallVector<mlir::Value>
transposeSquare(Frame &frame, llvm::ArrayRef<mlir::Value> rows);

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_MICROKERNEL_H
