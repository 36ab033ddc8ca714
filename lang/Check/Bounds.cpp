// A read is legal if {indices in their ranges, conditions hold, subscript
// outside} has no integer point. MLIR's own polyhedra decide it; a point they
// find is the place that the message shows.
#include "lang/Check/Elaborator.h"
#include "mlir/Analysis/Presburger/IntegerRelation.h"
#include "llvm/Support/MathExtras.h"

using namespace ogee;
using namespace ogee::checking;
using llvm::dyn_cast;
using llvm::DynamicAPInt;
using mlir::presburger::IntegerPolyhedron;
using mlir::presburger::PresburgerSpace;
using model::ScalarOp;

namespace {

/// Coefficients of the columns, by position, and a constant.
struct Linear {
  std::map<unsigned, int64_t> columns;
  int64_t constant = 0;
  bool overflows = false; ///< Beyond 64 bits: nothing is known.
};

/// The system of one read: a column an index, a column a read of data, a
/// column a quotient.
class System {
public:
  using Key = llvm::function_ref<std::string(const Scalar *)>;
  explicit System(Key key) : key(key) {}

  /// Null if the scalar is not affine, `div` and `mod` by constants included.
  std::optional<Linear> linear(const Scalar *scalar);
  /// Adds what an affine condition says; other conditions say nothing.
  void assume(const Scalar *cond, bool negated);
  /// A point where `form` is at most `bound`, or at least: columns to values.
  std::optional<SmallVector<int64_t>> findAtMost(const Linear &form,
                                                 int64_t bound);
  std::optional<SmallVector<int64_t>> findAtLeast(const Linear &form,
                                                  int64_t bound);

  struct Column {
    std::string name; ///< Empty for a quotient.
    std::string key;
  };
  std::vector<Column> columns;

private:
  unsigned column(std::string key, std::string name, std::optional<int64_t> low,
                  std::optional<int64_t> high);
  void atLeastZero(Linear form) {
    if (!form.overflows)
      inequalities.push_back(std::move(form));
  }
  std::optional<Linear> quotient(const model::OpScalar *op);
  Linear fromData(const model::ReadScalar *node);
  std::optional<SmallVector<int64_t>> find(const Linear &extra);

  Key key;
  std::vector<Linear> inequalities;
  std::vector<Linear> distinct; ///< Not zero: below or above.
};

} // namespace

static Linear combine(const Linear &a, int64_t by, const Linear &b) {
  Linear result = a;
  result.overflows |= b.overflows;
  auto add = [&](int64_t &sum, int64_t factor) {
    int64_t product = 0;
    result.overflows |= llvm::MulOverflow(by, factor, product) ||
                        llvm::AddOverflow(sum, product, sum);
  };
  add(result.constant, b.constant);
  for (auto [column, factor] : b.columns)
    add(result.columns[column], factor);
  return result;
}

static Linear constant(int64_t value) {
  Linear result;
  result.constant = value;
  return result;
}

unsigned System::column(std::string key, std::string name,
                        std::optional<int64_t> low,
                        std::optional<int64_t> high) {
  for (auto [at, known] : llvm::enumerate(columns))
    if (known.key == key)
      return at;
  columns.push_back({std::move(name), std::move(key)});
  unsigned at = columns.size() - 1;
  Linear self;
  self.columns[at] = 1;
  if (low)
    atLeastZero(combine(self, -1, constant(*low)));
  if (high)
    atLeastZero(combine(constant(*high - 1), -1, self));
  return at;
}

/// floor(x / d) = q with 0 <= x - d q < d.
std::optional<Linear> System::quotient(const model::OpScalar *op) {
  auto value = linear(op->operands[0]);
  auto *by = dyn_cast<model::ConstScalar>(op->operands[1]);
  if (!value || !by || by->integer <= 0)
    return std::nullopt;
  std::string name =
      "div " + std::to_string(by->integer) + " " + key(op->operands[0]);
  size_t known = columns.size();
  Linear self;
  self.columns[column(std::move(name), "", {}, {})] = 1;
  Linear rest = combine(*value, -by->integer, self);
  if (columns.size() != known) {
    atLeastZero(rest);
    atLeastZero(combine(constant(by->integer - 1), -1, rest));
  }
  return op->op == ScalarOp::Mod ? rest : self;
}

