// Maps are over the dimensions of the tensor they start from; reshapes give
// floordiv and mod, which fold away where a chain of views is contiguous.
#include "lib/Generate/Cpu/Views.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace ogee;

Point ogee::mapped(AffineMap map, ArrayRef<AffineExpr> point) {
  return llvm::map_to_vector<4>(map.getResults(), [&](AffineExpr coordinate) {
    return coordinate.replaceDims(point);
  });
}

void ogee::appendDigits(Point &point, AffineExpr linear,
                        ArrayRef<int64_t> extents) {
  size_t first = point.size();
  point.append(extents.size(), linear);
  for (size_t dim = extents.size(); dim > 1; --dim) {
    point[first + dim - 1] = linear % extents[dim - 1];
    linear = linear.floorDiv(extents[dim - 1]);
  }
  if (!extents.empty())
    point[first] = linear;
}

SmallVector<int64_t> ogee::rowMajor(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t i = int64_t(shape.size()) - 2; i >= 0; --i)
    strides[i] = strides[i + 1] * shape[i + 1];
  return strides;
}

static RankedTensorType tensorOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// From points of the expanded tensor to points of the collapsed one.
static AffineMap linearMap(RankedTensorType expanded,
                           ArrayRef<ReassociationIndices> groups) {
  MLIRContext *context = expanded.getContext();
  SmallVector<AffineExpr> results;
  for (const ReassociationIndices &group : groups) {
    AffineExpr linear = getAffineConstantExpr(0, context);
    for (int64_t dimension : group)
      linear = linear * expanded.getDimSize(dimension) +
               getAffineDimExpr(dimension, context);
    results.push_back(linear);
  }
  return AffineMap::get(expanded.getRank(), 0, results, context);
}

/// From points of the collapsed tensor to points of the expanded one.
static AffineMap digitMap(RankedTensorType expanded,
                          ArrayRef<ReassociationIndices> groups) {
  MLIRContext *context = expanded.getContext();
  SmallVector<AffineExpr> results(expanded.getRank(),
                                  getAffineConstantExpr(0, context));
  for (auto [index, group] : llvm::enumerate(groups)) {
    AffineExpr rest = getAffineDimExpr(index, context);
    for (int64_t dimension : llvm::reverse(group)) {
      int64_t extent = expanded.getDimSize(dimension);
      results[dimension] = dimension == group.front() ? rest : rest % extent;
      rest = rest.floorDiv(extent);
    }
  }
  return AffineMap::get(groups.size(), 0, results, context);
}

/// From points of the slice to points of the whole: offset, stride 1 for
/// dimensions that the slice drops.
template <typename Slice>
static AffineMap sliceMap(Slice op, int64_t sliceRank) {
  MLIRContext *context = op->getContext();
  llvm::SmallBitVector dropped = op.getDroppedDims();
  SmallVector<AffineExpr> results;
  unsigned next = 0;
  for (auto [dimension, offset] : llvm::enumerate(op.getStaticOffsets())) {
    AffineExpr start = getAffineConstantExpr(offset, context);
    if (dropped.test(dimension)) {
      results.push_back(start);
      continue;
    }
    int64_t stride = op.getStaticStrides()[dimension];
    results.push_back(getAffineDimExpr(next++, context) * stride + start);
  }
  return AffineMap::get(sliceRank, 0, results, context);
}

AffineMap ogee::sourceMap(Operation *view) {
  return TypeSwitch<Operation *, AffineMap>(view)
      .Case<tensor::ExtractSliceOp>([](auto op) {
        return sliceMap(op, tensorOf(op.getResult()).getRank());
      })
      .Case<tensor::ExpandShapeOp>([](auto op) {
        return linearMap(tensorOf(op.getResult()),
                         op.getReassociationIndices());
      })
      .Case<tensor::CollapseShapeOp>([](auto op) {
        return digitMap(tensorOf(op.getSrc()), op.getReassociationIndices());
      })
      .Case<tensor::CastOp>([](auto op) {
        return AffineMap::getMultiDimIdentityMap(
            tensorOf(op.getResult()).getRank(), op.getContext());
      })
      .Default([](auto) { return AffineMap(); });
}

