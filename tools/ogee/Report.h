// What a planned module will need and do, as text for people.
#ifndef OGEE_TOOLS_OGEE_REPORT_H
#define OGEE_TOOLS_OGEE_REPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/raw_ostream.h"

namespace ogee {

/// Parameters, memory plan with what lives when, launches and distinct kernels.
void printReport(mlir::ModuleOp planned, llvm::raw_ostream &stream);

} // namespace ogee

#endif // OGEE_TOOLS_OGEE_REPORT_H
