// How a product is cut into chunks: a group of row tiles by a group of panels.
// Wide groups of panels make A ready seldom, tall groups of rows pack B seldom,
// and many chunks share well among threads; what wins depends on the shape and
// on how dear the prologues are. So the candidates are priced, in cycles, and
// the cheapest is taken. Prices were measured once on products of 256 to 4096
// rows.
#include "lib/Generate/Cpu/ContractionGroups.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace ogee;
using llvm::divideCeil;

static constexpr int64_t kLeastDepth = 256;    // of a block of k
static constexpr int64_t kGatheredDepth = 256; // where A is gathered across k
static constexpr int64_t kLeastRows = 32;      // of a group
static constexpr int64_t kMostChunks = 512;

// Cycles for a vector of elements.
static constexpr double kMultiply = 0.5; // two ports
static constexpr double kPairs = 0.3;
static constexpr double kTiles = 0.04; // 512 products a cycle, less for loads
static constexpr double kStream = 1;   // A read in place, by each group
static constexpr double kCopy = 4;
static constexpr double kGather = 9;
static constexpr double kFarGather = 60;  // from another page for each k
static constexpr int64_t kFar = 16 << 10; // bytes from one k to the next
static constexpr double kTranspose = 10;
static constexpr double kOperation = 0.6; // of a prologue
static constexpr double kSpill = 4;       // of a tile, between blocks of k
static constexpr double kLate = 0.75; // chunks that a disturbed thread is late
static constexpr double kChunk = 10000; // what each costs by itself

namespace {
struct Groups {
  int64_t panels, rows; // panels together; groups of rows
};

class Pricer {
public:
  Pricer(const ContractionPlan &plan, const Product &product,
         const ProductPlan &shape, const Target &target)
      : plan(plan), product(product), shape(shape), target(target) {}

  Groups best(kernel::TileAttr tile) const;
  int64_t depth(const Segment &segment, int64_t panels) const;

private:
  double price(Groups groups) const;

  const ContractionPlan &plan;
  const Product &product;
  const ProductPlan &shape;
  const Target &target;
};
} // namespace

/// k cut evenly into blocks for which that many panels fit into a third of the
/// L2 cache, beside what streams by, as far as blocks do not get too short.
int64_t Pricer::depth(const Segment &segment, int64_t panels) const {
  int64_t most =
      target.l2Bytes / 3 / (panels * plan.columns * storageBytes(plan.packed));
  if (segment.a.supply == Supply::Columns && !plan.isNarrow())
    most = std::min(most, kGatheredDepth);
  int64_t blocks = divideCeil(segment.depth, std::max(most, kLeastDepth));
  return llvm::alignTo(divideCeil(segment.depth, blocks), plan.depthStep());
}

static double readyA(const Product &product, const Factor &a) {
  if (a.supply == Supply::InPlace)
    return kStream;
  bool isFar = product.rows * storageBytes(product.type) >= kFar;
  double gather = isFar ? kFarGather : kGather;
  return (a.supply == Supply::Rows ? kCopy : gather) +
         kOperation * double(a.operations);
}

static double multiply(Unit unit) {
  if (unit == Unit::Tiles)
    return kTiles;
  return unit == Unit::Pairs ? kPairs : kMultiply;
}

static double readyB(const Factor &b) {
  if (b.supply == Supply::InPlace)
    return 0;
  return (b.supply == Supply::Rows ? kTranspose : kCopy) +
         kOperation * double(b.operations);
}

/// The share of a launch in which threads wait for the last chunks, between two
/// threads and eight: chunks do not depend on how many there will be.
static double waitingFor(int64_t chunks) {
  constexpr std::pair<int64_t, double> kThreads[] = {
      {2, 0.5}, {4, 0.3}, {8, 0.2}};
  double waiting = 0;
  for (auto [threads, weight] : kThreads) {
    auto rounds = double(divideCeil(chunks, threads));
    waiting += weight * (rounds * double(threads) / double(chunks) - 1);
  }
  return waiting;
}

double Pricer::price(Groups groups) const {
  auto panelGroups = double(divideCeil(shape.panels.count(), groups.panels));
  auto rowGroups = double(groups.rows);
  auto rows = double(product.rows), columns = double(product.columns);
  double cycles = 0, blocks = 0;
  for (const Segment &segment : product.segments) {
    auto depth = double(segment.depth);
    cycles += rows * columns * depth * multiply(plan.unit);
    cycles += panelGroups * rows * depth * readyA(product, segment.a);
    cycles += rowGroups * columns * depth * readyB(segment.b);
    blocks +=
        double(divideCeil(segment.depth, this->depth(segment, groups.panels)));
  }
  cycles += (blocks - 1) * rows * columns * kSpill;
  cycles *= double(product.batches) / double(plan.lanes);
  double chunks = double(product.batches) * panelGroups * rowGroups;
  double waiting = waitingFor(int64_t(chunks)) + kLate / chunks;
  return cycles * (1 + waiting) + chunks * kChunk;
}

/// The first of the cheapest, so that the choice does not depend on rounding
/// between equals.
Groups Pricer::best(kernel::TileAttr tile) const {
  int64_t allPanels = shape.panels.count(), tiles = shape.tiles.count;
  Groups best{1, 1};
  double least = 0;
  for (int64_t panelGroups = allPanels; panelGroups >= 1; --panelGroups) {
    int64_t panels = divideCeil(allPanels, panelGroups);
    if (int64_t(divideCeil(allPanels, panels)) != panelGroups)
      continue; // the same as another
    for (int64_t rows = 1; rows <= tiles; rows += divideCeil(rows, 8)) {
      if (int64_t(divideCeil(tiles, divideCeil(tiles, rows))) != rows)
        continue;
      bool isSmall = rows > 1 && product.rows / rows < kLeastRows;
      int64_t chunks = panelGroups * rows * product.batches;
      if (isSmall || (chunks > kMostChunks && rows > 1))
        break;
      Groups groups{panels, rows};
      double price = this->price(groups);
      if (least == 0 || price < least * (1 - 1e-9)) {
        least = price;
        best = groups;
      }
    }
  }
  if (tile.getNp() != 0)
    best.panels = std::min<int64_t>(tile.getNp(), allPanels);
  if (tile.getRows() != 0)
    best.rows =
        std::clamp<int64_t>(divideCeil(product.rows, tile.getRows()), 1, tiles);
  return best;
}

void ogee::chooseGroups(const ContractionPlan &plan, const Product &product,
                        ProductPlan &shape, kernel::TileAttr tile,
                        const Target &target) {
  Pricer pricer(plan, product, shape, target);
  Groups groups = pricer.best(tile);
  int64_t panels = std::max<int64_t>(shape.panels.count(), 1);
  shape.panelsPerGroup =
      divideCeil(panels, divideCeil(panels, groups.panels)); // evenly
  shape.panelGroups = divideCeil(panels, shape.panelsPerGroup);
  shape.tilesPerGroup = divideCeil(shape.tiles.count, groups.rows);
  shape.rowGroups = divideCeil(shape.tiles.count, shape.tilesPerGroup);
  for (const Segment &segment : product.segments) {
    int64_t depth = pricer.depth(segment, shape.panelsPerGroup);
    if (int64_t wanted = tile.getKc())
      depth = llvm::alignTo(
          divideCeil(segment.depth, divideCeil(segment.depth, wanted)),
          plan.depthStep());
    shape.blockDepth.push_back(depth);
  }
}
