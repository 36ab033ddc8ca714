// What a tree of constants is worth: the tables that are first values, and what
// is known of integers, so that a table may be a subscript.
#include "lang/Check/TensorMaker.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>
#include <numeric>

using namespace ogee;
using namespace ogee::checking;
using llvm::cast;
using llvm::dyn_cast;
using model::ReduceKind;
using model::ScalarOp;

/// Elements that are computed to know an integer table's bounds exactly.
static constexpr int64_t maxExact = 1 << 16;

static constexpr double infinity = std::numeric_limits<double>::infinity();

/// Calls `visit` with every place of the indices in row-major order while it
/// returns true.
static bool forEachPlace(ArrayRef<model::Index *> indices, FoldPlace &place,
                         llvm::function_ref<bool()> visit) {
  if (indices.empty())
    return visit();
  for (int64_t at = 0; at < indices.front()->extent; ++at) {
    place[indices.front()] = at;
    if (!forEachPlace(indices.drop_front(), place, visit))
      return false;
  }
  return true;
}

static double logSumExp(ArrayRef<double> kept) {
  double most = -infinity, sum = 0;
  for (double value : kept)
    most = std::max(most, value);
  for (double value : kept)
    sum += std::exp(value - most);
  return kept.empty() ? -infinity : most + std::log(sum);
}

/// The reduction of the kept values; `places` are their numbers.
static double reduceValues(ReduceKind kind, ArrayRef<double> kept,
                           ArrayRef<int64_t> places) {
  double count = std::max<size_t>(kept.size(), 1);
  double sum = std::accumulate(kept.begin(), kept.end(), 0.0);
  switch (kind) {
  case ReduceKind::Sum:
  case ReduceKind::Count:
    return sum;
  case ReduceKind::Prod:
    return std::accumulate(kept.begin(), kept.end(), 1.0, std::multiplies<>());
  case ReduceKind::Max:
    return kept.empty() ? -infinity : *llvm::max_element(kept);
  case ReduceKind::Min:
    return kept.empty() ? infinity : *llvm::min_element(kept);
  case ReduceKind::Mean:
    return sum / count;
  case ReduceKind::Any:
    return llvm::any_of(kept, [](double value) { return value != 0; });
  case ReduceKind::All:
    return llvm::all_of(kept, [](double value) { return value != 0; });
  case ReduceKind::LogSumExp:
    return logSumExp(kept);
  case ReduceKind::ArgMax:
    return kept.empty() ? 0 : places[llvm::max_element(kept) - kept.begin()];
  case ReduceKind::Norm:
  case ReduceKind::Variance: {
    double centre = kind == ReduceKind::Norm ? 0 : sum / count, squares = 0;
    for (double value : kept)
      squares += (value - centre) * (value - centre);
    return kind == ReduceKind::Norm ? std::sqrt(squares) : squares / count;
  }
  }
  llvm_unreachable("covered switch");
}

/// The values that the condition keeps, and their numbers; false where one is
/// not known while compiling.
bool TensorMaker::foldKept(ArrayRef<model::Index *> indices,
                           const Scalar *where, const Scalar *body,
                           FoldPlace &place, SmallVector<double> &kept,
                           SmallVector<int64_t> &places) {
  int64_t number = 0;
  return forEachPlace(indices, place, [&] {
    auto keep = where ? fold(where, place) : std::optional<double>(1);
    auto value = keep && *keep != 0 ? fold(body, place) : keep;
    if (!value)
      return false;
    if (*keep != 0) {
      kept.push_back(*value);
      places.push_back(number);
    }
    ++number;
    return true;
  });
}

std::optional<double> TensorMaker::foldClosed(const Scalar *scalar,
                                              FoldPlace &place) {
  SmallVector<double> kept;
  SmallVector<int64_t> places;
  if (auto *node = dyn_cast<model::ReduceScalar>(scalar)) {
    if (!foldKept(node->indices, node->where, node->body, place, kept, places))
      return std::nullopt;
    return reduceValues(node->reduce, kept, places);
  }
  auto *node = cast<model::SoftmaxScalar>(scalar);
  model::Index *index = node->index;
  auto at = fold(node->at, place);
  if (!at || !foldKept(index, node->where, node->body, place, kept, places))
    return std::nullopt;
  auto *found = llvm::find(places, int64_t(*at));
  if (found == places.end())
    return 0.0;
  return std::exp(kept[found - places.begin()] - logSumExp(kept));
}