/// p - offset in the dimensions that the slice keeps; strides must be 1.
static AffineMap unsliceMap(tensor::ExtractSliceOp op) {
  MLIRContext *context = op.getContext();
  llvm::SmallBitVector dropped = op.getDroppedDims();
  SmallVector<AffineExpr> results;
  for (auto [dimension, offset] : llvm::enumerate(op.getStaticOffsets())) {
    if (op.getStaticStrides()[dimension] != 1)
      return AffineMap();
    if (!dropped.test(dimension))
      results.push_back(getAffineDimExpr(dimension, context) - offset);
  }
  return AffineMap::get(op.getSourceType().getRank(), 0, results, context);
}

AffineMap ogee::resultMap(Operation *view) {
  return TypeSwitch<Operation *, AffineMap>(view)
      .Case<tensor::ExtractSliceOp>([](auto op) { return unsliceMap(op); })
      .Case<tensor::ExpandShapeOp>([](auto op) {
        return digitMap(tensorOf(op.getResult()), op.getReassociationIndices());
      })
      .Case<tensor::CollapseShapeOp>([](auto op) {
        return linearMap(tensorOf(op.getSrc()), op.getReassociationIndices());
      })
      .Case<tensor::CastOp>([](auto op) {
        return AffineMap::getMultiDimIdentityMap(
            tensorOf(op.getSource()).getRank(), op.getContext());
      })
      .Default([](auto) { return AffineMap(); });
}

AffineMap ogee::insertionMap(tensor::InsertSliceOp op) {
  return sliceMap(op, op.getSourceType().getRank());
}

AffineMap ogee::partMap(tensor::ConcatOp op, unsigned part) {
  MLIRContext *context = op.getContext();
  int64_t before = 0;
  for (unsigned i = 0; i < part; ++i)
    before += tensorOf(op.getInputs()[i]).getDimSize(op.getDim());
  AffineMap identity =
      AffineMap::getMultiDimIdentityMap(op.getResultType().getRank(), context);
  SmallVector<AffineExpr> results(identity.getResults());
  results[op.getDim()] = results[op.getDim()] + before;
  return AffineMap::get(identity.getNumDims(), 0, results, context);
}

//===-- Results back to what is computed ----------------------------------===//

/// Else the parts would be stored over what another chunk may still copy.
static bool startsEmpty(tensor::InsertSliceOp insert) {
  Value into = insert.getDest();
  while (auto before = into.getDefiningOp<tensor::InsertSliceOp>())
    into = before.getDest();
  return bool(into.getDefiningOp<tensor::EmptyOp>());
}

static void trace(Value value, unsigned result, AffineMap map,
                  SmallVectorImpl<Sink> &sinks) {
  Operation *op = value.getDefiningOp();
  if (isa_and_nonnull<tensor::EmptyOp>(op))
    return;
  if (isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp,
                      tensor::CastOp>(op))
    return trace(op->getOperand(0), result, map.compose(resultMap(op)), sinks);
  if (auto insert = dyn_cast_or_null<tensor::InsertSliceOp>(op);
      insert && startsEmpty(insert)) {
    trace(insert.getDest(), result, map, sinks);
    return trace(insert.getSource(), result, map.compose(insertionMap(insert)),
                 sinks);
  }
  if (auto concat = dyn_cast_or_null<tensor::ConcatOp>(op)) {
    for (auto [part, input] : llvm::enumerate(concat.getInputs()))
      trace(input, result, map.compose(partMap(concat, part)), sinks);
    return;
  }
  sinks.push_back({value, result, simplifyAffineMap(map)});
}

SmallVector<Sink> ogee::sinksOf(Value value) {
  SmallVector<Sink> sinks;
  trace(value, 0,
        AffineMap::getMultiDimIdentityMap(tensorOf(value).getRank(),
                                          value.getContext()),
        sinks);
  return sinks;
}

