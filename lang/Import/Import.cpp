// The module: the tree of instances, the functions, the training.
#include "lang/Import/Importer.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace ogee;
using namespace ogee::importing;

Type importing::elementType(MLIRContext &context, model::Element element) {
  switch (element) {
  case model::Element::Bool:
    return IntegerType::get(&context, 1);
  case model::Element::Int:
    return IntegerType::get(&context, 32);
  case model::Element::F32:
    return Float32Type::get(&context);
  case model::Element::F64:
    return Float64Type::get(&context);
  }
  llvm_unreachable("covered switch");
}

RankedTensorType importing::tensorType(MLIRContext &context,
                                       const model::Type &type) {
  return RankedTensorType::get(type.shape, elementType(context, type.element));
}

static nn::Distribution distribution(model::Distribution kind) {
  switch (kind) {
  case model::Distribution::Constant:
    return nn::Distribution::Constant;
  case model::Distribution::Normal:
    return nn::Distribution::Normal;
  case model::Distribution::Uniform:
    return nn::Distribution::Uniform;
  case model::Distribution::TruncNormal:
    return nn::Distribution::TruncNormal;
  case model::Distribution::Table:
    return nn::Distribution::Table;
  case model::Distribution::Bernoulli:
    return nn::Distribution::Bernoulli;
  }
  llvm_unreachable("covered switch");
}

void Importer::run() {
  importInstance(model.root);
  importInstance(model.optimizer);
  if (!model.train.averages.empty())
    importInstance(model.average);
  for (const auto &function : model.funcs)
    importFunc(*function);
  importTrain(model.train);
  for (const model::Train &phase : model.phases)
    importTrain(phase);
}

void Importer::importInstance(const model::Instance &instance) {
  auto op = arch::InstanceOp::create(builder, location(instance.range),
                                     instance.name, instance.of);
  OpBuilder::InsertionGuard guard(builder);
  builder.createBlock(&op.getBody());
  for (const model::Variable &variable : instance.variables)
    importVariable(variable);
  for (const auto &child : instance.children)
    importInstance(*child);
}

