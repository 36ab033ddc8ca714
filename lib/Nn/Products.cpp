// Which pairs of factors under a sum become contractions and which are
// multiplied element by element first.
#include "lib/Nn/Labels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace ogee;

Indexed IndexedBuilder::reduce(StringRef combiner, const Indexed &value,
                               TypedAttr neutral, ArrayRef<Label> over) {
  Labels kept = without(value.labels, over), closed;
  llvm::sort(kept);
  for (Label label : value.labels)
    if (contains(over, label))
      closed.push_back(label);
  if (closed.empty())
    return value;
  SmallVector<int64_t> shape;
  for (Label label : kept)
    shape.push_back(extent(label));
  Value start = arith::ConstantOp::create(builder, loc, neutral);
  Value empty = tensor::EmptyOp::create(builder, loc, shape, neutral.getType());
  Value init = linalg::FillOp::create(builder, loc, start, empty).getResult(0);
  return generic(
      value, neutral.getType(), init, kept, closed,
      [&](OpBuilder &inner, ArrayRef<Value>, ValueRange elements) -> Value {
        OperationState state(loc, combiner, {elements[1], elements[0]},
                             {neutral.getType()});
        return inner.create(state)->getResult(0);
      });
}

Indexed IndexedBuilder::sum(const Indexed &value, ArrayRef<Label> over) {
  bool isFloat = isa<FloatType>(value.elementType());
  int64_t repeats = 1;
  for (Label label : over)
    repeats *= value.has(label) ? 1 : extent(label);
  Indexed result = value;
  if (!value.isNumber())
    result = reduce(isFloat ? arith::AddFOp::getOperationName()
                            : arith::AddIOp::getOperationName(),
                    value, builder.getZeroAttr(value.elementType()), over);
  if (repeats == 1)
    return result;
  if (isFloat)
    return apply<arith::MulFOp>(
        {result, number(double(repeats), value.elementType())});
  return apply<arith::MulIOp>(
      {result, number(builder.getIntegerAttr(value.elementType(), repeats))});
}

/// Each of the two has a free index that the other lacks.
static bool isContraction(const Indexed &a, const Indexed &b,
                          ArrayRef<Label> over) {
  auto hasOwn = [&](const Indexed &one, const Indexed &other) {
    return llvm::any_of(one.labels, [&](Label label) {
      return !contains(over, label) && !other.has(label);
    });
  };
  return hasOwn(a, b) && hasOwn(b, a);
}

Indexed IndexedBuilder::contract(const Indexed &a, const Indexed &b,
                                 ArrayRef<Label> over) {
  Labels shared, ownA, ownB;
  for (Label label : over) {
    if (a.has(label) && b.has(label))
      shared.push_back(label);
    else
      (a.has(label) ? ownA : ownB).push_back(label);
  }
  Indexed left = sum(a, ownA), right = sum(b, ownB);
  if (shared.empty() || left.isNumber() || right.isNumber() ||
      !isContraction(left, right, shared))
    return sum(apply<arith::MulFOp>({left, right}), shared);
  Labels kept = without(unite({left, right}), shared);
  SmallVector<int64_t> shape;
  for (Label label : kept)
    shape.push_back(extent(label));
  Type element = left.elementType();
  Value zero =
      arith::ConstantOp::create(builder, loc, builder.getZeroAttr(element));
  Value empty = tensor::EmptyOp::create(builder, loc, shape, element);
  Value init = linalg::FillOp::create(builder, loc, zero, empty).getResult(0);
  return generic(
      {left, right}, element, init, kept, shared,
      [&](OpBuilder &inner, ArrayRef<Value>, ValueRange elements) -> Value {
        Value product =
            arith::MulFOp::create(inner, loc, elements[0], elements[1]);
        return arith::AddFOp::create(inner, loc, elements[2], product);
      });
}

/// Joins the cheapest pair until one factor is left. A pair of which one covers
/// the other's indices is multiplied in place; it costs nothing in size. Sums
/// over indices of no other factor are taken with the pair.
Indexed IndexedBuilder::joinFactors(SmallVector<Indexed> factors,
                                    ArrayRef<Label> over) {
  auto closing = [&](size_t i, size_t j) {
    Labels closed;
    for (Label label : over) {
      bool elsewhere = false;
      for (auto [k, factor] : llvm::enumerate(factors))
        elsewhere |= k != i && k != j && factor.has(label);
      if (!elsewhere && (factors[i].has(label) || factors[j].has(label)))
        closed.push_back(label);
    }
    return closed;
  };
  auto cost = [&](size_t i, size_t j) {
    Labels all = unite({factors[i], factors[j]});
    bool covered = all.size() == factors[i].labels.size() ||
                   all.size() == factors[j].labels.size();
    double size = covered ? 0.0 : 1.0;
    for (Label label : covered ? Labels() : without(all, closing(i, j)))
      size *= extent(label);
    return size;
  };
  while (factors.size() > 1) {
    size_t bestI = 0, bestJ = 1;
    for (size_t i = 0; i < factors.size(); ++i)
      for (size_t j = i + 1; j < factors.size(); ++j)
        if (cost(i, j) < cost(bestI, bestJ))
          std::tie(bestI, bestJ) = std::pair(i, j);
    Indexed joined =
        contract(factors[bestI], factors[bestJ], closing(bestI, bestJ));
    factors.erase(factors.begin() + bestJ);
    factors[bestI] = joined;
  }
  return factors[0];
}

Indexed IndexedBuilder::productSum(ArrayRef<Indexed> factors,
                                   ArrayRef<Label> over) {
  SmallVector<Indexed> inside, outside;
  for (const Indexed &factor : factors) {
    bool depends = llvm::any_of(
        factor.labels, [&](Label label) { return contains(over, label); });
    (depends ? inside : outside).push_back(factor);
  }
  Labels counted, closed;
  for (Label label : over)
    (llvm::any_of(inside, [&](auto &f) { return f.has(label); }) ? closed
                                                                 : counted)
        .push_back(label);
  double repeats = 1.0;
  for (Label label : counted)
    repeats *= extent(label);
  Indexed product = number(repeats, factors[0].elementType());
  if (!inside.empty()) {
    Indexed joined = inside.size() == 1 ? sum(inside[0], closed)
                                        : joinFactors(inside, closed);
    product = apply<arith::MulFOp>({joined, product});
  }
  for (const Indexed &factor : outside)
    product = apply<arith::MulFOp>({product, factor});
  return product;
}
