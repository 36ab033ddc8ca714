// Reverse mode over one function of a tensor program.
#ifndef OGEE_LIB_DIFFERENTIATE_TAPE_H
#define OGEE_LIB_DIFFERENTIATE_TAPE_H

#include "lib/Differentiate/Derivatives.h"
#include "lib/Differentiate/Shifted.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace ogee {

class Tape : public Reverse {
public:
  /// Gradients are built at `builder`'s place; `roots` are the parameters.
  Tape(mlir::OpBuilder &builder, mlir::ValueRange roots,
       const Mutation &mutation);

  /// Goes back from the 0-d `loss`. Afterwards `gradientOf` holds for all
  /// roots.
  llvm::LogicalResult run(mlir::Value loss);

  mlir::OpBuilder &builder() override { return place; }
  mlir::Value gradientOf(mlir::Value value) override;
  bool wants(mlir::Value operand) override { return active.contains(operand); }
  void add(mlir::Value operand, mlir::Value term) override;
  void addRows(mlir::Value operand, mlir::Value indices,
               mlir::Value updates) override;
  llvm::LogicalResult
  differentiateScore(mlir::Region &score, mlir::Region &gradient,
                     llvm::ArrayRef<unsigned> captures) override;

private:
  struct Rows {
    mlir::Value indices, updates;
  };
  /// Zero outside a window of the value.
  struct Window {
    mlir::Value term;
    llvm::SmallVector<int64_t> offsets, strides;
  };
  struct Terms {
    llvm::SmallVector<mlir::Value> whole;
    llvm::SmallVector<Rows> rows;
    llvm::SmallVector<Window> windows;
  };

  void markActive(mlir::Block &block);
  llvm::LogicalResult reverse(mlir::Operation &op);
  mlir::Value sumTerms(mlir::Value value, Terms &terms);
  mlir::Value joinWindows(mlir::RankedTensorType type,
                          llvm::MutableArrayRef<Window> windows);
  mlir::Value padWindow(mlir::RankedTensorType type, const Window &window);

  // Generics (Generic.cpp).
  llvm::LogicalResult reverseGeneric(mlir::linalg::GenericOp op);
  llvm::LogicalResult reverseScalar(mlir::linalg::GenericOp op,
                                    mlir::Operation *scalar,
                                    mlir::Value gradient);
  llvm::LogicalResult reverseExtremum(mlir::linalg::GenericOp op,
                                      mlir::Operation *scalar,
                                      mlir::Value gradient);
  llvm::LogicalResult reverseProduct(mlir::linalg::GenericOp op,
                                     mlir::Value gradient);
  llvm::LogicalResult reverseShifted(mlir::linalg::GenericOp op,
                                     mlir::Value gradient);
  llvm::LogicalResult reverseScattered(mlir::linalg::GenericOp op,
                                       mlir::Value gradient);
  void addJoined(mlir::Value input, mlir::Value term, const Shift &shift);

  // Views (View.cpp).
  llvm::LogicalResult reverseView(mlir::Operation &op);
  void reverseInsert(mlir::tensor::InsertSliceOp insert, mlir::Value gradient);
  void addWindow(mlir::Value operand, mlir::Value term,
                 llvm::ArrayRef<int64_t> offsets,
                 llvm::ArrayRef<int64_t> strides);

  mlir::Location loc() const { return location; }

  mlir::OpBuilder &place;
  /// Of the forward operation whose gradient is built.
  mlir::Location location;
  Mutation mutation;
  /// What made a root is none of its gradient's business.
  llvm::DenseSet<mlir::Value> roots, active;
  llvm::DenseMap<mlir::Value, Terms> pending;
  llvm::DenseMap<mlir::Value, mlir::Value> known;
};

} // namespace ogee

#endif // OGEE_LIB_DIFFERENTIATE_TAPE_H