void Importer::importVariable(const model::Variable &variable) {
  MLIRContext *context = builder.getContext();
  const model::Init &init = variable.init;
  RankedTensorType type = tensorType(*context, variable.type);
  DenseElementsAttr table;
  if (init.kind == model::Distribution::Table)
    table = DenseElementsAttr::get(
        RankedTensorType::get(variable.type.shape, builder.getF64Type()),
        init.table);
  auto attribute = nn::InitAttr::get(context, distribution(init.kind),
                                     builder.getF64FloatAttr(init.a),
                                     builder.getF64FloatAttr(init.b), table);
  Location loc = location(variable.range);
  StringAttr copied;
  ArrayAttr file;
  IntegerAttr copiedIn;
  if (variable.copiedIn && !variable.copied.empty())
    copiedIn = builder.getI64IntegerAttr(variable.copiedIn);
  if (!variable.copied.empty())
    copied = builder.getStringAttr(variable.copied);
  else if (!variable.file.empty())
    file = builder.getStrArrayAttr({variable.file, variable.nameInFile});
  if (variable.isParam)
    arch::ParamOp::create(
        builder, loc, builder.getStringAttr(variable.name), TypeAttr::get(type),
        attribute, builder.getStringAttr(variable.role), copied, file, copiedIn,
        variable.isFrozen ? builder.getUnitAttr() : UnitAttr());
  else
    arch::StateOp::create(builder, loc, builder.getStringAttr(variable.name),
                          TypeAttr::get(type), attribute, copied, file,
                          copiedIn);
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

void Importer::importFunc(const model::Func &function) {
  MLIRContext *context = builder.getContext();
  SmallVector<Type> inputs, results;
  for (const model::Tensor *arg : function.args)
    inputs.push_back(tensorType(*context, arg->type));
  for (const model::Tensor *result : function.results)
    results.push_back(tensorType(*context, result->type));
  Location loc = location(function.range);
  auto op = arch::FuncOp::create(builder, loc, function.name,
                                 builder.getFunctionType(inputs, results),
                                 function.component, ArrayAttr(), ArrayAttr());
  for (auto [at, field] : llvm::enumerate(function.fields)) {
    const model::Type &type = function.args[at]->type;
    op.setArgAttr(at, "nn.name", builder.getStringAttr(field));
    if (type.element == model::Element::Int)
      op.setArgAttr(at, "nn.bound", builder.getI64IntegerAttr(type.high));
  }
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<Location> locations;
  for (const model::Tensor *arg : function.args)
    locations.push_back(location(arg->range));
  Block *block = builder.createBlock(&op.getBody(), {}, inputs, locations);
  for (auto [arg, value] : llvm::zip(function.args, block->getArguments()))
    tensors[arg] = value;
  for (const model::Op *inner : function.body)
    importOp(*inner);
  SmallVector<Value> values;
  for (const model::Tensor *result : function.results)
    values.push_back(tensors.at(result));
  arch::ReturnOp::create(builder, loc, values);
}

void Importer::importOp(const model::Op &op) {
  Location loc = location(op.range);
  MLIRContext &context = *builder.getContext();
  if (auto *get = llvm::dyn_cast<model::Get>(&op)) {
    tensors[get->result] = arch::GetOp::create(
        builder, loc, tensorType(context, get->result->type), get->path);
  } else if (auto *set = llvm::dyn_cast<model::Set>(&op)) {
    arch::SetOp::create(builder, loc, set->path, tensors.at(set->value));
  } else if (auto *call = llvm::dyn_cast<model::Call>(&op)) {
    importCall(*call);
  } else if (auto *define = llvm::dyn_cast<model::Define>(&op)) {
    importDefine(*define);
  } else if (auto *draw = llvm::dyn_cast<model::Draw>(&op)) {
    tensors[draw->result] = arch::DrawOp::create(
        builder, loc, tensorType(context, draw->result->type),
        builder.getStringAttr(draw->path),
        nn::DistributionAttr::get(&context, distribution(draw->distribution)),
        builder.getF64FloatAttr(draw->a), builder.getF64FloatAttr(draw->b));
  } else if (auto *table = llvm::dyn_cast<model::Table>(&op)) {
    importTable(*table);
  } else if (auto *scatter = llvm::dyn_cast<model::Scatter>(&op)) {
    Value init = tensors.at(scatter->init);
    tensors[scatter->result] = arch::ScatterOp::create(
        builder, loc, init.getType(), init, tensors.at(scatter->places),
        tensors.at(scatter->values), scatter->adds);
  } else if (auto *stop = llvm::dyn_cast<model::StopGradient>(&op)) {
    Value input = tensors.at(stop->input);
    tensors[stop->result] =
        arch::StopGradientOp::create(builder, loc, input.getType(), input);
  } else if (auto *minimise = llvm::dyn_cast<model::Minimise>(&op)) {
    importMinimise(*minimise);
  } else if (auto *record = llvm::dyn_cast<model::Record>(&op)) {
    arch::RecordOp::create(builder, loc, record->name, record->what,
                           tensors.at(record->value));
  }
}

/// An evaluation has no objective, only its loss.
void Importer::importMinimise(const model::Minimise &minimise) {
  auto op = arch::MinimiseOp::create(builder, location(minimise.range),
                                     tensors.at(minimise.loss), IntegerAttr(),
                                     /*round=*/0, /*rounds=*/1);
  if (minimise.objective < 0)
    return;
  op.setObjective(minimise.objective);
  op.setRound(minimise.round);
  op.setRounds(minimise.rounds);
}

void Importer::importTable(const model::Table &table) {
  RankedTensorType type = tensorType(*builder.getContext(), table.result->type);
  Type element = type.getElementType();
  SmallVector<Attribute> values;
  for (double value : table.values)
    values.push_back(isa<FloatType>(element)
                         ? Attribute(builder.getFloatAttr(element, value))
                         : builder.getIntegerAttr(element, int64_t(value)));
  tensors[table.result] = arith::ConstantOp::create(
      builder, location(table.range), DenseElementsAttr::get(type, values));
}

void Importer::importCall(const model::Call &call) {
  SmallVector<Value> inputs;
  SmallVector<Type> types;
  for (const model::Tensor *arg : call.args)
    inputs.push_back(tensors.at(arg));
  for (const model::Tensor *result : call.results)
    types.push_back(tensorType(*builder.getContext(), result->type));
  auto op = arch::CallOp::create(builder, location(call.range), types,
                                 call.callee->name, call.path, inputs);
  for (auto [result, value] : llvm::zip(call.results, op.getResults()))
    tensors[result] = value;
}

/// The digits of a merged dimension are quotients and remainders of its index.
void Importer::importDefine(const model::Define &define) {
  Location loc = location(define.range);
  RankedTensorType type =
      tensorType(*builder.getContext(), define.result->type);
  auto op = arch::DefineOp::create(builder, loc, type);
  tensors[define.result] = op;
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<Type> types(define.groups.size(), builder.getIndexType());
  SmallVector<Location> locations(define.groups.size(), loc);
  Block *block = builder.createBlock(&op.getBody(), {}, types, locations);
  ArrayRef<model::Index *> rest = define.indices;
  for (auto [count, argument] :
       llvm::zip(define.groups, block->getArguments())) {
    Value whole = argument;
    auto digits = rest.take_front(count);
    rest = rest.drop_front(count);
    for (const model::Index *digit : llvm::reverse(digits)) {
      if (digit == digits.front()) {
        indices[digit] = whole;
        break;
      }
      Value extent = indexConstant(digit->extent, loc);
      indices[digit] = arith::RemSIOp::create(builder, loc, whole, extent);
      whole = arith::FloorDivSIOp::create(builder, loc, whole, extent);
    }
  }
  Value value = stored(element(define.body), loc);
  arch::YieldOp::create(builder, loc, value);
}

//===----------------------------------------------------------------------===//
// Training
//===----------------------------------------------------------------------===//

Attribute Importer::toAttribute(const model::Setting &setting) {
  if (auto *integer = std::get_if<int64_t>(&setting.value))
    return builder.getI64IntegerAttr(*integer);
  if (auto *number = std::get_if<double>(&setting.value))
    return builder.getF64FloatAttr(*number);
  if (auto *boolean = std::get_if<bool>(&setting.value))
    return builder.getBoolAttr(*boolean);
  if (auto *text = std::get_if<std::string>(&setting.value))
    return builder.getStringAttr(*text);
  return toDictionary(std::get<std::vector<model::Setting>>(setting.value));
}

DictionaryAttr Importer::toDictionary(ArrayRef<model::Setting> settings) {
  NamedAttrList list;
  for (const model::Setting &setting : settings)
    list.append(setting.name, toAttribute(setting));
  return list.getDictionary(builder.getContext());
}

void Importer::importTrain(const model::Train &train) {
  auto symbol = [&](const model::Func *function) {
    return function
               ? FlatSymbolRefAttr::get(builder.getContext(), function->name)
               : FlatSymbolRefAttr();
  };
  auto op = arch::TrainOp::create(
      builder, location(train.range), builder.getStringAttr(train.model),
      symbol(train.step), symbol(train.evaluate), symbol(train.sample),
      toDictionary(train.data), builder.getI64IntegerAttr(train.batch),
      builder.getI64IntegerAttr(train.steps),
      builder.getI64IntegerAttr(train.evaluateEvery),
      builder.getI64IntegerAttr(train.seed),
      builder.getI64IntegerAttr(train.accumulate),
      builder.getI64IntegerAttr(train.evaluateMost),
      train.clip ? builder.getF64FloatAttr(*train.clip) : FloatAttr(),
      builder.getI64IntegerAttr(train.first),
      train.roundsProducts ? TypeAttr::get(builder.getBF16Type()) : TypeAttr());
  OpBuilder::InsertionGuard guard(builder);
  builder.createBlock(&op.getBody());
  for (const model::Optimize &optimize : train.optimizers)
    arch::OptimizeOp::create(
        builder, location(optimize.range),
        builder.getStringAttr(optimize.parameter), symbol(optimize.callee),
        builder.getStringAttr(optimize.instance), symbol(optimize.rate),
        builder.getI64IntegerAttr(optimize.objective),
        optimize.isOfPhase ? builder.getUnitAttr() : UnitAttr());
  for (const model::Average &average : train.averages)
    arch::AverageOp::create(builder, location(average.range),
                            builder.getStringAttr(average.parameter),
                            symbol(average.callee),
                            builder.getStringAttr(average.instance));
}

FailureOr<OwningOpRef<ModuleOp>> ogee::importModel(const CheckedModel &model,
                                                   MLIRContext &context) {
  context.loadDialect<arch::ArchDialect, nn::NnDialect, arith::ArithDialect,
                      math::MathDialect>();
  Location loc = model.sink->location(model.train.range);
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  Importer(model, *module).run();
  if (failed(verify(*module)))
    return failure();
  return module;
}
