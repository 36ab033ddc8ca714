// An arch function is shared by all instances of equal shapes, so its paths are
// relative; they become absolute here, where a call says which instance it
// means.
#include "lib/Flatten/Entry.h"
#include "lib/Flatten/Flatten.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"

namespace ogee {
#define GEN_PASS_DEF_INLINECALLS
#include "lib/Flatten/Passes.h.inc"
} // namespace ogee

using namespace mlir;
using namespace ogee;

namespace {

struct InlineCallsPass : ogee::impl::InlineCallsBase<InlineCallsPass> {
  using InlineCallsBase::InlineCallsBase;

  void runOnOperation() override {
    auto trains = getOperation().getOps<arch::TrainOp>();
    if (trains.empty()) {
      getOperation().emitError("nothing to train");
      return signalPassFailure();
    }
    for (auto instance : getOperation().getOps<arch::InstanceOp>())
      collect(instance, instance.getName(),
              instance.getName() == "optimizer" ||
                  instance.getName() == "average",
              storage);
    first = *trains.begin();
    if (failed(collectAverages()))
      return signalPassFailure();
    auto kinds = storage;
    for (auto [number, op] :
         llvm::enumerate(SmallVector<arch::TrainOp>(trains))) {
      train = op;
      phase = number ? "phase" + std::to_string(number) + "." : "";
      if (!llvm::hasSingleElement(trains))
        keepUntrained(kinds);
      if (failed(makePhase()))
        return signalPassFailure();
    }
    describe();
    for (Operation &op : llvm::make_early_inc_range(*getOperation().getBody()))
      if (isa<arch::InstanceOp, arch::FuncOp, arch::TrainOp>(op))
        op.erase();
  }

  LogicalResult makePhase();
  void keepUntrained(const Storage &kinds);
  Entry newEntry(StringRef name) const {
    return Entry(train, phase, name, storage);
  }
  FailureOr<SmallVector<Value>> addData(Entry &entry, FlatSymbolRefAttr callee);
  LogicalResult makeLoss(StringRef name, FlatSymbolRefAttr callee);
  LogicalResult makeSample();
  LogicalResult makeUpdates();
  LogicalResult makeUpdate(Entry &entry, int64_t objective);
  LogicalResult updateAverage(Entry &entry, arch::AverageOp average);
  LogicalResult update(Entry &entry, arch::OptimizeOp optimize, Value gradient);
  LogicalResult collectAverages();
  void readAverages(Entry &entry);
  void describe();

  arch::TrainOp first, train; ///< Of the first phase, and of this one.
  std::string phase;
  Storage storage;
};

} // namespace

LogicalResult InlineCallsPass::makePhase() {
  if (failed(makeLoss("forward", train.getStepAttr())) ||
      (train.getEvaluateAttr() &&
       failed(makeLoss("evaluate", train.getEvaluateAttr()))) ||
      (train.getSampleAttr() && failed(makeSample())))
    return failure();
  return makeUpdates();
}

/// A parameter that a phase does not train is a state that nothing assigns.
void InlineCallsPass::keepUntrained(const Storage &kinds) {
  llvm::DenseSet<StringAttr> trained;
  for (auto optimize : train.getOps<arch::OptimizeOp>())
    trained.insert(optimize.getParameterAttr());
  for (const auto &[path, stored] : kinds)
    if (stored.kind == "param")
      storage[path].kind = trained.contains(path) ? "param" : "state";
}

/// An average starts as its parameter.
LogicalResult InlineCallsPass::collectAverages() {
  for (auto average : first.getOps<arch::AverageOp>()) {
    auto *found = storage.find(average.getParameterAttr());
    if (found == storage.end())
      return average.emitError()
             << "no parameter " << average.getParameterAttr();
    Stored stored = found->second;
    stored.role = "state";
    stored.kind = "average";
    stored.copied = average.getParameterAttr();
    stored.copiedIn = nullptr;
    storage.insert({average.getInstanceAttr(), stored});
  }
  return success();
}

/// From here on parameters that have an average are their averages.
void InlineCallsPass::readAverages(Entry &entry) {
  entry.addStored("average");
  for (auto average : train.getOps<arch::AverageOp>())
    entry.values[average.getParameterAttr()] =
        entry.values.lookup(average.getInstanceAttr());
}

