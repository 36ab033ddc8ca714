// Operators on terms, so that the table reads as formulas do.
#include "lib/Differentiate/Derivatives.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace ogee;

namespace {

struct Term {
  IndexedBuilder *builder;
  Indexed value;
};

} // namespace

template <typename Op> static Term unary(const Term &a) {
  return {a.builder, a.builder->apply<Op>(a.value)};
}
template <typename Op> static Term binary(const Term &a, const Term &b) {
  return {a.builder, a.builder->apply<Op>({a.value, b.value})};
}
static Term number(double value, const Term &like) {
  return {like.builder, like.builder->number(value, like.value.elementType())};
}

static Term operator+(const Term &a, double b) {
  return binary<arith::AddFOp>(a, number(b, a));
}
static Term operator-(const Term &a, double b) {
  return binary<arith::SubFOp>(a, number(b, a));
}
static Term operator-(double a, const Term &b) {
  return binary<arith::SubFOp>(number(a, b), b);
}
static Term operator-(const Term &a) { return unary<arith::NegFOp>(a); }
static Term operator*(const Term &a, const Term &b) {
  return binary<arith::MulFOp>(a, b);
}
static Term operator*(const Term &a, double b) { return a * number(b, a); }
static Term operator/(const Term &a, const Term &b) {
  return binary<arith::DivFOp>(a, b);
}
static Term exp(const Term &a) { return unary<math::ExpOp>(a); }
static Term log(const Term &a) { return unary<math::LogOp>(a); }
static Term sin(const Term &a) { return unary<math::SinOp>(a); }
static Term cos(const Term &a) { return unary<math::CosOp>(a); }
static Term pow(const Term &a, const Term &b) {
  return binary<math::PowFOp>(a, b);
}

static Term compare(arith::CmpFPredicate predicate, const Term &a,
                    const Term &b) {
  return {a.builder, a.builder->compare(predicate, a.value, b.value)};
}
static Term operator>=(const Term &a, const Term &b) {
  return compare(arith::CmpFPredicate::OGE, a, b);
}
static Term operator<=(const Term &a, const Term &b) {
  return compare(arith::CmpFPredicate::OLE, a, b);
}
static Term operator>(const Term &a, double b) {
  return compare(arith::CmpFPredicate::OGT, a, number(b, a));
}
static Term operator<(const Term &a, double b) {
  return compare(arith::CmpFPredicate::OLT, a, number(b, a));
}
static Term where(const Term &condition, const Term &a, const Term &b) {
  return {a.builder, a.builder->select(condition.value, a.value, b.value)};
}
static Term where(const Term &condition, const Term &a, double b) {
  return where(condition, a, number(b, a));
}
static Term where(const Term &condition, double a, const Term &b) {
  return where(condition, number(a, b), b);
}
template <typename Op> static Term convert(const Term &g, const Term &like) {
  return {g.builder, g.builder->apply(Op::getOperationName(), g.value,
                                      like.value.elementType())};
}
static Term narrow(const Term &g, const Term &like) {
  return convert<arith::TruncFOp>(g, like);
}
static Term widen(const Term &g, const Term &like) {
  return convert<arith::ExtFOp>(g, like);
}

namespace {

/// A formula, and whether it reads more than the gradient.
struct Entry {
  Term (*formula)(const Term &a, const Term &b, const Term &c, const Term &y,
                  const Term &g) = nullptr;
  bool readsOperands = false;
};

struct Row {
  StringRef operation;
  SmallVector<Entry, 3> entries;
};

} // namespace

static ArrayRef<Row> table() {
  static const Row rows[] = {
#define FORMULA(...)                                                           \
  [](const Term &a, const Term &b, const Term &c, const Term &y,               \
     const Term &g) -> Term { return __VA_ARGS__; }
#define D(...) Entry{FORMULA(__VA_ARGS__), true}
#define G(...) Entry{FORMULA(__VA_ARGS__), false}
#define NONE                                                                   \
  Entry {}
#define DERIVATIVE(Op, ...) {Op::getOperationName(), {__VA_ARGS__}},
#include "lib/Differentiate/Derivatives.def"
#undef D
#undef G
#undef NONE
#undef FORMULA
  };
  return rows;
}

FailureOr<Mutation> ogee::parseMutation(StringRef text) {
  Mutation mutation;
  if (text.empty())
    return mutation;
  auto [entry, kind] = text.rsplit(':');
  auto [operation, operand] = entry.rsplit('.');
  if (operand.getAsInteger(10, mutation.operand))
    return failure();
  if (!llvm::is_contained(derivativeMutants(), text))
    return failure();
  mutation.operation = operation.str();
  mutation.kind = llvm::StringSwitch<Mutation::Kind>(kind)
                      .Case("sign", Mutation::Sign)
                      .Case("factor", Mutation::Factor)
                      .Default(Mutation::Swap);
  return mutation;
}

SmallVector<std::string> ogee::derivativeMutants() {
  SmallVector<std::string> mutants;
  for (const Row &row : table())
    for (auto [index, entry] : llvm::enumerate(row.entries))
      for (StringRef kind : {"sign", "factor", "swap"})
        if (entry.formula && (entry.readsOperands || kind != "swap"))
          mutants.push_back(
              (row.operation + "." + Twine(index) + ":" + kind).str());
  return mutants;
}

FailureOr<Indexed>
ogee::derivative(Operation *op, unsigned index, ArrayRef<Indexed> operands,
                 const Indexed &result, const Indexed &gradient,
                 IndexedBuilder &builder, const Mutation &mutation) {
  const Row *row = llvm::find_if(table(), [&](const Row &candidate) {
    return candidate.operation == op->getName().getStringRef();
  });
  if (row == table().end())
    return op->emitError() << "has no row in the derivative table";
  if (!row->entries[index].formula)
    return Indexed();
  bool mutated = mutation.kind != Mutation::None &&
                 mutation.operation == row->operation &&
                 mutation.operand == index;
  Term terms[3], y{&builder, result}, g{&builder, gradient};
  for (auto [place, operand] : llvm::enumerate(operands))
    terms[place] = {&builder, operand};
  if (mutated && mutation.kind == Mutation::Swap) {
    // A select's operands to exchange are its values, not its condition.
    unsigned first = operands.size() == 3 ? 1 : 0;
    std::swap(terms[first], operands.size() == 1 ? y : terms[first + 1]);
    if (isa<arith::SelectOp>(op))
      index = 3 - index;
  }
  Term term = row->entries[index].formula(terms[0], terms[1], terms[2], y, g);
  if (mutated && mutation.kind == Mutation::Sign)
    term = -term;
  if (mutated && mutation.kind == Mutation::Factor)
    term = term * 2.0;
  return term.value;
}
