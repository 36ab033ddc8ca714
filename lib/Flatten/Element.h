// Lowers element expressions of the arch dialect: each scalar becomes a tensor
// over just the indices that it depends on.
#ifndef OGEE_LIB_FLATTEN_ELEMENT_H
#define OGEE_LIB_FLATTEN_ELEMENT_H

#include "lib/Arch/Arch.h"
#include "lib/Nn/Affine.h"
#include "lib/Nn/Indexed.h"

#include "mlir/IR/AffineExpr.h"

namespace ogee {

/// A scalar of an element expression: an element, or an integer affine in
/// labels (dimension l of the expression is label l).
struct Term {
  Indexed data;
  mlir::AffineExpr index;
};

class Element {
public:
  /// `outer` has the scalars defined around the expression; may be null.
  Element(mlir::OpBuilder &builder, mlir::Location loc, const Element *outer)
      : tensors(builder, loc), outer(outer) {}

  /// The tensor of an `arch.define`; null after an error.
  mlir::Value define(arch::DefineOp op);
  /// One operation of an expression; its results are terms afterwards.
  llvm::LogicalResult lower(mlir::Operation &op);
  /// The element as data; integers that are affine get type `type`.
  Indexed data(const Term &term, mlir::Type type);
  const Term *find(mlir::Value value) const;

  IndexedBuilder tensors;

private:
  Term term(mlir::Value value);
  Indexed use(mlir::Value value) { return data(term(value), value.getType()); }
  void setData(mlir::Value value, Indexed data) {
    terms[value].data = std::move(data);
  }
  llvm::LogicalResult lowerBlock(mlir::Block &block);
  llvm::SmallVector<Label> bindIndex(mlir::BlockArgument index, int64_t extent);

  llvm::LogicalResult lowerConstant(mlir::arith::ConstantOp op);
  llvm::LogicalResult lowerScalar(mlir::Operation &op);
  bool lowerInteger(mlir::Operation &op);
  mlir::Type unifyIntegers(mlir::Operation &op,
                           llvm::MutableArrayRef<Indexed> operands);
  llvm::LogicalResult lowerIf(arch::IfOp op);
  void meetIntegers(llvm::MutableArrayRef<Indexed> values);
  llvm::LogicalResult lowerRead(arch::ReadOp op);
  llvm::LogicalResult lowerReduce(arch::ReduceOp op);
  llvm::LogicalResult lowerKept(arch::ReduceOp op,
                                std::optional<Indexed> &keep);
  llvm::LogicalResult lowerSoftmax(arch::SoftmaxOp op);
  Indexed powerOf(const Indexed &base, const Indexed &exponent);
  Indexed indexData(mlir::AffineExpr expr, mlir::Type type);
  Indexed compareIndices(mlir::arith::CmpIOp op);

  // Reductions (Reductions.cpp); `keep` is the condition, if there is one.
  Indexed meanOf(const Indexed &total, const std::optional<Indexed> &keep,
                 llvm::ArrayRef<Label> over);
  Indexed normOf(const Indexed &element, llvm::ArrayRef<Label> over);
  Indexed testKept(arch::ReduceOp op, const Indexed &element,
                   const std::optional<Indexed> &keep,
                   llvm::ArrayRef<Label> over);
  Indexed reduceByNn(arch::ReduceOp op, const Indexed &element,
                     llvm::ArrayRef<Label> over);
  Indexed reduceKept(arch::ReduceOp op, const Indexed &element,
                     const std::optional<Indexed> &keep,
                     llvm::ArrayRef<Label> over);
  Indexed sumOf(arch::ReduceOp op, const std::optional<Indexed> &keep,
                llvm::ArrayRef<Label> over);
  Indexed countOf(const std::optional<Indexed> &keep,
                  llvm::ArrayRef<Label> over, mlir::Type type);
  Indexed closeEach(mlir::StringRef combiner, const Indexed &element,
                    mlir::TypedAttr neutral, llvm::ArrayRef<Label> over);
  std::optional<Indexed> reduceIntegers(arch::ReduceOp op,
                                        const Indexed &element,
                                        const std::optional<Indexed> &keep,
                                        llvm::ArrayRef<Label> over);
  Indexed fromDimensions(
      const Indexed &element, llvm::ArrayRef<Label> over,
      llvm::function_ref<mlir::Value(mlir::Value, llvm::ArrayRef<int64_t>)>
          build);

  // Running sums (Running.cpp).
  /// Index `open` stands where `closed` is summed up to it, or from it on.
  struct Running {
    Label closed, open;
    bool fromEnd, isStrict;
  };
  std::optional<Running> runningOf(arch::ReduceOp op, Label closed) const;
  Indexed runningSum(const Indexed &element, const Running &running);
  mlir::FailureOr<bool> lowerRunning(arch::ReduceOp op,
                                     llvm::ArrayRef<Label> over);

  // Subscripts (Subscript.cpp).
  mlir::FailureOr<Indexed> read(mlir::Value tensor,
                                llvm::SmallVector<Term> subscripts,
                                std::optional<Indexed> otherwise);
  mlir::FailureOr<Indexed> readAffine(mlir::Value tensor,
                                      llvm::SmallVector<mlir::AffineExpr> at,
                                      std::optional<Indexed> otherwise);
  mlir::Value cutToLabels(mlir::Value tensor,
                          llvm::ArrayRef<mlir::AffineExpr> at);
  Indexed readGeneral(mlir::Value tensor, llvm::ArrayRef<mlir::AffineExpr> at);
  void collapsePairs(mlir::Value &tensor,
                     llvm::SmallVector<mlir::AffineExpr> &at);
  void spreadGroups(mlir::Value &tensor,
                    llvm::SmallVector<mlir::AffineExpr> &at);
  mlir::Value padOutside(mlir::Value tensor,
                         llvm::SmallVector<mlir::AffineExpr> &at,
                         mlir::TypedAttr fill);
  Indexed pick(const Indexed &value, Label place, const Indexed &chosen);
  Indexed isPlace(const Indexed &chosen, int64_t size);
  Interval range(mlir::AffineExpr expr) const;
  mlir::AffineExpr divide(mlir::AffineExpr expr, int64_t divisor,
                          bool remainder) const;
  mlir::AffineExpr labelExpr(Label label) const;

  /// Where a branch or a `where` is not taken, what it reads from outside gives
  /// no gradient, not even 0 * NaN.
  struct Guard {
    Indexed condition;
    mlir::Region *region;
  };
  Indexed guarded(const Indexed &value, mlir::Region *origin);

  const Element *outer;
  llvm::DenseMap<mlir::Value, Term> terms;
  llvm::SmallVector<Guard> guards;
};

/// Arithmetic in `region` can turn a gradient of 0 into NaN: it has a factor or
/// a derivative that is not a constant.
bool hasProducts(mlir::Region &region);

} // namespace ogee

#endif // OGEE_LIB_FLATTEN_ELEMENT_H
