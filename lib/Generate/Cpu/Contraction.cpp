// The one contraction engine. A chunk is a group of row tiles by a group of
// panels of columns. It packs its own panels of B, block of k by block of k,
// and reads A in place or through a small copy, so that a launch needs no
// barrier: A is packed again in each group of panels, which costs little
// because a group is wide.
#include "lib/Generate/Cpu/Epilogue.h"
#include "lib/Generate/Cpu/Families.h"
#include "lib/Generate/Cpu/Pack.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace ogee;

static constexpr int64_t kPackedDepth = 32; // k copied from panel to panel

namespace {

/// One block of k of one segment.
struct Block {
  unsigned segment;
  PackedDepth k;
  Value first, last; // i1: of all blocks; null where it always is
  bool neverFirst;
};

} // namespace

static Anchor anchorOf(const ContractionPlan &plan, unsigned index) {
  const Product &product = plan.products[index];
  auto point = [&](AffineExpr batch, AffineExpr row, AffineExpr column) {
    return product.point(batch, row, column);
  };
  return {product.result, plan.type, product.columns, point, plan.tile};
}

static bool isReached(const ContractionPlan &plan, Value value) {
  return llvm::any_of(plan.products, [&](const Product &product) {
    return bool(consumerMap(product.result, value));
  });
}

/// Results that depend on the product; and with the first product of their
/// shape those that depend on none, such as what was drawn for a dropout.
static SmallVector<AnchorOutput>
storedWith(kernel::FuncOp kernel, const ContractionPlan &plan, unsigned index) {
  const Product &product = plan.products[index];
  SmallVector<AnchorOutput> outputs = outputsOf(kernel, product.result);
  auto shapeOf = [](Value value) {
    return cast<RankedTensorType>(value.getType()).getShape();
  };
  for (const Sink &sink : sinksOf(kernel)) {
    auto first = llvm::find_if(plan.products, [&](const Product &other) {
      return shapeOf(other.result) == shapeOf(sink.value);
    });
    if (first == plan.products.end() || &*first != &product ||
        isFinished(sink.value) || isReached(plan, sink.value))
      continue;
    outputs.push_back({sink,
                       AffineMap::getMultiDimIdentityMap(
                           shapeOf(sink.value).size(), kernel.getContext()),
                       /*inside=*/true});
  }
  return outputs;
}

namespace {

class ProductEmitter {
public:
  ProductEmitter(Frame &frame, Elements &elements, const ContractionPlan &plan,
                 unsigned index)
      : frame(frame), elements(elements), plan(plan), index(index),
        product(plan.products[index]), shape(plan.plans[index]),
        packer(frame, elements, plan, index),
        epilogue(frame, elements, anchorOf(plan, index),
                 storedWith(frame.kernel(), plan, index), sums()) {}

  /// The chunk-th chunk of this product.
  void emit(Value chunk);
  SmallVector<Partial> partials() const;

private:
  Value rowOf(Value tile) { return shape.tiles.rowOf(frame, tile); }
  void emitSegment(unsigned segment);
  void packPanels(const Block &block);
  void emitBlock(const Block &block);
  void forPanels(function_ref<void(Value panel, int64_t width)> body) {
    shape.panels.forEach(frame, elements, panel0, panel1, body);
  }
  void emitTile(const Block &block, Value firstTile, Value tile, int64_t rows,
                Value panel, int64_t width);
  SmallVector<Value> startOf(const Block &block, const TileShape &tile,
                             Value sums);
  void emitVectors(const Block &block, const TileShape &registers,
                   const TileRows &a, const TileColumns &b, Value sums,
                   const TilePlace &place);
  void emitMatrix(const Block &block, const TileShape &registers,
                  const TileRows &a, const TileColumns &b, Value sums,
                  const TilePlace &place);
  Value sumsOf(Value tile, Value row, Value panel);
  SmallVector<AnchorSum> sums();
  void beginParts();

  Frame &frame;
  Elements &elements;
  const ContractionPlan &plan;
  unsigned index;
  const Product &product;
  const ProductPlan &shape;
  Packer packer;
  Epilogue epilogue;
  AffineExpr batch;
  Value batchIndex, rowGroup, panelGroup, tile0, tile1, panel0, panel1;
};

} // namespace

