// Classifies loops by the operands that use them, and operands by the direction
// in which they are contiguous.
#include "lib/Generate/Cpu/Products.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace ogee;

// Variables of the static analysis.
enum { kBatch, kRow, kColumn, kDepth, kVariables };

// Rows for which packing B costs more than it gains.
static constexpr int64_t kFewRows = 3;
// Operations that a transcendental function counts as.
static constexpr int64_t kFunction = 40;

static int64_t extentOf(ArrayRef<int64_t> shape) {
  int64_t product = 1;
  for (int64_t extent : shape)
    product *= extent;
  return product;
}

Point Product::point(AffineExpr batch, AffineExpr row,
                     AffineExpr column) const {
  Point result;
  appendDigits(result, batch, batchShape);
  appendDigits(result, row, rowShape);
  appendDigits(result, column, columnShape);
  return result;
}

Point Product::loops(const Segment &segment, AffineExpr batch, AffineExpr row,
                     AffineExpr column, AffineExpr k) const {
  Point result = point(batch, row, column);
  appendDigits(result, k, segment.depthShape);
  return result;
}

std::optional<int64_t> ogee::strideOf(AffineExpr expression,
                                      unsigned variable) {
  MLIRContext *context = expression.getContext();
  unsigned count = variable + 1;
  expression.walk([&](AffineExpr part) {
    if (auto dimension = dyn_cast<AffineDimExpr>(part))
      count = std::max(count, dimension.getPosition() + 1);
  });
  AffineExpr here = getAffineDimExpr(variable, context);
  AffineExpr step = expression.replace(here, here + 1) - expression;
  auto constant =
      dyn_cast<AffineConstantExpr>(simplifyAffineExpr(step, count, 0));
  if (!constant)
    return std::nullopt;
  return constant.getValue();
}

std::optional<Placed> ogee::placeOf(Value tensor, ArrayRef<AffineExpr> point) {
  Point current(point);
  while (Operation *op = tensor.getDefiningOp()) {
    AffineMap map = sourceMap(op);
    if (!map)
      return std::nullopt;
    current = mapped(map, current);
    tensor = op->getOperand(0);
  }
  AffineExpr offset = getAffineConstantExpr(0, tensor.getContext());
  auto shape = cast<RankedTensorType>(tensor.getType()).getShape();
  for (auto [coordinate, stride] : llvm::zip_equal(current, rowMajor(shape)))
    offset = offset + coordinate * stride;
  return Placed{cast<BlockArgument>(tensor), offset};
}

namespace {

/// What a prologue reads and computes for one element.
struct Reads {
  SmallVector<AffineExpr> offsets;
  int64_t operations = 0;

  void visit(Value tensor, ArrayRef<AffineExpr> point) {
    if (auto placed = placeOf(tensor, point)) {
      offsets.push_back(simplifyAffineExpr(placed->offset, kVariables, 0));
      return;
    }
    Operation *op = tensor.getDefiningOp();
    if (auto concat = dyn_cast<tensor::ConcatOp>(op)) {
      for (Value input : concat.getInputs())
        visit(input, point);
      return;
    }
    if (auto generic = dyn_cast<linalg::GenericOp>(op))
      for (Operation &inner : generic.getBody()->without_terminator())
        operations +=
            isa<math::MathDialect>(inner.getDialect()) ? kFunction : 1;
    for (const ReadAt &input : readsOf(tensor, point))
      visit(input.tensor, input.point);
  }

  /// Reads that move by one element with `variable` and by something with
  /// `other`.
  int64_t contiguousIn(unsigned variable, unsigned other) const {
    return llvm::count_if(offsets, [&](AffineExpr offset) {
      return strideOf(offset, variable) == 1 && strideOf(offset, other) != 0;
    });
  }
};

} // namespace

