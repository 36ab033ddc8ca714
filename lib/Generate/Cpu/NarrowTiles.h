// Products of bf16 with sums in f32. A is packed by rows, k by k; B in pairs of
// k: [k / 2][column][2]. Both are filled with zeros up to kNarrowDepth of k.
#ifndef OGEE_LIB_GENERATE_CPU_NARROWTILES_H
#define OGEE_LIB_GENERATE_CPU_NARROWTILES_H

#include "lib/Generate/Cpu/Microkernel.h"
#include "lib/Generate/Cpu/Tiles.h"

namespace ogee {

/// k that one multiplication of tiles takes.
inline constexpr int64_t kNarrowDepth = 32;
/// Rows of the largest tile that the matrix unit works on at once.
inline constexpr int64_t kMatrixRows = 32;

/// Up to two by two tiles of 16 x 16 accumulators.
RegisterTile matrixTile(int64_t rows, int64_t columns);

/// Accumulators in vector registers after adding the products over k < depth,
/// two k an instruction (AVX512_BF16, VDPBF16PS).
llvm::SmallVector<mlir::Value>
multiplyPairs(Frame &frame, const TileShape &shape, const TileRows &a,
              const TileColumns &b, mlir::Value depth,
              mlir::ValueRange initial);

/// Accumulators in the tile registers of AMX (Intel SDM volume 1, chapter 18):
/// whole tiles of 16 x 16, whatever of them is asked for. In memory a row has
/// `stride` elements.
class MatrixTile {
public:
  MatrixTile(Frame &frame, const TileShape &shape);

  void clear();
  void load(mlir::Value pointer, int64_t stride);
  void store(mlir::Value pointer, int64_t stride);
  void multiply(const TileRows &a, const TileColumns &b, mlir::Value depth);

private:
  using Place =
      llvm::function_ref<void(int64_t tile, int64_t row, int64_t column)>;
  void forEach(Place place) const;

  Frame &frame;
  int64_t down, across; // tiles
};

/// Sets the shapes of all tile registers; `room` is 64 bytes of scratch. Before
/// the first tile of a function, and `endTiles` after the last one.
void beginTiles(Frame &frame, mlir::Value room);
void endTiles(Frame &frame);

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_NARROWTILES_H
