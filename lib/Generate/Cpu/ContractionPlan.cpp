// The rule was measured before it was written: 24 accumulators, panels of B in
// half of the L2 cache, chunks that pack a panel for at least 128 rows.
#include "lib/Generate/Cpu/ContractionPlan.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace ogee;
using llvm::divideCeil;

static constexpr int64_t kLeastRows = 128;  // for which a panel is packed
static constexpr int64_t kManyRows = 256;   // for which it costs nearly nothing
static constexpr int64_t kLeastDepth = 256; // of a block of k
static constexpr int64_t kChunks = 12;      // wanted
static constexpr int64_t kChunkWork = 50'000'000; // multiply-adds, at most
static constexpr int64_t kPanels = 4;             // packed together
static constexpr int64_t kTilesPerBlock = 8;
// Where A is gathered across k, each chunk packs both operands: larger chunks,
// and blocks of k that keep both in cache.
static constexpr int64_t kGatheredChunks = 6; // wanted at least
static constexpr int64_t kGatheredRows = 192;
static constexpr int64_t kGatheredDepth = 256;
static constexpr int64_t kGatheredPanels = 6;

static bool isGathered(const Product &product) {
  return llvm::any_of(product.segments, [](const Segment &segment) {
    return segment.a.supply == Supply::Columns;
  });
}

/// Row groups that still pack a panel for enough rows.
static int64_t mostRowGroups(const Product &product,
                             const ColumnPanels &panels) {
  auto groups = [&](int64_t least) {
    return std::max<int64_t>(1, product.rows / least);
  };
  int64_t large = groups(kGatheredRows) *
                  divideCeil(panels.count(), kGatheredPanels) * product.batches;
  bool isLarge = isGathered(product) && large >= kGatheredChunks;
  return groups(isLarge ? kGatheredRows : kLeastRows);
}

static kernel::TileAttr chooseTile(const ContractionPlan &plan,
                                   MLIRContext *context, const Target &target) {
  int64_t columns = 0;
  for (const Product &product : plan.products)
    columns = std::max(columns, product.columns);
  RegisterTile tile = registerTile(target, columns, plan.lanes);
  return kernel::TileAttr::get(context, tile.rows, tile.vectors * plan.lanes, 0,
                               0, 0);
}

/// k cut evenly into blocks of at most `most`.
static int64_t cutDepth(const ContractionPlan &plan, const Segment &segment,
                        int64_t most) {
  int64_t blocks = divideCeil(segment.depth, most);
  return llvm::alignTo(divideCeil(segment.depth, blocks), plan.lanes);
}

/// The most k for which `panels` panels fit into half of the L2 cache.
static int64_t depthInCache(const ContractionPlan &plan, int64_t panels,
                            const Target &target) {
  return target.l2Bytes / 2 / (panels * plan.columns * storageBytes(plan.type));
}

static int64_t chooseDepth(const ContractionPlan &plan, const Segment &segment,
                           int64_t wanted, const Target &target) {
  int64_t depth = wanted;
  if (depth == 0) {
    depth = depthInCache(plan, 1, target);
    if (segment.a.supply == Supply::Columns)
      depth = std::min(depth, kGatheredDepth);
  }
  return cutDepth(plan, segment, depth);
}

/// Panels packed together: in half of the L2 cache, but more where making A
/// costs as much as multiplying it, as long as there are chunks enough.
static int64_t choosePanels(const ContractionPlan &plan, const Product &product,
                            const ProductPlan &shape, const Target &target) {
  int64_t depth = 1, operations = 0;
  for (auto [segment, block] :
       llvm::zip_equal(product.segments, shape.blockDepth)) {
    depth = std::max(depth, block);
    operations = std::max(operations, segment.a.operations);
  }
  int64_t fits =
      target.l2Bytes / 2 / (plan.columns * depth * storageBytes(plan.type));
  int64_t most = isGathered(product) ? kGatheredPanels : kPanels;
  int64_t chunks = shape.panels.count() * mostRowGroups(product, shape.panels) *
                   product.batches;
  if (isGathered(product))
    most = std::clamp<int64_t>(chunks / kGatheredChunks, 1, most);
  int64_t cached = std::clamp<int64_t>(fits, 1, most);
  return std::max(cached, std::min(operations, chunks / kChunks));
}

