// Strides. With i = s * k + r the place h * s + i has the quotient h + k and
// the phase r: a window of stride s is s windows of stride 1 side by side, in
// one gather, and no element is multiplied by a zero that was put in for the
// stride. Only where no loop has stride 1 zeros are put in.
#include "lib/Differentiate/Shifted.h"
#include "lib/Nn/Affine.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace ogee;

std::optional<Shift> ogee::shiftOf(ArrayRef<AffineMap> maps,
                                   ArrayRef<int64_t> extents, Value gradient) {
  Shift shift;
  for (AffineExpr expr : maps[0].getResults()) {
    auto form = linearForm(expr, extents.size());
    if (!form)
      return std::nullopt;
    shift.forms.push_back(*form);
  }
  for (AffineExpr expr : maps[1].getResults())
    shift.loops.push_back(cast<AffineDimExpr>(expr).getPosition());
  shift.extents.assign(extents.begin(), extents.end());
  shift.gradient = gradient;
  return shift;
}

namespace {
class Splitter {
public:
  Splitter(OpBuilder &builder, Location loc, Shift &shift)
      : builder(builder), loc(loc), shift(shift) {}

  void run();

private:
  ArrayRef<int64_t> gradientShape() const {
    return cast<RankedTensorType>(shift.gradient.getType()).getShape();
  }
  /// The forms that read the loop.
  int64_t uses(unsigned loop) const {
    return llvm::count_if(
        shift.forms, [&](ArrayRef<int64_t> form) { return form[loop] != 0; });
  }
  void reshape(ArrayRef<int64_t> shape, ArrayRef<ReassociationIndices> groups,
               bool expand);
  void pad(int64_t dimension, int64_t high);
  void addUnitLoop(unsigned form);
  void spread(unsigned form);
  bool split(unsigned form);
  std::optional<unsigned> unitLoop(unsigned form, int64_t &stride) const;

  OpBuilder &builder;
  Location loc;
  Shift &shift;
};
} // namespace

void Splitter::reshape(ArrayRef<int64_t> shape,
                       ArrayRef<ReassociationIndices> groups, bool expand) {
  auto element =
      cast<RankedTensorType>(shift.gradient.getType()).getElementType();
  auto type = RankedTensorType::get(shape, element);
  shift.gradient = expand
                       ? tensor::ExpandShapeOp::create(builder, loc, type,
                                                       shift.gradient, groups)
                             .getResult()
                       : tensor::CollapseShapeOp::create(builder, loc, type,
                                                         shift.gradient, groups)
                             .getResult();
}

/// Zeros behind one dimension of the gradient.
void Splitter::pad(int64_t dimension, int64_t high) {
  if (high == 0)
    return;
  SmallVector<int64_t> shape(gradientShape());
  SmallVector<OpFoldResult> before(shape.size(), builder.getIndexAttr(0));
  SmallVector<OpFoldResult> behind = before;
  behind[dimension] = builder.getIndexAttr(high);
  shape[dimension] += high;
  Type element =
      cast<RankedTensorType>(shift.gradient.getType()).getElementType();
  Value zero =
      arith::ConstantOp::create(builder, loc, builder.getZeroAttr(element));
  shift.gradient =
      tensor::PadOp::create(builder, loc, RankedTensorType::get(shape, element),
                            shift.gradient, before, behind, zero);
}

/// Each dimension alone, but dimension `pair` with the one behind it.
static SmallVector<ReassociationIndices> pairUp(int64_t rank, int64_t pair) {
  SmallVector<ReassociationIndices> groups;
  for (int64_t dimension = 0; dimension < rank; ++dimension) {
    if (dimension == pair + 1)
      groups.back().push_back(dimension);
    else
      groups.push_back({dimension});
  }
  return groups;
}

/// A number as a subscript: a loop of extent 1, and a window of x.
void Splitter::addUnitLoop(unsigned form) {
  SmallVector<int64_t> shape(gradientShape());
  shape.push_back(1);
  int64_t rank = shape.size();
  reshape(shape, pairUp(rank, rank - 2), /*expand=*/true);
  shift.loops.push_back(shift.extents.size());
  shift.extents.push_back(1);
  for (auto &other : shift.forms)
    other.insert(other.end() - 1, 0);
  shift.starts[form] = shift.forms[form].back();
  shift.shape[form] = 1;
  shift.forms[form].back() = 0;
  shift.forms[form].end()[-2] = 1;
}

