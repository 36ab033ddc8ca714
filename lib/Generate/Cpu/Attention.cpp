// Scores of a block of rows against all their keys lie in a thread's scratch,
// so no tensor of rows x keys exists and the softmax of a row is one pass for
// the maximum and one for the sum. Blocks above the diagonal of a causal
// attention are never computed.
#include "lib/Generate/Cpu/Attention.h"

#include "lib/Generate/Cpu/Families.h"
#include "lib/Generate/Cpu/Partials.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace ogee;
using llvm::alignTo;
using llvm::divideCeil;

static constexpr int64_t kChunks = 16;    // wanted at least
static constexpr int64_t kLeastRows = 96; // for which keys are packed
static constexpr int64_t kMostRows = 96;  // of a block

template <typename Op> static AttentionShape shapeFrom(Op op) {
  AttentionShape shape;
  shape.op = op;
  shape.q = op.getQ();
  shape.k = op.getK();
  shape.v = op.getV();
  shape.captures = op.getCaptures();
  for (AffineMap map :
       op.getCaptureMaps().template getAsValueRange<AffineMapAttr>())
    shape.captureMaps.push_back(map);
  shape.score = &op.getScore();
  shape.causal = op.getCausal();
  auto q = cast<RankedTensorType>(shape.q.getType());
  auto k = cast<RankedTensorType>(shape.k.getType());
  auto v = cast<RankedTensorType>(shape.v.getType());
  shape.batch = q.getDimSize(0);
  shape.rows = q.getDimSize(1);
  shape.heads = q.getDimSize(2);
  shape.depth = q.getDimSize(3);
  shape.keys = k.getDimSize(1);
  shape.groups = k.getDimSize(2);
  shape.width = v.getDimSize(3);
  shape.type = q.getElementType();
  return shape;
}

AttentionShape ogee::shapeOf(nn::AttentionOp op) { return shapeFrom(op); }
AttentionShape ogee::shapeOf(nn::AttentionGradOp op) { return shapeFrom(op); }

int64_t AttentionPlan::panelSize(int64_t depth) const {
  return panel * int64_t(alignTo(depth, lanes));
}

static void cutRows(AttentionPlan &plan, bool forward, const Target &target) {
  const AttentionShape &shape = plan.shape;
  int64_t bytes = storageBytes(shape.type);
  plan.scoreStride = alignTo(shape.keys, plan.panel) + plan.lanes;
  int64_t buffers = forward ? 1 : 2;
  int64_t fits = target.l2Bytes / 4 / (plan.scoreStride * bytes * buffers);
  int64_t rows = std::clamp<int64_t>(fits, plan.tileRows, kMostRows);
  plan.tilesPerBlock =
      std::clamp<int64_t>(rows / plan.tileRows, 1, plan.rowTiles.count);
  int64_t outer = shape.batch * (forward ? shape.heads : shape.groups);
  int64_t groups = 1;
  if (forward)
    groups = std::clamp<int64_t>(divideCeil(kChunks, outer), 1,
                                 std::max<int64_t>(1, shape.rows / kLeastRows));
  plan.tilesPerGroup = divideCeil(plan.rowTiles.count, groups);
  plan.rowGroups = divideCeil(plan.rowTiles.count, plan.tilesPerGroup);
  plan.chunks = outer * plan.rowGroups;
}

static void layOutScratch(AttentionPlan &plan, bool forward) {
  const AttentionShape &shape = plan.shape;
  plan.scratch = 0;
  auto reserve = [&](int64_t elements, bool needed = true) {
    int64_t offset = plan.scratch;
    if (needed)
      plan.scratch += alignTo(elements * storageBytes(shape.type), 64);
    return offset;
  };
  int64_t keys = alignTo(shape.keys, plan.lanes);
  int64_t block = alignTo(plan.blockRows(), plan.lanes);
  int64_t columnsD = plan.depthPanels.count() * plan.panel;
  int64_t columnsE = plan.widthPanels.count() * plan.panel;
  plan.tile = reserve(plan.tileRows * plan.panel);
  plan.rowValues = reserve(block);
  plan.keysAcross =
      reserve(plan.keyPanels.count() * plan.panelSize(shape.depth));
  plan.values =
      reserve(forward ? columnsE * keys
                      : plan.keyPanels.count() * plan.panelSize(shape.width));
  plan.scores = reserve(block * plan.scoreStride);
  plan.gradScores = reserve(block * plan.scoreStride, !forward);
  plan.keysDown = reserve(columnsD * keys, !forward);
  plan.blockQ = reserve(columnsD * block, !forward);
  plan.blockGrad = reserve(columnsE * block, !forward);
  plan.sumK = reserve(columnsD * shape.keys, !forward);
  plan.sumV = reserve(columnsE * shape.keys, !forward);
}

