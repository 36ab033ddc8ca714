// Operands rounded to bf16 on their way. Two neighbouring k make a unit of 32
// bits, and units are moved as whole numbers are in Pack.cpp: what is
// contiguous along k is read as units, what is contiguous across it is
// interleaved from two k. Beyond the last k both operands are 0, since 0 times
// whatever scratch held might be no number.
#include "lib/Generate/Cpu/Pack.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace ogee;

static constexpr int64_t kNarrowBytes = 2, kUnitBytes = 4;

namespace {
/// Reads one operand in bf16.
class NarrowReader {
public:
  /// `depth`: k of the block; `isWhole`: a multiple of kNarrowDepth.
  NarrowReader(Frame &frame, Elements &elements, Value tensor, Value depth,
               bool isWhole)
      : frame(frame), elements(elements), tensor(tensor), depth(depth),
        isWhole(isWhole) {}

  /// The block's k up to whole steps.
  Value end();
  /// Units of kNarrowDepth k from `step` on, at points that `at` gives for a k.
  Value alongDepth(Value step, function_ref<Point(int64_t more)> at);
  /// Units of the k `step` and the next one, across lanes; lanes off in `mask`
  /// hold anything.
  Value acrossDepth(Value step, Value mask,
                    function_ref<Point(int64_t more)> at);

private:
  Value rounded(const Point &point, Value mask, Value valid);

  Frame &frame;
  Elements &elements;
  Value tensor, depth;
  bool isWhole;
};
} // namespace

Value NarrowReader::end() {
  if (isWhole)
    return depth;
  return frame.mul(
      frame.divide(frame.add(depth, kNarrowDepth - 1), kNarrowDepth),
      kNarrowDepth);
}

/// 0 in lanes that are not valid.
Value NarrowReader::rounded(const Point &point, Value mask, Value valid) {
  OpBuilder &b = frame.builder();
  elements.setMask(mask);
  Value value = elements.readVector(tensor, point);
  if (valid)
    value = arith::SelectOp::create(b, frame.loc(), valid, value,
                                    frame.constant(value.getType(), 0));
  auto narrow = VectorType::get({elements.lanes()}, b.getBF16Type());
  return arith::TruncFOp::create(b, frame.loc(), narrow, value);
}

static Value asUnits(Frame &frame, Value narrow) {
  OpBuilder &b = frame.builder();
  int64_t units = cast<VectorType>(narrow.getType()).getNumElements() / 2;
  return vector::BitCastOp::create(
      b, frame.loc(), VectorType::get({units}, b.getI32Type()), narrow);
}

Value NarrowReader::alongDepth(Value step, function_ref<Point(int64_t)> at) {
  int64_t lanes = elements.lanes();
  SmallVector<Value> halves;
  for (int64_t more = 0; more < kNarrowDepth; more += lanes) {
    Value valid;
    if (!isWhole)
      valid = frame.laneMask(frame.sub(depth, frame.add(step, more)), lanes);
    halves.push_back(rounded(at(more), valid, valid));
  }
  return asUnits(frame, vector::ShuffleOp::create(
                            frame.builder(), frame.loc(), halves[0], halves[1],
                            llvm::to_vector(llvm::seq(2 * lanes))));
}

Value NarrowReader::acrossDepth(Value step, Value mask,
                                function_ref<Point(int64_t)> at) {
  OpBuilder &b = frame.builder();
  SmallVector<Value> sides;
  for (int64_t more : {0, 1}) {
    Value valid, on = mask;
    if (!isWhole) {
      valid = frame.splat(frame.less(frame.add(step, more), depth),
                          elements.lanes());
      on = mask ? arith::AndIOp::create(b, frame.loc(), mask, valid) : valid;
    }
    sides.push_back(rounded(at(more), on, valid));
  }
  return asUnits(
      frame, vector::InterleaveOp::create(b, frame.loc(), sides[0], sides[1]));
}

//===-- B -----------------------------------------------------------------===//

