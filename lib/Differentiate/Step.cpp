// Forward, its gradient, the norm, clipping and the update, one behind the
// other in one function.
#include "lib/Differentiate/Step.h"

#include "lib/Differentiate/Tape.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace ogee;

StringRef ogee::stringOf(DictionaryAttr attributes, StringRef name) {
  auto text = attributes ? attributes.getAs<StringAttr>(name) : StringAttr();
  return text ? text.getValue() : StringRef();
}

Step::Step(StringRef name, func::FuncOp forward, func::FuncOp update,
           const Mutation &mutation)
    : forward(forward), update(update), mutation(mutation), builder(forward) {
  step = func::FuncOp::create(builder, forward.getLoc(), name,
                              builder.getFunctionType({}, {}));
  builder.setInsertionPointToStart(step.addEntryBlock());
  builder.setInsertionPoint(func::ReturnOp::create(builder, step.getLoc()));
}

/// Arguments of `source` of one class; a scalar that both functions take is
/// one.
void Step::addArguments(func::FuncOp source, StringRef kind) {
  IRMapping &mapping = source == forward ? forwardMap : updateMap;
  for (BlockArgument argument : source.getArguments()) {
    auto attributes = source.getArgAttrDict(argument.getArgNumber());
    if (stringOf(attributes, "nn.class") != kind)
      continue;
    unsigned index = step.getNumArguments();
    (void)step.insertArgument(index, argument.getType(), attributes,
                              argument.getLoc());
    mapping.map(argument, step.getArgument(index));
    if (kind == "param")
      parameters[attributes.getAs<StringAttr>("nn.path")] =
          step.getArgument(index);
  }
}

SmallVector<Value> Step::cloneBody(func::FuncOp source, IRMapping &mapping) {
  Block &body = source.getBody().front();
  for (Operation &op : body.without_terminator())
    builder.clone(op, mapping);
  return llvm::map_to_vector(
      body.getTerminator()->getOperands(),
      [&](Value value) { return mapping.lookup(value); });
}

LogicalResult Step::differentiate(Value loss, const Values &over) {
  SmallVector<Value> roots;
  for (auto &[path, parameter] : over)
    roots.push_back(parameter);
  Tape tape(builder, roots, mutation);
  if (failed(tape.run(loss)))
    return failure();
  gradients.clear();
  for (auto &[path, parameter] : over) {
    Value gradient = tape.gradientOf(parameter);
    auto type = cast<RankedTensorType>(parameter.getType());
    if (!gradient)
      gradient = arith::ConstantOp::create(builder, step.getLoc(),
                                           builder.getZeroAttr(type));
    gradients[path] = gradient;
  }
  return success();
}

/// sqrt(sum of squares over all gradients), parameter by parameter in order.
Value Step::normOfGradients() {
  Indexed total;
  IndexedBuilder tensors(builder, step.getLoc());
  for (auto &[path, gradient] : gradients) {
    SmallVector<Label> labels = tensors.newLabels(
        cast<RankedTensorType>(gradient.getType()).getShape());
    Indexed value = tensors.view(gradient, labels);
    Indexed part =
        tensors.sum(tensors.apply<arith::MulFOp>({value, value}), labels);
    total = total.tensor || total.number
                ? tensors.apply<arith::AddFOp>({total, part})
                : part;
  }
  return tensors.materialize(tensors.apply<math::SqrtOp>(total), {});
}

/// min(1, clip / (norm + 1e-6)) times each gradient.
void Step::clipGradients(Value norm, FloatAttr clip) {
  IndexedBuilder tensors(builder, step.getLoc());
  Indexed value = tensors.view(norm, {});
  Type type = value.elementType();
  Indexed ratio = tensors.apply<arith::DivFOp>(
      {tensors.number(clip.getValueAsDouble(), type),
       tensors.apply<arith::AddFOp>({value, tensors.number(1e-6, type)})});
  Indexed factor =
      tensors.apply<arith::MinimumFOp>({ratio, tensors.number(1.0, type)});
  for (auto &[path, gradient] : gradients) {
    SmallVector<Label> labels = tensors.newLabels(
        cast<RankedTensorType>(gradient.getType()).getShape());
    gradient = tensors.materialize(
        tensors.apply<arith::MulFOp>({tensors.view(gradient, labels), factor}),
        labels);
  }
}

