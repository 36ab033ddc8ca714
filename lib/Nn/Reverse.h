// What an operation needs of reverse mode to say its gradient; implemented by
// lib/Differentiate.
#ifndef OGEE_LIB_NN_REVERSE_H
#define OGEE_LIB_NN_REVERSE_H

#include "mlir/IR/Builders.h"

namespace ogee {

class Reverse {
public:
  virtual ~Reverse() = default;

  /// Where gradients are built: behind the forward program.
  virtual mlir::OpBuilder &builder() = 0;
  /// The whole gradient of a result, of its type; null where it is zero.
  virtual mlir::Value gradientOf(mlir::Value result) = 0;
  /// The value depends on a parameter through floats.
  virtual bool wants(mlir::Value operand) = 0;
  /// One more term of the operand's gradient.
  virtual void add(mlir::Value operand, mlir::Value term) = 0;
  /// The term is zero but for rows: `nn.scatter_add` of `updates` at `indices`.
  /// The other terms become its init, so that tied parameters need no addition.
  virtual void addRows(mlir::Value operand, mlir::Value indices,
                       mlir::Value updates) = 0;
  /// From the score region of an attention to its gradient region: arguments of
  /// `score` and g; yields g times the derivative of the first yielded value by
  /// the first argument, then by each of `captures` (argument numbers).
  virtual llvm::LogicalResult
  differentiateScore(mlir::Region &score, mlir::Region &gradient,
                     llvm::ArrayRef<unsigned> captures) = 0;
};

} // namespace ogee

#endif // OGEE_LIB_NN_REVERSE_H