/// The callee's arguments as data arguments, named by its `nn.name`s.
FailureOr<SmallVector<Value>>
InlineCallsPass::addData(Entry &entry, FlatSymbolRefAttr callee) {
  auto target = getOperation().lookupSymbol<arch::FuncOp>(callee.getValue());
  if (!target)
    return train.emitError() << "no function " << callee;
  SmallVector<Value> data;
  for (auto [index, type] : llvm::enumerate(target.getArgumentTypes())) {
    SmallVector<NamedAttribute> attributes;
    for (StringRef key : {"nn.name", "nn.bound"})
      if (Attribute value = target.getArgAttr(index, key))
        attributes.push_back(
            NamedAttribute(StringAttr::get(&getContext(), key), value));
    data.push_back(
        entry.addArgument(type, "data", target.getLoc(), attributes));
  }
  return data;
}

LogicalResult InlineCallsPass::makeLoss(StringRef name,
                                        FlatSymbolRefAttr callee) {
  Entry entry = newEntry(name);
  entry.addStored("param");
  entry.addStored("state");
  if (name == "evaluate")
    readAverages(entry);
  auto data = addData(entry, callee);
  if (failed(data))
    return failure();
  for (StringRef scalar : {"step", "steps", "seed"})
    entry.addScalar(scalar);
  // Each part of a batch draws its own numbers, and each batch of an evaluation
  // whose data are drawn.
  auto source = train.getData().getAs<StringAttr>("source");
  bool isDrawn = source && source.getValue() == "examples";
  if (name == "forward" ? train.getAccumulate() > 1 : isDrawn)
    entry.addScalar("draw");
  auto returned = entry.call(train, callee, "", *data);
  if (failed(returned))
    return failure();
  if (!entry.minimised && returned->size() != 1)
    return train.emitError() << callee << " must return one loss";
  // Recorded terms join the returned loss as scalars of their own, in order.
  Value loss =
      entry.withTerms(entry.minimised ? entry.minimised : returned->front());
  entry.addResult(loss, entry.named("nn.name", "loss"));
  for (auto &[metric, value] : entry.metrics)
    entry.addResult(value, entry.named("nn.name", metric));
  entry.addUpdates("state");
  entry.finish();
  return success();
}

LogicalResult InlineCallsPass::makeSample() {
  Entry entry = newEntry("sample");
  entry.addStored("param");
  entry.addStored("state");
  readAverages(entry);
  auto data = addData(entry, train.getSampleAttr());
  if (failed(data))
    return failure();
  auto returned = entry.call(train, train.getSampleAttr(), "", *data);
  if (failed(returned))
    return failure();
  entry.addResult(returned->front(), entry.named("nn.name", "logits"));
  entry.finish();
  return success();
}

LogicalResult InlineCallsPass::update(Entry &entry, arch::OptimizeOp optimize,
                                      Value gradient) {
  StringAttr path = optimize.getParameterAttr();
  auto updated =
      entry.call(optimize, optimize.getCalleeAttr(), optimize.getInstance(),
                 {entry.values.lookup(path), gradient});
  if (failed(updated))
    return failure();
  if (updated->size() != 1 || updated->front().getType() != gradient.getType())
    return optimize.emitError() << "an optimizer returns the new parameter";
  entry.written[path] = updated->front();
  return success();
}

/// Averages follow all updates.
LogicalResult InlineCallsPass::updateAverage(Entry &entry,
                                             arch::AverageOp average) {
  Value next = entry.written.lookup(average.getParameterAttr());
  StringAttr path = average.getInstanceAttr();
  auto updated = entry.call(average, average.getCalleeAttr(), path,
                            {entry.values.lookup(path), next});
  if (failed(updated))
    return failure();
  if (updated->size() != 1 || updated->front().getType() != next.getType())
    return average.emitError() << "an average returns the new average";
  entry.written[path] = updated->front();
  return success();
}

