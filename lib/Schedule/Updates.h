// What a function returns that orders its launches: the loss, and next values,
// which are written over the old ones.
#ifndef OGEE_LIB_SCHEDULE_UPDATES_H
#define OGEE_LIB_SCHEDULE_UPDATES_H

#include "mlir/Interfaces/FunctionInterfaces.h"

namespace ogee::schedule {

struct Update {
  mlir::Value next;     // what is under the views of the returned value
  mlir::Value old;      // the argument of this path; null if there is none
  llvm::StringRef path; // owned by the context
};
/// The function's `nn.updates`, in the order of its results.
llvm::SmallVector<Update> updatesOf(mlir::FunctionOpInterface function);

/// What is under the views of the result `loss`; null if there is none.
mlir::Value lossOf(mlir::FunctionOpInterface function);

} // namespace ogee::schedule

#endif // OGEE_LIB_SCHEDULE_UPDATES_H