/// The number that a tree of constants is worth; nullopt where it reads.
std::optional<double> TensorMaker::fold(const Scalar *scalar,
                                        FoldPlace &place) {
  if (auto *node = dyn_cast<model::ConstScalar>(scalar))
    return model::isFloat(node->element) ? node->number : double(node->integer);
  if (auto *node = dyn_cast<model::IndexScalar>(scalar)) {
    auto it = place.find(node->index);
    return it == place.end() ? std::nullopt : std::optional<double>(it->second);
  }
  if (auto *node = dyn_cast<model::IfScalar>(scalar)) {
    auto cond = fold(node->cond, place);
    return cond ? fold(*cond != 0 ? node->then : node->otherwise, place)
                : std::nullopt;
  }
  if (llvm::isa<model::ReduceScalar, model::SoftmaxScalar>(scalar))
    return foldClosed(scalar, place);
  if (auto *node = dyn_cast<model::TupleScalar>(scalar)) {
    double sum = 0;
    for (auto [part, index] : llvm::zip(node->parts, node->indices)) {
      auto digit = fold(part, place);
      if (!digit)
        return std::nullopt;
      sum = sum * index->extent + *digit;
    }
    return sum;
  }
  auto *node = dyn_cast<model::OpScalar>(scalar);
  if (!node)
    return std::nullopt;
  SmallVector<double> parts;
  for (const Scalar *operand : node->operands) {
    auto part = fold(operand, place);
    if (!part)
      return std::nullopt;
    parts.push_back(*part);
  }
  return foldOp(node->op, parts, node->element == Element::Int);
}

/// How often bodies are computed to fold the tree.
static uint64_t countPlaces(const Scalar *scalar) {
  uint64_t inside = 1;
  model::forEachOperand(*scalar, [&](const Scalar *operand) {
    inside = llvm::SaturatingAdd(inside, countPlaces(operand));
  });
  auto *node = dyn_cast<model::ReduceScalar>(scalar);
  for (const model::Index *index :
       node ? node->indices : ArrayRef<model::Index *>())
    inside =
        llvm::SaturatingMultiply(inside, std::max<uint64_t>(index->extent, 1));
  return inside;
}

/// What closes all its indices and reads nothing is a number: `max[w in
/// 64..4097 by 64 where w * w < n](w)`.
Value TensorMaker::foldedNumber(Value value) {
  if (!value.is(ValueKind::Scalar) ||
      countPlaces(value.scalar) > uint64_t(maxTable))
    return value;
  FoldPlace none;
  auto number = fold(value.scalar, none);
  if (!number)
    return value;
  switch (value.scalar->element) {
  case Element::Bool:
    return Value::ofBool(*number != 0);
  case Element::Int:
    // On nothing these are what a tensor of integers would hold.
    if (std::isinf(*number))
      return Value::ofInt(*number < 0 ? INT32_MIN : INT32_MAX);
    return Value::ofInt(int64_t(*number));
  default:
    return Value::ofFloat(*number);
  }
}

/// Whether a table costs less than computing the element where it is read.
static bool isLong(const Scalar *scalar) {
  if (llvm::isa<model::ReduceScalar, model::SoftmaxScalar>(scalar) ||
      scalar->element == Element::Int)
    return !llvm::isa<model::ConstScalar, model::IndexScalar>(scalar);
  auto *choice = dyn_cast<model::IfScalar>(scalar);
  bool found = choice && llvm::isa<model::IfScalar>(choice->then);
  model::forEachOperand(
      *scalar, [&](const Scalar *operand) { found |= isLong(operand); });
  return found;
}

/// The constant as its elements; null where it is better computed.
model::Tensor *TensorMaker::emitTable(const TensorValue &tensor) {
  const model::Define &constant = *tensor.constant;
  int64_t count = 1;
  for (int64_t extent : tensor.type.shape)
    count *= extent;
  if (count > maxExact || tensor.type.element == Element::Bool ||
      !isLong(constant.body))
    return nullptr;
  SmallVector<double> values;
  SmallVector<int64_t> numbers;
  FoldPlace place;
  if (!foldKept(constant.indices, nullptr, constant.body, place, values,
                numbers))
    return nullptr;
  model::Tensor *result = newTensor(tensor.type, tensor.range);
  func->func->body.push_back(make<model::Table>(
      model::Table{{tensor.range}, copy(ArrayRef<double>(values)), result}));
  return result;
}

//===----------------------------------------------------------------------===//
// Bounds of integers
//===----------------------------------------------------------------------===//

namespace {
/// Both inclusive.
struct Bounds {
  int64_t low, high;
};
} // namespace

static std::optional<Bounds> boundsOf(const Scalar *scalar);

static std::optional<Bounds> hull(std::optional<Bounds> a,
                                  std::optional<Bounds> b) {
  if (!a || !b)
    return std::nullopt;
  return Bounds{std::min(a->low, b->low), std::max(a->high, b->high)};
}

/// Of +, - and *: the corners'.
static std::optional<Bounds> ofCorners(ScalarOp op, Bounds a, Bounds b) {
  std::optional<Bounds> result;
  for (int64_t x : {a.low, a.high})
    for (int64_t y : {b.low, b.high}) {
      int64_t value;
      bool overflow = op == ScalarOp::Add   ? llvm::AddOverflow(x, y, value)
                      : op == ScalarOp::Sub ? llvm::SubOverflow(x, y, value)
                                            : llvm::MulOverflow(x, y, value);
      if (overflow)
        return std::nullopt;
      result =
          result ? hull(result, Bounds{value, value}) : Bounds{value, value};
    }
  return result;
}

