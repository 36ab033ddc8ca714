// What the emitters know of a processor: sizes, never a model name. The same
// values decide chunks and tiles, so they belong to the target and not to the
// machine that compiles or runs.
#ifndef OGEE_LIB_GENERATE_CPU_TARGET_H
#define OGEE_LIB_GENERATE_CPU_TARGET_H

#include "mlir/IR/Types.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <string>

namespace ogee {

struct Target {
  std::string name;     // as given to --target
  std::string cpu;      // of LLVM
  std::string features; // of LLVM, "+avx2,-x87,..."
  int64_t vectorBytes = 64;
  int64_t registers = 32;       // vector registers
  int64_t l2Bytes = 1280 << 10; // a core's
  bool hasBf16 = false;         // rounds to it, and multiplies pairs of it
  bool hasTiles = false;        // multiplies 16 x 32 by 32 x 16 of bf16

  /// Elements of `type` in a vector register.
  int64_t lanes(mlir::Type type) const {
    return vectorBytes * 8 / type.getIntOrFloatBitWidth();
  }
};

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_TARGET_H
