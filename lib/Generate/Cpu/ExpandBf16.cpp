#include "lib/Generate/Cpu/Generate.h"

#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace ogee {
#define GEN_PASS_DEF_EXPANDBF16
#include "lib/Generate/Cpu/Passes.h.inc"
} // namespace ogee

using namespace mlir;

namespace {
struct ExpandBf16 : public ogee::impl::ExpandBf16Base<ExpandBf16> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    arith::populateExpandBFloat16Patterns(patterns);
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
