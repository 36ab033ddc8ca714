// Views have views as gradients: reshapes turn around, slices and pads are each
// other's gradient.
#include "lib/Differentiate/Tape.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace ogee;

static SmallVector<OpFoldResult> attributes(OpBuilder &builder,
                                            ArrayRef<int64_t> values) {
  return llvm::map_to_vector(values, [&](int64_t value) -> OpFoldResult {
    return builder.getIndexAttr(value);
  });
}

/// The window of `source` that starts at `offsets` and has the shape of `type`.
static Value slice(OpBuilder &builder, Location loc, Value source,
                   RankedTensorType type, ArrayRef<int64_t> offsets) {
  SmallVector<int64_t> ones(type.getRank(), 1);
  return tensor::ExtractSliceOp::create(
      builder, loc, type, source, attributes(builder, offsets),
      attributes(builder, type.getShape()), attributes(builder, ones));
}

/// `term` with the unit dimensions that a rank-reducing slice dropped.
static Value restoreUnits(OpBuilder &builder, tensor::ExtractSliceOp op,
                          Value term) {
  auto type = cast<RankedTensorType>(term.getType());
  ArrayRef<int64_t> sizes = op.getStaticSizes();
  if (type.getRank() == int64_t(sizes.size()))
    return term;
  SmallVector<ReassociationIndices> groups;
  llvm::SmallBitVector dropped = op.getDroppedDims();
  ReassociationIndices group;
  for (size_t dimension = 0; dimension < sizes.size(); ++dimension) {
    if (!dropped[dimension] && !group.empty() &&
        llvm::any_of(group, [&](int64_t other) { return !dropped[other]; })) {
      groups.push_back(group);
      group.clear();
    }
    group.push_back(dimension);
  }
  if (type.getRank() > 0)
    groups.push_back(group);
  return tensor::ExpandShapeOp::create(
      builder, op.getLoc(), RankedTensorType::get(sizes, type.getElementType()),
      term, groups);
}

/// The source gets its window of the gradient, the destination the rest.
void Tape::reverseInsert(tensor::InsertSliceOp insert, Value gradient) {
  SmallVector<OpFoldResult> offsets = insert.getMixedOffsets(),
                            sizes = insert.getMixedSizes(),
                            strides = insert.getMixedStrides();
  auto type = insert.getSourceType();
  if (wants(insert.getSource()))
    add(insert.getSource(),
        tensor::ExtractSliceOp::create(place, loc(), type, gradient, offsets,
                                       sizes, strides));
  if (!wants(insert.getDest()))
    return;
  IndexedBuilder tensors(place, loc());
  Value zeros = tensors.constant(
      cast<TypedAttr>(place.getZeroAttr(type.getElementType())),
      type.getShape());
  add(insert.getDest(),
      tensor::InsertSliceOp::create(place, loc(), zeros, gradient, offsets,
                                    sizes, strides));
}

LogicalResult Tape::reverseView(Operation &op) {
  Value gradient = gradientOf(op.getResult(0));
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
    add(expand.getSrc(), tensor::CollapseShapeOp::create(
                             place, loc(), expand.getSrcType(), gradient,
                             expand.getReassociationIndices()));
    return success();
  }
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    add(collapse.getSrc(), tensor::ExpandShapeOp::create(
                               place, loc(), collapse.getSrcType(), gradient,
                               collapse.getReassociationIndices()));
    return success();
  }
  if (auto extract = dyn_cast<tensor::ExtractSliceOp>(op)) {
    addWindow(extract.getSource(), restoreUnits(place, extract, gradient),
              extract.getStaticOffsets(), extract.getStaticStrides());
    return success();
  }
  if (auto pad = dyn_cast<tensor::PadOp>(op)) {
    add(pad.getSource(),
        slice(place, loc(), gradient, pad.getSourceType(), pad.getStaticLow()));
    return success();
  }
  if (auto concat = dyn_cast<tensor::ConcatOp>(op)) {
    SmallVector<int64_t> offsets(concat.getResultType().getRank(), 0);
    for (Value input : concat.getInputs()) {
      auto type = cast<RankedTensorType>(input.getType());
      if (wants(input))
        add(input, slice(place, loc(), gradient, type, offsets));
      offsets[concat.getDim()] += type.getDimSize(concat.getDim());
    }
    return success();
  }
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op)) {
    reverseInsert(insert, gradient);
    return success();
  }
  return op.emitError() << "has no gradient";
}
