// Anything but plain load, broadcast and fma here makes LLVM copy registers or
// spill (measured: up to four times slower), so there is no cleverness.
#include "lib/Generate/Cpu/Microkernel.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace ogee;

SmallVector<Value> ogee::multiplyTile(Frame &frame, const TileShape &shape,
                                      const TileRows &a, const TileColumns &b,
                                      Value depth, ValueRange initial) {
  VectorType type = shape.vectorType();
  auto element = [&](int64_t row, Value step) {
    if (a.rows.size() > 1)
      return frame.load(shape.type, frame.at(a.rows[row], shape.type, step));
    Value base = frame.at(a.rows.front(), shape.type, step, row * a.rowStride);
    return frame.load(shape.type, base);
  };
  auto body = [&](Value k, ValueRange carried) {
    Value step = frame.mul(k, a.kStride);
    Value from = frame.at(b.pointer, shape.type, frame.mul(k, b.kStride));
    SmallVector<Value> columns, next;
    for (int64_t v = 0; v < shape.vectors; ++v)
      columns.push_back(frame.load(
          Type(type),
          frame.bytes(from, v * shape.lanes * storageBytes(shape.type))));
    for (int64_t row = 0; row < shape.rows; ++row) {
      Value spread = frame.splat(element(row, step), shape.lanes);
      for (int64_t v = 0; v < shape.vectors; ++v)
        next.push_back(LLVM::FMAOp::create(frame.builder(), frame.loc(), spread,
                                           columns[v],
                                           carried[row * shape.vectors + v]));
    }
    return next;
  };
  return frame.loop(frame.constant(0), depth, 1, initial, body);
}

SmallVector<Value> ogee::zeroTile(Frame &frame, const TileShape &shape) {
  return SmallVector<Value>(shape.rows * shape.vectors,
                            frame.constant(shape.vectorType(), 0));
}

/// Address of vector v of row r.
static Value place(Frame &frame, const TileShape &shape, Value pointer,
                   int64_t stride, int64_t row, int64_t v) {
  return frame.bytes(pointer, (row * stride + v * shape.lanes) *
                                  storageBytes(shape.type));
}

SmallVector<Value> ogee::loadTile(Frame &frame, const TileShape &shape,
                                  Value pointer, int64_t stride) {
  SmallVector<Value> tile;
  for (int64_t row = 0; row < shape.rows; ++row)
    for (int64_t v = 0; v < shape.vectors; ++v)
      tile.push_back(frame.load(Type(shape.vectorType()),
                                place(frame, shape, pointer, stride, row, v)));
  return tile;
}

void ogee::storeTile(Frame &frame, const TileShape &shape, ValueRange tile,
                     Value pointer, int64_t stride) {
  for (int64_t row = 0; row < shape.rows; ++row)
    for (int64_t v = 0; v < shape.vectors; ++v)
      frame.store(tile[row * shape.vectors + v],
                  place(frame, shape, pointer, stride, row, v));
}

SmallVector<Value> ogee::transposeSquare(Frame &frame, ArrayRef<Value> rows) {
  SmallVector<Value> values(rows);
  int64_t lanes = rows.size();
  for (int64_t distance = 1; distance < lanes; distance *= 2) {
    // Swap the off-diagonal blocks of each square of two by two blocks.
    SmallVector<int64_t> upper(lanes), lower(lanes);
    for (int64_t p = 0; p < lanes; ++p) {
      bool odd = p & distance;
      upper[p] = odd ? lanes + p - distance : p;
      lower[p] = odd ? lanes + p : p + distance;
    }
    for (int64_t i = 0; i < lanes; ++i) {
      if (i & distance)
        continue;
      Value a = values[i], b = values[i + distance];
      values[i] =
          vector::ShuffleOp::create(frame.builder(), frame.loc(), a, b, upper);
      values[i + distance] =
          vector::ShuffleOp::create(frame.builder(), frame.loc(), a, b, lower);
    }
  }
  return values;
}
