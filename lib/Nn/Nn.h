// The nn dialect in C++.
#ifndef OGEE_LIB_NN_NN_H
#define OGEE_LIB_NN_NN_H

#include "lib/Nn/Reverse.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "lib/Nn/NnDialect.h.inc"
#include "lib/Nn/NnEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "lib/Nn/NnAttrs.h.inc"
#include "lib/Nn/NnInterfaces.h.inc"
#define GET_OP_CLASSES
#include "lib/Nn/NnOps.h.inc"

#endif // OGEE_LIB_NN_NN_H
