// The contract between schedule and the emitters, read off the kernels alone
// and not off the groups that made them: docs/architecture.md, Kernels. What
// passes here is emitted right; an emitter does not look again.
#include "lib/Schedule/Accept.h"
#include "lib/Schedule/KernelVerifier.h"
#include "lib/Schedule/Schedule.h"

#include "lib/Nn/Nn.h"

#include <array>

using namespace mlir;
using namespace ogee;
using namespace ogee::schedule;
using kernel::Family;

namespace ogee {
#define GEN_PASS_DEF_VERIFYKERNELS
#include "lib/Schedule/Passes.h.inc"
} // namespace ogee

//===-- Views -------------------------------------------------------------===//

FailureOr<Standing> KernelVerifier::visitView(Operation *op) {
  Standing from = standing(source(op));
  if (from == Standing::Late)
    return op->emitOpError() << "reshapes what the finish region makes";
  if (from <= Standing::Tree)
    return from;
  if (isa<tensor::ExtractSliceOp>(op))
    return op->emitOpError() << "cuts what the kernel makes";
  return Standing::Joined;
}

/// Whether two progressions, each given by first, count and step, meet.
static bool meet(std::array<int64_t, 3> a, std::array<int64_t, 3> b) {
  auto [first, count, step] = a;
  auto [other, length, stride] = b;
  if (first + (count - 1) * step < other ||
      other + (length - 1) * stride < first)
    return false;
  return step != stride || (first - other) % step == 0;
}

static bool overlap(tensor::InsertSliceOp a, tensor::InsertSliceOp b) {
  auto along = [](tensor::InsertSliceOp op, int64_t dim) {
    return std::array{op.getStaticOffset(dim), op.getStaticSize(dim),
                      op.getStaticStride(dim)};
  };
  return llvm::all_of(llvm::seq(a.getResultType().getRank()), [&](int64_t dim) {
    return meet(along(a, dim), along(b, dim));
  });
}

/// Insertions into nothing are stored each for itself, by whichever chunk has
/// it; what is inserted into an argument is copied with it.
FailureOr<Standing> KernelVerifier::visitJoin(Operation *op) {
  auto insertion = dyn_cast<tensor::InsertSliceOp>(op);
  if (!insertion)
    return Standing::Joined;
  Value into = insertion.getDest();
  for (; auto before = into.getDefiningOp<tensor::InsertSliceOp>();
       into = before.getDest())
    if (overlap(insertion, before))
      return op->emitOpError() << "writes over what is inserted before";
  bool isCopy = family == Family::Move && isLeafOrTree(into) &&
                isLeafOrTree(insertion.getSource());
  if (!into.getDefiningOp<tensor::EmptyOp>() && !isCopy)
    return op->emitOpError() << "inserts into what is not empty";
  return Standing::Joined;
}

//===-- Element-wise operations -------------------------------------------===//

/// What the thread that ends the kernel computes.
FailureOr<Standing> KernelVerifier::finish(Operation *op) {
  if (elementsOf(op->getResult(0)) > kFinishElements ||
      (kindOf(op) == OpKind::Reduction &&
       elementsOf(reductionInput(op)) > kFinishElements))
    return op->emitOpError() << "is too large for the finish region";
  return Standing::Late;
}

FailureOr<Standing> KernelVerifier::visitElementWise(Operation *op) {
  if (reads(op, Standing::Joined))
    return op->emitOpError() << "reads a result view";
  bool inside = reads(op, Standing::Inside);
  if (reads(op, Standing::Late)) {
    if (inside)
      return op->emitOpError()
             << "reads values of the box after the last chunk";
    return finish(op);
  }
  if (!inside)
    return Standing::Tree;
  auto generic = dyn_cast<linalg::GenericOp>(op);
  if (!generic || (family == Family::Attention && !isNarrowing(op)))
    return op->emitOpError() << "cannot follow values of the box";
  bool hasBox = family == Family::Row || family == Family::Column;
  if (hasBox && !isInBox(shapeOf(op->getResult(0))))
    return op->emitOpError() << "has a result that is not in the kernel's box";
  if (failed(readInPlace(generic)))
    return failure();
  return Standing::Inside;
}

/// A value of the box is read at its own place, one of a row by its row, and
/// values of one product alone.
LogicalResult KernelVerifier::readInPlace(linalg::GenericOp op) {
  linalg::GenericOp product;
  for (OpOperand &operand : op->getOpOperands()) {
    if (standing(operand.get()) != Standing::Inside)
      continue;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    AffineMap whole =
        AffineMap::getMultiDimIdentityMap(map.getNumDims(), map.getContext());
    bool rows = family == Family::Row &&
                map == whole.getMajorSubMap(map.getNumResults());
    if (!map.isIdentity() && !rows)
      return op->emitOpError() << "reads a value of the box at another place";
    linalg::GenericOp from = products.lookup(operand.get());
    if (product && from != product)
      return op->emitOpError() << "reads values of two products";
    product = from;
  }
  if (product)
    products[op.getResult(0)] = product;
  return success();
}

//===-- Anchors -----------------------------------------------------------===//

