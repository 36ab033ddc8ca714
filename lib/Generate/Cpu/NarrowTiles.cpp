// Tile registers are named by number: the kernel's loop is written down, so
// there is nothing for a register allocator to decide. 0 to 3 accumulate, 4 and
// 5 hold rows of A, 6 and 7 columns of B.
#include "lib/Generate/Cpu/NarrowTiles.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace ogee;

static constexpr int64_t kSide = 16;      // rows, and columns of f32, of a tile
static constexpr int64_t kTileBytes = 64; // a row of any tile
static constexpr int64_t kFirstA = 4, kFirstB = 6, kRegisters = 8;
static constexpr int64_t kNarrowBytes = 2, kPairBytes = 4, kSumBytes = 4;

RegisterTile ogee::matrixTile(int64_t rows, int64_t columns) {
  return {rows <= kSide ? kSide : kMatrixRows, columns <= kSide ? 1 : 2};
}

static void call(Frame &frame, StringRef name, ValueRange operands) {
  LLVM::CallIntrinsicOp::create(frame.builder(), frame.loc(),
                                frame.builder().getStringAttr(name), operands);
}

/// A number in an instruction.
static Value immediate(Frame &frame, int64_t value) {
  OpBuilder &b = frame.builder();
  return LLVM::ConstantOp::create(b, frame.loc(), b.getI8Type(),
                                  b.getI8IntegerAttr(value));
}

//===-- Pairs -------------------------------------------------------------===//

SmallVector<Value> ogee::multiplyPairs(Frame &frame, const TileShape &shape,
                                       const TileRows &a, const TileColumns &b,
                                       Value depth, ValueRange initial) {
  OpBuilder &builder = frame.builder();
  auto pairs = VectorType::get({shape.lanes}, builder.getI32Type());
  auto narrow = VectorType::get({2 * shape.lanes}, builder.getBF16Type());
  auto asNarrow = [&](Value vector) -> Value {
    return vector::BitCastOp::create(builder, frame.loc(), narrow, vector);
  };
  auto body = [&](Value k, ValueRange carried) {
    Value from =
        frame.at(b.pointer, builder.getI16Type(), frame.mul(k, b.kStride));
    SmallVector<Value> columns, next;
    for (int64_t v = 0; v < shape.vectors; ++v)
      columns.push_back(asNarrow(frame.load(
          Type(pairs), frame.bytes(from, v * shape.lanes * kPairBytes))));
    for (int64_t row = 0; row < shape.rows; ++row) {
      Value pair = frame.load(
          builder.getI32Type(),
          frame.at(a.rows.front(), builder.getI16Type(), k, row * a.rowStride));
      Value spread = asNarrow(frame.splat(pair, shape.lanes));
      for (int64_t v = 0; v < shape.vectors; ++v)
        next.push_back(
            LLVM::CallIntrinsicOp::create(
                builder, frame.loc(), shape.vectorType(),
                builder.getStringAttr("llvm.x86.avx512bf16.dpbf16ps.512"),
                ValueRange{carried[row * shape.vectors + v], spread,
                           columns[v]})
                .getResults());
    }
    return next;
  };
  return frame.loop(frame.constant(0), depth, 2, initial, body);
}

//===-- Tiles -------------------------------------------------------------===//

/// LDTILECFG's operand: byte 0 the palette, from byte 16 two bytes of row
/// length a register, from byte 48 one byte of rows.
void ogee::beginTiles(Frame &frame, Value room) {
  uint8_t bytes[kTileBytes] = {1};
  for (int64_t i = 0; i < kRegisters; ++i) {
    bytes[16 + 2 * i] = kTileBytes;
    bytes[48 + i] = kSide;
  }
  for (int64_t i = 0; i < kTileBytes; i += 8) {
    int64_t word = 0;
    for (int64_t j = 7; j >= 0; --j)
      word = word << 8 | bytes[i + j];
    frame.store(frame.constant(word), frame.bytes(room, i));
  }
  call(frame, "llvm.x86.ldtilecfg", room);
}

void ogee::endTiles(Frame &frame) {
  call(frame, "llvm.x86.tilerelease", ValueRange());
}

MatrixTile::MatrixTile(Frame &frame, const TileShape &shape)
    : frame(frame), down((shape.rows + kSide - 1) / kSide),
      across(shape.vectors) {}

void MatrixTile::forEach(Place place) const {
  for (int64_t row = 0; row < down; ++row)
    for (int64_t column = 0; column < across; ++column)
      place(row * across + column, row, column);
}

void MatrixTile::clear() {
  forEach([&](int64_t tile, int64_t, int64_t) {
    call(frame, "llvm.x86.tilezero", immediate(frame, tile));
  });
}

/// Address of a tile of accumulators.
static Value placeOf(Frame &frame, Value pointer, int64_t stride, int64_t row,
                     int64_t column) {
  return frame.bytes(pointer, (row * stride + column) * kSide * kSumBytes);
}

void MatrixTile::load(Value pointer, int64_t stride) {
  forEach([&](int64_t tile, int64_t row, int64_t column) {
    call(frame, "llvm.x86.tileloadd64",
         {immediate(frame, tile), placeOf(frame, pointer, stride, row, column),
          frame.constant(stride * kSumBytes)});
  });
}

void MatrixTile::store(Value pointer, int64_t stride) {
  forEach([&](int64_t tile, int64_t row, int64_t column) {
    call(frame, "llvm.x86.tilestored64",
         {immediate(frame, tile), placeOf(frame, pointer, stride, row, column),
          frame.constant(stride * kSumBytes)});
  });
}

void MatrixTile::multiply(const TileRows &a, const TileColumns &b,
                          Value depth) {
  Type half = frame.builder().getI16Type();
  auto load = [&](int64_t tile, Value pointer, int64_t bytes) {
    call(frame, "llvm.x86.tileloadd64",
         {immediate(frame, tile), pointer, frame.constant(bytes)});
  };
  frame.loop(frame.constant(0), depth, kNarrowDepth, [&](Value k) {
    Value rows = frame.at(a.rows.front(), half, k);
    Value columns = frame.at(b.pointer, half, frame.mul(k, b.kStride));
    for (int64_t column = 0; column < across; ++column)
      load(kFirstB + column, frame.bytes(columns, column * kTileBytes),
           b.kStride * kPairBytes);
    for (int64_t row = 0; row < down; ++row) {
      load(kFirstA + row,
           frame.bytes(rows, row * kSide * a.rowStride * kNarrowBytes),
           a.rowStride * kNarrowBytes);
      for (int64_t column = 0; column < across; ++column)
        call(frame, "llvm.x86.tdpbf16ps",
             {immediate(frame, row * across + column),
              immediate(frame, kFirstA + row),
              immediate(frame, kFirstB + column)});
    }
  });
}
