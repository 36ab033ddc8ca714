// One spelling for each operation, so that later passes compare dimensions by
// position and identical kernels look identical.
#include "lib/Nn/Program.h"
#include "lib/Schedule/Ops.h"
#include "lib/Schedule/Prepare.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace ogee;
using namespace ogee::schedule;

static SmallVector<unsigned> loopsOf(AffineMap map) {
  SmallVector<unsigned> loops;
  for (AffineExpr result : map.getResults())
    loops.push_back(cast<AffineDimExpr>(result).getPosition());
  return loops;
}

static linalg::GenericOp interchange(IRRewriter &rewriter, linalg::GenericOp op,
                                     ArrayRef<unsigned> order) {
  if (llvm::equal(order, llvm::seq<unsigned>(0, order.size())))
    return op;
  rewriter.setInsertionPoint(op);
  FailureOr<linalg::GenericOp> result =
      linalg::interchangeGenericOp(rewriter, op, order);
  return succeeded(result) ? *result : op;
}

/// Input 1 becomes input 0; the body multiplies the two, in any order.
static void swapInputs(linalg::GenericOp op) {
  SmallVector<Value> inputs{op.getInputs()[1], op.getInputs()[0]};
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  std::swap(maps[0], maps[1]);
  op.getInputsMutable().assign(inputs);
  op.setIndexingMapsAttr(Builder(op).getAffineMapArrayAttr(maps));
}

/// Loops in the order of the result, then the reduced ones in the order in
/// which input 0 has them.
static SmallVector<unsigned> productOrder(linalg::GenericOp op) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<unsigned> order = loopsOf(maps[2]);
  for (AffineMap map : {maps[0], maps[1]})
    for (unsigned loop : loopsOf(map))
      if (!llvm::is_contained(order, loop))
        order.push_back(loop);
  return order;
}

/// out = sum(a * b) where no side has dimensions of its own: the product over
/// the box of the larger operand, then a sum.
static void splitProduct(IRRewriter &rewriter, linalg::GenericOp op) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<unsigned> order = loopsOf(
      maps[1].getNumResults() > maps[0].getNumResults() ? maps[1] : maps[0]);
  for (unsigned loop : llvm::seq<unsigned>(0, op.getNumLoops()))
    if (!llvm::is_contained(order, loop))
      order.push_back(loop);
  op = interchange(rewriter, op, order);
  maps = op.getIndexingMapsArray();
  rewriter.setInsertionPoint(op);
  Location loc = op.getLoc();
  auto identity = rewriter.getMultiDimIdentityMap(op.getNumLoops());
  Type element = typeOf(op.getResult(0)).getElementType();
  Value box =
      tensor::EmptyOp::create(rewriter, loc, op.getStaticLoopRanges(), element);
  SmallVector<utils::IteratorType> parallel(op.getNumLoops(),
                                            utils::IteratorType::parallel);
  auto product = linalg::GenericOp::create(
      rewriter, loc, box.getType(), op.getInputs(), box,
      ArrayRef<AffineMap>{maps[0], maps[1], identity}, parallel,
      [](OpBuilder &b, Location l, ValueRange args) {
        linalg::YieldOp::create(
            b, l, arith::MulFOp::create(b, l, args[0], args[1]).getResult());
      });
  auto sum = linalg::GenericOp::create(
      rewriter, loc, op.getResultTypes(), product.getResult(0),
      op.getDpsInits()[0], ArrayRef<AffineMap>{identity, maps[2]},
      op.getIteratorTypesArray(),
      [](OpBuilder &b, Location l, ValueRange args) {
        linalg::YieldOp::create(
            b, l, arith::AddFOp::create(b, l, args[0], args[1]).getResult());
      });
  rewriter.replaceOp(op, sum);
}

static void normaliseProduct(IRRewriter &rewriter, linalg::GenericOp op) {
  if (!hasPlainMaps(op))
    return;
  AffineMap output = op.getIndexingMapsArray()[2];
  if (output.getNumResults() > 0) {
    unsigned last = loopsOf(output).back();
    if (!op.getIndexingMapsArray()[1].isFunctionOfDim(last) ||
        op.getIndexingMapsArray()[0].isFunctionOfDim(last))
      swapInputs(op);
  }
  linalg::GenericOp ordered = interchange(rewriter, op, productOrder(op));
  if (!productLoops(ordered))
    splitProduct(rewriter, ordered);
}

void schedule::normaliseLoops(func::FuncOp function) {
  IRRewriter rewriter(function.getContext());
  SmallVector<linalg::GenericOp> generics(
      function.getBody().front().getOps<linalg::GenericOp>());
  for (linalg::GenericOp op : generics) {
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    if (isParallel(op) && maps.back().isPermutation())
      interchange(rewriter, op, loopsOf(maps.back()));
    else if (isMultiplyAdd(op))
      normaliseProduct(rewriter, op);
    else if (combiner(op) && maps[0].isPermutation())
      interchange(rewriter, op, loopsOf(maps[0]));
  }
}