/// The first segment starts from 0, each other one from the one before, which
/// nothing else reads.
FailureOr<Standing> KernelVerifier::visitProduct(linalg::GenericOp op) {
  ++productCount;
  if (op->hasAttr(kernel::kPartialAttr))
    return op->emitOpError() << "cannot be a partial";
  for (Value operand : op.getDpsInputs())
    if (!isLeafOrTree(operand))
      return op->emitOpError() << "has operands that are not computed from "
                                  "arguments element by element";
  Value start = op.getDpsInits()[0];
  auto before = start.getDefiningOp<linalg::GenericOp>();
  bool continues = before && kindOf(before) == OpKind::Product;
  if (continues ? !start.hasOneUse() : !isZero(start))
    return op->emitOpError() << "adds to what is no segment of its own";
  products[op.getResult(0)] = op;
  return Standing::Inside;
}

FailureOr<Standing> KernelVerifier::visitAnchor(Operation *op) {
  bool isScatter = isa<nn::ScatterAddOp, nn::ScatterOp>(op);
  ++(isScatter ? scatters : attentions);
  for (Value operand : op->getOperands())
    if (standing(operand) != Standing::Leaf)
      return op->emitOpError() << "reads values that are not in memory";
  if (isScatter) {
    scatter = op;
    box = llvm::to_vector(shapeOf(op->getResult(0)));
  }
  return Standing::Inside;
}

/// A pad, or an operation of a form that no family has: evaluated where it is
/// stored.
FailureOr<Standing> KernelVerifier::visitOther(Operation *op) {
  auto generic = dyn_cast<linalg::GenericOp>(op);
  if (generic && family == Family::Column && combiner(generic) &&
      startsNeutral(generic)) // in another order of dimensions
    return visitColumn(generic);
  if (family != Family::Move ||
      !isa<tensor::PadOp, linalg::GenericOp, linalg::FillOp>(op))
    return op->emitOpError() << "has no place in a kernel of this family";
  for (Value operand : op->getOperands())
    if (!isLeafOrTree(operand))
      return op->emitOpError() << "reads values that are not in memory";
  return Standing::Inside;
}

FailureOr<Standing> KernelVerifier::visit(Operation *op) {
  OpKind kind = kindOf(op);
  if (kind != OpKind::Reduction && op->hasAttr(kernel::kPartialAttr))
    return op->emitOpError() << "cannot be a partial";
  switch (kind) {
  case OpKind::Free:
    return Standing::Leaf;
  case OpKind::View:
    return visitView(op);
  case OpKind::Join:
    return visitJoin(op);
  case OpKind::ElementWise:
    return visitElementWise(op);
  case OpKind::Reduction:
    return visitReduction(op);
  case OpKind::Product:
    return visitProduct(cast<linalg::GenericOp>(op));
  case OpKind::Attention:
  case OpKind::Scatter:
    return visitAnchor(op);
  case OpKind::Other:
    return visitOther(op);
  }
  llvm_unreachable("covered switch");
}

//===-- Results -----------------------------------------------------------===//

/// Chunks come by the value at every point.
bool KernelVerifier::hasPlace(Value value) {
  ArrayRef<int64_t> shape = shapeOf(value);
  switch (family) {
  case Family::Row:
    return kernel.getList() ? shape.size() == 1 : isInBox(shape);
  case Family::Column:
    return shape == ArrayRef(box);
  case Family::Move:
    return !scatter || shape == ArrayRef(box);
  case Family::Attention:
    return !isLeafOrTree(value);
  case Family::Contraction:
    return !isLeafOrTree(value) || llvm::any_of(products, [&](auto &entry) {
      return shapeOf(entry.first) == shape;
    });
  }
  llvm_unreachable("covered switch");
}

LogicalResult KernelVerifier::checkStored(Value value) {
  Operation *op = value.getDefiningOp();
  if (isa_and_nonnull<tensor::EmptyOp>(op))
    return success();
  if (isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
    return checkStored(source(op));
  if (isa_and_nonnull<tensor::ConcatOp, tensor::InsertSliceOp>(op)) {
    for (Value operand : op->getOperands())
      if (failed(checkStored(operand)))
        return failure();
    return success();
  }
  if (standing(value) == Standing::Late || hasPlace(value))
    return success();
  return kernel.emitOpError()
         << "stores a value that its chunks do not reach: " << value;
}

LogicalResult KernelVerifier::checkCounts() {
  bool fits = (productCount > 0) == (family == Family::Contraction) &&
              attentions == (family == Family::Attention ? 1U : 0U) &&
              scatters <= (family == Family::Move ? 1U : 0U) &&
              bool(column) == (family == Family::Column);
  if (!fits)
    return kernel.emitOpError() << "has operations of another family";
  bool needsBox =
      family == Family::Column || (family == Family::Row && !kernel.getList());
  if (needsBox && !kernel.getBox())
    return kernel.emitOpError() << "has no box";
  return success();
}

LogicalResult KernelVerifier::run() {
  Block &body = kernel.getBody().front();
  for (Operation &op : body.without_terminator()) {
    FailureOr<Standing> result = visit(&op);
    if (failed(result))
      return failure();
    for (Value value : op.getResults())
      standings[value] = *result;
  }
  if (failed(checkCounts()))
    return failure();
  for (Value value : body.getTerminator()->getOperands())
    if (failed(checkStored(value)))
      return failure();
  return success();
}

namespace {
struct VerifyKernels : ogee::impl::VerifyKernelsBase<VerifyKernels> {
  void runOnOperation() override {
    for (auto kernel : getOperation().getOps<kernel::FuncOp>())
      if (failed(KernelVerifier(kernel).run()))
        return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