/// `@update`, or one function for each `arch.minimise`.
LogicalResult InlineCallsPass::makeUpdates() {
  SmallVector<arch::MinimiseOp> objectives;
  auto step = getOperation().lookupSymbol<arch::FuncOp>(train.getStep());
  step.walk([&](arch::MinimiseOp op) {
    if (op.getObjective())
      objectives.push_back(op);
  });
  for (arch::MinimiseOp op : objectives) {
    Entry entry(train, "", updateName(phase, op), storage);
    entry.round = op.getRound();
    entry.rounds = op.getRounds();
    if (failed(makeUpdate(entry, *op.getObjective())))
      return failure();
  }
  if (!objectives.empty())
    return success();
  Entry entry = newEntry("update");
  return makeUpdate(entry, /*objective=*/0);
}

LogicalResult InlineCallsPass::makeUpdate(Entry &entry, int64_t objective) {
  entry.addStored("param");
  SmallVector<arch::OptimizeOp> optimizers;
  for (auto optimize : train.getOps<arch::OptimizeOp>())
    if (int64_t(optimize.getObjective()) == objective)
      optimizers.push_back(optimize);
  llvm::DenseMap<StringAttr, Value> gradients;
  for (arch::OptimizeOp optimize : optimizers) {
    StringAttr path = optimize.getParameterAttr();
    if (!entry.values.contains(path))
      return optimize.emitError() << "no parameter " << path;
    gradients[path] =
        entry.addArgument(entry.values.lookup(path).getType(), "gradient",
                          optimize.getLoc(), entry.named("nn.path", path));
  }
  entry.addStored("moment");
  entry.addStored("average");
  entry.addScalar("step");
  entry.addScalar("steps");
  SmallVector<Value> rate;
  for (arch::OptimizeOp optimize : optimizers) {
    entry.first = optimize.getOfPhase() ? train.getFirst() : 0;
    entry.steps = optimize.getOfPhase() ? train.getSteps() : 0;
    if (failed(update(entry, optimize,
                      gradients.lookup(optimize.getParameterAttr()))))
      return failure();
    if (!rate.empty() || !optimize.getRateAttr())
      continue;
    auto returned = entry.call(optimize, optimize.getRateAttr(),
                               optimize.getInstance(), {});
    if (failed(returned))
      return failure();
    rate = *returned;
  }
  if (!rate.empty())
    entry.addResult(rate[0], entry.named("nn.name", "rate"));
  entry.first = entry.steps = 0;
  for (auto average : train.getOps<arch::AverageOp>())
    if (entry.written.contains(average.getParameterAttr()) &&
        failed(updateAverage(entry, average)))
      return failure();
  for (StringRef kind : {"param", "moment", "average"})
    entry.addUpdates(kind);
  entry.finish();
  return success();
}

/// `nn.train`: what the runtime must know of the run.
void InlineCallsPass::describe() {
  Builder builder(&getContext());
  SmallVector<NamedAttribute> entries;
  auto add = [&](StringRef name, Attribute value) {
    if (value)
      entries.push_back(builder.getNamedAttr(name, value));
  };
  train = first;
  SmallVector<Attribute> phases;
  int64_t steps = 0;
  for (auto each : getOperation().getOps<arch::TrainOp>()) {
    steps += each.getSteps();
    NamedAttrList list;
    list.append("first", each.getFirstAttr());
    list.append("steps", each.getStepsAttr());
    list.append("evaluate_every", each.getEvaluateEveryAttr());
    list.append("evaluate_most", each.getEvaluateMostAttr());
    if (each.getClipAttr())
      list.append("clip", each.getClipAttr());
    phases.push_back(list.getDictionary(&getContext()));
  }
  if (phases.size() > 1)
    add("phases", builder.getArrayAttr(phases));
  add("model", train.getModelAttr());
  add("batch", train.getBatchAttr());
  add("steps", builder.getI64IntegerAttr(steps));
  add("evaluate_every", train.getEvaluateEveryAttr());
  add("seed", train.getSeedAttr());
  if (train.getAccumulate() > 1)
    add("accumulate", train.getAccumulateAttr());
  if (train.getEvaluateMost() > 0)
    add("evaluate_most", train.getEvaluateMostAttr());
  add("clip", train.getClipAttr());
  add("data", train.getDataAttr());
  add("products", train.getProductsAttr());
  for (const auto &[path, stored] : storage)
    if (stored.kind == "param") {
      add("precision", TypeAttr::get(stored.type.getElementType()));
      break;
    }
  getOperation()->setAttr("nn.train", builder.getDictionaryAttr(entries));
}