static std::optional<Bounds> ofOp(const model::OpScalar *op) {
  // Of a float nothing is known but that sums with it do not overflow here.
  if (op->op == ScalarOp::Cast)
    return Bounds{-(int64_t(1) << 60), int64_t(1) << 60};
  SmallVector<Bounds> parts;
  for (const Scalar *operand : op->operands) {
    auto part = boundsOf(operand);
    if (!part)
      return std::nullopt;
    parts.push_back(*part);
  }
  switch (op->op) {
  case ScalarOp::Negate:
    return ofCorners(ScalarOp::Sub, {0, 0}, parts[0]);
  case ScalarOp::Abs:
    return Bounds{0, std::max(std::abs(parts[0].low), std::abs(parts[0].high))};
  case ScalarOp::StopGradient:
    return parts[0];
  case ScalarOp::Add:
  case ScalarOp::Sub:
  case ScalarOp::Mul:
    return ofCorners(op->op, parts[0], parts[1]);
  case ScalarOp::Max:
    return Bounds{std::max(parts[0].low, parts[1].low),
                  std::max(parts[0].high, parts[1].high)};
  case ScalarOp::Min:
    return Bounds{std::min(parts[0].low, parts[1].low),
                  std::min(parts[0].high, parts[1].high)};
  case ScalarOp::FloorDiv:
    if (parts[1].low <= 0)
      return std::nullopt;
    return hull(Bounds{llvm::divideFloorSigned(parts[0].low, parts[1].low),
                       llvm::divideFloorSigned(parts[0].high, parts[1].low)},
                Bounds{llvm::divideFloorSigned(parts[0].low, parts[1].high),
                       llvm::divideFloorSigned(parts[0].high, parts[1].high)});
  case ScalarOp::Mod:
    if (parts[1].low <= 0)
      return std::nullopt;
    return Bounds{0, parts[1].high - 1};
  default:
    return std::nullopt;
  }
}

static std::optional<Bounds> ofReduce(const model::ReduceScalar *node) {
  int64_t count = 1;
  for (const model::Index *index : node->indices)
    if (llvm::MulOverflow(count, index->extent, count))
      return std::nullopt;
  if (node->reduce == ReduceKind::Count)
    return Bounds{0, count};
  if (node->reduce == ReduceKind::ArgMax)
    return Bounds{0, count - 1};
  auto body = boundsOf(node->body);
  if (!body || node->reduce != ReduceKind::Sum)
    return std::nullopt;
  auto all = ofCorners(ScalarOp::Mul, {count, count}, *body);
  return node->where ? hull(all, Bounds{0, 0}) : all;
}

static std::optional<Bounds> boundsOf(const Scalar *scalar) {
  if (scalar->element != Element::Int)
    return std::nullopt;
  if (auto *node = dyn_cast<model::ConstScalar>(scalar))
    return Bounds{node->integer, node->integer};
  if (auto *node = dyn_cast<model::IndexScalar>(scalar))
    return Bounds{0, node->index->extent - 1};
  if (auto *node = dyn_cast<model::ReadScalar>(scalar)) {
    Bounds inside{node->tensor->type.low, node->tensor->type.high - 1};
    return node->otherwise ? hull(inside, boundsOf(node->otherwise)) : inside;
  }
  if (auto *node = dyn_cast<model::IfScalar>(scalar))
    return hull(boundsOf(node->then), boundsOf(node->otherwise));
  if (auto *node = dyn_cast<model::TupleScalar>(scalar)) {
    int64_t count = 1;
    for (const model::Index *index : node->indices)
      count *= index->extent;
    return Bounds{0, count - 1};
  }
  if (auto *node = dyn_cast<model::ReduceScalar>(scalar))
    return ofReduce(node);
  auto *op = dyn_cast<model::OpScalar>(scalar);
  return op ? ofOp(op) : std::nullopt;
}

/// What is known of the elements of a definition of integers: all of them where
/// they are constants and not many, else intervals of what they are made of.
void TensorMaker::boundIntegers(Type &type, ArrayRef<model::Index *> indices,
                                const Scalar *body) {
  int64_t count = 1;
  for (const model::Index *index : indices)
    if (llvm::MulOverflow(count, index->extent, count))
      return;
  SmallVector<double> values;
  SmallVector<int64_t> numbers;
  FoldPlace place;
  std::optional<Bounds> bounds;
  if (count > 0 && count <= maxExact &&
      foldKept(indices, nullptr, body, place, values, numbers))
    bounds = Bounds{int64_t(*llvm::min_element(values)),
                    int64_t(*llvm::max_element(values))};
  else
    bounds = boundsOf(body);
  if (!bounds)
    return;
  type.low = std::max<int64_t>(bounds->low, INT32_MIN);
  type.high = std::min<int64_t>(bounds->high, INT32_MAX) + 1;
}
