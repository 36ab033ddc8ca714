// The extent of every index, from the first of: written; the dimension where it
// stands bare; the same in a read with `else`; the one unknown of a tuple; the
// one unknown of an affine subscript, as far as that stays inside.
#include "lang/Check/Elaborator.h"
#include "llvm/Support/MathExtras.h"

using namespace ogee;
using namespace ogee::checking;
using llvm::dyn_cast;

static OpenIndex *leader(model::Index *index) {
  auto *open = static_cast<OpenIndex *>(index);
  while (open->same)
    open = open->same;
  return open;
}

/// An index standing bare tells its range; all places must tell the same.
bool Elaborator::solveBare(ElementFrame &frame, bool withElse, bool &failed) {
  bool changed = false;
  for (const ReadSite &site : frame.reads) {
    if (!site.informs || bool(site.read->otherwise) != withElse)
      continue;
    ArrayRef<int64_t> shape = site.read->tensor->type.shape;
    for (auto [at, subscript] : llvm::enumerate(site.read->subscripts)) {
      auto *scalar = dyn_cast<model::IndexScalar>(subscript);
      if (!scalar)
        continue;
      OpenIndex *index = leader(scalar->index);
      if (index->isWritten)
        continue;
      if (index->extent < 0) {
        index->extent = shape[at];
        index->extentRange = site.items[at];
        changed = true;
      } else if (!withElse && index->extent != shape[at] && !failed) {
        failed = true;
        auto diagnostic = report(diag::ExtentsDisagree, site.items[at],
                                 index->name, shape[at], index->extent);
        note(diagnostic, diag::ExtentHere, index->extentRange, index->name);
      }
    }
  }
  return changed;
}

bool Elaborator::solveTuples(ElementFrame &frame, bool &failed) {
  bool changed = false;
  for (const ReadSite &site : frame.reads) {
    ArrayRef<int64_t> shape = site.read->tensor->type.shape;
    for (auto [at, subscript] : llvm::enumerate(site.read->subscripts)) {
      auto *tuple = dyn_cast<model::TupleScalar>(subscript);
      if (!tuple || !site.informs)
        continue;
      OpenIndex *unknown = nullptr;
      int64_t known = 1, unknowns = 0;
      for (model::Index *part : tuple->indices) {
        OpenIndex *index = leader(part);
        if (index->extent >= 0)
          known *= index->extent;
        else if (++unknowns)
          unknown = index;
      }
      if (unknowns != 1)
        continue;
      if (known == 0 || shape[at] % known != 0) {
        if (!failed)
          report(diag::TupleRange, site.items[at], shape[at], known);
        failed = true;
        continue;
      }
      unknown->extent = shape[at] / known;
      unknown->extentRange = site.items[at];
      changed = true;
    }
  }
  return changed;
}

namespace {
/// constant + factor * unknown + something in [low, high].
struct Interval {
  int64_t low = 0, high = 0;
  OpenIndex *unknown = nullptr;
  int64_t factor = 0;
};
} // namespace

static std::optional<Interval> times(const Interval &value, int64_t by) {
  Interval result = value;
  if (llvm::MulOverflow(value.low, by, result.low) ||
      llvm::MulOverflow(value.high, by, result.high) ||
      llvm::MulOverflow(value.factor, by, result.factor))
    return std::nullopt;
  if (by < 0)
    std::swap(result.low, result.high);
  return result;
}

static std::optional<Interval> plus(const Interval &a, const Interval &b) {
  if (a.unknown && b.unknown && a.unknown != b.unknown)
    return std::nullopt;
  Interval result;
  result.unknown = a.unknown ? a.unknown : b.unknown;
  if (llvm::AddOverflow(a.low, b.low, result.low) ||
      llvm::AddOverflow(a.high, b.high, result.high) ||
      llvm::AddOverflow(a.factor, b.factor, result.factor))
    return std::nullopt;
  return result;
}

/// The affine form of a subscript with at most one index of unknown extent.
static std::optional<Interval> interval(Scalar *scalar) {
  if (auto *constant = dyn_cast<model::ConstScalar>(scalar))
    return Interval{constant->integer, constant->integer};
  if (auto *scalarIndex = dyn_cast<model::IndexScalar>(scalar)) {
    OpenIndex *index = leader(scalarIndex->index);
    if (index->extent < 0)
      return Interval{0, 0, index, 1};
    return Interval{0, index->extent - 1};
  }
  auto *op = dyn_cast<model::OpScalar>(scalar);
  if (!op)
    return std::nullopt;
  SmallVector<Interval> parts;
  for (Scalar *operand : op->operands) {
    auto part = interval(operand);
    if (!part)
      return std::nullopt;
    parts.push_back(*part);
  }
  switch (op->op) {
  case model::ScalarOp::Negate:
    return times(parts[0], -1);
  case model::ScalarOp::Add:
    return plus(parts[0], parts[1]);
  case model::ScalarOp::Sub: {
    auto negated = times(parts[1], -1);
    return negated ? plus(parts[0], *negated) : std::nullopt;
  }
  case model::ScalarOp::Mul:
    if (auto *by = dyn_cast<model::ConstScalar>(op->operands[0]))
      return times(parts[1], by->integer);
    if (auto *by = dyn_cast<model::ConstScalar>(op->operands[1]))
      return times(parts[0], by->integer);
    return std::nullopt;
  default:
    return std::nullopt;
  }
}

bool Elaborator::solveAffine(ElementFrame &frame) {
  for (const ReadSite &site : frame.reads) {
    if (!site.informs || site.read->otherwise)
      continue;
    ArrayRef<int64_t> shape = site.read->tensor->type.shape;
    for (auto [at, subscript] : llvm::enumerate(site.read->subscripts)) {
      auto form = interval(subscript);
      if (!form || !form->unknown || form->factor == 0)
        continue;
      // low + factor * i >= 0 and high + factor * i < extent for all i < n.
      int64_t room = form->low, factor = form->factor;
      if (factor > 0 && llvm::SubOverflow(shape[at] - 1, form->high, room))
        continue;
      if (room < 0 || factor == INT64_MIN)
        continue;
      int64_t count = room / std::abs(factor) + 1;
      form->unknown->extent = count;
      form->unknown->extentRange = site.items[at];
      return true;
    }
  }
  return false;
}

/// False after an error; else all of `wanted` have an extent.
bool Elaborator::solveRanges(ElementFrame &frame,
                             ArrayRef<OpenIndex *> wanted) {
  bool failed = false;
  solveBare(frame, /*withElse=*/false, failed);
  solveBare(frame, /*withElse=*/true, failed);
  while (!failed && (solveTuples(frame, failed) || solveAffine(frame)))
    ;
  if (failed)
    return false;
  for (OpenIndex *index : wanted) {
    OpenIndex *from = leader(index);
    if (from->extent < 0) {
      report(diag::UnknownRange, index->range, index->name);
      return false;
    }
    index->extent = from->extent;
    index->extentRange = from->extentRange;
  }
  return true;
}