static Factor factorOf(const Product &product, const Segment &segment,
                       unsigned input, unsigned across) {
  linalg::GenericOp op = segment.op;
  MLIRContext *context = op.getContext();
  OpOperand *operand = op.getDpsInputOperand(input);
  Factor factor{operand->get(), op.getMatchingIndexingMap(operand),
                Supply::Rows, 0};
  auto variable = [&](unsigned index) {
    return getAffineDimExpr(index, context);
  };
  Point point = mapped(factor.map,
                       product.loops(segment, variable(kBatch), variable(kRow),
                                     variable(kColumn), variable(kDepth)));
  Reads reads;
  reads.visit(factor.tensor, point);
  factor.operations = reads.operations;
  int64_t alongK = reads.contiguousIn(kDepth, across);
  int64_t acrossK = reads.contiguousIn(across, kDepth);
  if (acrossK > alongK)
    factor.supply = Supply::Columns;
  auto placed = placeOf(factor.tensor, point);
  if (input == 0 && placed && alongK == 1)
    factor.supply = Supply::InPlace;
  if (input == 1 && placed && acrossK == 1 && product.rows <= kFewRows &&
      strideOf(placed->offset, kDepth))
    factor.supply = Supply::InPlace;
  return factor;
}

bool ogee::isWidened(Value tensor) {
  auto generic = tensor.getDefiningOp<linalg::GenericOp>();
  if (!generic || generic.getNumDpsInputs() != 1)
    return false;
  auto wide = dyn_cast<arith::ExtFOp>(generic.getBody()->front());
  return wide && wide.getIn().getType().isBF16() &&
         wide.getOut().getType().isF32() &&
         generic.getBody()->getTerminator()->getOperand(0) == wide.getOut();
}

static bool isProduct(linalg::GenericOp op) {
  if (op.getNumReductionLoops() == 0 || op.getNumDpsInputs() != 2)
    return false;
  auto body = op.getBody()->without_terminator();
  return llvm::range_size(body) == 2 && isa<arith::MulFOp>(*body.begin()) &&
         isa<arith::AddFOp>(*std::next(body.begin()));
}

/// Splits the loops of the result by the operands that use them: columns at the
/// end are in B only, rows before them in A only, what is left is batch.
static void classify(Product &product, linalg::GenericOp op) {
  auto uses = [&](unsigned input, unsigned loop) {
    return op.getMatchingIndexingMap(op.getDpsInputOperand(input))
        .isFunctionOfDim(loop);
  };
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  unsigned end = op.getNumParallelLoops(), columns = end;
  while (columns > 0 && !uses(0, columns - 1))
    --columns;
  unsigned rows = columns;
  while (rows > 0 && !uses(1, rows - 1))
    --rows;
  ArrayRef<int64_t> all(extents);
  product.batchShape.assign(all.begin(), all.begin() + rows);
  product.rowShape.assign(all.begin() + rows, all.begin() + columns);
  product.columnShape.assign(all.begin() + columns, all.begin() + end);
  product.batches = extentOf(product.batchShape);
  product.rows = extentOf(product.rowShape);
  product.columns = extentOf(product.columnShape);
}

static LogicalResult checkLoops(linalg::GenericOp op) {
  AffineMap out = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  unsigned parallel = op.getNumParallelLoops();
  if (out !=
      AffineMap::getMultiDimIdentityMap(op.getNumLoops(), op.getContext())
          .getMajorSubMap(parallel))
    return op.emitOpError() << "is no product: its loops must be those of the "
                               "result in order, then the reduced ones";
  return success();
}

static void appendSegment(Product &product, linalg::GenericOp op) {
  Segment segment;
  segment.op = op;
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  segment.depthShape.assign(extents.begin() + op.getNumParallelLoops(),
                            extents.end());
  segment.depth = extentOf(segment.depthShape);
  segment.a = factorOf(product, segment, 0, kRow);
  segment.b = factorOf(product, segment, 1, kColumn);
  product.segments.push_back(segment);
  product.result = op.getResult(0);
}

FailureOr<std::vector<Product>> ogee::productsOf(kernel::FuncOp kernel) {
  std::vector<Product> products;
  for (Operation &inner : kernel.getBody().front()) {
    auto op = dyn_cast<linalg::GenericOp>(inner);
    if (!op || !isProduct(op) || op->hasAttr(kernel::kPartialAttr))
      continue;
    if (failed(checkLoops(op)))
      return failure();
    Value before = op.getDpsInits()[0];
    auto continued = llvm::find_if(products, [&](const Product &product) {
      return product.result == before;
    });
    if (continued != products.end()) {
      appendSegment(*continued, op);
      continue;
    }
    Product product;
    product.type = getElementTypeOrSelf(op.getResult(0).getType());
    classify(product, op);
    appendSegment(product, op);
    products.push_back(product);
  }
  if (products.empty())
    return kernel.emitOpError() << "contraction without a product";
  return products;
}
