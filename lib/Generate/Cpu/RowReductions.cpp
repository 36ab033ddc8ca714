#include "lib/Generate/Cpu/RowReductions.h"

#include "lib/Generate/Cpu/Partials.h"
#include "lib/Nn/Nn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <limits>

using namespace mlir;
using namespace ogee;

static constexpr double kInfinity = std::numeric_limits<double>::infinity();

//===-- Common ------------------------------------------------------------===//

Type RowReduction::element() const {
  return getElementTypeOrSelf(input.getType());
}

Value RowReduction::value(ArrayRef<AffineExpr> point) {
  return elements.readVector(input, point);
}

Value RowReduction::masked(Value value, Value mask, double other) {
  if (!mask)
    return value;
  return arith::SelectOp::create(frame.builder(), frame.loc(), mask, value,
                                 frame.constant(value.getType(), other));
}

RowReduction::State RowReduction::acrossLanes(ValueRange state) {
  OpBuilder &b = frame.builder();
  State vectors(state);
  auto lanes = cast<VectorType>(state[0].getType()).getDimSize(0);
  for (; lanes > 1; lanes /= 2) {
    State low, high;
    for (Value vector : vectors) {
      low.push_back(vector::ExtractStridedSliceOp::create(
          b, frame.loc(), vector, int64_t(0), lanes / 2, int64_t(1)));
      high.push_back(vector::ExtractStridedSliceOp::create(
          b, frame.loc(), vector, lanes / 2, lanes / 2, int64_t(1)));
    }
    vectors = merge(low, high);
  }
  for (Value &vector : vectors)
    vector = vector::ExtractOp::create(b, frame.loc(), vector, int64_t(0));
  return vectors;
}

namespace {

/// One vector as state.
class Accumulation : public RowReduction {
public:
  using RowReduction::RowReduction;

  State start() override {
    return {frame.constant(VectorType::get({elements.lanes()}, element()),
                           neutral())};
  }

protected:
  virtual double neutral() { return 0; }
  Value add(Value a, Value b) {
    return arith::AddFOp::create(frame.builder(), frame.loc(), a, b);
  }
};

//===-- By a generic's body -----------------------------------------------===//

class Combination : public Accumulation {
public:
  Combination(Frame &frame, Elements &elements, linalg::GenericOp op,
              bool binds)
      : Accumulation(frame, elements, op.getDpsInputs()[0]), op(op),
        combiner(combinerOf(op)), binds(binds) {}

  State step(ArrayRef<AffineExpr> point, Value mask,
             ValueRange state) override {
    return combine(masked(value(point), mask, neutral()), state[0]);
  }
  State merge(ValueRange a, ValueRange b) override {
    return combine(a[0], b[0]);
  }
  void finish(ValueRange state, ArrayRef<AffineExpr> leading) override {
    if (binds)
      elements.bind(op.getResult(0), leading, state[0]);
  }

private:
  double neutral() override { return neutralOf(combiner); }
  State combine(Value a, Value b) {
    return {combineTwo(frame, combiner, a, b)};
  }

  linalg::GenericOp op;
  Operation *combiner;
  bool binds;
};

//===-- nn.moments: the mean, then deviations from it ---------------------===//

class Mean : public Accumulation {
public:
  Mean(Frame &frame, Elements &elements, nn::MomentsOp op, int64_t count)
      : Accumulation(frame, elements, op.getInput()), op(op), count(count) {}

  State step(ArrayRef<AffineExpr> point, Value mask,
             ValueRange state) override {
    return {add(state[0], masked(value(point), mask, 0))};
  }
  State merge(ValueRange a, ValueRange b) override { return {add(a[0], b[0])}; }
  void finish(ValueRange state, ArrayRef<AffineExpr> leading) override {
    Value n = frame.constant(element(), double(count));
    Value mean =
        arith::DivFOp::create(frame.builder(), frame.loc(), state[0], n);
    elements.bind(op.getMean(), leading, mean);
    bound = mean;
  }