/// An integer read from data may be anything within its type's bounds.
Linear System::fromData(const model::ReadScalar *node) {
  const model::Type &type = node->tensor->type;
  std::optional<int64_t> low = type.low, high = type.high;
  auto *otherwise =
      node->otherwise ? dyn_cast<model::ConstScalar>(node->otherwise) : nullptr;
  if (otherwise) {
    low = std::min(*low, otherwise->integer);
    high = std::max(*high, otherwise->integer + 1);
  } else if (node->otherwise) {
    low = high = std::nullopt;
  }
  Linear self;
  self.columns[column(key(node), node->range.text().str(), low, high)] = 1;
  return self;
}

std::optional<Linear> System::linear(const Scalar *scalar) {
  if (auto *node = dyn_cast<model::ConstScalar>(scalar))
    return constant(node->integer);
  if (auto *node = dyn_cast<model::IndexScalar>(scalar)) {
    Linear self;
    self.columns[column(key(scalar), node->index->name.str(), 0,
                        node->index->extent)] = 1;
    return self;
  }
  if (auto *node = dyn_cast<model::ReadScalar>(scalar))
    return fromData(node);
  if (auto *node = dyn_cast<model::TupleScalar>(scalar)) {
    Linear sum;
    for (auto [part, index] : llvm::zip(node->parts, node->indices)) {
      Linear scaled = combine({}, index->extent, sum);
      sum = combine(*linear(part), 1, scaled);
    }
    return sum;
  }
  auto *op = dyn_cast<model::OpScalar>(scalar);
  if (!op || op->element != Element::Int)
    return std::nullopt;
  if (op->op == ScalarOp::FloorDiv || op->op == ScalarOp::Mod)
    return quotient(op);
  SmallVector<Linear> parts;
  for (const Scalar *operand : op->operands) {
    auto part = linear(operand);
    if (!part)
      return std::nullopt;
    parts.push_back(*part);
  }
  switch (op->op) {
  case ScalarOp::Negate:
    return combine({}, -1, parts[0]);
  case ScalarOp::Add:
    return combine(parts[0], 1, parts[1]);
  case ScalarOp::Sub:
    return combine(parts[0], -1, parts[1]);
  case ScalarOp::Mul:
    if (parts[0].columns.empty())
      return combine({}, parts[0].constant, parts[1]);
    if (parts[1].columns.empty())
      return combine({}, parts[1].constant, parts[0]);
    return std::nullopt;
  default:
    return std::nullopt;
  }
}

void System::assume(const Scalar *cond, bool negated) {
  auto *op = dyn_cast<model::OpScalar>(cond);
  if (!op)
    return;
  if (op->op == ScalarOp::Not)
    return assume(op->operands[0], !negated);
  if (op->op == (negated ? ScalarOp::Or : ScalarOp::And)) {
    assume(op->operands[0], negated);
    assume(op->operands[1], negated);
    return;
  }
  bool isInt = op->operands[0]->element == Element::Int &&
               op->operands.size() == 2 &&
               op->operands[1]->element == Element::Int;
  if (!isInt)
    return;
  auto lhs = linear(op->operands[0]), rhs = linear(op->operands[1]);
  if (!lhs || !rhs)
    return;
  Linear less = combine(*rhs, -1, *lhs), more = combine(*lhs, -1, *rhs);
  Linear one = constant(1);
  switch (op->op) {
  case ScalarOp::Less:
    return atLeastZero(negated ? more : combine(less, -1, one));
  case ScalarOp::LessEqual:
    return atLeastZero(negated ? combine(more, -1, one) : less);
  case ScalarOp::Greater:
    return atLeastZero(negated ? less : combine(more, -1, one));
  case ScalarOp::GreaterEqual:
    return atLeastZero(negated ? combine(less, -1, one) : more);
  case ScalarOp::Equal:
  case ScalarOp::NotEqual:
    if ((op->op == ScalarOp::Equal) == negated) {
      // Each doubles the work.
      if (distinct.size() < 4)
        distinct.push_back(less);
      return;
    }
    atLeastZero(less);
    atLeastZero(more);
    return;
  default:
    return;
  }
}

