// Attributes and places of a planned program, as the tables write them.
#ifndef OGEE_LIB_LINK_FIELDS_H
#define OGEE_LIB_LINK_FIELDS_H

#include "lib/Kernel/Kernel.h"
#include "lib/Plan/Buffers.h"

namespace ogee {

/// OGEE_F32 .. of runtime/Abi.h.
int32_t abiType(mlir::Type type);

/// A string attribute of an argument; empty if it has none.
llvm::StringRef argumentText(kernel::ProgramOp program, unsigned index,
                             llvm::StringRef name);

/// Bytes from the start of the arena, for an argument and for any value.
int64_t argumentOffset(kernel::ProgramOp program, unsigned index);
int64_t arenaOffset(const plan::ProgramBuffers &buffers, mlir::Value value);

} // namespace ogee

#endif // OGEE_LIB_LINK_FIELDS_H
