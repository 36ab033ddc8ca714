// Scatters and copies. A chunk of a scatter owns a range of the table's
// trailing dimensions and goes through all updates in order, so that sums have
// one order and no two chunks write one place. A chunk of a copy owns a range
// of each result.
#include "lib/Generate/Cpu/Families.h"
#include "lib/Generate/Cpu/Partials.h"
#include "lib/Nn/Nn.h"

using namespace mlir;
using namespace ogee;

static constexpr int64_t kMostChunks = 16;
static constexpr int64_t kChunkElements = 1 << 15;

static nn::ScatterAddOp scatterOf(kernel::FuncOp kernel) {
  auto ops = kernel.getBody().front().getOps<nn::ScatterAddOp>();
  return ops.empty() ? nn::ScatterAddOp() : *ops.begin();
}

/// The kernel's result that is the scatter's own, so that sums are kept there;
/// none if only an epilogue leaves the kernel: then a workspace holds them.
static std::optional<unsigned> directResult(nn::ScatterAddOp scatter) {
  for (OpOperand &use : scatter.getResult().getUses())
    if (isa<kernel::YieldOp>(use.getOwner()))
      return use.getOperandNumber();
  return std::nullopt;
}

namespace {
/// Some dimensions cut into vectors along the last one, shared out to chunks.
struct Vectors {
  SmallVector<int64_t> shape; // at least one dimension
  int64_t lanes = 1, blocks = 1, count = 1, perChunk = 1, chunks = 1;

  Vectors(ArrayRef<int64_t> extents, int64_t lanes, int64_t wantedChunks)
      : shape(extents), lanes(lanes) {
    if (shape.empty())
      shape.push_back(1);
    blocks = llvm::divideCeil(shape.back(), lanes);
    count = blocks;
    for (int64_t extent : ArrayRef(shape).drop_back())
      count *= extent;
    perChunk = llvm::divideCeil(
        count,
        std::clamp<int64_t>(wantedChunks, 1, std::max<int64_t>(count, 1)));
    chunks = std::max<int64_t>(1, llvm::divideCeil(count, perChunk));
  }

  /// The point of a vector, with the lane in the last coordinate.
  Point pointOf(AffineExpr vector, AffineExpr lane) const {
    Point point(shape.size());
    point.back() = vector % blocks * lanes + lane;
    AffineExpr row = vector.floorDiv(blocks);
    for (int64_t dim = int64_t(shape.size()) - 2; dim >= 0; --dim) {
      point[dim] = dim == 0 ? row : row % shape[dim];
      row = row.floorDiv(shape[dim]);
    }
    return point;
  }
};
} // namespace

static Vectors scatterVectors(nn::ScatterAddOp scatter, const Target &target) {
  auto type = cast<RankedTensorType>(scatter.getResult().getType());
  return Vectors(type.getShape().drop_front(),
                 target.lanes(type.getElementType()), kMostChunks);
}

/// What the chunks store; what depends on a partial comes later.
static SmallVector<Sink> storedSinks(kernel::FuncOp kernel) {
  SmallVector<Sink> sinks;
  for (const Sink &sink : sinksOf(kernel))
    if (!isFinished(sink.value))
      sinks.push_back(sink);
  return sinks;
}

/// The type of what the partials sum, all on one box; null without partials.
static RankedTensorType summedType(kernel::FuncOp kernel) {
  auto partials = partialsOf(kernel);
  if (partials.empty())
    return nullptr;
  return cast<RankedTensorType>(partials.front()->getOperand(0).getType());
}

static Vectors copyVectors(kernel::FuncOp kernel, const Target &target) {
  RankedTensorType largest = summedType(kernel);
  for (const Sink &sink : storedSinks(kernel)) {
    auto type = cast<RankedTensorType>(sink.value.getType());
    if (!largest || type.getNumElements() > largest.getNumElements())
      largest = type;
  }
  return Vectors(largest.getShape(), target.lanes(largest.getElementType()),
                 std::min<int64_t>(kMostChunks,
                                   largest.getNumElements() / kChunkElements));
}

