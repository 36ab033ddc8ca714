// What an operation of the tensor program is to the scheduler. Everything the
// stage asks of an operation is asked here, once.
#ifndef OGEE_LIB_SCHEDULE_OPS_H
#define OGEE_LIB_SCHEDULE_OPS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Operation.h"

#include <optional>

namespace ogee::schedule {

enum class OpKind {
  Free,        // constants, empties, fills, extents: made again where read
  View,        // slices and reshapes: an alias of their source
  Join,        // concat, insert_slice: written in place by their producers
  ElementWise, // one value a point of the box, reads at affine places
  Reduction,   // over some dimensions of one input
  Product,     // sum of products, in the normal form of docs/architecture.md
  Attention,   // nn.attention, nn.attention_grad
  Scatter,     // nn.scatter_add, nn.scatter
  Other,       // runs alone
};

OpKind kindOf(mlir::Operation *op);

/// Its operands need not be in memory: it computes them element by element.
inline bool takesTrees(OpKind kind) {
  return kind == OpKind::ElementWise || kind == OpKind::Reduction ||
         kind == OpKind::Product;
}

mlir::RankedTensorType typeOf(mlir::Value value);
llvm::ArrayRef<int64_t> shapeOf(mlir::Value value);
int64_t elementsOf(mlir::Value value);
/// Bytes in memory; an i1 takes one.
int64_t bytesOf(mlir::Value value);
inline mlir::Value source(mlir::Operation *view) { return view->getOperand(0); }
/// What is under the views of `value`: an argument, or what no view makes.
mlir::Value base(mlir::Value value);

/// All loops parallel, one result.
bool isParallel(mlir::linalg::GenericOp op);
/// One tensor rounded to a narrower type, element by element.
bool isNarrowing(mlir::Operation *op);
/// out += a * b, whatever the order of loops and operands.
bool isMultiplyAdd(mlir::linalg::GenericOp op);
/// The operation that combines one input with the output argument, or null.
mlir::Operation *combiner(mlir::linalg::GenericOp op);
/// A reduction with a combiner starts from what changes nothing.
bool startsNeutral(mlir::linalg::GenericOp op);
bool isZero(mlir::Value value);

/// Loops of a product in normal form, as counts in this order; `reduced` are
/// last.
struct ProductLoops {
  int64_t batch = 0, rows = 0, columns = 0, reduced = 0;
  bool operator==(const ProductLoops &) const = default;
};
/// Fails where the operation is no product in normal form.
std::optional<ProductLoops> productLoops(mlir::Operation *op);

/// The value that a reduction reads and the dimensions of it that it reduces,
/// sorted; loops are in the order of its dimensions.
mlir::Value reductionInput(mlir::Operation *op);
llvm::SmallVector<int64_t> reducedDims(mlir::Operation *op);

/// Cuts price traffic in this many units a byte; scalar operations, six of
/// which take as long as a byte, in the same.
inline constexpr int64_t kUnitsPerByte = 12, kUnitsPerScalar = 2;

/// Scalar operations that an element of an element-wise result or one element
/// of a reduction's input costs, in additions: a division 4, a root 6, an
/// exponential 12, tanh 18, erf 20.
int64_t scalarCost(mlir::Operation *op);

} // namespace ogee::schedule

#endif // OGEE_LIB_SCHEDULE_OPS_H
