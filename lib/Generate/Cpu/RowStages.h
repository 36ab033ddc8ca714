// What happens in which pass over a row. A complete reduction needs its input,
// so it runs in the first pass in which all that the input depends on is known;
// results of the row's shape are stored in the last pass alone, since they may
// share the buffer of an operand that earlier passes read.
#ifndef OGEE_LIB_GENERATE_CPU_ROWSTAGES_H
#define OGEE_LIB_GENERATE_CPU_ROWSTAGES_H

#include "lib/Generate/Cpu/RowSpace.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace ogee {

/// A partial reduction: over rows to a row or a scalar, or over row scalars.
struct RowPartial {
  mlir::linalg::GenericOp op;
  unsigned workspace;
  bool ofElements; // else of one value a row
  bool keepsRow;   // one sum for each element of the row, else one
};

struct RowStages {
  struct Complete {
    mlir::Operation *op;
    unsigned pass; // of its first accumulation
  };
  llvm::SmallVector<Complete> reductions;
  llvm::SmallVector<Sink> elementSinks, rowSinks;
  llvm::SmallVector<RowPartial> partials;
  unsigned passes = 0;
  /// By pass: values that are costly and needed again, stored in scratch.
  llvm::SmallVector<llvm::SmallVector<mlir::Value>> kept;

  /// Bytes of the scratch buffer of `value`: one row.
  static int64_t scratchBytes(mlir::Value value, const RowSpace &space);
};

/// Fails with a diagnostic at an operation that a row kernel must not hold.
mlir::FailureOr<RowStages> rowStagesOf(kernel::FuncOp kernel,
                                       const RowSpace &space);

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_ROWSTAGES_H
