// Puts the step together: forward, its gradient, the norm, clipping, the
// update.
#include "lib/Differentiate/Differentiate.h"
#include "lib/Differentiate/Tape.h"
#include "lib/Nn/Program.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/StringExtras.h"

namespace ogee {
#define GEN_PASS_DEF_BUILDSTEP
#include "lib/Differentiate/Passes.h.inc"
} // namespace ogee

using namespace mlir;
using namespace ogee;

namespace {

StringRef stringOf(DictionaryAttr attributes, StringRef name) {
  auto text = attributes ? attributes.getAs<StringAttr>(name) : StringAttr();
  return text ? text.getValue() : StringRef();
}

/// The step while it is built; without `update` it ends with the gradients.
class Step {
public:
  Step(StringRef name, func::FuncOp forward, func::FuncOp update,
       const Mutation &mutation);
  LogicalResult build(FloatAttr clip, bool withGradients);
  /// The step of a batch in parts, as two functions: `@accumulate` adds the
  /// gradients of a part to accumulators; this one updates from their mean.
  LogicalResult buildAccumulate();
  LogicalResult buildUpdate(FloatAttr clip, bool withGradients, int64_t parts);

private:
  void addArguments(func::FuncOp source, StringRef kind);
  void addAccumulators(Attribute init);
  void meanOfAccumulators(int64_t parts);
  void addUpdated(ArrayRef<Value> updated, bool withGradients,
                  const llvm::MapVector<StringAttr, Value> &unclipped);
  void finish();
  SmallVector<Value> cloneBody(func::FuncOp source, IRMapping &mapping);
  LogicalResult differentiate(Value loss);
  Value normOfGradients();
  void clipGradients(Value norm, FloatAttr clip);
  void mapUpdate();
  void addResult(Value value, DictionaryAttr attributes);
  void addNamed(Value value, StringRef name);
  void addResults(func::FuncOp source, ArrayRef<Value> values,
                  llvm::function_ref<bool(DictionaryAttr)> take);

  func::FuncOp forward, update, step;
  const Mutation &mutation;
  OpBuilder builder;
  IRMapping forwardMap, updateMap;
  /// Parameters by path, in order, and their gradients.
  llvm::MapVector<StringAttr, Value> parameters, gradients;
  SmallVector<Value> results;
  SmallVector<Attribute> resultAttributes;
};

Step::Step(StringRef name, func::FuncOp forward, func::FuncOp update,
           const Mutation &mutation)
    : forward(forward), update(update), mutation(mutation), builder(forward) {
  step = func::FuncOp::create(builder, forward.getLoc(), name,
                              builder.getFunctionType({}, {}));
  builder.setInsertionPointToStart(step.addEntryBlock());
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

LogicalResult Step::differentiate(Value loss) {
  auto end = func::ReturnOp::create(builder, step.getLoc());
  builder.setInsertionPoint(end);
  SmallVector<Value> roots;
  for (auto &[path, parameter] : parameters)
    roots.push_back(parameter);
  Tape tape(builder, roots, mutation);
  if (failed(tape.run(loss)))
    return failure();
  for (auto &[path, parameter] : parameters) {
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
    SmallVector<Label> labels;
    for (int64_t extent : cast<RankedTensorType>(gradient.getType()).getShape())
      labels.push_back(tensors.newLabel(extent));
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
    SmallVector<Label> labels;
    for (int64_t extent : cast<RankedTensorType>(gradient.getType()).getShape())
      labels.push_back(tensors.newLabel(extent));
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

static std::function<bool(DictionaryAttr)> named(StringRef name) {
  return [name](DictionaryAttr attributes) {
    return stringOf(attributes, "nn.name") == name;
  };
}

static bool updates(DictionaryAttr attributes) {
  return attributes.contains("nn.updates");
}

static bool isMetric(DictionaryAttr attributes) {
  return !updates(attributes) && !named("loss")(attributes);
}

/// Next parameters and moments, and the gradients that are asked for.
void Step::addUpdated(ArrayRef<Value> updated, bool withGradients,
                      const llvm::MapVector<StringAttr, Value> &unclipped) {
  addResults(update, updated, updates);
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
  if (failed(differentiate(forwarded.front())))
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
  addResults(update, updated, named("rate"));
  addResults(forward, forwarded, isMetric);
  addResults(forward, forwarded, updates);
  addUpdated(updated, withGradients, unclipped);
  finish();
  return success();
}

//===-- A batch in parts --------------------------------------------------===//

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
  if (failed(differentiate(forwarded.front())))
    return failure();
  addNamed(forwarded.front(), "loss");
  addResults(forward, forwarded, isMetric);
  addResults(forward, forwarded, updates);
  IndexedBuilder tensors(builder, step.getLoc());
  for (auto &[path, gradient] : gradients) {
    SmallVector<Label> labels;
    for (int64_t extent : cast<RankedTensorType>(gradient.getType()).getShape())
      labels.push_back(tensors.newLabel(extent));
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
    SmallVector<Label> labels;
    for (int64_t extent : type.getShape())
      labels.push_back(tensors.newLabel(extent));
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
  auto end = func::ReturnOp::create(builder, step.getLoc());
  builder.setInsertionPoint(end);
  meanOfAccumulators(parts);
  auto unclipped = gradients;
  Value norm = normOfGradients();
  if (clip)
    clipGradients(norm, clip);
  mapUpdate();
  SmallVector<Value> updated = cloneBody(update, updateMap);
  addNamed(norm, "norm");
  addResults(update, updated, named("rate"));
  addUpdated(updated, withGradients, unclipped);
  finish();
  return success();
}

struct BuildStep : ogee::impl::BuildStepBase<BuildStep> {
  using BuildStepBase::BuildStepBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto mutation = parseMutation(mutateDerivative);
    if (failed(mutation)) {
      module.emitError() << "no mutant `" << mutateDerivative
                         << "` of the derivative table, but "
                         << llvm::join(derivativeMutants(), " ");
      return signalPassFailure();
    }
    auto forward = module.lookupSymbol<func::FuncOp>("forward");
    auto update = module.lookupSymbol<func::FuncOp>("update");
    if (!forward) {
      module.emitError("has no @forward");
      return signalPassFailure();
    }
    auto train = module->getAttrOfType<DictionaryAttr>("nn.train");
    auto clip = train ? train.getAs<FloatAttr>("clip") : FloatAttr();
    auto parts = train ? train.getAs<IntegerAttr>("accumulate") : IntegerAttr();
    auto make = [&](StringRef name) {
      return Step(name, forward, update, *mutation);
    };
    bool isMade = parts ? succeeded(make("accumulate").buildAccumulate()) &&
                              succeeded(make("step").buildUpdate(
                                  clip, withGradients, parts.getInt()))
                        : succeeded(make("step").build(clip, withGradients));
    if (!isMade)
      return signalPassFailure();
    forward.erase();
    if (update)
      update.erase();
    module.walk([](nn::StopGradientOp op) {
      op.replaceAllUsesWith(op.getInput());
      op.erase();
    });
    eraseDead(module);
  }
};

} // namespace
