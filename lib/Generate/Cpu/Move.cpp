// Copies: a chunk owns a range of each result. Scatters are in Scatter.cpp.
#include "lib/Generate/Cpu/Families.h"
#include "lib/Generate/Cpu/Partials.h"
#include "lib/Generate/Cpu/Scatter.h"

using namespace mlir;
using namespace ogee;

static constexpr int64_t kMostChunks = 16;
static constexpr int64_t kChunkElements = 1 << 15;

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

static int64_t bytesOf(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.getNumElements() * storageBytes(type.getElementType());
}

FailureOr<KernelSizes> ogee::sizeMove(kernel::FuncOp kernel,
                                      const Target &target) {
  if (kernel.getNumResults() == 0)
    return kernel.emitOpError() << "moves nothing";
  if (isScatter(kernel))
    return sizeScatter(kernel, target);
  KernelSizes sizes;
  sizes.chunks = copyVectors(kernel, target).chunks;
  for (Operation *partial : partialsOf(kernel))
    sizes.workspaces.push_back(sizes.chunks * bytesOf(partial->getResult(0)));
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
    emitCopies();
    return failure(elements.failed());
  }

private:
  using VectorBody = llvm::function_ref<SmallVector<Value>(
      const Point &, Value mask, ValueRange carried)>;

  /// For each vector of the chunk, with the mask of its lanes inside `parts`.
  SmallVector<Value> forEachVector(const Vectors &parts, ValueRange initial,
                                   VectorBody body) {
    Value first = frame.mul(frame.chunk(), parts.perChunk);
    Value last = frame.min(frame.add(first, parts.perChunk),
                           frame.constant(parts.count));
    return frame.loop(
        first, last, 1, initial, [&](Value index, ValueRange carried) {
          Elements::Scope scope(elements);
          AffineExpr vector = elements.variable(index);
          Value mask;
          if (parts.shape.back() % parts.lanes != 0) {
            AffineExpr left =
                vector % parts.blocks * -parts.lanes + parts.shape.back();
            mask = frame.laneMask(elements.materialise(left), parts.lanes);
            elements.setMask(mask);
          }
          return body(parts.pointOf(vector, elements.lane()), mask, carried);
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
    SmallVector<Value> neutral =
        summed ? partials.neutral() : SmallVector<Value>();
    auto body = [&](const Point &point, Value mask, ValueRange carried) {
      auto place = shape.empty() ? ArrayRef<AffineExpr>() : ArrayRef(point);
      SmallVector<Value> next;
      if (summed)
        next = partials.combine(place, mask, carried);
      elements.store(sinks, place);
      return next;
    };
    SmallVector<Value> sums = forEachVector(parts, neutral, body);
    if (summed)
      partials.end(sums);
  }

  Frame &frame;
  const Vectors &vectors;
  Elements elements;
  ChunkPartials partials;
};
} // namespace

LogicalResult ogee::emitMove(ModuleOp module, kernel::FuncOp kernel,
                             const Target &target) {
  if (isScatter(kernel))
    return emitScatter(module, kernel, target);
  Vectors vectors = copyVectors(kernel, target);
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
