//===- Import.h - From the typed model to the arch dialect ----------------===//
#ifndef OGEE_LANG_IMPORT_IMPORT_H
#define OGEE_LANG_IMPORT_IMPORT_H

#include "lang/Check/Model.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace ogee {

/// Translates node by node; says nothing about the program, which Check has
/// accepted. Fails only where the module does not verify, which is a fault of
/// the compiler. Loads the arch dialect and those that it uses.
llvm::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>>
importModel(const CheckedModel &model, mlir::MLIRContext &context);

} // namespace ogee

#endif // OGEE_LANG_IMPORT_IMPORT_H
