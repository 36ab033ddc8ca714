// Lowering by labels leaves transposes and broadcasts as copies; a generic
// reads through any map, so nearly all of them vanish here.
#include "lib/Flatten/Flatten.h"
#include "lib/Nn/Program.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

namespace ogee {
#define GEN_PASS_DEF_FOLDCOPIES
#include "lib/Flatten/Passes.h.inc"
} // namespace ogee

using namespace mlir;
using namespace ogee;

/// Every loop of `op` is a dimension of some operand.
static bool coversLoops(linalg::GenericOp op, ArrayRef<AffineMap> maps) {
  llvm::SmallBitVector covered(op.getNumLoops());
  for (AffineMap map : maps)
    for (AffineExpr expr : map.getResults())
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        covered.set(dim.getPosition());
  return covered.all();
}

/// `reader`'s operand reads through `copy`; false where a loop would lose its
/// extent.
static bool readThrough(linalg::GenericOp copy, OpOperand &use) {
  auto reader = dyn_cast<linalg::GenericOp>(use.getOwner());
  if (!reader || use.getOperandNumber() >= reader.getNumDpsInputs())
    return false;
  AffineMap source = copy.getIndexingMapsArray()[0];
  AffineMap place = inversePermutation(copy.getIndexingMapsArray()[1]);
  SmallVector<AffineMap> maps = reader.getIndexingMapsArray();
  AffineMap &map = maps[use.getOperandNumber()];
  map = source.compose(place).compose(map);
  if (!coversLoops(reader, maps))
    return false;
  reader.setIndexingMapsAttr(Builder(copy).getAffineMapArrayAttr(maps));
  use.set(copy.getInputs()[0]);
  return true;
}

/// The only reader of `producer` is a permuting copy: write in its order.
static bool writePermuted(linalg::GenericOp producer, linalg::GenericOp copy) {
  SmallVector<AffineMap> maps = copy.getIndexingMapsArray();
  if (producer.getNumResults() != 1 || !producer->hasOneUse() ||
      !maps[0].isPermutation())
    return false;
  // Result element r of the copy is element `order(r)` of the producer.
  AffineMap order = maps[0].compose(inversePermutation(maps[1]));
  AffineMap back = inversePermutation(order);
  OpBuilder builder(producer);
  auto type = cast<RankedTensorType>(copy.getResultTypes()[0]);
  Value init = tensor::EmptyOp::create(builder, producer.getLoc(),
                                       type.getShape(), type.getElementType());
  if (auto fill = producer.getOutputs()[0].getDefiningOp<linalg::FillOp>())
    init = linalg::FillOp::create(builder, producer.getLoc(),
                                  fill.getInputs()[0], init)
               .getResult(0);
  else if (!producer.getOutputs()[0].getDefiningOp<tensor::EmptyOp>())
    return false;
  SmallVector<AffineMap> producerMaps = producer.getIndexingMapsArray();
  producerMaps.back() = back.compose(producerMaps.back());
  auto moved = linalg::GenericOp::create(
      builder, producer.getLoc(), TypeRange{type}, producer.getInputs(),
      ValueRange{init}, producerMaps, producer.getIteratorTypesArray());
  moved.getRegion().takeBody(producer.getRegion());
  copy.getResult(0).replaceAllUsesWith(moved.getResult(0));
  copy.erase();
  producer.erase();
  return true;
}

static void foldCopy(linalg::GenericOp copy) {
  SmallVector<AffineMap> maps = copy.getIndexingMapsArray();
  if (!maps[0].isProjectedPermutation())
    return;
  if (maps[0] == maps[1]) {
    copy.getResult(0).replaceAllUsesWith(copy.getInputs()[0]);
    copy.erase();
    return;
  }
  for (OpOperand &use : llvm::make_early_inc_range(copy.getResult(0).getUses()))
    readThrough(copy, use);
  if (copy.use_empty()) {
    copy.erase();
    return;
  }
  if (auto producer = copy.getInputs()[0].getDefiningOp<linalg::GenericOp>())
    writePermuted(producer, copy);
}

namespace {
struct FoldCopiesPass : ogee::impl::FoldCopiesBase<FoldCopiesPass> {
  using FoldCopiesBase::FoldCopiesBase;
  void runOnOperation() override {
    SmallVector<linalg::GenericOp> copies;
    getOperation().walk([&](linalg::GenericOp op) {
      if (isCopy(op))
        copies.push_back(op);
    });
    // Last first: a chain of copies folds into its reader step by step.
    for (linalg::GenericOp copy : llvm::reverse(copies))
      foldCopy(copy);
    eraseDead(getOperation());
  }
};
} // namespace
