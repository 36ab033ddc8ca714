// Calls are inlined in program order, so what a function sets is what a later
// one gets.
#include "lib/Flatten/Entry.h"
#include "lib/Nn/Nn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace ogee;

std::string ogee::joinPath(StringRef base, StringRef path) {
  if (path.consume_front("/"))
    return path.str();
  if (base.empty() || path.empty())
    return (base + path).str();
  return (base + "." + path).str();
}

void ogee::collect(arch::InstanceOp instance, StringRef path, bool optimizer,
                   Storage &storage) {
  MLIRContext *context = instance.getContext();
  for (Operation &op : instance.getBody().front()) {
    if (auto child = dyn_cast<arch::InstanceOp>(op))
      collect(child, joinPath(path, child.getName()), optimizer, storage);
    if (auto param = dyn_cast<arch::ParamOp>(op))
      storage.insert({StringAttr::get(context, joinPath(path, param.getName())),
                      {cast<RankedTensorType>(param.getType()),
                       param.getInitAttr(), param.getRole(),
                       optimizer           ? "moment"
                       : param.getFrozen() ? "state"
                                           : "param",
                       param.getCopiedAttr(), param.getFileAttr(),
                       param.getCopiedInAttr()}});
    if (auto state = dyn_cast<arch::StateOp>(op))
      storage.insert(
          {StringAttr::get(context, joinPath(path, state.getName())),
           {cast<RankedTensorType>(state.getType()), state.getInitAttr(),
            "state", optimizer ? "moment" : "state", state.getCopiedAttr(),
            state.getFileAttr(), state.getCopiedInAttr()}});
  }
}

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
  for (const auto &[path, stored] : storage) {
    if (stored.kind != kind)
      continue;
    NamedAttrList attributes;
    attributes.append("nn.path", path);
    attributes.append("nn.init", stored.init);
    attributes.append("nn.role", builder.getStringAttr(stored.role));
    if (stored.copied)
      attributes.append("nn.copied", stored.copied);
    if (stored.copiedIn)
      attributes.append("nn.copied_in", stored.copiedIn);
    if (stored.file)
      attributes.append("nn.file", stored.file);
    values[path] =
        addArgument(stored.type, kind, module.getLoc(), attributes.getAttrs());
  }
}

Value Entry::asTensor(Value value) {
  if (isa<RankedTensorType>(value.getType()))
    return value;
  return tensor::FromElementsOp::create(
      builder, value.getLoc(), RankedTensorType::get({}, value.getType()),
      value);
}

/// Of two floats the wider one's type is that of the sum.
Value Entry::sum(Value lhs, Value rhs) {
  auto scalar = [&](Value value) -> Value {
    if (!isa<RankedTensorType>(value.getType()))
      return value;
    return tensor::ExtractOp::create(builder, value.getLoc(), value,
                                     ValueRange{});
  };
  Value left = scalar(lhs), right = scalar(rhs);
  Type wide = left.getType().getIntOrFloatBitWidth() <
                      right.getType().getIntOrFloatBitWidth()
                  ? right.getType()
                  : left.getType();
  for (Value *each : {&left, &right})
    if (each->getType() != wide && isa<FloatType>(wide))
      *each = arith::ExtFOp::create(builder, rhs.getLoc(), wide, *each);
  if (isa<IntegerType>(wide))
    return arith::AddIOp::create(builder, rhs.getLoc(), left, right);
  return arith::AddFOp::create(builder, rhs.getLoc(), left, right);
}

