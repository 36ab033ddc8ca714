// The inverse of what CSE does to constants of bodies.
#include "lib/Flatten/Flatten.h"
#include "lib/Nn/Program.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace ogee {
#define GEN_PASS_DEF_SINKCONSTANTS
#include "lib/Flatten/Passes.h.inc"
} // namespace ogee

using namespace mlir;
using namespace ogee;

namespace {
struct SinkConstantsPass : ogee::impl::SinkConstantsBase<SinkConstantsPass> {
  using SinkConstantsBase::SinkConstantsBase;
  void runOnOperation() override { sinkConstants(getOperation()); }
};
} // namespace