  Value bound; // the row's mean, a scalar

private:
  nn::MomentsOp op;
  int64_t count;
};

class Deviations : public Accumulation {
public:
  Deviations(Frame &frame, Elements &elements, nn::MomentsOp op,
             const Mean &mean)
      : Accumulation(frame, elements, op.getInput()), op(op), mean(mean) {}

  State step(ArrayRef<AffineExpr> point, Value mask,
             ValueRange state) override {
    OpBuilder &b = frame.builder();
    Value center = frame.splat(mean.bound, elements.lanes());
    Value away = arith::SubFOp::create(b, frame.loc(), value(point), center);
    away = masked(away, mask, 0);
    return {math::FmaOp::create(b, frame.loc(), away, away, state[0])};
  }
  State merge(ValueRange a, ValueRange b) override { return {add(a[0], b[0])}; }
  void finish(ValueRange state, ArrayRef<AffineExpr> leading) override {
    elements.bind(op.getM2(), leading, state[0]);
  }

private:
  nn::MomentsOp op;
  const Mean &mean;
};

//===-- nn.logsumexp: the maximum, then exponentials below it -------------===//

class Maximum : public Accumulation {
public:
  using Accumulation::Accumulation;

  State step(ArrayRef<AffineExpr> point, Value mask,
             ValueRange state) override {
    return larger(masked(value(point), mask, -kInfinity), state[0]);
  }
  State merge(ValueRange a, ValueRange b) override {
    return larger(a[0], b[0]);
  }
  void finish(ValueRange state, ArrayRef<AffineExpr>) override {
    // An infinite maximum would make inf - inf of its own elements.
    OpBuilder &b = frame.builder();
    Value size = math::AbsFOp::create(b, frame.loc(), state[0]);
    Value finite =
        arith::CmpFOp::create(b, frame.loc(), arith::CmpFPredicate::OLT, size,
                              frame.constant(element(), kInfinity));
    bound = arith::SelectOp::create(b, frame.loc(), finite, state[0],
                                    frame.constant(element(), 0));
  }

  Value bound; // the row's finite maximum or 0, a scalar

private:
  double neutral() override { return -kInfinity; }
  /// The form that is one instruction; what is not a number is left to the
  /// exponentials, which keep it.
  State larger(Value a, Value b) {
    OpBuilder &builder = frame.builder();
    Value greater = arith::CmpFOp::create(builder, frame.loc(),
                                          arith::CmpFPredicate::OGT, a, b);
    return {arith::SelectOp::create(builder, frame.loc(), greater, a, b)};
  }
};

class Exponentials : public Accumulation {
public:
  Exponentials(Frame &frame, Elements &elements, nn::LogSumExpOp op,
               const Maximum &maximum)
      : Accumulation(frame, elements, op.getInput()), op(op), maximum(maximum) {
  }

  State step(ArrayRef<AffineExpr> point, Value mask,
             ValueRange state) override {
    OpBuilder &b = frame.builder();
    Value top = frame.splat(maximum.bound, elements.lanes());
    Value below = arith::SubFOp::create(b, frame.loc(), value(point), top);
    Value power = math::ExpOp::create(b, frame.loc(), below);
    return {add(state[0], masked(power, mask, 0))};
  }
  State merge(ValueRange a, ValueRange b) override { return {add(a[0], b[0])}; }
  void finish(ValueRange state, ArrayRef<AffineExpr> leading) override {
    Value log = math::LogOp::create(frame.builder(), frame.loc(), state[0]);
    elements.bind(op.getResult(), leading, add(maximum.bound, log));
  }

private:
  nn::LogSumExpOp op;
  const Maximum &maximum;
};

//===-- nn.argmax ---------------------------------------------------------===//

/// State: the largest value seen, and its position; 0 where all are -inf.
class ArgMax : public RowReduction {
public:
  ArgMax(Frame &frame, Elements &elements, nn::ArgMaxOp op)
      : RowReduction(frame, elements, op.getInput()), op(op) {}

