// Rule 2: a copy that reads x at t - j or h * s + i, whose gradient would
// scatter, is turned around so that the gradient gathers. In each such
// subscript one loop is solved for the place p in x (t = p + j); the gradient
// is padded with zeros where that leaves it, and loops that no subscript fixes
// are summed. Phases.cpp has brought subscripts of other strides into this form
// before. What cannot be solved (x[i mod 3], x[i, i + 1]) is scattered: slower,
// and right for any map.
#include "lib/Differentiate/Shifted.h"
#include "lib/Differentiate/Tape.h"
#include "lib/Nn/Affine.h"
#include "lib/Nn/Indexed.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace ogee;

namespace {

/// The loops of the forward copy in terms of the gradient's own loops: first
/// the dimensions of x, then the loops that are summed.
struct Solution {
  SmallVector<AffineExpr> loops;
  SmallVector<int64_t> extents;
  unsigned dimensions = 0;
};

} // namespace

/// The loop of `form` with coefficient 1 or -1 that is not fixed yet; of
/// several the longest, so that the sum over the others is short.
static std::optional<unsigned> solvable(ArrayRef<int64_t> form,
                                        ArrayRef<AffineExpr> loops,
                                        ArrayRef<int64_t> extents) {
  std::optional<unsigned> best;
  for (unsigned loop = 0; loop < loops.size(); ++loop)
    if (!loops[loop] && std::abs(form[loop]) == 1 &&
        (!best || extents[loop] > extents[*best]))
      best = loop;
  return best;
}

/// Which loop each subscript is solved for; bare ones first, since they leave
/// no choice. Fails where a subscript has no loop of stride 1 left.
static std::optional<SmallVector<unsigned>> chooseLoops(const Shift &shift,
                                                        MLIRContext *context) {
  SmallVector<unsigned> chosen(shift.forms.size());
  SmallVector<AffineExpr> taken(shift.extents.size());
  auto bare = [](ArrayRef<int64_t> form) {
    return llvm::count_if(form.drop_back(),
                          [](int64_t factor) { return factor != 0; }) == 1;
  };
  for (bool pass : {true, false})
    for (auto [dimension, form] : llvm::enumerate(shift.forms)) {
      if (bare(form) != pass)
        continue;
      auto loop = solvable(form, taken, shift.extents);
      if (!loop)
        return std::nullopt;
      chosen[dimension] = *loop;
      taken[*loop] = getAffineConstantExpr(0, context);
    }
  return chosen;
}

static std::optional<Solution> solve(const Shift &shift, MLIRContext *context) {
  ArrayRef<int64_t> extents = shift.extents;
  auto chosen = chooseLoops(shift, context);
  if (!chosen)
    return std::nullopt;
  Solution solution;
  solution.dimensions = shift.shape.size();
  solution.extents.assign(shift.shape.begin(), shift.shape.end());
  solution.loops.resize(extents.size());
  for (unsigned loop = 0; loop < extents.size(); ++loop) {
    if (llvm::is_contained(*chosen, loop))
      continue;
    solution.loops[loop] = getAffineDimExpr(solution.extents.size(), context);
    solution.extents.push_back(extents[loop]);
  }
  // A subscript may read a loop that another one is solved for, so go on until
  // all are known.
  for (size_t round = 0; round < shift.forms.size(); ++round)
    for (auto [dimension, form] : llvm::enumerate(shift.forms)) {
      unsigned target = (*chosen)[dimension];
      AffineExpr rest = getAffineDimExpr(dimension, context) - form.back();
      bool known = !solution.loops[target];
      for (unsigned loop = 0; loop < extents.size() && known; ++loop) {
        if (loop == target || form[loop] == 0)
          continue;
        known = bool(solution.loops[loop]);
        rest = known ? rest - solution.loops[loop] * form[loop] : rest;
      }
      if (known)
        solution.loops[target] = rest * form[target];
    }
  if (!llvm::all_of(solution.loops, [](AffineExpr expr) { return !!expr; }))
    return std::nullopt;
  return solution;
}

