// The arch dialect in C++.
#ifndef OGEE_LIB_ARCH_ARCH_H
#define OGEE_LIB_ARCH_ARCH_H

#include "lib/Nn/Nn.h"

#include "mlir/IR/RegionKindInterface.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

#include "lib/Arch/ArchDialect.h.inc"
#include "lib/Arch/ArchEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "lib/Arch/ArchAttrs.h.inc"
#define GET_OP_CLASSES
#include "lib/Arch/ArchOps.h.inc"

#endif // OGEE_LIB_ARCH_ARCH_H
