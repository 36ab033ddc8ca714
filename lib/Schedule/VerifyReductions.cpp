// Reductions and partials of a kernel: what is complete in a chunk, and what
// all chunks add up.
#include "lib/Schedule/Accept.h"
#include "lib/Schedule/KernelVerifier.h"

using namespace mlir;
using namespace ogee;
using namespace ogee::schedule;
using kernel::Family;

FailureOr<Standing> KernelVerifier::visitReduction(Operation *op) {
  Value input = reductionInput(op);
  Standing from = standing(input);
  auto generic = dyn_cast<linalg::GenericOp>(op);
  bool isPartial = op->hasAttr(kernel::kPartialAttr);
  if (from == Standing::Joined && !(isPartial && family == Family::Attention))
    return op->emitOpError() << "reads a result view";
  if (generic && !startsNeutral(generic))
    return op->emitOpError()
           << "starts from another value than the neutral one";
  if (isPartial)
    return visitPartial(op);
  if (from == Standing::Late)
    return generic ? finish(op)
                   : FailureOr<Standing>(op->emitOpError()
                                         << "cannot follow a partial");
  if (generic && family == Family::Column)
    return visitColumn(generic);
  SmallVector<int64_t> dims = reducedDims(op);
  int64_t rank = shapeOf(input).size();
  bool complete = family == Family::Row && !kernel.getList() &&
                  shapeOf(input) == ArrayRef(box) &&
                  llvm::equal(dims, llvm::seq<int64_t>(rank - row, rank));
  if (!complete)
    return op->emitOpError() << "is not complete in a chunk";
  return Standing::Inside;
}

static SmallVector<int64_t> reducedExtents(linalg::GenericOp op) {
  SmallVector<int64_t> extents;
  for (auto [extent, kind] :
       llvm::zip_equal(op.getStaticLoopRanges(), op.getIteratorTypesArray()))
    if (kind == utils::IteratorType::reduction)
      extents.push_back(extent);
  return extents;
}

/// All go through the dimensions that they reduce in one loop.
FailureOr<Standing> KernelVerifier::visitColumn(linalg::GenericOp op) {
  if (!isInBox(shapeOf(op.getResult(0))))
    return op->emitOpError() << "has a result that is not in the kernel's box";
  if (!isLeafOrTree(reductionInput(op)))
    return op->emitOpError() << "reduces what the kernel makes";
  if (!column)
    column = op;
  if (reducedExtents(op) != reducedExtents(column))
    return op->emitOpError() << "reduces another shape than the one before";
  return Standing::Inside;
}

static bool isLeading(ArrayRef<int64_t> dims) {
  return llvm::equal(dims, llvm::seq<int64_t>(0, dims.size()));
}

/// Batch, rows and columns of a product are each summed whole or kept whole.
static bool areWhole(ArrayRef<int64_t> dims, const ProductLoops &loops) {
  int64_t begin = 0;
  for (int64_t count : {loops.batch, loops.rows, loops.columns}) {
    int64_t summed = llvm::count_if(
        dims, [&](int64_t dim) { return begin <= dim && dim < begin + count; });
    if (summed != 0 && summed != count)
      return false;
    begin += count;
  }
  return true;
}

/// The partial's parts are whole in a chunk: it keeps what its family can.
bool KernelVerifier::summedInPlace(Operation *op) const {
  Value input = reductionInput(op);
  ArrayRef<int64_t> shape = shapeOf(input);
  SmallVector<int64_t> dims = reducedDims(op);
  int64_t kept = int64_t(shape.size()) - int64_t(dims.size());
  switch (family) {
  case Family::Row:
    if (kept > 0)
      return shape == ArrayRef(box) && isLeading(dims) && kept == row;
    return isInBox(shape);
  case Family::Column:
  case Family::Move:
    return shape == ArrayRef(box);
  case Family::Attention:
    return !isLeafOrTree(input) && isLeading(dims);
  case Family::Contraction: {
    linalg::GenericOp product = products.lookup(input);
    return product && areWhole(dims, *productLoops(product));
  }
  }
  llvm_unreachable("covered switch");
}

FailureOr<Standing> KernelVerifier::visitPartial(Operation *op) {
  if (!isa<linalg::GenericOp>(op) || kernel.getList())
    return op->emitOpError() << "cannot be a partial";
  if (standing(reductionInput(op)) == Standing::Late)
    return op->emitOpError() << "is a partial of another partial";
  if (family == Family::Move && box.empty())
    box = llvm::to_vector(shapeOf(reductionInput(op)));
  if (!summedInPlace(op))
    return op->emitOpError() << "sums other values than its family can";
  return Standing::Late;
}
