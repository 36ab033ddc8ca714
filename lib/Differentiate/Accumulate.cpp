// A batch in parts: the gradients of each part are added to accumulators, and
// the update reads their mean.
#include "lib/Differentiate/Step.h"
#include "lib/Nn/Indexed.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace ogee;

static std::string accumulatorPath(StringAttr parameter) {
  return ("accumulated." + parameter.getValue()).str();
}

/// One accumulator a parameter; they become the gradients.
void Step::addAccumulators(Attribute init) {
  for (auto &[path, parameter] : parameters) {
    NamedAttrList attributes;
    attributes.append("nn.class", builder.getStringAttr("accumulator"));
    attributes.append("nn.path", builder.getStringAttr(accumulatorPath(path)));
    attributes.append("nn.init", init);
    unsigned index = step.getNumArguments();
    (void)step.insertArgument(index, parameter.getType(),
                              attributes.getDictionary(builder.getContext()),
                              step.getLoc());
    gradients[path] = step.getArgument(index);
  }
}

static nn::InitAttr zeroInit(OpBuilder &builder) {
  FloatAttr zero = builder.getF64FloatAttr(0);
  return nn::InitAttr::get(builder.getContext(), nn::Distribution::Constant,
                           zero, zero, DenseElementsAttr());
}

LogicalResult Step::buildAccumulate() {
  for (StringRef kind : {"param", "state"})
    addArguments(forward, kind);
  addAccumulators(zeroInit(builder));
  auto accumulators = gradients;
  for (StringRef kind : {"data", "scalar"})
    addArguments(forward, kind);
  SmallVector<Value> forwarded = cloneBody(forward, forwardMap);
  if (failed(differentiate(forwarded.front(), parameters)))
    return failure();
  addNamed(forwarded.front(), "loss");
  addForwarded(forwarded);
  IndexedBuilder tensors(builder, step.getLoc());
  for (auto &[path, gradient] : gradients) {
    SmallVector<Label> labels = tensors.newLabels(
        cast<RankedTensorType>(gradient.getType()).getShape());
    Indexed sum =
        tensors.apply<arith::AddFOp>({tensors.view(accumulators[path], labels),
                                      tensors.view(gradient, labels)});
    addResult(tensors.materialize(sum, labels),
              builder.getDictionaryAttr(builder.getNamedAttr(
                  "nn.updates", builder.getStringAttr(accumulatorPath(path)))));
  }
  finish();
  return success();
}

/// The loss is the mean over all parts, and so is its gradient.
void Step::meanOfAccumulators(int64_t parts) {
  IndexedBuilder tensors(builder, step.getLoc());
  for (auto &[path, gradient] : gradients) {
    auto type = cast<RankedTensorType>(gradient.getType());
    SmallVector<Label> labels = tensors.newLabels(type.getShape());
    Indexed scaled = tensors.apply<arith::MulFOp>(
        {tensors.view(gradient, labels),
         tensors.number(1.0 / double(parts), type.getElementType())});
    gradient = tensors.materialize(scaled, labels);
  }
}

LogicalResult Step::buildUpdate(FloatAttr clip, bool withGradients,
                                int64_t parts) {
  addArguments(update, "param");
  addAccumulators(zeroInit(builder));
  for (StringRef kind : {"moment", "average", "scalar"})
    addArguments(update, kind);
  meanOfAccumulators(parts);
  auto unclipped = gradients;
  Value norm = normOfGradients();
  if (clip)
    clipGradients(norm, clip);
  mapUpdate();
  SmallVector<Value> updated = cloneBody(update, updateMap);
  addNamed(norm, "norm");
  addRate(updated);
  addUpdated(updated, withGradients, unclipped);
  finish();
  return success();
}