void ProductEmitter::emit(Value chunk) {
  auto divide = [&](Value value, int64_t by) {
    return frame.divide(value, by);
  };
  auto rest = [&](Value value, int64_t by) {
    return frame.remainder(value, by);
  };
  panelGroup = rest(chunk, shape.panelGroups);
  chunk = divide(chunk, shape.panelGroups);
  rowGroup = rest(chunk, shape.rowGroups);
  batchIndex = divide(chunk, shape.rowGroups);
  tile0 = frame.mul(rowGroup, shape.tilesPerGroup);
  tile1 = frame.min(frame.add(tile0, shape.tilesPerGroup),
                    frame.constant(shape.tiles.count));
  panel0 = frame.mul(panelGroup, shape.panelsPerGroup);
  panel1 = frame.min(frame.add(panel0, shape.panelsPerGroup),
                     frame.constant(shape.panels.count()));
  batch = product.batches == 1 ? elements.constant(0)
                               : elements.variable(batchIndex);
  beginParts();
  for (unsigned segment = 0; segment < product.segments.size(); ++segment)
    emitSegment(segment);
}

SmallVector<AnchorSum> ProductEmitter::sums() {
  SmallVector<AnchorSum> sums = ogee::sumsOf(frame.kernel(), product.result);
  for (AnchorSum &sum : sums)
    sum.alongRows = partShape(plan, index, sum.out).alongRows;
  return sums;
}

SmallVector<Partial> ProductEmitter::partials() const {
  return llvm::map_to_vector(epilogue.partials(), [&](const AnchorSum &sum) {
    return Partial{sum.op, sum.workspace,
                   partShape(plan, index, sum.out).parts};
  });
}

void ProductEmitter::beginParts() {
  for (const AnchorSum &sum : epilogue.partials()) {
    PartShape parts = partShape(plan, index, sum.out);
    Value part = parts.alongBatch ? batchIndex : frame.constant(0);
    if (parts.alongRows)
      part = frame.add(frame.mul(part, shape.rowGroups), rowGroup);
    if (parts.alongColumns)
      part = frame.add(frame.mul(part, shape.panelGroups), panelGroup);
    epilogue.usePart(sum, part);
  }
  Value firstRow = rowOf(tile0), firstColumn = frame.mul(panel0, plan.columns);
  Value endColumn = frame.min(frame.mul(panel1, plan.columns),
                              frame.constant(product.columns));
  epilogue.begin({batch, firstRow, frame.sub(rowOf(tile1), firstRow),
                  firstColumn, frame.sub(endColumn, firstColumn)});
}

void ProductEmitter::emitSegment(unsigned segment) {
  int64_t depth = product.segments[segment].depth;
  int64_t blocks = plan.blocks(index, segment);
  int64_t step = shape.blockDepth[segment];
  bool lastSegment = segment + 1 == product.segments.size();
  Block block{segment, {}, {}, {}, segment > 0};
  Value no = frame.constant(frame.builder().getI1Type(), 0);
  if (blocks == 1) {
    Elements::Scope scope(elements);
    block.k = {frame.constant(0), frame.constant(depth), elements.constant(0)};
    block.last = lastSegment ? Value() : no;
    return emitBlock(block);
  }
  frame.loop(0, blocks, 1, [&](Value number) {
    Elements::Scope scope(elements);
    Value first = frame.mul(number, step);
    block.k = {first,
               frame.min(frame.sub(frame.constant(depth), first),
                         frame.constant(step)),
               elements.variable(first, step)};
    block.first = frame.equal(number, frame.constant(0));
    block.last =
        lastSegment ? frame.equal(number, frame.constant(blocks - 1)) : no;
    emitBlock(block);
  });
}