static Vectors vectorsOf(kernel::FuncOp kernel, const Target &target) {
  if (nn::ScatterAddOp scatter = scatterOf(kernel))
    return scatterVectors(scatter, target);
  return copyVectors(kernel, target);
}

static int64_t bytesOf(Value value, int64_t copies = 1) {
  auto type = cast<RankedTensorType>(value.getType());
  return copies * type.getNumElements() * storageBytes(type.getElementType());
}

FailureOr<KernelSizes> ogee::sizeMove(kernel::FuncOp kernel,
                                      const Target &target) {
  if (kernel.getNumResults() == 0)
    return kernel.emitOpError() << "moves nothing";
  KernelSizes sizes;
  sizes.chunks = vectorsOf(kernel, target).chunks;
  for (Operation *partial : partialsOf(kernel))
    sizes.workspaces.push_back(bytesOf(partial->getResult(0), sizes.chunks));
  nn::ScatterAddOp scatter = scatterOf(kernel);
  if (scatter && !directResult(scatter))
    sizes.workspaces.push_back(bytesOf(scatter.getResult()));
  return sizes;
}

namespace {
class MoveEmitter {
public:
  MoveEmitter(Frame &frame, const Vectors &vectors)
      : frame(frame), vectors(vectors), elements(frame, vectors.lanes),
        partials(frame, elements) {}

  LogicalResult emit() {
    partials.begin();
    if (nn::ScatterAddOp scatter = scatterOf(frame.kernel()))
      emitScatter(scatter);
    else
      emitCopies();
    return failure(elements.failed());
  }

private:
  using VectorBody = llvm::function_ref<void(const Point &, Value mask)>;

  void forEachVector(VectorBody body) { forEachVector(vectors, body); }

  /// For each vector of the chunk, with the mask of its lanes inside `parts`.
  void forEachVector(const Vectors &parts, VectorBody body) {
    Value first = frame.mul(frame.chunk(), parts.perChunk);
    Value last = frame.min(frame.add(first, parts.perChunk),
                           frame.constant(parts.count));
    frame.loop(first, last, 1, [&](Value index) {
      Elements::Scope scope(elements);
      AffineExpr vector = elements.variable(index);
      Value mask;
      if (parts.shape.back() % parts.lanes != 0) {
        AffineExpr left =
            vector % parts.blocks * -parts.lanes + parts.shape.back();
        mask = frame.laneMask(elements.materialise(left), parts.lanes);
        elements.setMask(mask);
      }
      body(parts.pointOf(vector, elements.lane()), mask);
    });
  }

  /// Each result is cut into as many parts as there are chunks. What is summed
  /// comes first: results may lie where its operands lie.
  void emitCopies() {
    RankedTensorType summed = summedType(frame.kernel());
    SmallVector<Sink> first, others;
    for (const Sink &sink : storedSinks(frame.kernel())) {
      bool isFirst = summed && shapeOf(sink.value) == summed.getShape();
      (isFirst ? first : others).push_back(sink);
    }
    if (summed)
      emitShape(summed.getShape(), first, true);
    for (ArrayRef<Sink> group : byShape(others))
      emitShape(shapeOf(group.front().value), group, false);
  }

  static ArrayRef<int64_t> shapeOf(Value value) {
    return cast<RankedTensorType>(value.getType()).getShape();
  }

  void emitShape(ArrayRef<int64_t> shape, ArrayRef<Sink> sinks, bool summed) {
    Vectors parts(shape, vectors.lanes, vectors.chunks);
    forEachVector(parts, [&](const Point &point, Value mask) {
      auto place = shape.empty() ? ArrayRef<AffineExpr>() : ArrayRef(point);
      if (summed)
        partials.combine(place, mask);
      elements.store(sinks, place);
    });
  }