/// What is recorded twice under one name, by an instance that is shared, is one
/// sum.
void Entry::record(StringRef name, Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  bool isScalar = !type || type.getRank() == 0;
  for (auto &[known, total] : metrics)
    if (isScalar && known == name) {
      total = sum(total, value);
      return;
    }
  metrics.push_back({name.str(), value});
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

/// Of its calls, not of what it calls.
static bool keepsStates(arch::FuncOp function) {
  return llvm::any_of(function.getBody().front(), [](Operation &op) {
    auto path = isa<arch::GetOp, arch::SetOp>(op)
                    ? op.getAttrOfType<StringAttr>("path")
                    : StringAttr();
    return path && path.getValue().starts_with("@");
  });
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
  int number = 0;
  if (keepsStates(target))
    number = calls[(path + "|" + target.getComponent()).str()]++;
  numbers.push_back(number);
  IRMapping mapping;
  Block &body = target.getBody().front();
  mapping.map(body.getArguments(), inputs);
  if (failed(inlineBlock(body, path, mapping)))
    return failure();
  active.pop_back();
  numbers.pop_back();
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
  if (auto objective = dyn_cast<arch::MinimiseOp>(op))
    return minimise(objective, mapping.lookup(objective.getLoss()));
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

Value Entry::withTerms(Value loss) {
  for (Value term : lossTerms)
    loss = sum(loss, term);
  lossTerms.clear();
  return loss;
}

std::string ogee::updateName(StringRef phase, arch::MinimiseOp op) {
  return phase.str() + "update." + std::to_string(*op.getObjective()) + "." +
         std::to_string(op.getRound());
}

/// Only the training step updates.
LogicalResult Entry::minimise(arch::MinimiseOp op, Value loss) {
  loss = asTensor(withTerms(loss));
  minimised = minimised ? sum(minimised, loss) : loss;
  if (!op.getObjective())
    return success();
  SmallVector<Attribute> paths;
  SmallVector<Value> parameters;
  for (auto optimize : train.getOps<arch::OptimizeOp>()) {
    if (optimize.getObjective() != *op.getObjective())
      continue;
    StringAttr path = optimize.getParameterAttr();
    if (!values.contains(path))
      return optimize.emitError() << "no parameter " << path;
    paths.push_back(path);
    parameters.push_back(values.lookup(path));
  }
  auto next = nn::MinimiseOp::create(
      builder, op.getLoc(), ValueRange(parameters).getTypes(), loss, parameters,
      updateName(phase, op), builder.getArrayAttr(paths));
  for (auto [path, value] : llvm::zip_equal(paths, next.getResults()))
    values[cast<StringAttr>(path)] = value;
  return success();
}

/// An optimizer counts its own updates: of its phase, and of those that a step
/// has.
Value Entry::runTime(Location loc, StringRef name, Value scalar) {
  Value value = tensor::ExtractOp::create(builder, loc, scalar, ValueRange{});
  if (name == "seed")
    return value;
  auto number = [&](int64_t of) {
    return arith::ConstantOp::create(builder, loc,
                                     builder.getI64IntegerAttr(of));
  };
  if (steps > 0 && name == "steps")
    value = number(steps);
  else if (steps > 0)
    value = arith::SubIOp::create(builder, loc, value, number(first));
  if (rounds == 1)
    return value;
  value = arith::MulIOp::create(builder, loc, value, number(rounds));
  return name == "steps"
             ? value
             : arith::AddIOp::create(builder, loc, value, number(round));
}

std::string Entry::drawPath(StringRef path) {
  int count = draws[path]++;
  return count == 0 ? path.str() : (path + "@" + Twine(count)).str();
}

LogicalResult Entry::inlineStored(Operation &op, StringRef path,
                                  IRMapping &mapping) {
  auto stored = [&](StringRef relative) -> FailureOr<StringAttr> {
    bool isOfCall = relative.consume_front("@");
    std::string full = joinPath(path, relative);
    if (isOfCall && numbers.back() > 0)
      full += "@" + std::to_string(numbers.back());
    auto name = builder.getStringAttr(full);
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
    // No gradient flows from a state, also not from its next value.
    if (written.contains(*name))
      value = arch::StopGradientOp::create(builder, op.getLoc(),
                                           value.getType(), value);
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
    this->record(joinPath(path, record.getName()), value);
    return success();
  }
  if (auto run = dyn_cast<arch::RunTimeOp>(op)) {
    if (!scalar(run.getName()))
      return op.emitError() << "`" << run.getName() << "` has no value here";
    mapping.map(run.getResult(),
                runTime(op.getLoc(), run.getName(), scalar(run.getName())));
    return success();
  }
  auto draw = cast<arch::DrawOp>(op);
  if (!scalar("seed"))
    return op.emitError() << "draws need a step";
  Value number = scalar("draw") ? scalar("draw") : scalar("step");
  auto name = builder.getStringAttr(drawPath(joinPath(path, draw.getPath())));
  mapping.map(draw.getResult(),
              nn::RandomOp::create(builder, op.getLoc(), draw.getType(),
                                   scalar("seed"), number, name,
                                   draw.getDistributionAttr(), draw.getAAttr(),
                                   draw.getBAttr()));
  return success();
}
