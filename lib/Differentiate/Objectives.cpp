// Several objectives: each is differentiated where it stands, so that its
// gradient is taken with the values from before its update, and what follows
// reads the next ones. No gradient flows through an update.
#include "lib/Differentiate/Step.h"
#include "lib/Differentiate/Tape.h"

using namespace mlir;
using namespace ogee;

/// Moments and averages as arguments; those of all updates, each once.
void Step::addKept(func::FuncOp source) {
  for (BlockArgument argument : source.getArguments()) {
    auto attributes = source.getArgAttrDict(argument.getArgNumber());
    StringRef kind = stringOf(attributes, "nn.class");
    auto path = attributes.getAs<StringAttr>("nn.path");
    if ((kind != "moment" && kind != "average") || kept.contains(path))
      continue;
    unsigned index = step.getNumArguments();
    (void)step.insertArgument(index, argument.getType(), attributes,
                              argument.getLoc());
    kept[path] = step.getArgument(index);
  }
}

LogicalResult Step::runObjective(nn::MinimiseOp op, FloatAttr clip) {
  Values over;
  for (StringAttr path : op.getPaths().getAsRange<StringAttr>())
    over[path] = parameters.lookup(path);
  if (failed(differentiate(forwardMap.lookup(op.getLoss()), over)))
    return failure();
  for (auto &[path, gradient] : gradients)
    unclipped.insert({path, gradient});
  Value norm = normOfGradients();
  if (clip)
    clipGradients(norm, clip);
  updateMap.clear();
  mapUpdate();
  SmallVector<Value> values = cloneBody(update, updateMap);
  for (auto [index, value] : llvm::enumerate(values)) {
    auto attributes = cast<DictionaryAttr>((*update.getResAttrs())[index]);
    if (stringOf(attributes, "nn.name") == "rate" && !firstRate)
      firstRate = value;
    auto path = attributes.getAs<StringAttr>("nn.updates");
    if (!path)
      continue;
    Value next = nn::StopGradientOp::create(builder, op.getLoc(),
                                            value.getType(), value);
    (parameters.contains(path) ? parameters : kept)[path] = next;
    updated[path] = next;
  }
  firstNorm = firstNorm ? firstNorm : norm;
  for (auto [path, result] :
       llvm::zip_equal(op.getPaths().getAsRange<StringAttr>(), op.getResults()))
    forwardMap.map(result, parameters.lookup(path));
  return success();
}

LogicalResult Step::buildObjectives(FloatAttr clip, bool withGradients) {
  Block &body = forward.getBody().front();
  auto updateOf = [&](nn::MinimiseOp op) {
    auto module = op->getParentOfType<ModuleOp>();
    return module.lookupSymbol<func::FuncOp>(op.getUpdate());
  };
  for (StringRef kind : {"param", "state"})
    addArguments(forward, kind);
  for (auto op : body.getOps<nn::MinimiseOp>()) {
    if (!updateOf(op))
      return op.emitError() << "no function " << op.getUpdateAttr();
    addKept(updateOf(op));
  }
  for (StringRef kind : {"data", "scalar"})
    addArguments(forward, kind);
  for (Operation &op : body.without_terminator()) {
    auto objective = dyn_cast<nn::MinimiseOp>(op);
    if (!objective) {
      builder.clone(op, forwardMap);
      continue;
    }
    update = updateOf(objective);
    if (failed(runObjective(objective, clip)))
      return failure();
  }
  SmallVector<Value> forwarded;
  for (Value value : body.getTerminator()->getOperands())
    forwarded.push_back(forwardMap.lookup(value));
  addNamed(forwarded.front(), "loss");
  addNamed(firstNorm, "norm");
  if (firstRate)
    addNamed(firstRate, "rate");
  addForwarded(forwarded);
  for (auto &[path, value] : updated)
    addResult(value, builder.getDictionaryAttr(
                         builder.getNamedAttr("nn.updates", path)));
  if (withGradients)
    for (auto &[path, gradient] : unclipped)
      addNamed(gradient, ("gradient:" + path.getValue()).str());
  finish();
  return success();
}