  State start() override {
    int64_t lanes = elements.lanes();
    Type i64 = frame.builder().getI64Type();
    return {frame.constant(VectorType::get({lanes}, element()), -kInfinity),
            frame.constant(VectorType::get({lanes}, i64), 0)};
  }
  State step(ArrayRef<AffineExpr> point, Value mask,
             ValueRange state) override {
    Value candidate = masked(value(point), mask, -kInfinity);
    Value position = elements.materialise(point.back());
    return choose(compare(arith::CmpFPredicate::OGT, candidate, state[0]),
                  {candidate, position}, state);
  }
  State merge(ValueRange a, ValueRange b) override {
    OpBuilder &builder = frame.builder();
    Location loc = frame.loc();
    Value equal = compare(arith::CmpFPredicate::OEQ, b[0], a[0]);
    Value before = arith::CmpIOp::create(builder, loc,
                                         arith::CmpIPredicate::slt, b[1], a[1]);
    Value first = arith::AndIOp::create(builder, loc, equal, before);
    Value greater = compare(arith::CmpFPredicate::OGT, b[0], a[0]);
    return choose(arith::OrIOp::create(builder, loc, greater, first), b, a);
  }
  void finish(ValueRange state, ArrayRef<AffineExpr> leading) override {
    Type type = getElementTypeOrSelf(op.getResult().getType());
    Value position = state[1];
    if (position.getType() != type)
      position =
          arith::TruncIOp::create(frame.builder(), frame.loc(), type, position);
    elements.bind(op.getResult(), leading, position);
  }

private:
  Value compare(arith::CmpFPredicate predicate, Value a, Value b) {
    return arith::CmpFOp::create(frame.builder(), frame.loc(), predicate, a, b);
  }
  State choose(Value condition, ValueRange a, ValueRange b) {
    State result;
    for (auto [yes, no] : llvm::zip_equal(a, b))
      result.push_back(arith::SelectOp::create(frame.builder(), frame.loc(),
                                               condition, yes, no));
    return result;
  }

  nn::ArgMaxOp op;
};

} // namespace

unsigned ogee::passCountOf(Operation *op) {
  return isa<nn::MomentsOp, nn::LogSumExpOp>(op) ? 2 : 1;
}

SmallVector<RowPass, 2> ogee::passesOf(Operation *op, int64_t count,
                                       Frame &frame, Elements &elements) {
  SmallVector<RowPass, 2> passes;
  if (auto moments = dyn_cast<nn::MomentsOp>(op)) {
    auto mean = std::make_unique<Mean>(frame, elements, moments, count);
    auto deviations =
        std::make_unique<Deviations>(frame, elements, moments, *mean);
    passes.push_back({std::move(mean), 0});
    passes.push_back({std::move(deviations), 1});
  } else if (auto logSumExp = dyn_cast<nn::LogSumExpOp>(op)) {
    auto maximum =
        std::make_unique<Maximum>(frame, elements, logSumExp.getInput());
    auto exponentials =
        std::make_unique<Exponentials>(frame, elements, logSumExp, *maximum);
    passes.push_back({std::move(maximum), 0});
    passes.push_back({std::move(exponentials), 1});
  } else if (auto argMax = dyn_cast<nn::ArgMaxOp>(op)) {
    passes.push_back({std::make_unique<ArgMax>(frame, elements, argMax), 0});
  } else {
    passes.push_back({std::make_unique<Combination>(
                          frame, elements, cast<linalg::GenericOp>(op), true),
                      0});
  }
  return passes;
}

std::unique_ptr<RowReduction> ogee::makePartialReduction(linalg::GenericOp op,
                                                         Frame &frame,
                                                         Elements &elements) {
  return std::make_unique<Combination>(frame, elements, op, false);
}
