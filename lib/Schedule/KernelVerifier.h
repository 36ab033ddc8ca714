// What a kernel of each family may hold. It fails with a diagnostic at the
// operation that does not fit; reductions are in VerifyReductions.cpp.
#ifndef OGEE_LIB_SCHEDULE_KERNELVERIFIER_H
#define OGEE_LIB_SCHEDULE_KERNELVERIFIER_H

#include "lib/Kernel/Kernel.h"
#include "lib/Schedule/Ops.h"

namespace ogee::schedule {

/// What a value of a kernel is.
enum class Standing {
  Leaf,   // an argument, a constant, a view of one
  Tree,   // element-wise over leaves, views between
  Inside, // made by the family's loop
  Joined, // a result view
  Late,   // a partial or what follows from it
};

class KernelVerifier {
public:
  explicit KernelVerifier(kernel::FuncOp kernel)
      : kernel(kernel), family(kernel.getFamily()),
        row(kernel.getRow().value_or(0)) {
    if (kernel.getBox())
      box.assign(kernel.getBox()->begin(), kernel.getBox()->end());
  }

  llvm::LogicalResult run();

private:
  Standing standing(mlir::Value value) const {
    auto found = standings.find(value);
    return found == standings.end() ? Standing::Leaf : found->second;
  }
  bool isLeafOrTree(mlir::Value value) const {
    return standing(value) <= Standing::Tree;
  }
  bool reads(mlir::Operation *op, Standing kind) const {
    return llvm::any_of(op->getOperands(), [&](mlir::Value operand) {
      return standing(operand) == kind;
    });
  }
  /// The box, or in a row kernel the box without its row dimensions.
  bool isInBox(llvm::ArrayRef<int64_t> shape) const {
    bool isRow = family == kernel::Family::Row && row > 0;
    return shape == llvm::ArrayRef(box) ||
           (isRow && shape == llvm::ArrayRef(box).drop_back(row));
  }

  mlir::FailureOr<Standing> visit(mlir::Operation *op);
  mlir::FailureOr<Standing> visitView(mlir::Operation *op);
  mlir::FailureOr<Standing> visitJoin(mlir::Operation *op);
  mlir::FailureOr<Standing> visitElementWise(mlir::Operation *op);
  mlir::FailureOr<Standing> visitReduction(mlir::Operation *op);
  mlir::FailureOr<Standing> visitColumn(mlir::linalg::GenericOp op);
  mlir::FailureOr<Standing> visitPartial(mlir::Operation *op);
  mlir::FailureOr<Standing> visitProduct(mlir::linalg::GenericOp op);
  mlir::FailureOr<Standing> visitAnchor(mlir::Operation *op);
  mlir::FailureOr<Standing> visitOther(mlir::Operation *op);
  mlir::FailureOr<Standing> finish(mlir::Operation *op);
  llvm::LogicalResult readInPlace(mlir::linalg::GenericOp op);
  bool summedInPlace(mlir::Operation *op) const;
  llvm::LogicalResult checkStored(mlir::Value value);
  bool hasPlace(mlir::Value value);
  llvm::LogicalResult checkCounts();

  kernel::FuncOp kernel;
  kernel::Family family;
  int64_t row;
  llvm::SmallVector<int64_t> box; // of a move: what its partials sum
  llvm::DenseMap<mlir::Value, Standing> standings;
  /// The product whose epilogue makes a value, by its last segment's result.
  llvm::DenseMap<mlir::Value, mlir::linalg::GenericOp> products;
  mlir::linalg::GenericOp column;     // the first one
  mlir::Operation *scatter = nullptr; // or null
  unsigned productCount = 0, attentions = 0, scatters = 0;
};

} // namespace ogee::schedule

#endif // OGEE_LIB_SCHEDULE_KERNELVERIFIER_H
