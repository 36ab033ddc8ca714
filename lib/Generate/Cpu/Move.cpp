// Copies: a chunk owns a range of each result. Scatters are in Scatter.cpp.
#include "lib/Generate/Cpu/BoxVectors.h"
#include "lib/Generate/Cpu/Families.h"
#include "lib/Generate/Cpu/Partials.h"
#include "lib/Generate/Cpu/Scatter.h"

using namespace mlir;
using namespace ogee;

static constexpr int64_t kMostChunks = 16;
static constexpr int64_t kChunkElements = 1 << 15;

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

static BoxVectors copyVectors(kernel::FuncOp kernel, const Target &target) {
  RankedTensorType largest = summedType(kernel);
  for (const Sink &sink : storedSinks(kernel)) {
    auto type = cast<RankedTensorType>(sink.value.getType());
    if (!largest || type.getNumElements() > largest.getNumElements())
      largest = type;
  }
  return BoxVectors(largest.getShape(), target.lanes(largest.getElementType()),
                    std::min<int64_t>(kMostChunks, largest.getNumElements() /
                                                       kChunkElements));
}

FailureOr<KernelSizes> ogee::sizeMove(kernel::FuncOp kernel,
                                      const Target &target) {
  if (kernel.getNumResults() == 0)
    return kernel.emitOpError() << "moves nothing";
  if (isScatter(kernel))
    return sizeScatter(kernel, target);
  KernelSizes sizes;
  sizes.chunks = copyVectors(kernel, target).chunks;
  sizes.workspaces = chunkWorkspaces(kernel, sizes.chunks);
  return sizes;
}

namespace {
class MoveEmitter {
public:
  MoveEmitter(Frame &frame, const BoxVectors &vectors)
      : frame(frame), vectors(vectors), elements(frame, vectors.lanes),
        partials(frame, elements) {}

  LogicalResult emit() {
    partials.begin();
    emitCopies();
    return failure(elements.failed());
  }

private:
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
    BoxVectors parts(shape, vectors.lanes, vectors.chunks);
    SmallVector<Value> neutral =
        summed ? partials.neutral() : SmallVector<Value>();
    auto body = [&](ArrayRef<AffineExpr> point, Value mask,
                    ValueRange carried) {
      SmallVector<Value> next;
      if (summed)
        next = partials.combine(point, mask, carried);
      elements.store(sinks, point);
      return next;
    };
    SmallVector<Value> sums = parts.forEach(frame, elements, neutral, body);
    if (summed)
      partials.end(sums);
  }

  Frame &frame;
  const BoxVectors &vectors;
  Elements elements;
  ChunkPartials partials;
};
} // namespace

LogicalResult ogee::emitMove(ModuleOp module, kernel::FuncOp kernel,
                             const Target &target) {
  if (isScatter(kernel))
    return emitScatter(module, kernel, target);
  BoxVectors vectors = copyVectors(kernel, target);
  Frame frame(module, kernel.getName(), kernel, target);
  if (failed(MoveEmitter(frame, vectors).emit()))
    return failure();
  return emitFinish(module, kernel, target, vectors.chunks);
}
