#include "lib/Generate/Cpu/RowLoop.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace ogee;

/// Copies of the accumulators: an addition takes four cycles, two can start in
/// each, and loads take the rest.
static constexpr int64_t kCopies = 4;

/// The row's length rounded down to a multiple of a power of two.
Value RowLoop::roundedDown(int64_t multiple) {
  if (even)
    return frame.constant(*even / multiple * multiple);
  return arith::AndIOp::create(frame.builder(), frame.loc(), count,
                               frame.constant(-multiple));
}

RowLoop::Values RowLoop::run(ArrayRef<RowReduction *> active, Values state,
                             Body body) {
  int64_t together = kCopies * lanes;
  Value done = frame.constant(0);
  int64_t left = even.value_or(INT64_MAX);
  if (!active.empty() && left >= 2 * together) {
    done = roundedDown(together);
    state = runCopies(done, active, state, body);
    left = even ? left % together : left;
  }
  Value whole = roundedDown(lanes);
  if (left >= lanes)
    state = frame.loop(done, whole, lanes, state,
                       [&](Value start, ValueRange carried) {
                         return body(start, Value(), carried);
                       });
  if (even && *even % lanes == 0)
    return state;
  Value rest = even ? frame.constant(*even % lanes) : frame.sub(count, whole);
  return body(whole, frame.laneMask(rest, lanes), state);
}

/// Joins the states of `from` to those of `into`.
static void mergeInto(ArrayRef<RowReduction *> active,
                      MutableArrayRef<Value> into, ArrayRef<Value> from) {
  for (RowReduction *reduction : active) {
    size_t size = reduction->start().size();
    auto merged =
        reduction->merge(into.take_front(size), from.take_front(size));
    llvm::copy(merged, into.begin());
    into = into.drop_front(size);
    from = from.drop_front(size);
  }
}

/// kCopies vectors an iteration, each with a state of its own, merged over a
/// tree.
RowLoop::Values RowLoop::runCopies(Value end, ArrayRef<RowReduction *> active,
                                   const Values &state, Body body) {
  size_t size = state.size();
  Values all(state);
  for (int64_t copy = 1; copy < kCopies; ++copy)
    for (RowReduction *reduction : active)
      llvm::append_range(all, reduction->start());
  auto step = [&](Value start, ValueRange carried) {
    Values next;
    for (int64_t copy = 0; copy < kCopies; ++copy)
      next.append(body(frame.add(start, copy * lanes), Value(),
                       carried.slice(copy * size, size)));
    return next;
  };
  all = frame.loop(frame.constant(0), end, kCopies * lanes, all, step);
  for (int64_t half = kCopies / 2; half > 0; half /= 2)
    for (int64_t copy = 0; copy < half; ++copy)
      mergeInto(active, MutableArrayRef(all).slice(copy * size, size),
                ArrayRef(all).slice((copy + half) * size, size));
  return Values(ArrayRef(all).take_front(size));
}
