// What runs together: docs/architecture.md, Grouping.
#include "lib/Schedule/Assign.h"
#include "lib/Schedule/Outline.h"
#include "lib/Schedule/Schedule.h"

using namespace mlir;
using namespace ogee;

namespace ogee {
#define GEN_PASS_DEF_GROUPKERNELS
#include "lib/Schedule/Passes.h.inc"
} // namespace ogee

namespace {
struct GroupKernels : ogee::impl::GroupKernelsBase<GroupKernels> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<func::FuncOp> functions(getOperation().getOps<func::FuncOp>());
    for (func::FuncOp function : functions) {
      schedule::Graph graph(function);
      schedule::Groups groups = schedule::groupNodes(graph);
      schedule::outline(groups, symbols);
    }
  }
};
} // namespace