static void groupPanels(const ContractionPlan &plan, const Product &product,
                        ProductPlan &shape, kernel::TileAttr tile,
                        const Target &target) {
  int64_t together = tile.getNp();
  if (together == 0)
    together = choosePanels(plan, product, shape, target);
  int64_t groups = divideCeil(shape.panels.count(), together);
  shape.panelsPerGroup = divideCeil(shape.panels.count(), groups);
  shape.panelGroups = divideCeil(shape.panels.count(), shape.panelsPerGroup);
  if (tile.getKc() != 0)
    return;
  int64_t fits = depthInCache(plan, shape.panelsPerGroup, target);
  for (auto [segment, block] :
       llvm::zip_equal(product.segments, shape.blockDepth))
    if (block > fits)
      block = cutDepth(plan, segment, std::max(fits, kLeastDepth));
}

static void groupRows(const Product &product, ProductPlan &shape,
                      kernel::TileAttr tile) {
  int64_t groups =
      divideCeil(product.rows, std::max<int64_t>(1, tile.getRows()));
  if (tile.getRows() == 0) {
    int64_t depth = 0;
    for (const Segment &segment : product.segments)
      depth += segment.depth;
    int64_t work = product.batches * product.rows * product.columns * depth;
    int64_t others = shape.panelGroups * product.batches;
    int64_t least = std::min<int64_t>(divideCeil(kChunks, others),
                                      mostRowGroups(product, shape.panels));
    int64_t balanced = std::min<int64_t>(divideCeil(work / kChunkWork, others),
                                         product.rows / kManyRows);
    groups = std::max(least, balanced);
  }
  groups = std::clamp<int64_t>(groups, 1, shape.tiles.count);
  shape.tilesPerGroup = divideCeil(shape.tiles.count, groups);
  shape.rowGroups = divideCeil(shape.tiles.count, shape.tilesPerGroup);
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
  for (const Segment &segment : product.segments)
    shape.blockDepth.push_back(
        chooseDepth(plan, segment, tile.getKc(), target));
  groupPanels(plan, product, shape, tile, target);
  groupRows(product, shape, tile);
  blockRows(product, shape);
  shape.firstChunk = plan.chunks;
  shape.chunks = product.batches * shape.rowGroups * shape.panelGroups;
  plan.chunks += shape.chunks;
  plan.plans.push_back(shape);
}

int64_t ContractionPlan::strideOfA(unsigned product, unsigned segment) const {
  const ProductPlan &shape = plans[product];
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
  return columns * int64_t(llvm::alignTo(depth, lanes));
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
    int64_t lines = segment.a.supply == Supply::Columns
                        ? shape.blockDepth[index]
                        : shape.tilesPerBlock * shape.tiles.largest();
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
      sums = std::max(sums, shape.rowsPerGroup() * shape.panelsPerGroup *
                                plan.columns);
  }
  int64_t bytes = storageBytes(plan.type);
  auto reserve = [&](int64_t elements) {
    int64_t offset = plan.scratch;
    plan.scratch += llvm::alignTo(elements * bytes, 64);
    return offset;
  };
  plan.scratch = 0;
  plan.tile = reserve(plan.rows * plan.columns);
  plan.packedA = reserve(a);
  plan.packedB = reserve(b);
  plan.sums = reserve(sums);
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

FailureOr<ContractionPlan> ogee::planContraction(kernel::FuncOp kernel,
                                                 const Target &target) {
  auto products = productsOf(kernel);
  if (failed(products))
    return failure();
  ContractionPlan plan;
  plan.products = *products;
  plan.type = plan.products.front().type;
  plan.lanes = target.lanes(plan.type);
  kernel::TileAttr tile = kernel.getTileAttr();
  if (!tile)
    tile = chooseTile(plan, kernel.getContext(), target);
  plan.rows = tile.getMr();
  plan.columns = llvm::alignTo(tile.getNr(), plan.lanes);
  plan.chunks = 0;
  for (const Product &product : plan.products)
    planProduct(plan, product, tile, target);
  layOutScratch(plan);
  return plan;
}