  void emitScatter(nn::ScatterAddOp scatter) {
    type = cast<RankedTensorType>(scatter.getResult().getType());
    std::optional<unsigned> direct = directResult(scatter);
    memory = direct ? frame.result(*direct)
                    : frame.workspace(partialsOf(frame.kernel()).size());
    frame.loop(0, type.getDimSize(0), 1, [&](Value row) {
      Elements::Scope scope(elements);
      AffineExpr rowIndex = elements.variable(row);
      forEachVector([&](const Point &trailing, Value mask) {
        Point point = atRow(rowIndex, trailing);
        frame.store(elements.readVector(scatter.getInit(), point),
                    addressOf(point), mask);
      });
    });
    SmallVector<AffineExpr> position;
    addUpdates(scatter, position);
    elements.place(scatter.getResult(), memory);
    emitEpilogue(scatter, direct);
  }

  Point atRow(AffineExpr row, const Point &trailing) const {
    Point point{row};
    if (type.getRank() > 1)
      point.append(trailing.begin(), trailing.end());
    return point;
  }

  /// Where lane 0 of a point of the sums lies.
  Value addressOf(const Point &point) {
    AffineExpr offset = elements.constant(0);
    for (auto [dim, coordinate] : llvm::enumerate(point))
      offset = offset * type.getDimSize(dim) + coordinate;
    offset = offset.replace(elements.lane(), elements.constant(0));
    return frame.at(memory, type.getElementType(),
                    elements.materialise(offset));
  }

  /// Loops over the positions of the indices in row-major order.
  void addUpdates(nn::ScatterAddOp scatter, SmallVector<AffineExpr> &position) {
    auto indices = cast<RankedTensorType>(scatter.getIndices().getType());
    if (int64_t(position.size()) < indices.getRank()) {
      frame.loop(0, indices.getDimSize(position.size()), 1, [&](Value index) {
        Elements::Scope scope(elements);
        position.push_back(elements.variable(index));
        addUpdates(scatter, position);
        position.pop_back();
      });
      return;
    }
    OpBuilder &b = frame.builder();
    Value chosen = elements.read(scatter.getIndices(), position);
    if (!chosen.getType().isInteger(64))
      chosen = arith::ExtSIOp::create(b, frame.loc(), b.getI64Type(), chosen);
    AffineExpr row = elements.variable(chosen);
    forEachVector([&](const Point &trailing, Value mask) {
      Point source(position.begin(), position.end());
      if (type.getRank() > 1)
        source.append(trailing.begin(), trailing.end());
      Value address = addressOf(atRow(row, trailing));
      auto vector = VectorType::get({vectors.lanes}, type.getElementType());
      Value sum = arith::AddFOp::create(
          b, frame.loc(), frame.load(vector, address, mask),
          elements.readVector(scatter.getUpdates(), source));
      frame.store(sum, address, mask);
    });
  }

  /// What follows element by element, and the sums over it.
  void emitEpilogue(nn::ScatterAddOp scatter, std::optional<unsigned> direct) {
    SmallVector<Sink> sinks = storedSinks(frame.kernel());
    llvm::erase_if(sinks, [&](const Sink &sink) {
      return direct && sink.result == *direct;
    });
    if (sinks.empty() && partialsOf(frame.kernel()).empty())
      return;
    frame.loop(0, type.getDimSize(0), 1, [&](Value row) {
      Elements::Scope scope(elements);
      AffineExpr rowIndex = elements.variable(row);
      forEachVector([&](const Point &trailing, Value mask) {
        Point point = atRow(rowIndex, trailing);
        partials.combine(point, mask);
        elements.store(sinks, point);
      });
    });
  }

  Frame &frame;
  const Vectors &vectors;
  Elements elements;
  ChunkPartials partials;
  RankedTensorType type; // of the sums
  Value memory;          // of the sums
};
} // namespace

LogicalResult ogee::emitMove(ModuleOp module, kernel::FuncOp kernel,
                             const Target &target) {
  Vectors vectors = vectorsOf(kernel, target);
  Frame frame(module, kernel.getName(), kernel, target);
  if (failed(MoveEmitter(frame, vectors).emit()))
    return failure();
  SmallVector<Partial> partials;
  for (auto [index, op] : llvm::enumerate(partialsOf(kernel)))
    partials.push_back({op, unsigned(index), vectors.chunks});
  if (partials.empty())
    return success();
  return emitFinish(module, kernel, target, partials);
}
