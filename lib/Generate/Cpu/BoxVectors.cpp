#include "lib/Generate/Cpu/BoxVectors.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace ogee;
using llvm::divideCeil;

BoxVectors::BoxVectors(ArrayRef<int64_t> shape, int64_t lanes,
                       int64_t wantedChunks)
    : shape(shape), lanes(lanes), rowVectors(divideCeil(rowElements(), lanes)) {
  count = rowVectors;
  if (!shape.empty())
    for (int64_t extent : shape.drop_back())
      count *= extent;
  int64_t most = std::max<int64_t>(count, 1);
  perChunk = divideCeil(count, std::clamp<int64_t>(wantedChunks, 1, most));
  chunks = std::max<int64_t>(1, divideCeil(count, perChunk));
}

Point BoxVectors::pointOf(AffineExpr vector, AffineExpr lane) const {
  Point point;
  if (shape.empty())
    return point;
  appendDigits(point, vector.floorDiv(rowVectors), ArrayRef(shape).drop_back());
  point.push_back(vector % rowVectors * lanes + lane);
  return point;
}

SmallVector<Value> BoxVectors::forEach(Frame &frame, Elements &elements,
                                       ValueRange initial, Body body) const {
  Value first = frame.mul(frame.chunk(), perChunk);
  Value last = frame.min(frame.add(first, perChunk), frame.constant(count));
  return frame.loop(
      first, last, 1, initial, [&](Value index, ValueRange carried) {
        Elements::Scope scope(elements);
        AffineExpr vector = elements.variable(index);
        Value mask;
        if (rowElements() % lanes != 0) {
          AffineExpr left = vector % rowVectors * -lanes + rowElements();
          mask = frame.laneMask(elements.materialise(left), lanes);
          elements.setMask(mask);
        }
        return body(pointOf(vector, elements.lane()), mask, carried);
      });
}
