#include "lib/Generate/Cpu/RowStages.h"

#include "lib/Generate/Cpu/Finish.h"
#include "lib/Generate/Cpu/RowReductions.h"
#include "lib/Nn/Nn.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace ogee;

/// Rows longer than this leave the first cache anyway, so computing again is as
/// good as keeping.
static constexpr int64_t kMostScratch = 256 << 10;

static int64_t rankOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getRank();
}

static bool isPartial(Operation &op) {
  return op.hasAttr(kernel::kPartialAttr);
}

static bool isReduction(Operation &op) {
  if (auto generic = dyn_cast<linalg::GenericOp>(op))
    return generic.getNumReductionLoops() > 0;
  return isa<nn::MomentsOp, nn::LogSumExpOp, nn::ArgMaxOp>(op);
}

static Value inputOf(Operation *reduction) { return reduction->getOperand(0); }

int64_t RowStages::scratchBytes(Value value, const RowSpace &space) {
  int64_t bytes = space.elements * storageBytes(getElementTypeOrSelf(value));
  return llvm::alignTo(bytes, 64);
}

namespace {
class Analysis {
public:
  Analysis(kernel::FuncOp kernel, const RowSpace &space)
      : kernel(kernel), space(space) {}

  FailureOr<RowStages> run() {
    for (Operation &op : kernel.getBody().front().without_terminator())
      if (failed(visit(op)))
        return failure();
    sortSinks();
    countPasses();
    if (!space.blocked && !kernel.getList())
      keepCostly();
    return std::move(stages);
  }

private:
  bool isElements(Value value) const {
    return rankOf(value) == int64_t(space.box.size());
  }

  LogicalResult visit(Operation &op) {
    if (isPartial(op))
      return addPartial(op);
    if (op.getNumResults() == 0 || isFinished(op.getResult(0)))
      return success();
    unsigned level = 0;
    for (Value operand : op.getOperands())
      level = std::max(level, levels.lookup(operand));
    if (isReduction(op)) {
      if (!isElements(inputOf(&op)) || space.rowDims == 0)
        return op.emitOpError() << "does not reduce the rows of its kernel";
      stages.reductions.push_back({&op, level});
      level += passCountOf(&op);
    }
    for (Value result : op.getResults())
      levels[result] = level;
    return success();
  }

  LogicalResult addPartial(Operation &op) {
    auto generic = dyn_cast<linalg::GenericOp>(op);
    if (!generic)
      return op.emitOpError() << "cannot be a partial of a row kernel";
    Value input = inputOf(&op);
    auto type = cast<RankedTensorType>(op.getResult(0).getType());
    bool keepsRow = type.getRank() > 0;
    if (keepsRow &&
        (!isElements(input) || space.blocked || type.getShape() != space.row()))
      return op.emitOpError() << "keeps other dimensions than those of a row";
    stages.partials.push_back({generic, unsigned(stages.partials.size()),
                               isElements(input), keepsRow});
    return success();
  }

  void sortSinks() {
    for (const Sink &sink : sinksOf(kernel)) {
      if (isFinished(sink.value))
        continue;
      bool elements = isElements(sink.value);
      (elements ? stages.elementSinks : stages.rowSinks).push_back(sink);
    }
  }

  void countPasses() {
    for (const RowStages::Complete &reduction : stages.reductions)
      stages.passes =
          std::max(stages.passes, reduction.pass + passCountOf(reduction.op));
    for (Value value : lastRoots())
      stages.passes = std::max(stages.passes, levels.lookup(value) + 1);
    stages.kept.resize(stages.passes);
  }

  /// What the last pass computes besides reductions.
  SmallVector<Value> lastRoots() const {
    SmallVector<Value> roots;
    for (const Sink &sink : stages.elementSinks)
      roots.push_back(sink.value);
    for (const RowPartial &partial : stages.partials)
      if (partial.ofElements)
        roots.push_back(inputOf(partial.op));
    return roots;
  }

