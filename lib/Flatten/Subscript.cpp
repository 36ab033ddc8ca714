// Subscripts. Whatever can be a view is one (slice, reshape, pad), because
// views cost nothing and have views as gradients; the rest is a copy by an
// affine map, a gather of rows, or a sum that selects.
#include "lib/Flatten/Element.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace ogee;

static RankedTensorType typeOf(Value tensor) {
  return cast<RankedTensorType>(tensor.getType());
}

//===-- Affine arithmetic -------------------------------------------------===//

Interval Element::range(AffineExpr expr) const {
  return *boundsOf(expr, tensors.allExtents());
}

/// `expr floordiv divisor` or `expr mod divisor`, exact where the part that the
/// divisor does not divide stays below it: (h * D + d) div D is h.
AffineExpr Element::divide(AffineExpr expr, int64_t divisor,
                           bool remainder) const {
  MLIRContext *context = expr.getContext();
  auto form = linearForm(expr, tensors.allExtents().size());
  if (!form)
    return remainder ? expr % divisor : expr.floorDiv(divisor);
  AffineExpr quotient = getAffineConstantExpr(0, context);
  AffineExpr rest = quotient;
  for (auto [position, coefficient] : llvm::enumerate(*form)) {
    if (coefficient == 0)
      continue;
    AffineExpr base = position + 1 == form->size()
                          ? getAffineConstantExpr(1, context)
                          : getAffineDimExpr(position, context);
    bool even = coefficient % divisor == 0;
    AffineExpr &part = even ? quotient : rest;
    part = part + base * (even ? coefficient / divisor : coefficient);
  }
  Interval bounds = range(rest);
  if (bounds.low >= 0 && bounds.high < divisor)
    return remainder ? rest : quotient;
  return remainder ? expr % divisor : expr.floorDiv(divisor);
}

/// The label, if `expr` is one alone.
static std::optional<Label> bareLabel(AffineExpr expr) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dim.getPosition();
  return std::nullopt;
}

//===-- Reads by data -----------------------------------------------------===//

/// sum over `place` of (place == chosen ? value : 0).
Indexed Element::pick(const Indexed &value, Label place,
                      const Indexed &chosen) {
  Location loc = tensors.loc;
  Type integer = chosen.elementType();
  Indexed match = tensors.applyIndices(
      place, chosen,
      [&](OpBuilder &inner, ArrayRef<Value> places, ValueRange elements) {
        Value at = arith::IndexCastOp::create(inner, loc, integer, places[0]);
        return arith::CmpIOp::create(inner, loc, arith::CmpIPredicate::eq, at,
                                     elements[0])
            .getResult();
      });
  Indexed zero =
      tensors.number(tensors.builder.getZeroAttr(value.elementType()));
  return tensors.sum(tensors.select(match, value, zero), place);
}

/// Whether `chosen` is a place of a dimension of `size`.
Indexed Element::isPlace(const Indexed &chosen, int64_t size) {
  Location loc = tensors.loc;
  return tensors.applyIndices(
      ArrayRef<Label>(), chosen,
      [&](OpBuilder &inner, ArrayRef<Value>, ValueRange elements) {
        Value end = arith::ConstantOp::create(
            inner, loc, inner.getIntegerAttr(elements[0].getType(), size));
        // Below zero is far above, without a sign.
        return arith::CmpIOp::create(inner, loc, arith::CmpIPredicate::ult,
                                     elements[0], end)
            .getResult();
      });
}