/// Forms that are not zero split the system in two.
std::optional<SmallVector<int64_t>> System::find(const Linear &extra) {
  if (!distinct.empty()) {
    Linear form = distinct.back();
    distinct.pop_back();
    std::optional<SmallVector<int64_t>> point;
    for (int64_t sign : {1, -1}) {
      if (point)
        break;
      inequalities.push_back(combine(constant(-1), sign, form));
      point = find(extra);
      inequalities.pop_back();
    }
    distinct.push_back(form);
    return point;
  }
  IntegerPolyhedron set(PresburgerSpace::getSetSpace(columns.size()));
  auto add = [&](const Linear &form) {
    SmallVector<int64_t> row(columns.size() + 1, 0);
    for (auto [column, factor] : form.columns)
      row[column] = factor;
    row.back() = form.constant;
    set.addInequality(row);
  };
  for (const Linear &form : inequalities)
    add(form);
  add(extra);
  auto sample = set.findIntegerSample();
  if (!sample)
    return std::nullopt;
  // The first place is the one that a reader would look at.
  auto first = set.findIntegerLexMin();
  if (first.isBounded())
    sample = *first;
  SmallVector<int64_t> values;
  for (const DynamicAPInt &value : *sample)
    values.push_back(int64_t(value));
  return values;
}

std::optional<SmallVector<int64_t>> System::findAtMost(const Linear &form,
                                                       int64_t bound) {
  return find(combine(constant(bound), -1, form));
}

std::optional<SmallVector<int64_t>> System::findAtLeast(const Linear &form,
                                                        int64_t bound) {
  return find(combine(form, -1, constant(bound)));
}

/// ` at t = 0, j = 1`: the indices of the point, in the order of the columns.
static std::string place(const System &system, ArrayRef<int64_t> point) {
  std::string text;
  for (auto [column, value] : llvm::zip(system.columns, point))
    if (!column.name.empty())
      text += (text.empty() ? " where `" : ", `") + column.name +
              "` = " + std::to_string(value);
  return text;
}

void Elaborator::proveRead(const ReadSite &site) {
  auto key = [this](const Scalar *scalar) {
    std::string text;
    llvm::raw_string_ostream os(text);
    writeKey(os, scalar);
    return text;
  };
  ArrayRef<int64_t> shape = site.read->tensor->type.shape;
  for (auto [at, subscript] : llvm::enumerate(site.read->subscripts)) {
    System system(key);
    auto form = system.linear(subscript);
    if (!form || form->overflows) {
      report(diag::NotProved, site.items[at], at + 1, describe(shape),
             site.items[at].text());
      return;
    }
    for (const Scalar *guard : site.guards)
      system.assume(guard, /*negated=*/false);
    auto point = system.findAtMost(*form, -1);
    if (!point)
      point = system.findAtLeast(*form, shape[at]);
    if (!point)
      continue;
    int64_t value = form->constant;
    for (auto [column, factor] : form->columns)
      value += factor * (*point)[column];
    auto diagnostic =
        report(diag::OutOfBounds, site.items[at], at + 1, describe(shape),
               std::to_string(value), place(system, *point));
    note(diagnostic, diag::ElseHint, site.read->range);
    return;
  }
}

void Elaborator::proveReads(ElementFrame &frame) {
  for (const ReadSite &site : frame.reads)
    if (!site.read->otherwise)
      proveRead(site);
  frame.reads.clear();
}
