// Questions about the operations of a tensor program that several passes ask.
#ifndef OGEE_LIB_NN_PROGRAM_H
#define OGEE_LIB_NN_PROGRAM_H

#include "lib/Nn/Indexed.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace ogee {

/// The generic hands on its only input, in another order or repeated.
bool isCopy(mlir::linalg::GenericOp op);

/// Without a reduction, one result.
bool isElementwise(mlir::linalg::GenericOp op);

/// All its maps are projected permutations: no subscript is computed.
bool hasPlainMaps(mlir::linalg::GenericOp op);

/// The one operation of the body that computes, constants aside; null where
/// there is none or more than one. A contraction has two, see `isContraction`.
mlir::Operation *scalarOp(mlir::linalg::GenericOp op);

/// The body multiplies its two inputs and adds the product to the result.
bool isContraction(mlir::linalg::GenericOp op);

/// The body adds its one input to the result.
bool isSum(mlir::linalg::GenericOp op);

/// The input is a select between something and -inf, so a row may hold -inf
/// alone.
bool mayBeMasked(mlir::Value tensor);

/// exp(input - logsumexp) over the dimensions that `lse` lacks; 0 in a row that
/// is -inf alone, which `masked` says may exist. Labels are the input's
/// dimensions.
Indexed softmaxOf(IndexedBuilder &tensors, const Indexed &input,
                  const Indexed &lse, bool masked);

/// What operands of matrix products are rounded to, from `nn.train`; null: they
/// are not.
mlir::Type productType(mlir::ModuleOp module);

/// Gives every body inside `root` clones of the scalar constants that it
/// captures, the inverse of what CSE does to them.
void sinkConstants(mlir::Operation *root);

/// Erases operations whose results nobody reads: of a block, of all functions.
void eraseDead(mlir::Block &block);
void eraseDead(mlir::ModuleOp module);

} // namespace ogee

#endif // OGEE_LIB_NN_PROGRAM_H
