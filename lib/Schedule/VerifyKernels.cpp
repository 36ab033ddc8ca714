// The contract between schedule and the emitters, read off the kernels alone
// and not off the groups that made them: docs/architecture.md, Kernels.
#include "lib/Schedule/Ops.h"
#include "lib/Schedule/Schedule.h"

#include "lib/Nn/Nn.h"

using namespace mlir;
using namespace ogee;
using namespace ogee::schedule;
using kernel::Family;

namespace ogee {
#define GEN_PASS_DEF_VERIFYKERNELS
#include "lib/Schedule/Passes.h.inc"
} // namespace ogee

namespace {
/// What a value of a kernel is.
enum class Standing {
  Leaf,   // an argument, a constant, a view of one
  Tree,   // element-wise over leaves, views between
  Inside, // made by the family's loop
  Joined, // a result view
  Late,   // a partial or what follows from it
};

class Verifier {
public:
  explicit Verifier(kernel::FuncOp kernel) : kernel(kernel) {
    if (kernel.getBox())
      box.assign(kernel.getBox()->begin(), kernel.getBox()->end());
  }

  LogicalResult run();

private:
  Standing standing(Value value) const {
    auto found = standings.find(value);
    return found == standings.end() ? Standing::Leaf : found->second;
  }
  bool reads(Operation *op, Standing kind) const {
    return llvm::any_of(op->getOperands(), [&](Value operand) {
      return standing(operand) == kind;
    });
  }
  FailureOr<Standing> visit(Operation *op);
  FailureOr<Standing> visitView(Operation *op);
  FailureOr<Standing> visitElementWise(Operation *op);
  FailureOr<Standing> visitReduction(Operation *op);
  FailureOr<Standing> visitPartial(Operation *op);
  FailureOr<Standing> visitAnchor(Operation *op, OpKind kind);
  LogicalResult checkShape(Operation *op, ArrayRef<int64_t> shape);
  LogicalResult checkCounts();

  kernel::FuncOp kernel;
  SmallVector<int64_t> box;
  llvm::DenseMap<Value, Standing> standings;
  unsigned products = 0, attentions = 0, scatters = 0;
};
} // namespace

FailureOr<Standing> Verifier::visitView(Operation *op) {
  Standing from = standing(source(op));
  if (from == Standing::Late)
    return op->emitOpError() << "reshapes what the finish region makes";
  return from == Standing::Inside ? Standing::Joined : from;
}

/// A result has the box's shape, or in a row kernel that of the box without its
/// row dimensions.
LogicalResult Verifier::checkShape(Operation *op, ArrayRef<int64_t> shape) {
  ArrayRef<int64_t> whole = box;
  Family family = kernel.getFamily();
  if (family == Family::Row && !kernel.getList() &&
      (shape == whole || shape == whole.drop_back(kernel.getRow().value_or(0))))
    return success();
  if (family == Family::Column && shape == whole)
    return success();
  if (family == Family::Contraction || family == Family::Move ||
      kernel.getList())
    return success(); // compared where the operand is read
  return op->emitOpError() << "has a result that is not in the kernel's box";
}

FailureOr<Standing> Verifier::visitElementWise(Operation *op) {
  if (reads(op, Standing::Late)) {
    if (reads(op, Standing::Inside) || reads(op, Standing::Joined))
      return op->emitOpError()
             << "reads values of the box after the last chunk";
    return Standing::Late;
  }
  if (reads(op, Standing::Joined))
    return op->emitOpError() << "reads a result view";
  if (!reads(op, Standing::Inside))
    return Standing::Tree;
  auto generic = dyn_cast<linalg::GenericOp>(op);
  if (!generic || kernel.getFamily() == Family::Attention)
    return op->emitOpError() << "cannot follow values of the box";
  ArrayRef<int64_t> shape = shapeOf(op->getResult(0));
  if (failed(checkShape(op, shape)))
    return failure();
  for (OpOperand &operand : generic->getOpOperands()) {
    if (standing(operand.get()) != Standing::Inside)
      continue;
    AffineMap map = generic.getMatchingIndexingMap(&operand);
    AffineMap whole =
        AffineMap::getMultiDimIdentityMap(map.getNumDims(), map.getContext());
    bool rows = kernel.getFamily() == Family::Row &&
                map == whole.getMajorSubMap(map.getNumResults());
    if (!map.isIdentity() && !rows)
      return op->emitOpError() << "reads a value of the box at another place";
  }
  return Standing::Inside;
}

