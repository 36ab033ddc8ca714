// The rule was measured before it was written: 24 accumulators, panels of B in
// half of the L2 cache; groups by price.
#include "lib/Generate/Cpu/ContractionPlan.h"

#include "lib/Generate/Cpu/ContractionGroups.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace ogee;
using llvm::divideCeil;

static constexpr int64_t kTilesPerBlock = 8;

static kernel::TileAttr chooseTile(const ContractionPlan &plan,
                                   MLIRContext *context, const Target &target) {
  int64_t rows = 0, columns = 0;
  for (const Product &product : plan.products) {
    rows = std::max(rows, product.rows);
    columns = std::max(columns, product.columns);
  }
  RegisterTile tile = registerTile(target, columns, plan.lanes);
  if (plan.unit == Unit::Tiles)
    tile = matrixTile(rows, columns);
  return kernel::TileAttr::get(context, tile.rows, tile.vectors * plan.lanes, 0,
                               0, 0);
}

static void blockRows(const Product &product, ProductPlan &shape) {
  bool packs = llvm::any_of(product.segments, [](const Segment &segment) {
    return segment.a.supply != Supply::InPlace;
  });
  shape.tilesPerBlock = shape.tilesPerGroup;
  if (packs)
    shape.tilesPerBlock = std::min(kTilesPerBlock, shape.tilesPerGroup);
  else if (shape.panelsPerGroup > 1)
    shape.tilesPerBlock = 1;
}

static void planProduct(ContractionPlan &plan, const Product &product,
                        kernel::TileAttr tile, const Target &target) {
  ProductPlan shape;
  shape.tiles = RowTiles::spread(product.rows, plan.rows);
  shape.panels = {product.columns, plan.columns};
  chooseGroups(plan, product, shape, tile, target);
  blockRows(product, shape);
  shape.firstChunk = plan.chunks;
  shape.chunks = product.batches * shape.rowGroups * shape.panelGroups;
  plan.chunks += shape.chunks;
  plan.plans.push_back(shape);
}

int64_t ContractionPlan::strideOfA(unsigned product, unsigned segment) const {
  const ProductPlan &shape = plans[product];
  if (isNarrow())
    return llvm::alignTo(shape.blockDepth[segment], depthStep()) + depthStep();
  if (products[product].segments[segment].a.supply == Supply::Columns)
    // An odd number of vectors spreads the lines of one row over L1's sets.
    return (divideCeil(shape.tilesPerBlock * shape.tiles.largest(), lanes) |
            1) *
           lanes;
  return llvm::alignTo(shape.blockDepth[segment], lanes) + lanes;
}

int64_t ContractionPlan::panelSize(unsigned product) const {
  int64_t depth = 0;
  for (int64_t block : plans[product].blockDepth)
    depth = std::max(depth, block);
  return columns * int64_t(llvm::alignTo(depth, depthStep()));
}

int64_t ContractionPlan::sumRows(unsigned product) const {
  const ProductPlan &shape = plans[product];
  return shape.tilesPerGroup *
         (unit == Unit::Tiles ? rows : shape.tiles.largest());
}

int64_t ContractionPlan::blocks(unsigned product, unsigned segment) const {
  return divideCeil(products[product].segments[segment].depth,
                    plans[product].blockDepth[segment]);
}

bool ContractionPlan::isBlocked(unsigned product) const {
  return products[product].segments.size() > 1 || blocks(product, 0) > 1;
}

/// Elements of A's block.
static int64_t sizeOfA(const ContractionPlan &plan, unsigned product) {
  const ProductPlan &shape = plan.plans[product];
  int64_t most = 0;
  for (auto [index, segment] :
       llvm::enumerate(plan.products[product].segments)) {
    if (segment.a.supply == Supply::InPlace)
      continue;
    int64_t lines = shape.tilesPerBlock * shape.tiles.largest();
    if (plan.isNarrow())
      lines += kMatrixRows; // whole squares are packed, whole tiles read
    else if (segment.a.supply == Supply::Columns)
      lines = shape.blockDepth[index];
    most = std::max(most, lines * plan.strideOfA(product, index));
  }
  return most;
}

static void layOutScratch(ContractionPlan &plan) {
  int64_t b = 0, a = 0, sums = 0;
  for (auto [index, shape] : llvm::enumerate(plan.plans)) {
    b = std::max(b, plan.panelSize(index) * shape.panelsPerGroup);
    a = std::max(a, sizeOfA(plan, index));
    if (plan.isBlocked(index))
      sums = std::max(sums, plan.sumRows(index) * shape.panelsPerGroup *
                                plan.columns);
  }
  auto reserve = [&](int64_t elements, Type type) {
    int64_t offset = plan.scratch;
    plan.scratch += llvm::alignTo(elements * storageBytes(type), 64);
    return offset;
  };
  plan.scratch = 0;
  plan.tile = reserve(plan.rows * plan.columns, plan.type);
  plan.packedA = reserve(a, plan.packed);
  plan.packedB = reserve(b, plan.packed);
  plan.sums = reserve(sums, plan.type);
}

PartShape ogee::partShape(const ContractionPlan &plan, unsigned index,
                          AffineMap out) {
  const Product &product = plan.products[index];
  const ProductPlan &shape = plan.plans[index];
  auto variable = [&](unsigned i) {
    return getAffineDimExpr(i, out.getContext());
  };
  Point point =
      mapped(out, product.point(variable(0), variable(1), variable(2)));
  auto reduced = [&](unsigned i) {
    return llvm::none_of(point, [&](AffineExpr coordinate) {
      return coordinate.isFunctionOfDim(i);
    });
  };
  PartShape parts{reduced(0), reduced(1), reduced(2), 1};
  parts.parts = (parts.alongBatch ? product.batches : 1) *
                (parts.alongRows ? shape.rowGroups : 1) *
                (parts.alongColumns ? shape.panelGroups : 1);
  return parts;
}

/// Whatever the processor, the same values are multiplied: without the
/// instructions, rounded operands go through the wide ones.
static Unit unitOf(ArrayRef<Product> products, const Target &target) {
  bool isNarrow = llvm::all_of(products, [](const Product &product) {
    return llvm::all_of(product.segments, [](const Segment &segment) {
      return isWidened(segment.a.tensor) && isWidened(segment.b.tensor);
    });
  });
  if (!isNarrow || !target.hasBf16)
    return Unit::Vectors;
  return target.hasTiles ? Unit::Tiles : Unit::Pairs;
}

FailureOr<ContractionPlan> ogee::planContraction(kernel::FuncOp kernel,
                                                 const Target &target) {
  auto products = productsOf(kernel);
  if (failed(products))
    return failure();
  ContractionPlan plan;
  plan.products = *products;
  plan.type = plan.products.front().type;
  plan.lanes = target.lanes(plan.type);
  plan.unit = unitOf(plan.products, target);
  plan.packed = plan.isNarrow() ? Type(BFloat16Type::get(kernel.getContext()))
                                : plan.type;
  kernel::TileAttr tile = kernel.getTileAttr();
  if (!tile)
    tile = chooseTile(plan, kernel.getContext(), target);
  plan.rows = tile.getMr();
  plan.columns = llvm::alignTo(tile.getNr(), plan.lanes);
  if (plan.unit == Unit::Tiles) {
    RegisterTile whole = matrixTile(plan.rows, plan.columns);
    plan.rows = whole.rows;
    plan.columns = whole.vectors * plan.lanes;
  }
  plan.chunks = 0;
  for (const Product &product : plan.products)
    planProduct(plan, product, tile, target);
  layOutScratch(plan);
  return plan;
}