/// Cuts each dimension that is read at a bare loop to the loop's extent: what a
/// stride put behind the last element is outside of x.
static Value cutToLoops(OpBuilder &place, Location loc, Value source,
                        ArrayRef<AffineExpr> reads, ArrayRef<int64_t> extents) {
  auto type = cast<RankedTensorType>(source.getType());
  SmallVector<int64_t> shape(type.getShape());
  for (auto [size, expr] : llvm::zip_equal(shape, reads))
    if (auto loop = dyn_cast<AffineDimExpr>(expr))
      size = extents[loop.getPosition()];
  if (ArrayRef(shape) == type.getShape())
    return source;
  SmallVector<OpFoldResult> offsets(shape.size(), place.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(shape.size(), place.getIndexAttr(1));
  return tensor::ExtractSliceOp::create(
      place, loc, RankedTensorType::get(shape, type.getElementType()), source,
      offsets, getAsIndexOpFoldResult(place.getContext(), shape), strides);
}

/// The sum over the loops left of the gradient, padded with zeros, at what the
/// solved loops say.
static Value gather(OpBuilder &place, Location loc, const Shift &shift,
                    const Solution &solution) {
  auto gradientType = cast<RankedTensorType>(shift.gradient.getType());
  MLIRContext *context = place.getContext();
  SmallVector<AffineExpr> reads;
  SmallVector<OpFoldResult> low, high;
  SmallVector<int64_t> padded;
  for (auto [loop, extent] :
       llvm::zip_equal(shift.loops, gradientType.getShape())) {
    AffineExpr at = solution.loops[loop];
    auto bounds = boundsOf(at, solution.extents);
    int64_t before = std::max<int64_t>(0, -bounds->low);
    int64_t after = std::max<int64_t>(0, bounds->high - extent + 1);
    low.push_back(place.getIndexAttr(before));
    high.push_back(place.getIndexAttr(after));
    padded.push_back(before + extent + after);
    reads.push_back(at + before);
  }
  Type element = gradientType.getElementType();
  Value zero =
      arith::ConstantOp::create(place, loc, place.getZeroAttr(element));
  Value source = shift.gradient;
  if (ArrayRef<int64_t>(padded) != gradientType.getShape())
    source = tensor::PadOp::create(place, loc,
                                   RankedTensorType::get(padded, element),
                                   source, low, high, zero);
  source = cutToLoops(place, loc, source, reads, solution.extents);
  unsigned loops = solution.extents.size();
  unsigned summed = loops - solution.dimensions;
  Value init = tensor::EmptyOp::create(place, loc, shift.shape, element);
  if (summed > 0)
    init = linalg::FillOp::create(place, loc, zero, init).getResult(0);
  AffineMap maps[2] = {AffineMap::get(loops, 0, reads, context),
                       AffineMap::getMultiDimIdentityMap(loops, context)
                           .getMajorSubMap(solution.dimensions)};
  SmallVector<utils::IteratorType> kinds(solution.dimensions,
                                         utils::IteratorType::parallel);
  kinds.append(summed, utils::IteratorType::reduction);
  return linalg::GenericOp::create(
             place, loc, TypeRange{init.getType()}, source, init, maps, kinds,
             [&](OpBuilder &inner, Location at, ValueRange elements) {
               Value value = elements[0];
               if (summed > 0)
                 value = arith::AddFOp::create(inner, at, elements[1], value);
               linalg::YieldOp::create(inner, at, value);
             })
      .getResult(0);
}

LogicalResult Tape::reverseShifted(linalg::GenericOp op, Value gradient) {
  Value input = op.getInputs()[0];
  auto type = cast<RankedTensorType>(input.getType());
  auto shift =
      shiftOf(op.getIndexingMapsArray(), op.getStaticLoopRanges(), gradient);
  auto solution = std::optional<Solution>();
  if (shift) {
    shift->shape.assign(type.getShape().begin(), type.getShape().end());
    shift->starts.assign(type.getRank(), 0);
    splitPhases(place, loc(), *shift);
    solution = solve(*shift, op.getContext());
  }
  if (!solution)
    return reverseScattered(op, gradient);
  Value term = gather(place, loc(), *shift, *solution);
  addJoined(input, term, *shift);
  return success();
}

/// Phases are joined again, and what lies outside of x is left out.
void Tape::addJoined(Value input, Value term, const Shift &shift) {
  auto type = cast<RankedTensorType>(input.getType());
  Type element = type.getElementType();
  SmallVector<int64_t> joined, sizes;
  SmallVector<ReassociationIndices> groups;
  SmallVector<OpFoldResult> offsets, lengths, strides;
  int64_t next = 0;
  for (auto [dimension, start] : llvm::enumerate(shift.starts)) {
    ReassociationIndices group = {next++};
    int64_t extent = shift.shape[group[0]];
    if (llvm::is_contained(shift.split, int64_t(dimension))) {
      extent *= shift.shape[next];
      group.push_back(next++);
    }
    groups.push_back(group);
    joined.push_back(extent);
    sizes.push_back(std::min(extent, type.getDimSize(dimension) - start));
    offsets.push_back(place.getIndexAttr(0));
    lengths.push_back(place.getIndexAttr(sizes.back()));
    strides.push_back(place.getIndexAttr(1));
  }
  if (!shift.split.empty())
    term = tensor::CollapseShapeOp::create(
        place, loc(), RankedTensorType::get(joined, element), term, groups);
  if (sizes != joined)
    term = tensor::ExtractSliceOp::create(place, loc(),
                                          RankedTensorType::get(sizes, element),
                                          term, offsets, lengths, strides);
  if (ArrayRef<int64_t>(sizes) == type.getShape())
    return add(input, term);
  SmallVector<int64_t> ones(type.getRank(), 1);
  addWindow(input, term, shift.starts, ones);
}

/// Adds the gradient of each point at the number of the element that it reads.
LogicalResult Tape::reverseScattered(linalg::GenericOp op, Value gradient) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  auto type = cast<RankedTensorType>(op.getInputs()[0].getType());
  IndexedBuilder tensors(place, loc());
  SmallVector<Label> loops = tensors.newLabels(op.getStaticLoopRanges());
  SmallVector<Label> order;
  for (AffineExpr expr : maps[1].getResults())
    order.push_back(cast<AffineDimExpr>(expr).getPosition());
  AffineExpr number = getAffineConstantExpr(0, op.getContext());
  for (auto [expr, extent] :
       llvm::zip_equal(maps[0].getResults(), type.getShape()))
    number = number * extent + expr;
  auto emitNumber = [&](OpBuilder &inner, ArrayRef<Value> indices, ValueRange) {
    Value index = emitAffine(inner, loc(), number,
                             [&](unsigned loop) { return indices[loop]; });
    return arith::IndexCastOp::create(inner, loc(), inner.getI64Type(), index)
        .getResult();
  };
  // x[1 - i, i] of one element is read at one place.
  auto constant = dyn_cast<AffineConstantExpr>(number);
  Indexed places =
      constant ? tensors.number(place.getI64IntegerAttr(constant.getValue()))
               : tensors.applyIndices(loops, {}, emitNumber);
  auto flat =
      RankedTensorType::get({type.getNumElements()}, type.getElementType());
  Value zero = tensors.materialize(tensors.number(0.0, type.getElementType()),
                                   tensors.newLabel(type.getNumElements()));
  Value sum = nn::ScatterAddOp::create(
      place, loc(), flat, zero, tensors.materialize(places, order), gradient);
  if (type.getRank() > 1)
    sum = tensor::ExpandShapeOp::create(
        place, loc(), type, sum,
        SmallVector<ReassociationIndices>{
            llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()))});
  add(op.getInputs()[0], sum);
  return success();
}