/// Panels side by side, some k at a time where rows of B are copied: reads then
/// run along whole rows.
void ProductEmitter::packPanels(const Block &block) {
  auto pack = [&](Value from, Value depth) {
    forPanels([&](Value panel, int64_t width) {
      packer.packB(block.segment, batch, block.k, from, depth, panel,
                   frame.sub(panel, panel0), width);
    });
  };
  if (product.segments[block.segment].b.supply != Supply::Columns ||
      shape.panelsPerGroup == 1)
    return pack(frame.constant(0), block.k.depth);
  frame.loop(frame.constant(0), block.k.depth, kPackedDepth, [&](Value from) {
    Elements::Scope scope(elements);
    pack(from, frame.min(frame.sub(block.k.depth, from),
                         frame.constant(kPackedDepth)));
  });
}

void ProductEmitter::emitBlock(const Block &block) {
  packPanels(block);
  frame.loop(tile0, tile1, shape.tilesPerBlock, [&](Value firstTile) {
    Elements::Scope scope(elements);
    Value end = frame.min(frame.add(firstTile, shape.tilesPerBlock), tile1);
    Value row = rowOf(firstTile);
    packer.packA(block.segment, batch, block.k, row,
                 frame.sub(rowOf(end), row));
    forPanels([&](Value panel, int64_t width) {
      shape.tiles.forEach(
          frame, elements, firstTile, end, [&](Value tile, int64_t rows) {
            emitTile(block, firstTile, tile, rows, panel, width);
          });
    });
  });
}

/// Where a tile's sums wait between two blocks of k. What writes whole tiles
/// must not write over the next one's rows.
Value ProductEmitter::sumsOf(Value tile, Value row, Value panel) {
  Value own = plan.unit == Unit::Tiles
                  ? frame.mul(frame.sub(tile, tile0), plan.rows)
                  : frame.sub(row, rowOf(tile0));
  Value line =
      frame.add(frame.mul(frame.sub(panel, panel0), plan.sumRows(index)), own);
  return frame.at(frame.bytes(frame.scratch(), plan.sums), plan.type,
                  frame.mul(line, plan.columns));
}

SmallVector<Value> ProductEmitter::startOf(const Block &block,
                                           const TileShape &tile, Value sums) {
  if (!block.first && !block.neverFirst)
    return zeroTile(frame, tile);
  auto load = [&] { return loadTile(frame, tile, sums, plan.columns); };
  if (block.neverFirst)
    return load();
  SmallVector<Type> types(tile.rows * tile.vectors, tile.vectorType());
  return frame.branch(
      block.first, types, [&] { return zeroTile(frame, tile); }, load);
}

void ProductEmitter::emitTile(const Block &block, Value firstTile, Value tile,
                              int64_t rows, Value panel, int64_t width) {
  TileShape registers{plan.type, plan.lanes, rows,
                      int64_t(llvm::divideCeil(width, plan.lanes))};
  Value row = rowOf(tile);
  Value sums = plan.isBlocked(index) ? sumsOf(tile, row, panel) : Value();
  TileRows a = packer.rowsOfA(block.segment, batch, block.k, row,
                              frame.sub(row, rowOf(firstTile)), rows);
  TileColumns b = packer.columnsOfB(block.segment, batch, block.k, panel,
                                    frame.sub(panel, panel0), width);
  Value column = frame.mul(panel, plan.columns);
  TilePlace place{batch, elements.variable(row),
                  elements.variable(column, plan.columns), column,
                  width % plan.lanes != 0};
  if (plan.unit == Unit::Tiles)
    emitMatrix(block, registers, a, b, sums, place);
  else
    emitVectors(block, registers, a, b, sums, place);
}

void ProductEmitter::emitVectors(const Block &block, const TileShape &registers,
                                 const TileRows &a, const TileColumns &b,
                                 Value sums, const TilePlace &place) {
  auto prefetch = [&] { epilogue.prefetchTile(registers, place); };
  if (block.last)
    frame.when(block.last, prefetch);
  else
    prefetch();
  auto multiply = plan.unit == Unit::Pairs ? multiplyPairs : multiplyTile;
  SmallVector<Value> result = multiply(frame, registers, a, b, block.k.depth,
                                       startOf(block, registers, sums));
  auto finish = [&]() -> SmallVector<Value> {
    epilogue.finishTile(registers, result, place);
    return {};
  };
  if (!block.last) {
    finish();
    return;
  }
  frame.branch(block.last, TypeRange(), finish, [&]() -> SmallVector<Value> {
    storeTile(frame, registers, result, sums, plan.columns);
    return {};
  });
}

