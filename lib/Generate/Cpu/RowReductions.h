// What a pass over a row can accumulate. The state lives in registers, one or
// two vectors, and is carried through the loops; several copies of it take
// turns, so that the latency of an addition does not bound the pass. Copies,
// then lanes, are merged over a fixed tree.
#ifndef OGEE_LIB_GENERATE_CPU_ROWREDUCTIONS_H
#define OGEE_LIB_GENERATE_CPU_ROWREDUCTIONS_H

#include "lib/Generate/Cpu/Elements.h"

#include <memory>

namespace ogee {

class RowReduction {
public:
  using State = llvm::SmallVector<mlir::Value, 2>;

  RowReduction(Frame &frame, Elements &elements, mlir::Value input)
      : frame(frame), elements(elements), input(input) {}
  virtual ~RowReduction() = default;

  /// What is reduced, of the shape of the box.
  mlir::Value getInput() const { return input; }
  /// The state before any element; vectors.
  virtual State start() = 0;
  /// The state after the elements at `point`; lanes off in `mask` (null: all
  /// are on) count for nothing.
  virtual State step(llvm::ArrayRef<mlir::AffineExpr> point, mlir::Value mask,
                     mlir::ValueRange state) = 0;
  /// Two states into one, for vectors of any length.
  virtual State merge(mlir::ValueRange a, mlir::ValueRange b) = 0;
  /// Binds the operation's results, at the row's leading coordinates, from the
  /// state of one lane.
  virtual void finish(mlir::ValueRange state,
                      llvm::ArrayRef<mlir::AffineExpr> leading) = 0;

  /// The state of a vector's lanes as one, scalars.
  State acrossLanes(mlir::ValueRange state);

protected:
  mlir::Type element() const;
  mlir::Value value(llvm::ArrayRef<mlir::AffineExpr> point);
  /// `value`, but `other` in lanes that are off.
  mlir::Value masked(mlir::Value value, mlir::Value mask, double other);

  Frame &frame;
  Elements &elements;
  mlir::Value input;
};

/// A reduction and the pass over the row in which it runs, counted from the
/// first one in which its input is known.
struct RowPass {
  std::unique_ptr<RowReduction> reduction;
  unsigned pass;
};

/// The passes of a complete reduction over rows of `count` elements: a generic,
/// nn.moments, nn.logsumexp or nn.argmax.
llvm::SmallVector<RowPass, 2> passesOf(mlir::Operation *op, int64_t count,
                                       Frame &frame, Elements &elements);
/// How many passes that is.
unsigned passCountOf(mlir::Operation *op);

/// A reduction by a generic's own operation whose result is not bound: a
/// partial sum of the chunk.
std::unique_ptr<RowReduction> makePartialReduction(mlir::linalg::GenericOp op,
                                                   Frame &frame,
                                                   Elements &elements);

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_ROWREDUCTIONS_H
