// The loops over the vectors of one row: first several vectors an iteration,
// each with a copy of the accumulators, then single ones, then the masked rest.
#ifndef OGEE_LIB_GENERATE_CPU_ROWLOOP_H
#define OGEE_LIB_GENERATE_CPU_ROWLOOP_H

#include "lib/Generate/Cpu/RowReductions.h"

#include <optional>

namespace ogee {

class RowLoop {
public:
  using Values = llvm::SmallVector<mlir::Value>;
  /// (first element, mask or null, state) to the state after the vector.
  using Body =
      llvm::function_ref<Values(mlir::Value, mlir::Value, mlir::ValueRange)>;

  /// A row of `count` elements (i64), `even` of them if that is known.
  RowLoop(Frame &frame, int64_t lanes, mlir::Value count,
          std::optional<int64_t> even)
      : frame(frame), lanes(lanes), count(count), even(even) {}

  /// Runs `body` over the row. `state` is what `active` start from, one after
  /// the other; the result is theirs over the whole row.
  Values run(llvm::ArrayRef<RowReduction *> active, Values state, Body body);

private:
  Values runCopies(mlir::Value end, llvm::ArrayRef<RowReduction *> active,
                   const Values &state, Body body);
  mlir::Value roundedDown(int64_t multiple);

  Frame &frame;
  int64_t lanes;
  mlir::Value count;
  std::optional<int64_t> even;
};

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_ROWLOOP_H