void ProductEmitter::emitMatrix(const Block &block, const TileShape &registers,
                                const TileRows &a, const TileColumns &b,
                                Value sums, const TilePlace &place) {
  MatrixTile tile(frame, registers);
  auto clear = [&]() -> SmallVector<Value> {
    tile.clear();
    return {};
  };
  auto load = [&]() -> SmallVector<Value> {
    tile.load(sums, plan.columns);
    return {};
  };
  auto finish = [&]() -> SmallVector<Value> {
    tile.store(frame.bytes(frame.scratch(), plan.tile), registers.columns());
    epilogue.finishStored(registers, place);
    return {};
  };
  auto put = [&]() -> SmallVector<Value> {
    tile.store(sums, plan.columns);
    return {};
  };
  auto prefetch = [&] { epilogue.prefetchByRows(registers, place); };
  if (block.last)
    frame.when(block.last, prefetch);
  else
    prefetch();
  if (block.neverFirst)
    load();
  else if (block.first)
    frame.branch(block.first, TypeRange(), clear, load);
  else
    clear();
  tile.multiply(a, b, block.k.depth);
  if (block.last)
    frame.branch(block.last, TypeRange(), finish, put);
  else
    finish();
}

//===-- The kernel --------------------------------------------------------===//

FailureOr<KernelSizes> ogee::sizeContraction(kernel::FuncOp kernel,
                                             const Target &target) {
  auto plan = planContraction(kernel, target);
  if (failed(plan))
    return failure();
  KernelSizes sizes;
  sizes.chunks = plan->chunks;
  sizes.scratch = plan->scratch;
  sizes.workspaces.resize(partialsOf(kernel).size());
  for (unsigned index = 0; index < plan->products.size(); ++index)
    for (AnchorSum &sum : sumsOf(kernel, plan->products[index].result))
      sizes.workspaces[sum.workspace] =
          partBytes(sum.op, partShape(*plan, index, sum.out).parts);
  return sizes;
}

/// Every result has a place where it is stored.
static LogicalResult checkResults(kernel::FuncOp kernel,
                                  const ContractionPlan &plan) {
  size_t stored = 0;
  for (unsigned index = 0; index < plan.products.size(); ++index)
    stored += storedWith(kernel, plan, index).size();
  size_t wanted = llvm::count_if(sinksOf(kernel), [](const Sink &sink) {
    return !isFinished(sink.value);
  });
  if (stored >= wanted)
    return success();
  return kernel.emitOpError() << "yields a value that none of its products has";
}

LogicalResult ogee::emitContraction(ModuleOp module, kernel::FuncOp kernel,
                                    const Target &target) {
  auto plan = planContraction(kernel, target);
  if (failed(plan))
    return failure();
  if (failed(checkResults(kernel, *plan)))
    return failure();
  Frame frame(module, kernel.getSymName(), kernel, target);
  Elements elements(frame, plan->lanes);
  SmallVector<Partial> partials;
  bool usesTiles = plan->unit == Unit::Tiles;
  if (usesTiles)
    beginTiles(frame, frame.bytes(frame.scratch(), plan->tile));
  for (auto [index, shape] : llvm::enumerate(plan->plans)) {
    ProductEmitter emitter(frame, elements, *plan, index);
    llvm::append_range(partials, emitter.partials());
    Value own = frame.sub(frame.chunk(), frame.constant(shape.firstChunk));
    if (plan->plans.size() == 1) {
      emitter.emit(own);
      break;
    }
    Value isOwn = frame.below(own, frame.constant(shape.chunks));
    frame.when(isOwn, [&] {
      Elements::Scope scope(elements);
      emitter.emit(own);
    });
  }
  if (elements.failed())
    return failure();
  if (usesTiles)
    endTiles(frame);
  return emitFinish(module, kernel, target, partials);
}
