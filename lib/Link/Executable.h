// Objects and the runtime become one static-PIE executable, linked in process.
#ifndef OGEE_LIB_LINK_EXECUTABLE_H
#define OGEE_LIB_LINK_EXECUTABLE_H

#include "mlir/Support/LogicalResult.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <string>

namespace ogee {

struct LinkOptions {
  /// Holds libogee_runtime.a, libc.a, libm.a, libgcc.a, libgcc_eh.a and the
  /// start files; beside the compiler, so that no C compiler is needed.
  std::string libraryDirectory;
  std::string output;
  bool debugInfo = false;
};

/// Writes `options.output`. On failure prints the linker's messages to stderr.
llvm::LogicalResult
linkExecutable(llvm::ArrayRef<std::unique_ptr<llvm::MemoryBuffer>> objects,
               const LinkOptions &options);

} // namespace ogee

#endif // OGEE_LIB_LINK_EXECUTABLE_H
