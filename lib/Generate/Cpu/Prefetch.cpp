// What an epilogue reads and writes is asked for before the products of its
// tile begin, so that memory and arithmetic overlap. An out-of-order core does
// not get there by itself: a tile is thousands of multiply-adds.
#include "lib/Generate/Cpu/Elements.h"

using namespace mlir;
using namespace ogee;

static constexpr int32_t kRead = 0, kWrite = 1;

void Elements::prefetchAt(const Memory &memory, Type type, Coordinates point,
                          int32_t use) {
  constexpr int32_t kAllLevels = 3, kData = 1;
  auto form = laneForm(offsetIn(memory, point));
  if (!form || form->stride != 1)
    return; // a broadcast or a gather: small, or out of reach
  OpBuilder &b = frame.builder();
  Value address =
      frame.at(memory.pointer, type, materialise(simplify(form->start)));
  LLVM::Prefetch::create(b, frame.loc(), address, use, kAllLevels, kData);
}

void Elements::prefetch(Value tensor, Coordinates point, Seen &seen) {
  if (!seen.insert(tensor).second)
    return;
  auto memory = memories.find(tensor);
  if (memory != memories.end())
    return prefetchAt(memory->second, getElementTypeOrSelf(tensor.getType()),
                      point, kRead);
  for (const ReadAt &input : readsOf(tensor, point))
    prefetch(input.tensor, input.point, seen);
}

void Elements::prefetch(ArrayRef<Sink> sinks, Coordinates point) {
  Seen seen;
  for (const Sink &sink : sinks)
    prefetch(sink.value, point, seen);
  for (const Sink &sink : sinks) {
    auto type =
        cast<RankedTensorType>(frame.kernel().getResultTypes()[sink.result]);
    prefetchAt({frame.result(sink.result), rowMajor(type.getShape())},
               type.getElementType(), mapped(sink.map, point), kWrite);
  }
}
