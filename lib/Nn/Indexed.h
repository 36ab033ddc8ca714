// Index notation on tensors, for what builds tensor programs (flatten and
// differentiate): a tensor with a label a dimension. Operands broadcast by
// label, so whoever builds needs no maps, and a value that does not depend on
// an index never gets that dimension. One scalar operation makes one
// `linalg.generic`.
#ifndef OGEE_LIB_NN_INDEXED_H
#define OGEE_LIB_NN_INDEXED_H

#include "lib/Nn/Nn.h"

#include "mlir/IR/Builders.h"

#include <optional>

namespace ogee {

/// A label names one index of fixed extent; smaller ones are further out.
using Label = unsigned;

/// A tensor whose dimension k is read at index `labels[k]` (no label twice), or
/// one number for every index.
struct Indexed {
  mlir::Value tensor;
  llvm::SmallVector<Label> labels;
  mlir::TypedAttr number;

  bool isNumber() const { return number != nullptr; }
  /// The number is a float or integer equal to `value`.
  bool is(double value) const;
  bool has(Label label) const;
  mlir::Type elementType() const;
};

/// Builds tensor operations on labelled tensors, at `builder`'s place. What has
/// numbers alone, or a neutral one, is folded and makes no operation. With
/// `scalars` the values are scalars without labels, and operations stand alone.
class IndexedBuilder {
public:
  IndexedBuilder(mlir::OpBuilder &builder, mlir::Location loc,
                 bool scalars = false)
      : builder(builder), loc(loc), scalars(scalars) {}

  mlir::OpBuilder &builder;
  mlir::Location loc;

  Label newLabel(int64_t extent);
  /// One label a dimension.
  llvm::SmallVector<Label> newLabels(llvm::ArrayRef<int64_t> shape);
  int64_t extent(Label label) const { return extents[label]; }
  llvm::ArrayRef<int64_t> allExtents() const { return extents; }

  /// `tensor` read at `labels`; a splat constant becomes a number.
  Indexed view(mlir::Value tensor, llvm::ArrayRef<Label> labels) const;
  Indexed number(mlir::TypedAttr value) const { return {{}, {}, value}; }
  Indexed number(double value, mlir::Type floatType) const;

  /// One scalar operation; its dimensions are the operands' labels, sorted.
  Indexed apply(llvm::StringRef operation, llvm::ArrayRef<Indexed> operands,
                mlir::Type result,
                llvm::ArrayRef<mlir::NamedAttribute> attributes = {});
  template <typename Op>
  Indexed apply(llvm::ArrayRef<Indexed> operands,
                llvm::ArrayRef<mlir::NamedAttribute> attributes = {}) {
    return apply(Op::getOperationName(), operands, operands[0].elementType(),
                 attributes);
  }
  Indexed compare(mlir::arith::CmpFPredicate predicate, const Indexed &lhs,
                  const Indexed &rhs);
  Indexed select(const Indexed &condition, const Indexed &a, const Indexed &b);

  using Body = llvm::function_ref<mlir::Value(
      mlir::OpBuilder &, llvm::ArrayRef<mlir::Value> indices,
      mlir::ValueRange elements)>;
  /// `body` gets the values of `indices` and an element of each operand.
  Indexed applyIndices(llvm::ArrayRef<Label> indices,
                       llvm::ArrayRef<Indexed> operands, Body body);

  /// Sum over `over`; a label that `value` lacks counts its extent.
  Indexed sum(const Indexed &value, llvm::ArrayRef<Label> over);
  /// Sum over `over` of the product of `factors`. Two factors of which each has
  /// a free index of its own make one contraction (`mulf` and `addf` in one
  /// body).
  Indexed productSum(llvm::ArrayRef<Indexed> factors,
                     llvm::ArrayRef<Label> over);
  /// A reduction by `combiner` that starts from `neutral`.
  Indexed reduce(llvm::StringRef combiner, const Indexed &value,
                 mlir::TypedAttr neutral, llvm::ArrayRef<Label> over);

  /// The tensor with dimensions in the order of `labels`, broadcast to all.
  mlir::Value materialize(const Indexed &value, llvm::ArrayRef<Label> labels);
  mlir::Value constant(mlir::TypedAttr number, llvm::ArrayRef<int64_t> shape);

private:
  Indexed fold(llvm::StringRef operation, llvm::ArrayRef<Indexed> operands,
               mlir::Type result,
               llvm::ArrayRef<mlir::NamedAttribute> attributes);
  /// `reads`: operands as generic inputs; the body gets their elements and the
  /// accumulator. The result's dimensions are `kept`, the loops `kept` then
  /// `over`.
  Indexed generic(llvm::ArrayRef<Indexed> reads, mlir::Type element,
                  mlir::Value init, llvm::ArrayRef<Label> kept,
                  llvm::ArrayRef<Label> over, Body body);
  Indexed contract(const Indexed &a, const Indexed &b,
                   llvm::ArrayRef<Label> over);
  Indexed joinFactors(llvm::SmallVector<Indexed> factors,
                      llvm::ArrayRef<Label> over);

  llvm::SmallVector<int64_t> extents;
  bool scalars;
};

/// The element of a splat constant or of a fill with a constant; null
/// otherwise.
mlir::TypedAttr splatElement(mlir::Value tensor);

} // namespace ogee

#endif // OGEE_LIB_NN_INDEXED_H