FailureOr<Standing> Verifier::visitPartial(Operation *op) {
  Standing from = standing(reductionInput(op));
  if (!isa<linalg::GenericOp>(op))
    return op->emitOpError() << "cannot be a partial";
  if (from == Standing::Late)
    return op->emitOpError() << "is a partial of another partial";
  if (from == Standing::Joined && kernel.getFamily() != Family::Attention)
    return op->emitOpError() << "reads a result view";
  return Standing::Late;
}

FailureOr<Standing> Verifier::visitReduction(Operation *op) {
  if (op->hasAttr(kernel::kPartialAttr))
    return visitPartial(op);
  Standing from = standing(reductionInput(op));
  if (from == Standing::Late)
    return Standing::Late;
  SmallVector<int64_t> dims = reducedDims(op);
  ArrayRef<int64_t> input = shapeOf(reductionInput(op));
  if (kernel.getFamily() == Family::Column)
    return failed(checkShape(op, shapeOf(op->getResult(0))))
               ? FailureOr<Standing>(failure())
               : Standing::Inside;
  int64_t row = kernel.getRow().value_or(0);
  bool complete =
      kernel.getFamily() == Family::Row && input == ArrayRef<int64_t>(box) &&
      int64_t(dims.size()) == row &&
      llvm::equal(dims, llvm::seq<int64_t>(input.size() - row, input.size()));
  if (!complete)
    return op->emitOpError() << "is not complete in a chunk";
  return Standing::Inside;
}

FailureOr<Standing> Verifier::visitAnchor(Operation *op, OpKind kind) {
  bool leaves = llvm::all_of(op->getOperands(), [&](Value operand) {
    return standing(operand) == Standing::Leaf;
  });
  if (kind == OpKind::Product) {
    ++products;
    for (unsigned input : {0, 1})
      if (standing(op->getOperand(input)) != Standing::Leaf &&
          standing(op->getOperand(input)) != Standing::Tree)
        return op->emitOpError() << "has operands that are not computed from "
                                    "arguments element by element";
    return Standing::Inside;
  }
  if (kind == OpKind::Attention)
    ++attentions;
  if (kind == OpKind::Scatter)
    ++scatters;
  if (!leaves)
    return op->emitOpError() << "reads values that are not in memory";
  return Standing::Inside;
}

FailureOr<Standing> Verifier::visit(Operation *op) {
  OpKind kind = kindOf(op);
  switch (kind) {
  case OpKind::Free:
    return Standing::Leaf;
  case OpKind::View:
    return visitView(op);
  case OpKind::Join:
    return Standing::Joined;
  case OpKind::ElementWise:
    return visitElementWise(op);
  case OpKind::Reduction:
    return visitReduction(op);
  default:
    return visitAnchor(op, kind);
  }
}

LogicalResult Verifier::checkCounts() {
  Family family = kernel.getFamily();
  bool fits = (products > 0) == (family == Family::Contraction) &&
              attentions == (family == Family::Attention ? 1u : 0u) &&
              scatters <= (family == Family::Move ? 1u : 0u);
  if (!fits)
    return kernel.emitOpError() << "has operations of another family";
  if (family == Family::Row && !kernel.getList() && !kernel.getBox())
    return kernel.emitOpError() << "has no box";
  return success();
}

LogicalResult Verifier::run() {
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    FailureOr<Standing> result = visit(&op);
    if (failed(result))
      return failure();
    for (Value value : op.getResults())
      standings[value] = *result;
  }
  return checkCounts();
}

namespace {
struct VerifyKernels : ogee::impl::VerifyKernelsBase<VerifyKernels> {
  void runOnOperation() override {
    for (auto kernel : getOperation().getOps<kernel::FuncOp>())
      if (failed(Verifier(kernel).run()))
        return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