/// The loop with the smallest stride becomes one of stride 1, with zeros in
/// between.
void Splitter::spread(unsigned form) {
  std::optional<unsigned> best;
  auto &factors = shift.forms[form];
  for (unsigned loop = 0; loop < shift.extents.size(); ++loop)
    if (factors[loop] != 0 && uses(loop) == 1 &&
        (!best || std::abs(factors[loop]) < std::abs(factors[*best])))
      best = loop;
  if (!best || std::abs(factors[*best]) == 1)
    return;
  int64_t stride = std::abs(factors[*best]);
  int64_t dimension = llvm::find(shift.loops, *best) - shift.loops.begin();
  SmallVector<int64_t> shape(gradientShape());
  SmallVector<int64_t> expanded = shape;
  expanded.insert(expanded.begin() + dimension + 1, 1);
  auto groups = pairUp(expanded.size(), dimension);
  reshape(expanded, groups, /*expand=*/true);
  pad(dimension + 1, stride - 1);
  shape[dimension] *= stride;
  reshape(shape, groups, /*expand=*/false);
  shift.extents[*best] *= stride;
  factors[*best] /= stride;
}

/// A loop i of stride 1 beside others whose strides are multiples of `stride`,
/// so that the sum over quotients is shorter than that over the others.
std::optional<unsigned> Splitter::unitLoop(unsigned form,
                                           int64_t &stride) const {
  ArrayRef<int64_t> factors = shift.forms[form];
  std::optional<unsigned> unit;
  int64_t longest = 0;
  stride = 0;
  for (unsigned loop = 0; loop < shift.extents.size(); ++loop) {
    int64_t size = std::abs(factors[loop]);
    if (size <= 1) {
      if (factors[loop] == 1 && uses(loop) == 1 && !unit)
        unit = loop;
      else if (size == 1)
        return std::nullopt;
      continue;
    }
    stride = stride == 0 ? size : std::min(stride, size);
    longest = std::max(longest, shift.extents[loop]);
  }
  if (!unit || stride == 0 ||
      llvm::divideCeil(shift.extents[*unit], stride) >= uint64_t(longest))
    return std::nullopt;
  for (unsigned loop = 0; loop < shift.extents.size(); ++loop)
    if (loop != *unit && factors[loop] % stride != 0)
      return std::nullopt;
  return unit;
}

bool Splitter::split(unsigned form) {
  int64_t stride;
  auto unit = unitLoop(form, stride);
  if (!unit)
    return false;
  int64_t dimension = llvm::find(shift.loops, *unit) - shift.loops.begin();
  int64_t count = llvm::divideCeil(shift.extents[*unit], stride);
  pad(dimension, count * stride - shift.extents[*unit]);
  SmallVector<int64_t> shape(gradientShape());
  shape[dimension] = count;
  shape.insert(shape.begin() + dimension + 1, stride);
  reshape(shape, pairUp(shape.size(), dimension), /*expand=*/true);
  unsigned phase = shift.extents.size();
  shift.loops.insert(shift.loops.begin() + dimension + 1, phase);
  shift.extents[*unit] = count;
  shift.extents.push_back(stride);
  for (auto &other : shift.forms)
    other.insert(other.end() - 1, 0);
  // quotient = lowest + q, place = stride * quotient + phase + constant.
  auto &factors = shift.forms[form];
  int64_t lowest = 0, highest = 0;
  for (unsigned loop = 0; loop < phase; ++loop) {
    if (loop != *unit)
      factors[loop] /= stride;
    int64_t reach = factors[loop] * (shift.extents[loop] - 1);
    (reach < 0 ? lowest : highest) += reach;
  }
  int64_t original = form - shift.split.size();
  shift.starts[original] = stride * lowest + factors.back();
  factors.back() = -lowest;
  shift.shape[form] = highest - lowest + 1;
  shift.shape.insert(shift.shape.begin() + form + 1, stride);
  SmallVector<int64_t> bare(shift.extents.size() + 1, 0);
  bare[phase] = 1;
  shift.forms.insert(shift.forms.begin() + form + 1, bare);
  shift.split.push_back(original);
  return true;
}

void Splitter::run() {
  auto isNumber = [](ArrayRef<int64_t> form) {
    return llvm::all_of(form.drop_back(),
                        [](int64_t factor) { return factor == 0; });
  };
  for (unsigned form = 0; form < shift.forms.size(); ++form)
    if (isNumber(shift.forms[form]))
      addUnitLoop(form);
  for (unsigned form = 0; form < shift.forms.size(); ++form)
    if (!llvm::any_of(ArrayRef(shift.forms[form]).drop_back(),
                      [](int64_t factor) { return std::abs(factor) == 1; }))
      spread(form);
  for (unsigned form = 0; form < shift.forms.size(); ++form)
    if (split(form))
      ++form;
}

void ogee::splitPhases(OpBuilder &builder, Location loc, Shift &shift) {
  Splitter(builder, loc, shift).run();
}