AttentionPlan ogee::planAttention(const AttentionShape &shape, bool forward,
                                  const Target &target) {
  AttentionPlan plan;
  plan.shape = shape;
  plan.lanes = target.lanes(shape.type);
  RegisterTile tile =
      registerTile(target, target.registers * plan.lanes, plan.lanes);
  plan.tileRows = tile.rows;
  plan.panel = tile.vectors * plan.lanes;
  plan.rowTiles = RowTiles::spread(shape.rows, tile.rows);
  plan.keyTiles = RowTiles::spread(shape.keys, tile.rows);
  plan.keyPanels = {shape.keys, plan.panel};
  plan.depthPanels = {shape.depth, plan.panel};
  plan.widthPanels = {shape.width, plan.panel};
  cutRows(plan, forward, target);
  layOutScratch(plan, forward);
  return plan;
}

//===-- The family --------------------------------------------------------===//

static FailureOr<AttentionPlan> planOf(kernel::FuncOp kernel,
                                       const Target &target) {
  for (Operation &op : kernel.getBody().front()) {
    if (auto forward = dyn_cast<nn::AttentionOp>(op))
      return planAttention(shapeOf(forward), true, target);
    auto backward = dyn_cast<nn::AttentionGradOp>(op);
    if (!backward)
      continue;
    for (Value capture : backward.getDcaptures())
      if (!capture.use_empty())
        return backward.emitOpError()
               << "gradients of captures have no CPU code";
    return planAttention(shapeOf(backward), false, target);
  }
  return kernel.emitOpError() << "attention kernel without an attention";
}

FailureOr<KernelSizes> ogee::sizeAttention(kernel::FuncOp kernel,
                                           const Target &target) {
  FailureOr<AttentionPlan> plan = planOf(kernel, target);
  if (failed(plan))
    return failure();
  KernelSizes sizes;
  sizes.chunks = plan->chunks;
  sizes.scratch = plan->scratch;
  sizes.workspaces.resize(partialsOf(kernel).size());
  for (Value result : plan->shape.op->getResults())
    for (AnchorSum &sum : attentionSums(kernel, result))
      sizes.workspaces[sum.workspace] =
          partBytes(sum.op, partsOf(*plan, sum).parts);
  return sizes;
}

LogicalResult ogee::emitAttention(ModuleOp module, kernel::FuncOp kernel,
                                  const Target &target) {
  FailureOr<AttentionPlan> plan = planOf(kernel, target);
  if (failed(plan))
    return failure();
  Frame frame(module, kernel.getSymName(), kernel, target);
  SmallVector<Partial> partials;
  bool forward = isa<nn::AttentionOp>(plan->shape.op);
  if (failed(forward ? emitAttentionForward(frame, *plan, partials)
                     : emitAttentionBackward(frame, *plan, partials)))
    return failure();
  return emitFinish(module, kernel, target, partials);
}

//===-- Partials ----------------------------------------------------------===//

SmallVector<AnchorSum> ogee::attentionSums(kernel::FuncOp kernel,
                                           Value result) {
  auto reach = [&](Value summed) {
    SmallVector<AffineMap> maps;
    for (const Sink &sink : sinksOf(summed))
      if (sink.value == result)
        maps.push_back(sink.map);
    return maps;
  };
  SmallVector<AnchorSum> sums = sumsOf(kernel, reach);
  for (AnchorSum &sum : sums) {
    sum.alongRows = !sum.out.isFunctionOfDim(1);
    sum.viewed = true;
  }
  return sums;
}

AttentionParts ogee::partsOf(const AttentionPlan &plan, const AnchorSum &sum) {
  const AttentionShape &shape = plan.shape;
  bool forward = isa<nn::AttentionOp>(shape.op);
  AttentionParts parts{!sum.out.isFunctionOfDim(0), !sum.out.isFunctionOfDim(2),
                       sum.alongRows, 1};
  parts.parts =
      (parts.alongBatch ? shape.batch : 1) *
      (parts.alongHeads ? (forward ? shape.heads : shape.groups) : 1) *
      (parts.alongRows ? plan.rowGroups : 1);
  return parts;
}
