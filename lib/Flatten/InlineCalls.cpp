// An arch function is shared by all instances of equal shapes, so its paths are
// relative; they become absolute here, where a call says which instance it
// means.
#include "lib/Arch/Arch.h"
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

/// A parameter, state or moment of the instance tree.
struct Stored {
  RankedTensorType type;
  Attribute init;
  StringRef role;
  StringRef kind;
};

using Storage = llvm::MapVector<StringAttr, Stored>;

std::string joinPath(StringRef base, StringRef path) {
  if (path.consume_front("/"))
    return path.str();
  if (base.empty() || path.empty())
    return (base + path).str();
  return (base + "." + path).str();
}

/// All that the instances below `instance` hold, in program order; `root` is
/// "optimizer" for the optimizer's tree, whose paths keep that first name.
void collect(arch::InstanceOp instance, StringRef path, bool optimizer,
             Storage &storage) {
  MLIRContext *context = instance.getContext();
  for (Operation &op : instance.getBody().front()) {
    if (auto child = dyn_cast<arch::InstanceOp>(op))
      collect(child, joinPath(path, child.getName()), optimizer, storage);
    if (auto param = dyn_cast<arch::ParamOp>(op))
      storage.insert(
          {StringAttr::get(context, joinPath(path, param.getName())),
           {cast<RankedTensorType>(param.getType()), param.getInitAttr(),
            param.getRole(), optimizer ? "moment" : "param"}});
    if (auto state = dyn_cast<arch::StateOp>(op))
      storage.insert(
          {StringAttr::get(context, joinPath(path, state.getName())),
           {cast<RankedTensorType>(state.getType()), state.getInitAttr(),
            "state", optimizer ? "moment" : "state"}});
  }
}

/// One entry point while it is built.
class Entry {
public:
  Entry(ModuleOp module, StringRef name, const Storage &storage)
      : module(module), storage(storage), builder(module.getContext()) {
    builder.setInsertionPointToEnd(module.getBody());
    function = func::FuncOp::create(builder, module.getLoc(), name,
                                    builder.getFunctionType({}, {}));
    builder.setInsertionPointToStart(function.addEntryBlock());
  }

  BlockArgument addArgument(Type type, StringRef kind, Location loc,
                            ArrayRef<NamedAttribute> more);
  void addScalar(StringRef name) {
    values[builder.getStringAttr(name)] =
        addArgument(RankedTensorType::get({}, builder.getI64Type()), "scalar",
                    module.getLoc(), named("nn.name", name));
  }
  /// Every stored tensor of one kind, as arguments.
  void addStored(StringRef kind);
  /// Calls `callee` on the instance at `path`.
  FailureOr<SmallVector<Value>> call(Operation *from, FlatSymbolRefAttr callee,
                                     StringRef path, ValueRange inputs);
  void addResult(Value value, NamedAttribute attribute);
  void addUpdates(StringRef kind);
  /// A scalar as a 0-d tensor.
  Value asTensor(Value value);
  NamedAttribute named(StringRef name, StringRef value) {
    return NamedAttribute(builder.getStringAttr(name),
                          builder.getStringAttr(value));
  }
  void finish();

  ModuleOp module;
  const Storage &storage;
  OpBuilder builder;
  func::FuncOp function;
  SmallVector<Value> lossTerms;
  SmallVector<std::pair<std::string, Value>> metrics;
  /// The current value of each stored tensor, by path, and of run-time scalars.
  llvm::DenseMap<StringAttr, Value> values;
  llvm::DenseMap<StringAttr, Value> written;

private:
  LogicalResult inlineBlock(Block &block, StringRef path, IRMapping &mapping);
  LogicalResult inlineOp(Operation &op, StringRef path, IRMapping &mapping);
  LogicalResult inlineStored(Operation &op, StringRef path, IRMapping &mapping);
  std::string drawPath(StringRef path);

  llvm::StringMap<int> draws;
  SmallVector<StringRef> active;
  SmallVector<Value> results;
  SmallVector<Attribute> resultAttributes;
};

BlockArgument Entry::addArgument(Type type, StringRef kind, Location loc,
                                 ArrayRef<NamedAttribute> more) {
  SmallVector<NamedAttribute> attributes = {named("nn.class", kind)};
  llvm::append_range(attributes, more);
  unsigned index = function.getNumArguments();
  (void)function.insertArgument(index, type,
                                builder.getDictionaryAttr(attributes), loc);
  return function.getArgument(index);
}

void Entry::addStored(StringRef kind) {
  for (const auto &[path, stored] : storage)
    if (stored.kind == kind)
      values[path] = addArgument(
          stored.type, kind, module.getLoc(),
          {named("nn.path", path),
           NamedAttribute(builder.getStringAttr("nn.init"), stored.init),
           named("nn.role", stored.role)});
}