FailureOr<Indexed> Element::read(Value tensor, SmallVector<Term> subscripts,
                                 std::optional<Indexed> otherwise) {
  OpBuilder &builder = tensors.builder;
  SmallVector<AffineExpr> at;
  bool rows = !subscripts.empty() && !subscripts[0].index && !otherwise &&
              !subscripts[0].data.isNumber();
  if (rows) {
    Indexed chosen = subscripts[0].data;
    Value places = tensors.materialize(chosen, chosen.labels);
    SmallVector<int64_t> shape(typeOf(places).getShape());
    llvm::append_range(shape, typeOf(tensor).getShape().drop_front());
    tensor = nn::GatherOp::create(
        builder, tensors.loc,
        RankedTensorType::get(shape, typeOf(tensor).getElementType()), tensor,
        places);
    for (Label label : chosen.labels)
      at.push_back(labelExpr(label));
  }
  SmallVector<std::pair<Label, Indexed>> picks;
  for (const Term &subscript : ArrayRef<Term>(subscripts).drop_front(rows)) {
    if (subscript.index) {
      at.push_back(subscript.index);
      continue;
    }
    Label place = tensors.newLabel(typeOf(tensor).getDimSize(at.size()));
    picks.push_back({place, subscript.data});
    at.push_back(labelExpr(place));
  }
  FailureOr<Indexed> value = readAffine(tensor, at, otherwise);
  if (failed(value))
    return failure();
  for (auto &[place, chosen] : picks) {
    value = pick(*value, place, chosen);
    if (otherwise && !otherwise->is(0.0))
      value = tensors.select(isPlace(chosen, tensors.extent(place)), *value,
                             *otherwise);
  }
  return value;
}

//===-- Affine reads ------------------------------------------------------===//

/// Dimensions read at the digits of one number (n div D, n mod D) become one
/// dimension read at n.
void Element::collapsePairs(Value &tensor, SmallVector<AffineExpr> &at) {
  for (size_t first = 0; first + 1 < at.size(); ++first) {
    auto type = typeOf(tensor);
    int64_t low = type.getDimSize(first + 1);
    auto quotient = dyn_cast<AffineBinaryOpExpr>(at[first]);
    if (!quotient || quotient.getKind() != AffineExprKind::FloorDiv)
      continue;
    AffineExpr whole = quotient.getLHS();
    Interval bounds = range(whole);
    if (at[first] != whole.floorDiv(low) || at[first + 1] != whole % low ||
        bounds.low < 0 || bounds.high >= low * type.getDimSize(first))
      continue;
    SmallVector<ReassociationIndices> groups;
    SmallVector<int64_t> shape;
    for (int64_t k = 0; k < type.getRank(); ++k) {
      if (k == int64_t(first) + 1) {
        groups.back().push_back(k);
        shape.back() *= low;
        continue;
      }
      groups.push_back({k});
      shape.push_back(type.getDimSize(k));
    }
    tensor = tensor::CollapseShapeOp::create(
        tensors.builder, tensors.loc,
        RankedTensorType::get(shape, type.getElementType()), tensor, groups);
    at[first] = whole;
    at.erase(at.begin() + first + 1);
    --first;
  }
}

/// A dimension read at `h div share` or `h mod size` is repeated for all h, so
/// that it can be read at h.
void Element::spreadGroups(Value &tensor, SmallVector<AffineExpr> &at) {
  for (auto [dimension, expr] : llvm::enumerate(at)) {
    auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
    auto type = typeOf(tensor);
    int64_t size = type.getDimSize(dimension);
    bool division = expr.getKind() == AffineExprKind::FloorDiv;
    if (!binary || !(division || expr.getKind() == AffineExprKind::Mod))
      continue;
    auto label = bareLabel(binary.getLHS());
    if (!label || tensors.extent(*label) % size != 0)
      continue;
    int64_t share = tensors.extent(*label) / size;
    if (cast<AffineConstantExpr>(binary.getRHS()).getValue() !=
        (division ? share : size))
      continue;
    IndexedBuilder layout(tensors.builder, tensors.loc);
    SmallVector<Label> labels, repeated;
    SmallVector<ReassociationIndices> groups;
    SmallVector<int64_t> shape(type.getShape());
    for (int64_t k = 0; k < type.getRank(); ++k) {
      labels.push_back(layout.newLabel(type.getDimSize(k)));
      groups.push_back({int64_t(repeated.size())});
      repeated.push_back(labels.back());
      if (k != int64_t(dimension))
        continue;
      groups.back().push_back(repeated.size());
      Label copy = layout.newLabel(share);
      repeated.insert(division ? repeated.end() : repeated.end() - 1, copy);
    }
    shape[dimension] = size * share;
    Value spread = layout.materialize(layout.view(tensor, labels), repeated);
    tensor = tensor::CollapseShapeOp::create(
        tensors.builder, tensors.loc,
        RankedTensorType::get(shape, type.getElementType()), spread, groups);
    at[dimension] = labelExpr(*label);
  }
}

