// A chunk owns some rows of the table and goes through all indices in order for
// those that are its own, so that sums have one order and no two chunks write
// one place. Its rows stay in cache from their first value to the epilogue;
// sums that no one else reads never leave it.
#include "lib/Generate/Cpu/Scatter.h"
#include "lib/Generate/Cpu/Partials.h"
#include "lib/Nn/Nn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace ogee;
using llvm::divideCeil;

static constexpr int64_t kChunkElements = 1 << 16; // at most, in cache
static constexpr int64_t kLeastElements = 1 << 12; // worth a chunk of its own
static constexpr int64_t kChunks = 16;             // wanted at least
static constexpr int64_t kPartElements = 1 << 20;  // of all chunks' partials

namespace {
/// nn.scatter_add or nn.scatter, which have the same operands.
struct Scatter {
  Operation *op;

  bool overwrites() const { return isa<nn::ScatterOp>(op); }
  Value getInit() const { return op->getOperand(0); }
  Value getIndices() const { return op->getOperand(1); }
  Value getUpdates() const { return op->getOperand(2); }
  Value getResult() const { return op->getResult(0); }
};
} // namespace

static bool isScatterOp(Operation &op) {
  return isa<nn::ScatterAddOp, nn::ScatterOp>(op);
}

bool ogee::isScatter(kernel::FuncOp kernel) {
  return llvm::any_of(kernel.getBody().front(), isScatterOp);
}

/// Of a kernel that has one.
static Scatter scatterOf(kernel::FuncOp kernel) {
  return {&*llvm::find_if(kernel.getBody().front(), isScatterOp)};
}

/// The kernel's result that is the scatter's own, so that sums are kept there;
/// none if only an epilogue leaves the kernel.
static std::optional<unsigned> directResult(Scatter scatter) {
  for (OpOperand &use : scatter.getResult().getUses())
    if (isa<kernel::YieldOp>(use.getOwner()))
      return use.getOperandNumber();
  return std::nullopt;
}

namespace {
struct ScatterPlan {
  RankedTensorType type;      // of the table
  int64_t lanes, vectors;     // along a row's last dimension
  int64_t rowElements, lines; // lines: products of a row's other dimensions
  int64_t rowsPerChunk, rowGroups;
  int64_t linesPerChunk, lineGroups;

  int64_t chunks() const { return rowGroups * lineGroups; }
};
} // namespace

static int64_t largestPartial(kernel::FuncOp kernel) {
  int64_t most = 0;
  for (Operation *partial : partialsOf(kernel))
    most =
        std::max(most, cast<RankedTensorType>(partial->getResult(0).getType())
                           .getNumElements());
  return most;
}

/// Rows first; where these are too few, their lines are shared out too.
static ScatterPlan planScatter(kernel::FuncOp kernel, const Target &target) {
  ScatterPlan plan;
  plan.type = cast<RankedTensorType>(scatterOf(kernel).getResult().getType());
  int64_t rows = plan.type.getDimSize(0);
  int64_t last = plan.type.getRank() > 1 ? plan.type.getShape().back() : 1;
  plan.lanes = target.lanes(plan.type.getElementType());
  plan.rowElements = plan.type.getNumElements() / rows;
  plan.lines = plan.rowElements / last;

  int64_t least = divideCeil(kLeastElements, plan.rowElements);
  plan.rowsPerChunk =
      std::min<int64_t>(divideCeil(kChunkElements, plan.rowElements),
                        std::max<int64_t>(least, divideCeil(rows, kChunks)));
  if (int64_t partial = largestPartial(kernel)) {
    int64_t most = std::max<int64_t>(kChunks, kPartElements / partial);
    plan.rowsPerChunk =
        std::max<int64_t>(plan.rowsPerChunk, divideCeil(rows, most));
  }
  plan.rowGroups = divideCeil(rows, plan.rowsPerChunk);
  int64_t wanted = plan.type.getNumElements() / kLeastElements / plan.rowGroups;
  wanted = std::min<int64_t>(wanted, divideCeil(kChunks, plan.rowGroups));
  plan.linesPerChunk =
      divideCeil(plan.lines, std::clamp<int64_t>(wanted, 1, plan.lines));
  plan.lineGroups = divideCeil(plan.lines, plan.linesPerChunk);
  return plan;
}