/// The update reads parameters, gradients and scalars of the step.
void Step::mapUpdate() {
  for (BlockArgument argument : update.getArguments()) {
    auto attributes = update.getArgAttrDict(argument.getArgNumber());
    StringRef kind = stringOf(attributes, "nn.class");
    auto path = attributes.getAs<StringAttr>("nn.path");
    if (kind == "param")
      updateMap.map(argument, parameters.lookup(path));
    if (Value value = kept.lookup(path))
      updateMap.map(argument, value);
    if (kind == "gradient")
      updateMap.map(argument, gradients.lookup(path));
    if (kind != "scalar" || updateMap.contains(argument))
      continue;
    for (BlockArgument other : forward.getArguments())
      if (stringOf(forward.getArgAttrDict(other.getArgNumber()), "nn.name") ==
              stringOf(attributes, "nn.name") &&
          stringOf(forward.getArgAttrDict(other.getArgNumber()), "nn.class") ==
              kind)
        updateMap.map(argument, forwardMap.lookup(other));
  }
}

void Step::addResult(Value value, DictionaryAttr attributes) {
  results.push_back(value);
  resultAttributes.push_back(attributes);
}

void Step::addNamed(Value value, StringRef name) {
  addResult(value, builder.getDictionaryAttr(builder.getNamedAttr(
                       "nn.name", builder.getStringAttr(name))));
}

void Step::addResults(func::FuncOp source, ArrayRef<Value> values,
                      llvm::function_ref<bool(DictionaryAttr)> take) {
  if (!source)
    return;
  for (auto [index, value] : llvm::enumerate(values)) {
    auto attributes = cast<DictionaryAttr>((*source.getResAttrs())[index]);
    if (take(attributes))
      addResult(value, attributes);
  }
}

static bool isNext(DictionaryAttr attributes) {
  return attributes.contains("nn.updates");
}

void Step::addForwarded(ArrayRef<Value> forwarded) {
  addResults(forward, forwarded, [](DictionaryAttr attributes) {
    return !isNext(attributes) && stringOf(attributes, "nn.name") != "loss";
  });
  addResults(forward, forwarded, isNext);
}

void Step::addRate(ArrayRef<Value> updated) {
  addResults(update, updated, [](DictionaryAttr attributes) {
    return stringOf(attributes, "nn.name") == "rate";
  });
}

void Step::addUpdated(ArrayRef<Value> updated, bool withGradients,
                      const Values &unclipped) {
  addResults(update, updated, isNext);
  if (withGradients)
    for (auto &[path, gradient] : unclipped)
      addNamed(gradient, ("gradient:" + path.getValue()).str());
}

void Step::finish() {
  step.getBody().front().getTerminator()->setOperands(results);
  step.setFunctionType(builder.getFunctionType(step.getArgumentTypes(),
                                               ValueRange(results).getTypes()));
  step.setAllResultAttrs(resultAttributes);
}

LogicalResult Step::build(FloatAttr clip, bool withGradients) {
  for (StringRef kind : {"param", "state"})
    addArguments(forward, kind);
  if (update)
    for (StringRef kind : {"moment", "average"})
      addArguments(update, kind);
  for (StringRef kind : {"data", "scalar"})
    addArguments(forward, kind);
  SmallVector<Value> forwarded = cloneBody(forward, forwardMap);
  if (failed(differentiate(forwarded.front(), parameters)))
    return failure();
  auto unclipped = gradients;
  // A test may have no parameter.
  Value norm = gradients.empty() ? Value() : normOfGradients();
  if (clip && norm)
    clipGradients(norm, clip);
  SmallVector<Value> updated;
  if (update) {
    mapUpdate();
    updated = cloneBody(update, updateMap);
  }

  addNamed(forwarded.front(), "loss");
  if (norm)
    addNamed(norm, "norm");
  addRate(updated);
  addForwarded(forwarded);
  addUpdated(updated, withGradients, unclipped);
  finish();
  return success();
}