/// Pads where a subscript leaves the tensor and moves the subscripts inside.
Value Element::padOutside(Value tensor, SmallVector<AffineExpr> &at,
                          TypedAttr fill) {
  auto type = typeOf(tensor);
  SmallVector<OpFoldResult> low, high;
  SmallVector<int64_t> shape;
  bool outside = false;
  for (auto [dimension, expr] : llvm::enumerate(at)) {
    Interval bounds = range(expr);
    int64_t extent = type.getDimSize(dimension);
    int64_t before = std::max<int64_t>(0, -bounds.low);
    int64_t after = std::max<int64_t>(0, bounds.high - extent + 1);
    low.push_back(tensors.builder.getIndexAttr(before));
    high.push_back(tensors.builder.getIndexAttr(after));
    shape.push_back(before + extent + after);
    outside |= before + after > 0;
    expr = expr + before;
  }
  if (!outside)
    return tensor;
  Value value = arith::ConstantOp::create(tensors.builder, tensors.loc, fill);
  return tensor::PadOp::create(
      tensors.builder, tensors.loc,
      RankedTensorType::get(shape, type.getElementType()), tensor, low, high,
      value);
}

namespace {
/// A dimension read at `offset + stride * (digits of labels)`.
struct Window {
  int64_t offset = 0, size = 1, stride = 1;
  SmallVector<Label> labels;
};
} // namespace

/// The window of a linear subscript whose labels are the digits of one number.
static std::optional<Window> windowOf(AffineExpr expr,
                                      const IndexedBuilder &tensors) {
  auto form = linearForm(expr, tensors.allExtents().size());
  if (!form)
    return std::nullopt;
  Window window;
  window.offset = form->back();
  for (Label label = 0; label < tensors.allExtents().size(); ++label)
    if ((*form)[label] != 0)
      window.labels.push_back(label);
  llvm::sort(window.labels,
             [&](Label a, Label b) { return (*form)[a] > (*form)[b]; });
  int64_t expected = 0;
  for (Label label : llvm::reverse(window.labels)) {
    int64_t coefficient = (*form)[label];
    if (coefficient <= 0 || (expected && coefficient != expected))
      return std::nullopt;
    if (!expected)
      window.stride = coefficient;
    expected = coefficient * tensors.extent(label);
    window.size *= tensors.extent(label);
  }
  return window;
}

/// The windows of all subscripts; none if one has no window, or if two have a
/// label in common.
static std::optional<SmallVector<Window>>
windowsOf(ArrayRef<AffineExpr> at, const IndexedBuilder &tensors) {
  SmallVector<Window> windows;
  SmallVector<Label> used;
  for (AffineExpr expr : at) {
    std::optional<Window> window = windowOf(expr, tensors);
    if (!window || llvm::any_of(window->labels, [&](Label label) {
          return llvm::is_contained(used, label);
        }))
      return std::nullopt;
    llvm::append_range(used, window->labels);
    windows.push_back(std::move(*window));
  }
  return windows;
}

static Indexed readViews(IndexedBuilder &tensors, Value tensor,
                         ArrayRef<Window> windows) {
  OpBuilder &builder = tensors.builder;
  auto type = typeOf(tensor);
  SmallVector<OpFoldResult> offsets, sizes, strides;
  SmallVector<int64_t> sliced, expanded;
  SmallVector<ReassociationIndices> groups;
  SmallVector<Label> labels;
  bool whole = true;
  for (auto [dimension, window] : llvm::enumerate(windows)) {
    offsets.push_back(builder.getIndexAttr(window.offset));
    sizes.push_back(builder.getIndexAttr(window.size));
    strides.push_back(builder.getIndexAttr(window.stride));
    whole &=
        window.size == type.getDimSize(dimension) && !window.labels.empty();
    if (window.labels.empty())
      continue;
    sliced.push_back(window.size);
    ReassociationIndices group;
    for (Label label : window.labels) {
      group.push_back(expanded.size());
      expanded.push_back(tensors.extent(label));
      labels.push_back(label);
    }
    groups.push_back(group);
  }
  Type element = type.getElementType();
  if (!whole)
    tensor = tensor::ExtractSliceOp::create(
        builder, tensors.loc, RankedTensorType::get(sliced, element), tensor,
        offsets, sizes, strides);
  if (expanded.size() > sliced.size())
    tensor = tensor::ExpandShapeOp::create(
        builder, tensors.loc, RankedTensorType::get(expanded, element), tensor,
        groups);
  return tensors.view(tensor, labels);
}