Value Entry::asTensor(Value value) {
  if (isa<RankedTensorType>(value.getType()))
    return value;
  return tensor::FromElementsOp::create(
      builder, value.getLoc(), RankedTensorType::get({}, value.getType()),
      value);
}

void Entry::addResult(Value value, NamedAttribute attribute) {
  results.push_back(asTensor(value));
  resultAttributes.push_back(builder.getDictionaryAttr(attribute));
}

void Entry::addUpdates(StringRef kind) {
  for (const auto &[path, stored] : storage)
    if (stored.kind == kind && written.contains(path))
      addResult(written.lookup(path), named("nn.updates", path));
}

void Entry::finish() {
  func::ReturnOp::create(builder, module.getLoc(), results);
  function.setFunctionType(builder.getFunctionType(
      function.getArgumentTypes(), ValueRange(results).getTypes()));
  function.setAllResultAttrs(resultAttributes);
}

FailureOr<SmallVector<Value>> Entry::call(Operation *from,
                                          FlatSymbolRefAttr callee,
                                          StringRef path, ValueRange inputs) {
  auto target = module.lookupSymbol<arch::FuncOp>(callee.getValue());
  if (!target)
    return from->emitError() << "no function " << callee;
  if (TypeRange(target.getArgumentTypes()) != inputs.getTypes())
    return from->emitError() << "arguments do not fit " << callee;
  if (llvm::is_contained(active, callee.getValue()))
    return from->emitError() << callee << " calls itself";
  active.push_back(callee.getValue());
  IRMapping mapping;
  Block &body = target.getBody().front();
  mapping.map(body.getArguments(), inputs);
  if (failed(inlineBlock(body, path, mapping)))
    return failure();
  active.pop_back();
  SmallVector<Value> returned;
  for (Value value : body.getTerminator()->getOperands())
    returned.push_back(mapping.lookup(value));
  return returned;
}

LogicalResult Entry::inlineBlock(Block &block, StringRef path,
                                 IRMapping &mapping) {
  for (Operation &op : block)
    if (!isa<arch::ReturnOp>(op) && failed(inlineOp(op, path, mapping)))
      return failure();
  return success();
}

LogicalResult Entry::inlineOp(Operation &op, StringRef path,
                              IRMapping &mapping) {
  if (auto inner = dyn_cast<arch::CallOp>(op)) {
    SmallVector<Value> inputs;
    for (Value input : inner.getInputs())
      inputs.push_back(mapping.lookupOrDefault(input));
    auto returned = call(&op, inner.getCalleeAttr(),
                         joinPath(path, inner.getPath()), inputs);
    if (failed(returned))
      return failure();
    mapping.map(inner.getResults(), *returned);
    return success();
  }
  if (isa<arch::GetOp, arch::SetOp, arch::DrawOp, arch::RunTimeOp,
          arch::RecordOp>(op))
    return inlineStored(op, path, mapping);
  Operation *clone = builder.insert(op.cloneWithoutRegions(mapping));
  for (auto [from, to] :
       llvm::zip_equal(op.getRegions(), clone->getRegions())) {
    OpBuilder::InsertionGuard guard(builder);
    for (Block &block : from) {
      Block *copy = builder.createBlock(
          &to, to.end(), block.getArgumentTypes(),
          SmallVector<Location>(block.getNumArguments(), op.getLoc()));
      mapping.map(block.getArguments(), copy->getArguments());
      if (failed(inlineBlock(block, path, mapping)))
        return failure();
    }
  }
  return success();
}

std::string Entry::drawPath(StringRef path) {
  int count = draws[path]++;
  return count == 0 ? path.str() : (path + "@" + Twine(count)).str();
}

LogicalResult Entry::inlineStored(Operation &op, StringRef path,
                                  IRMapping &mapping) {
  auto stored = [&](StringRef relative) -> FailureOr<StringAttr> {
    auto name = builder.getStringAttr(joinPath(path, relative));
    if (values.contains(name))
      return name;
    return op.emitError() << "no tensor `" << name.getValue() << "`";
  };
  if (auto get = dyn_cast<arch::GetOp>(op)) {
    auto name = stored(get.getPath());
    if (failed(name))
      return failure();
    Value value = values.lookup(*name);
    if (value.getType() != get.getType())
      return op.emitError()
             << "`" << name->getValue() << "` is a " << value.getType();
    mapping.map(get.getResult(), value);
    return success();
  }
  if (auto set = dyn_cast<arch::SetOp>(op)) {
    auto name = stored(set.getPath());
    if (failed(name))
      return failure();
    written[*name] = values[*name] = mapping.lookup(set.getValue());
    return success();
  }
  auto scalar = [&](StringRef name) {
    return values.lookup(builder.getStringAttr(name));
  };
  if (auto record = dyn_cast<arch::RecordOp>(op)) {
    Value value = mapping.lookup(record.getValue());
    if (record.getKind() == "loss")
      lossTerms.push_back(value);
    else
      metrics.push_back({joinPath(path, record.getName()), value});
    return success();
  }
  if (auto run = dyn_cast<arch::RunTimeOp>(op)) {
    if (!scalar(run.getName()))
      return op.emitError() << "`" << run.getName() << "` has no value here";
    mapping.map(run.getResult(),
                tensor::ExtractOp::create(builder, op.getLoc(),
                                          scalar(run.getName()), ValueRange{}));
    return success();
  }
  auto draw = cast<arch::DrawOp>(op);
  if (!scalar("seed"))
    return op.emitError() << "draws need a step";
  auto name = builder.getStringAttr(drawPath(joinPath(path, draw.getPath())));
  mapping.map(draw.getResult(),
              nn::RandomOp::create(builder, op.getLoc(), draw.getType(),
                                   scalar("seed"), scalar("step"), name,
                                   draw.getDistributionAttr(), draw.getAAttr(),
                                   draw.getBAttr()));
  return success();
}

