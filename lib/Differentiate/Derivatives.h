// The derivative table in C++. An entry builds its formula on tensors or on
// scalars, whichever the builder makes.
#ifndef OGEE_LIB_DIFFERENTIATE_DERIVATIVES_H
#define OGEE_LIB_DIFFERENTIATE_DERIVATIVES_H

#include "lib/Nn/Indexed.h"

namespace ogee {

/// One entry of the table made wrong, for the test that no entry goes
/// unchecked.
struct Mutation {
  enum Kind { None, Sign, Factor, Swap };
  Kind kind = None;
  std::string operation;
  unsigned operand = 0;
};

/// Reads `arith.mulf.0:sign`: operation, operand, and `sign`, `factor` (2) or
/// `swap` (operands exchanged; of one operand, with the result). Fails on
/// others.
mlir::FailureOr<Mutation> parseMutation(llvm::StringRef text);

/// What parseMutation reads, for every entry and every kind that changes it.
llvm::SmallVector<std::string> derivativeMutants();

/// The gradient of operand `index` of `op`, whose operands and result are known
/// as `operands` and `result`. An Indexed without tensor and number: none.
/// Fails where the table has no row for `op`.
mlir::FailureOr<Indexed> derivative(mlir::Operation *op, unsigned index,
                                    llvm::ArrayRef<Indexed> operands,
                                    const Indexed &result,
                                    const Indexed &gradient,
                                    IndexedBuilder &builder,
                                    const Mutation &mutation);

} // namespace ogee

#endif // OGEE_LIB_DIFFERENTIATE_DERIVATIVES_H