/// Cuts each dimension that is read at a bare label to the label's extent: an
/// operation's loops have the extents of the dimensions where they stand bare.
Value Element::cutToLabels(Value tensor, ArrayRef<AffineExpr> at) {
  OpBuilder &builder = tensors.builder;
  SmallVector<int64_t> shape(typeOf(tensor).getShape());
  for (auto [size, expr] : llvm::zip_equal(shape, at))
    if (auto label = bareLabel(expr))
      size = tensors.extent(*label);
  if (ArrayRef(shape) == typeOf(tensor).getShape())
    return tensor;
  SmallVector<OpFoldResult> offsets(shape.size(), builder.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(shape.size(), builder.getIndexAttr(1));
  return tensor::ExtractSliceOp::create(
      builder, tensors.loc,
      RankedTensorType::get(shape, typeOf(tensor).getElementType()), tensor,
      offsets, getAsIndexOpFoldResult(builder.getContext(), shape), strides);
}

Indexed Element::readGeneral(Value tensor, ArrayRef<AffineExpr> at) {
  OpBuilder &builder = tensors.builder;
  tensor = cutToLabels(tensor, at);
  MLIRContext *context = builder.getContext();
  SmallVector<Label> labels;
  for (Label label = 0; label < tensors.allExtents().size(); ++label)
    if (llvm::any_of(
            at, [&](AffineExpr expr) { return expr.isFunctionOfDim(label); }))
      labels.push_back(label);
  SmallVector<AffineExpr> dims(tensors.allExtents().size(),
                               getAffineConstantExpr(0, context));
  SmallVector<int64_t> shape;
  for (auto [position, label] : llvm::enumerate(labels)) {
    dims[label] = getAffineDimExpr(position, context);
    shape.push_back(tensors.extent(label));
  }
  SmallVector<AffineExpr> results;
  for (AffineExpr expr : at)
    results.push_back(expr.replaceDims(dims));
  AffineMap maps[2] = {
      AffineMap::get(labels.size(), 0, results, context),
      AffineMap::getMultiDimIdentityMap(labels.size(), context)};
  Value empty = tensor::EmptyOp::create(builder, tensors.loc, shape,
                                        typeOf(tensor).getElementType());
  SmallVector<utils::IteratorType> kinds(labels.size(),
                                         utils::IteratorType::parallel);
  auto copy = linalg::GenericOp::create(
      builder, tensors.loc, TypeRange{empty.getType()}, tensor, empty, maps,
      kinds, [](OpBuilder &inner, Location at, ValueRange elements) {
        linalg::YieldOp::create(inner, at, elements[0]);
      });
  return {copy.getResult(0), labels, nullptr};
}

FailureOr<Indexed> Element::readAffine(Value tensor, SmallVector<AffineExpr> at,
                                       std::optional<Indexed> otherwise) {
  // A subscript that leaves the tensor without `else` is excluded by a
  // condition around the read, so any value does outside.
  if (otherwise && !otherwise->isNumber())
    return failure();
  TypedAttr fill = otherwise ? otherwise->number
                             : cast<TypedAttr>(tensors.builder.getZeroAttr(
                                   typeOf(tensor).getElementType()));
  collapsePairs(tensor, at);
  tensor = padOutside(tensor, at, fill);
  spreadGroups(tensor, at);
  // A diagonal, x[i, i]: the second subscript is picked from a dimension of its
  // own.
  SmallVector<std::pair<Label, Label>> diagonals;
  SmallVector<Label> seen;
  for (auto [dimension, expr] : llvm::enumerate(at)) {
    auto label = bareLabel(expr);
    if (label && llvm::is_contained(seen, *label)) {
      Label place = tensors.newLabel(typeOf(tensor).getDimSize(dimension));
      diagonals.push_back({*label, place});
      expr = labelExpr(place);
    } else if (label) {
      seen.push_back(*label);
    }
  }
  auto windows = windowsOf(at, tensors);
  Indexed value =
      windows ? readViews(tensors, tensor, *windows) : readGeneral(tensor, at);
  for (auto [label, place] : diagonals)
    value = pick(value, place,
                 indexData(labelExpr(label), tensors.builder.getI64Type()));
  return value;
}