KernelSizes ogee::sizeScatter(kernel::FuncOp kernel, const Target &target) {
  ScatterPlan plan = planScatter(kernel, target);
  KernelSizes sizes;
  sizes.chunks = plan.chunks();
  sizes.workspaces = chunkWorkspaces(kernel, sizes.chunks);
  if (!directResult(scatterOf(kernel)))
    sizes.scratch = plan.rowsPerChunk * plan.rowElements *
                    storageBytes(plan.type.getElementType());
  return sizes;
}

namespace {
class ScatterEmitter {
public:
  ScatterEmitter(Frame &frame, const ScatterPlan &plan)
      : frame(frame), plan(plan), elements(frame, plan.lanes),
        partials(frame, elements), scatter(scatterOf(frame.kernel())) {}

  LogicalResult emit();

private:
  using LineBody = llvm::function_ref<SmallVector<Value>(
      const Point &trailing, Value mask, ValueRange carried)>;

  SmallVector<Value> forRow(ValueRange carried, LineBody body);
  SmallVector<Value> forVectors(AffineExpr line, ValueRange carried,
                                LineBody body);
  Point trailingPoint(AffineExpr line, AffineExpr column) const;
  Point at(AffineExpr row, const Point &trailing) const;
  void start(Value row);
  void addUpdates(SmallVector<AffineExpr> &position);
  void addUpdate(const SmallVector<AffineExpr> &position);
  Value sum(Value before, Value update);
  SmallVector<Value> finish(Value row, ArrayRef<Sink> sinks,
                            ValueRange carried);

  Frame &frame;
  const ScatterPlan &plan;
  Elements elements;
  ChunkPartials partials;
  Scatter scatter;
  Value row0, row1, line0, line1;
};
} // namespace

LogicalResult ScatterEmitter::emit() {
  partials.begin();
  Value rowGroup = frame.divide(frame.chunk(), plan.lineGroups);
  Value lineGroup = frame.remainder(frame.chunk(), plan.lineGroups);
  row0 = frame.mul(rowGroup, plan.rowsPerChunk);
  row1 = frame.min(frame.add(row0, plan.rowsPerChunk),
                   frame.constant(plan.type.getDimSize(0)));
  line0 = frame.mul(lineGroup, plan.linesPerChunk);
  line1 = frame.min(frame.add(line0, plan.linesPerChunk),
                    frame.constant(plan.lines));
  std::optional<unsigned> direct = directResult(scatter);
  Value memory = direct ? frame.result(*direct)
                        : frame.at(frame.scratch(), plan.type.getElementType(),
                                   frame.mul(row0, -plan.rowElements));
  elements.place(scatter.getResult(), memory);

  frame.loop(row0, row1, 1, [&](Value row) { start(row); });
  SmallVector<AffineExpr> position;
  addUpdates(position);
  SmallVector<Sink> sinks = sinksOf(frame.kernel());
  llvm::erase_if(sinks, [&](const Sink &sink) {
    return isFinished(sink.value) || (direct && sink.result == *direct);
  });
  if (!sinks.empty() || !partialsOf(frame.kernel()).empty())
    partials.end(frame.loop(row0, row1, 1, partials.neutral(),
                            [&](Value row, ValueRange carried) {
                              return finish(row, sinks, carried);
                            }));
  return failure(elements.failed());
}

/// For each vector of the chunk's part of a row.
SmallVector<Value> ScatterEmitter::forRow(ValueRange carried, LineBody body) {
  return frame.loop(line0, line1, 1, carried,
                    [&](Value line, ValueRange carried) {
                      Elements::Scope scope(elements);
                      return forVectors(elements.variable(line), carried, body);
                    });
}

SmallVector<Value>
ScatterEmitter::forVectors(AffineExpr line, ValueRange carried, LineBody body) {
  int64_t last = plan.type.getRank() > 1 ? plan.type.getShape().back() : 1;
  return frame.loop(
      frame.constant(0), frame.constant(last), plan.lanes, carried,
      [&](Value column, ValueRange carried) {
        Elements::Scope scope(elements);
        Value mask;
        if (last % plan.lanes != 0) {
          mask = frame.laneMask(frame.sub(frame.constant(last), column),
                                plan.lanes);
          elements.setMask(mask);
        }
        AffineExpr place =
            elements.variable(column, plan.lanes) + elements.lane();
        return body(trailingPoint(line, place), mask, carried);
      });
}