//===-- The entry points --------------------------------------------------===//

struct InlineCallsPass : ogee::impl::InlineCallsBase<InlineCallsPass> {
  using InlineCallsBase::InlineCallsBase;

  void runOnOperation() override {
    auto trains = getOperation().getOps<arch::TrainOp>();
    if (trains.empty()) {
      getOperation().emitError("nothing to train");
      return signalPassFailure();
    }
    train = *trains.begin();
    for (auto instance : getOperation().getOps<arch::InstanceOp>())
      collect(instance, instance.getName(), instance.getName() == "optimizer",
              storage);
    if (failed(makeLoss("forward", train.getStepAttr())) ||
        (train.getEvaluateAttr() &&
         failed(makeLoss("evaluate", train.getEvaluateAttr()))) ||
        (train.getSampleAttr() && failed(makeSample())) || failed(makeUpdate()))
      return signalPassFailure();
    describe();
    for (Operation &op : llvm::make_early_inc_range(*getOperation().getBody()))
      if (isa<arch::InstanceOp, arch::FuncOp, arch::TrainOp>(op))
        op.erase();
  }

  FailureOr<SmallVector<Value>> addData(Entry &entry, FlatSymbolRefAttr callee);
  LogicalResult makeLoss(StringRef name, FlatSymbolRefAttr callee);
  LogicalResult makeSample();
  LogicalResult makeUpdate();
  LogicalResult update(Entry &entry, arch::OptimizeOp optimize, Value gradient);
  void describe();

  arch::TrainOp train;
  Storage storage;
};

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
  Entry entry(getOperation(), name, storage);
  entry.addStored("param");
  entry.addStored("state");
  auto data = addData(entry, callee);
  if (failed(data))
    return failure();
  for (StringRef scalar : {"step", "steps", "seed"})
    entry.addScalar(scalar);
  auto returned = entry.call(train, callee, "", *data);
  if (failed(returned))
    return failure();
  if (returned->size() != 1)
    return train.emitError() << callee << " must return one loss";
  // Recorded terms join the returned loss as scalars of their own, in order.
  OpBuilder &builder = entry.builder;
  auto scalar = [&](Value value) -> Value {
    if (!isa<RankedTensorType>(value.getType()))
      return value;
    return tensor::ExtractOp::create(builder, train.getLoc(), value,
                                     ValueRange{});
  };
  Value loss = returned->front();
  for (Value term : entry.lossTerms)
    loss = arith::AddFOp::create(builder, train.getLoc(), scalar(loss),
                                 scalar(term));
  entry.addResult(loss, entry.named("nn.name", "loss"));
  for (auto &[metric, value] : entry.metrics)
    entry.addResult(value, entry.named("nn.name", metric));
  entry.addUpdates("state");
  entry.finish();
  return success();
}

LogicalResult InlineCallsPass::makeSample() {
  Entry entry(getOperation(), "sample", storage);
  entry.addStored("param");
  entry.addStored("state");
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

LogicalResult InlineCallsPass::makeUpdate() {
  Entry entry(getOperation(), "update", storage);
  entry.addStored("param");
  auto optimizers = train.getOps<arch::OptimizeOp>();
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
  entry.addScalar("step");
  entry.addScalar("steps");
  SmallVector<Value> rate;
  for (arch::OptimizeOp optimize : optimizers) {
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
  entry.addUpdates("param");
  entry.addUpdates("moment");
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
  add("model", train.getModelAttr());
  add("batch", train.getBatchAttr());
  add("steps", train.getStepsAttr());
  add("evaluate_every", train.getEvaluateEveryAttr());
  add("seed", train.getSeedAttr());
  add("clip", train.getClipAttr());
  add("data", train.getDataAttr());
  for (const auto &[path, stored] : storage)
    if (stored.kind == "param") {
      add("precision", TypeAttr::get(stored.type.getElementType()));
      break;
    }
  getOperation()->setAttr("nn.train", builder.getDictionaryAttr(entries));
}

} // namespace