SmallVector<Sink> ogee::sinksOf(kernel::FuncOp kernel) {
  SmallVector<Sink> sinks;
  Operation *yield = kernel.getBody().front().getTerminator();
  for (auto [result, value] : llvm::enumerate(yield->getOperands()))
    trace(value, result,
          AffineMap::getMultiDimIdentityMap(tensorOf(value).getRank(),
                                            kernel.getContext()),
          sinks);
  return sinks;
}

SmallVector<SmallVector<Sink>> ogee::byShape(ArrayRef<Sink> sinks) {
  llvm::MapVector<ArrayRef<int64_t>, SmallVector<Sink>> groups;
  for (const Sink &sink : sinks)
    groups[cast<RankedTensorType>(sink.value.getType()).getShape()].push_back(
        sink);
  return llvm::map_to_vector(groups, [](auto &group) { return group.second; });
}

//===-- From a result to its operands -------------------------------------===//

SmallVector<ReadAt> ogee::readsOf(Value result, ArrayRef<AffineExpr> point) {
  Operation *op = result.getDefiningOp();
  if (!op)
    return {};
  if (AffineMap map = sourceMap(op))
    return {{op->getOperand(0), mapped(map, point)}};
  auto generic = dyn_cast<linalg::GenericOp>(op);
  if (!generic || generic.getNumReductionLoops() != 0)
    return {};
  AffineMap out = generic.getMatchingIndexingMap(
      generic.getDpsInitOperand(cast<OpResult>(result).getResultNumber()));
  if (!out.isPermutation())
    return {};
  Point loops = mapped(inversePermutation(out), point);
  SmallVector<ReadAt> reads;
  for (OpOperand *input : generic.getDpsInputOperands())
    if (generic.payloadUsesValueFromOperand(input))
      reads.push_back(
          {input->get(), mapped(generic.getMatchingIndexingMap(input), loops)});
  return reads;
}

//===-- From an operand to a consumer -------------------------------------===//

using Maps = DenseMap<Value, AffineMap>;
static AffineMap mapTo(Value source, Value consumer, Maps &maps);

/// Points of the result for points of `source`, through the operand that has
/// every loop in its map.
static AffineMap throughGeneric(Value source, linalg::GenericOp op,
                                OpResult result, Maps &maps) {
  if (op.getNumReductionLoops() != 0)
    return AffineMap();
  for (OpOperand *operand : op.getDpsInputOperands()) {
    AffineMap reach = mapTo(source, operand->get(), maps);
    AffineMap map = op.getMatchingIndexingMap(operand);
    if (!reach || !map.isPermutation())
      continue;
    AffineMap out = op.getMatchingIndexingMap(
        op.getDpsInitOperand(result.getResultNumber()));
    return simplifyAffineMap(
        out.compose(inversePermutation(map)).compose(reach));
  }
  return AffineMap();
}

static AffineMap computeMap(Value source, Value consumer, Maps &maps) {
  if (source == consumer)
    return AffineMap::getMultiDimIdentityMap(tensorOf(source).getRank(),
                                             source.getContext());
  auto result = dyn_cast<OpResult>(consumer);
  if (!result)
    return AffineMap();
  if (auto generic = dyn_cast<linalg::GenericOp>(result.getOwner()))
    return throughGeneric(source, generic, result, maps);
  AffineMap view = resultMap(result.getOwner());
  if (!view)
    return AffineMap();
  AffineMap reach = mapTo(source, result.getOwner()->getOperand(0), maps);
  return reach ? simplifyAffineMap(view.compose(reach)) : AffineMap();
}

static AffineMap mapTo(Value source, Value consumer, Maps &maps) {
  auto found = maps.find(consumer);
  if (found != maps.end())
    return found->second;
  AffineMap map = computeMap(source, consumer, maps);
  maps[consumer] = map;
  return map;
}

AffineMap ogee::consumerMap(Value source, Value consumer) {
  Maps maps;
  return mapTo(source, consumer, maps);
}