void Packer::packNarrowB(const Segment &part, AffineExpr batch,
                         const PanelPlace &place) {
  int64_t lanes = plan.lanes, tail = place.width % lanes;
  int64_t stride = llvm::alignTo(place.width, lanes);
  NarrowReader reader(frame, elements, part.b.tensor, place.depth,
                      part.depth % kNarrowDepth == 0);
  auto pointAt = [&](AffineExpr column, AffineExpr k) {
    return pointOf(part, part.b, batch, elements.constant(0), column, k);
  };
  Type unit = frame.builder().getI32Type();
  auto copy = [&](Value step) { // and the next k
    Elements::Scope scope(elements);
    AffineExpr k = elements.variable(frame.add(place.k, step), 2);
    Value line =
        frame.at(place.target, unit, frame.mul(frame.divide(step, 2), stride));
    for (int64_t first = 0; first < place.width; first += lanes) {
      AffineExpr column =
          elements.variable(place.column, lanes) + first + elements.lane();
      Value mask;
      if (first + lanes > place.width)
        mask = frame.laneMask(frame.constant(tail), lanes);
      Value units = reader.acrossDepth(
          step, mask, [&](int64_t more) { return pointAt(column, k + more); });
      frame.store(units, frame.bytes(line, first * kUnitBytes));
    }
  };
  auto transpose = [&](Value step, Value offset, int64_t valid) {
    Elements::Scope scope(elements);
    AffineExpr k = elements.variable(frame.add(place.k, step), kNarrowDepth);
    AffineExpr column =
        elements.variable(frame.add(place.column, offset), lanes);
    SmallVector<Value> rows;
    for (int64_t j = 0; j < valid; ++j)
      rows.push_back(reader.alongDepth(step, [&](int64_t more) {
        return pointAt(column + j, k + more + elements.lane());
      }));
    rows.resize(lanes, frame.constant(VectorType::get({lanes}, unit), 0));
    Value target =
        frame.at(place.target, unit,
                 frame.add(frame.mul(frame.divide(step, 2), stride), offset));
    for (auto [row, units] : llvm::enumerate(transposeSquare(frame, rows)))
      frame.store(units, frame.bytes(target, row * stride * kUnitBytes));
  };
  if (part.b.supply != Supply::Rows)
    return frame.loop(frame.constant(0), reader.end(), 2, copy);
  frame.loop(frame.constant(0), reader.end(), kNarrowDepth, [&](Value step) {
    frame.loop(0, place.width - tail, lanes,
               [&](Value offset) { transpose(step, offset, lanes); });
    if (tail != 0)
      transpose(step, frame.constant(place.width - tail), tail);
  });
}

//===-- A -----------------------------------------------------------------===//

/// Contiguous along k: row by row.
void Packer::packNarrowRows(const Segment &part, AffineExpr batch,
                            const PackedDepth &k, Value row, Value count,
                            int64_t stride) {
  NarrowReader reader(frame, elements, part.a.tensor, k.depth,
                      part.depth % kNarrowDepth == 0);
  frame.loop(frame.constant(0), count, 1, [&](Value r) {
    Elements::Scope scope(elements);
    AffineExpr m = elements.variable(frame.add(row, r));
    Value line = frame.at(blockOfA(), plan.packed, frame.mul(r, stride));
    elements.hoist(
        part.a.tensor,
        pointOf(part, part.a, batch, m, elements.constant(0), elements.lane()));
    frame.loop(frame.constant(0), reader.end(), kNarrowDepth, [&](Value step) {
      Elements::Scope inner(elements);
      AffineExpr from =
          elements.variable(frame.add(k.first, step), kNarrowDepth);
      Value units = reader.alongDepth(step, [&](int64_t more) {
        return pointOf(part, part.a, batch, m, elements.constant(0),
                       from + more + elements.lane());
      });
      frame.store(units, frame.at(line, plan.packed, step));
    });
  });
}

/// Contiguous across k: squares of 16 rows by 16 pairs of k are transposed.
void Packer::packNarrowColumns(const Segment &part, AffineExpr batch,
                               const PackedDepth &k, Value row, Value count,
                               int64_t stride) {
  int64_t lanes = plan.lanes;
  NarrowReader reader(frame, elements, part.a.tensor, k.depth,
                      part.depth % kNarrowDepth == 0);
  auto square = [&](Value step, Value offset) {
    Elements::Scope scope(elements);
    AffineExpr m = elements.variable(frame.add(row, offset)) + elements.lane();
    Value mask = frame.laneMask(frame.sub(count, offset), lanes);
    SmallVector<Value> pairs;
    for (int64_t pair = 0; pair < lanes; ++pair) {
      Value from = frame.add(step, 2 * pair);
      AffineExpr depth = elements.variable(frame.add(k.first, from));
      pairs.push_back(reader.acrossDepth(from, mask, [&](int64_t more) {
        return pointOf(part, part.a, batch, m, elements.constant(0),
                       depth + more);
      }));
    }
    Value target = frame.at(blockOfA(), plan.packed,
                            frame.add(frame.mul(offset, stride), step));
    for (auto [r, units] : llvm::enumerate(transposeSquare(frame, pairs)))
      frame.store(units,
                  frame.bytes(target, int64_t(r) * stride * kNarrowBytes));
  };
  frame.loop(frame.constant(0), reader.end(), kNarrowDepth, [&](Value step) {
    frame.loop(frame.constant(0), count, lanes,
               [&](Value offset) { square(step, offset); });
  });
}

void Packer::packNarrowA(const Segment &part, AffineExpr batch,
                         const PackedDepth &k, Value row, Value count,
                         int64_t stride) {
  if (part.a.supply == Supply::Rows)
    packNarrowRows(part, batch, k, row, count, stride);
  else
    packNarrowColumns(part, batch, k, row, count, stride);
}
