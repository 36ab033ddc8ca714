// The score of an attention as a scalar region, made from the element-wise
// generics between the product of queries and keys and the softmax.
#ifndef OGEE_LIB_FLATTEN_SCORE_H
#define OGEE_LIB_FLATTEN_SCORE_H

#include "lib/Nn/Nn.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <optional>

namespace ogee {

/// What an index means in an attention.
enum class Role { Batch, Row, Head, Column, Feature };

/// The one contraction that `tensor` is an element-wise function of, with an
/// index of rows and one of columns; null where there is none.
mlir::linalg::GenericOp findDot(mlir::Value tensor);

class Score {
public:
  /// `roles`: those of the dimensions of the softmax's input.
  explicit Score(llvm::ArrayRef<Role> roles) : roles(roles) {}

  /// Roles of the dimensions of `inner`, on which `outer` (the softmax's input)
  /// depends by element-wise generics.
  std::optional<llvm::SmallVector<Role>> rolesAt(mlir::Value outer,
                                                 mlir::Value inner) const;
  /// Roles of the dimensions of `outer` where those of `inner` are `named`.
  std::optional<llvm::SmallVector<Role>>
  rename(mlir::Value outer, mlir::Value inner,
         llvm::ArrayRef<Role> named) const;

  /// Fills `region` with the score of `product` as `nn.attention` wants it;
  /// false where an
  /// operation cannot stand there.
  bool build(mlir::Region &region, mlir::Value input,
             mlir::linalg::GenericOp product);
  llvm::ArrayRef<mlir::Value> captures() const { return captured; }
  llvm::ArrayRef<mlir::AffineMap> maps() const { return captureMaps; }
  /// The region keeps columns up to the row's number only.
  bool isCausal() const { return causal; }

private:
  mlir::Value emit(mlir::Value tensor, llvm::ArrayRef<Role> at);
  mlir::Value emitBody(mlir::linalg::GenericOp op, llvm::ArrayRef<Role> loops);
  mlir::Value emitValue(mlir::linalg::GenericOp op, mlir::Value value,
                        llvm::ArrayRef<Role> loops);
  mlir::Value capture(mlir::Value tensor, llvm::ArrayRef<Role> at);
  bool keepsPast(mlir::Value keep) const;

  llvm::SmallVector<Role> roles;
  mlir::Block *block = nullptr;
  mlir::linalg::GenericOp dot;
  llvm::SmallVector<mlir::Value> captured;
  llvm::SmallVector<mlir::AffineMap> captureMaps;
  llvm::DenseMap<mlir::Value, mlir::Value> emitted;
  bool causal = false;
};

} // namespace ogee

#endif // OGEE_LIB_FLATTEN_SCORE_H