  SmallVector<Value> rootsOf(unsigned pass) const {
    SmallVector<Value> roots;
    if (pass + 1 == stages.passes)
      roots = lastRoots();
    for (const RowStages::Complete &reduction : stages.reductions)
      if (reduction.pass <= pass &&
          pass < reduction.pass + passCountOf(reduction.op))
        roots.push_back(inputOf(reduction.op));
    return roots;
  }

  /// What the roots of a pass read at the point of the box at which they are
  /// evaluated, and what they read at others.
  struct Reads {
    llvm::SetVector<Value> here, elsewhere;
  };

  Reads readsIn(unsigned pass) const {
    Reads reads;
    reads.here.insert_range(rootsOf(pass));
    for (size_t next = 0; next < reads.here.size(); ++next)
      forEachRead(reads.here[next], [&](OpOperand &operand) {
        auto &place = readsAtPoint(operand) ? reads.here : reads.elsewhere;
        place.insert(operand.get());
      });
    for (size_t next = 0; next < reads.elsewhere.size(); ++next)
      forEachRead(reads.elsewhere[next], [&](OpOperand &operand) {
        reads.elsewhere.insert(operand.get());
      });
    return reads;
  }

  /// Tensors that `value` is computed from at a point; a reduction is complete
  /// when it is read.
  static void forEachRead(Value value,
                          llvm::function_ref<void(OpOperand &)> visit) {
    Operation *op = value.getDefiningOp();
    if (!op || isReduction(*op))
      return;
    for (OpOperand &operand : op->getOpOperands())
      if (isa<RankedTensorType>(operand.get().getType()))
        visit(operand);
  }

  /// Whether the operation reads this operand where it writes its result.
  static bool readsAtPoint(OpOperand &operand) {
    auto generic = dyn_cast<linalg::GenericOp>(operand.getOwner());
    return generic && generic.getMatchingIndexingMap(&operand) ==
                          generic.getIndexingMapMatchingResult(
                              cast<OpResult>(generic.getResult(0)));
  }

  static bool isCostly(Operation &op) {
    if (isa<nn::RandomOp>(op))
      return true;
    auto generic = dyn_cast<linalg::GenericOp>(op);
    return generic && llvm::any_of(*generic.getBody(), [](Operation &scalar) {
             return isa<math::ExpOp, math::LogOp, math::TanhOp, math::ErfOp,
                        math::SinOp, math::CosOp, math::PowFOp>(scalar);
           });
  }

  /// Keeps what costs a function and is read in several passes. What is read at
  /// other points as well (transposed, say) is computed again, since scratch
  /// holds the row of the point alone.
  void keepCostly() {
    SmallVector<Reads> reads;
    for (unsigned pass = 0; pass < stages.passes; ++pass)
      reads.push_back(readsIn(pass));
    int64_t bytes = 0;
    DenseSet<Value> taken;
    for (unsigned pass = 0; pass + 1 < stages.passes; ++pass)
      for (Value value : reads[pass].here) {
        Operation *op = value.getDefiningOp();
        if (!op || !isCostly(*op) || !isElements(value) ||
            llvm::any_of(reads, [&](const Reads &any) {
              return any.elsewhere.contains(value);
            }))
          continue;
        bool again = llvm::any_of(
            ArrayRef(reads).drop_front(pass + 1),
            [&](const Reads &later) { return later.here.contains(value); });
        int64_t more = RowStages::scratchBytes(value, space);
        if (!again || bytes + more > kMostScratch ||
            !taken.insert(value).second)
          continue;
        bytes += more;
        stages.kept[pass].push_back(value);
      }
  }

  kernel::FuncOp kernel;
  const RowSpace &space;
  RowStages stages;
  DenseMap<Value, unsigned> levels;
};
} // namespace

FailureOr<RowStages> ogee::rowStagesOf(kernel::FuncOp kernel,
                                       const RowSpace &space) {
  return Analysis(kernel, space).run();
}