/// All coordinates of a point of the table but the row.
Point ScatterEmitter::trailingPoint(AffineExpr line, AffineExpr column) const {
  int64_t rank = plan.type.getRank();
  if (rank == 1)
    return {};
  Point point;
  appendDigits(point, line, plan.type.getShape().slice(1, rank - 2));
  point.push_back(column);
  return point;
}

Point ScatterEmitter::at(AffineExpr row, const Point &trailing) const {
  Point point{row};
  point.append(trailing.begin(), trailing.end());
  return point;
}

void ScatterEmitter::start(Value row) {
  Elements::Scope scope(elements);
  AffineExpr index = elements.variable(row);
  forRow({}, [&](const Point &trailing, Value, ValueRange) {
    Point point = at(index, trailing);
    elements.write(scatter.getResult(), point,
                   elements.read(scatter.getInit(), point));
    return SmallVector<Value>();
  });
}

/// Loops over the positions of the indices in row-major order.
void ScatterEmitter::addUpdates(SmallVector<AffineExpr> &position) {
  auto indices = cast<RankedTensorType>(scatter.getIndices().getType());
  if (int64_t(position.size()) == indices.getRank())
    return addUpdate(position);
  frame.loop(0, indices.getDimSize(position.size()), 1, [&](Value index) {
    Elements::Scope scope(elements);
    position.push_back(elements.variable(index));
    addUpdates(position);
    position.pop_back();
  });
}

Value ScatterEmitter::sum(Value before, Value update) {
  OpBuilder &b = frame.builder();
  if (before.getType() != update.getType()) {
    before = frame.splat(before, plan.lanes);
    update = frame.splat(update, plan.lanes);
  }
  if (isa<FloatType>(plan.type.getElementType()))
    return arith::AddFOp::create(b, frame.loc(), before, update);
  return arith::AddIOp::create(b, frame.loc(), before, update);
}

/// A place that is no row of the chunk, a negative one too, is passed over.
void ScatterEmitter::addUpdate(const SmallVector<AffineExpr> &position) {
  OpBuilder &b = frame.builder();
  Value row = elements.read(scatter.getIndices(), position);
  if (!row.getType().isInteger(64))
    row = arith::ExtSIOp::create(b, frame.loc(), b.getI64Type(), row);
  auto isBelow = [&](Value a, Value c) -> Value {
    return arith::CmpIOp::create(b, frame.loc(), arith::CmpIPredicate::slt, a,
                                 c);
  };
  Value isOwn = arith::AndIOp::create(
      b, frame.loc(),
      arith::CmpIOp::create(b, frame.loc(), arith::CmpIPredicate::sge, row,
                            row0),
      isBelow(row, row1));
  frame.when(isOwn, [&] {
    Elements::Scope scope(elements);
    AffineExpr index = elements.variable(row);
    forRow({}, [&](const Point &trailing, Value, ValueRange) {
      Point target = at(index, trailing),
            source(position.begin(), position.end());
      source.append(trailing.begin(), trailing.end());
      Value update = elements.read(scatter.getUpdates(), source);
      if (!scatter.overwrites())
        update = sum(elements.fetch(scatter.getResult(), target), update);
      elements.write(scatter.getResult(), target, update);
      return SmallVector<Value>();
    });
  });
}

/// What follows element by element, and the sums over it.
SmallVector<Value> ScatterEmitter::finish(Value row, ArrayRef<Sink> sinks,
                                          ValueRange carried) {
  Elements::Scope scope(elements);
  AffineExpr index = elements.variable(row);
  return forRow(
      carried, [&](const Point &trailing, Value mask, ValueRange carried) {
        Point point = at(index, trailing);
        SmallVector<Value> next = partials.combine(point, mask, carried);
        elements.store(sinks, point);
        return next;
      });
}

LogicalResult ogee::emitScatter(ModuleOp module, kernel::FuncOp kernel,
                                const Target &target) {
  ScatterPlan plan = planScatter(kernel, target);
  Frame frame(module, kernel.getName(), kernel, target);
  if (failed(ScatterEmitter(frame, plan).emit()))
    return failure();
  return emitFinish(module, kernel, target, plan.chunks());
}
