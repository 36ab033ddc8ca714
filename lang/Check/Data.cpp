// The data set's record and the functions that take a batch of its fields.
#include "lang/Check/Trainer.h"
#include "llvm/Support/Path.h"

using namespace ogee;
using namespace ogee::checking;
using llvm::dyn_cast;

/// The source whose fields are windows of a file of tokens; of any other, a
/// field is what the signature declares.
static constexpr llvm::StringLiteral windowsSource = "text";
static constexpr llvm::StringLiteral windowFields[] = {"tokens", "targets"};
static constexpr int64_t byteCount = 256;

std::optional<model::Setting> Trainer::toSetting(StringRef name, Value value,
                                                 Range range) {
  model::Setting setting{name.str(), {}};
  switch (value.kind) {
  case ValueKind::Int:
    setting.value = value.integer;
    return setting;
  case ValueKind::Float:
    setting.value = value.number;
    return setting;
  case ValueKind::Bool:
    setting.value = bool(value.integer);
    return setting;
  case ValueKind::String:
    setting.value = value.string.str();
    return setting;
  case ValueKind::Tuple: {
    std::vector<model::Setting> parts;
    for (auto [field, part] :
         llvm::zip(value.list->names, value.list->elements))
      if (auto converted = toSetting(field, part, range))
        parts.push_back(std::move(*converted));
    setting.value = std::move(parts);
    return setting;
  }
  default:
    report(diag::SettingValue, range, name, describe(value),
           "a number, a string or a record of these");
    return std::nullopt;
  }
}

static const model::Setting *findField(ArrayRef<model::Setting> record,
                                       StringRef name) {
  auto *it = llvm::find_if(record, [&](const model::Setting &setting) {
    return setting.name == name;
  });
  return it == record.end() ? nullptr : it;
}

/// Draws of a data set lie under `data`, in an evaluation under `evaluation`:
/// what is evaluated is none of what is trained on.
Value Trainer::makeExamples(Range range) {
  int64_t rows = model.train.batch / model.train.accumulate;
  Scope *scope = newScope(examples->scope, ScopeKind::Frame);
  Argument count{{}, Value::ofInt(rows), range};
  if (!bindArguments("the data set", examples->fn->params, count, range,
                     *scope))
    return Value::error();
  FuncEntry *entry = elaborate(examples, *scope, /*self=*/nullptr);
  if (entry->result.isError())
    return Value::error();
  func->readsTraining |= entry->readsTraining;
  Value made = emitCall(*entry, training ? "/data" : "/evaluation", {}, range);
  if (made.is(ValueKind::Tuple) && !made.list->names.empty())
    return made;
  report(diag::SettingValue, range, "data",
         "a function that returns " + describe(made),
         "one that returns a record of tensors");
  return Value::error();
}

/// The field of a parameter's name among what the data set made.
std::optional<Value> Trainer::exampleField(const ast::Parameter &param,
                                           const Value &made) {
  int64_t rows = model.train.batch / model.train.accumulate;
  const ListValue &record = *made.list;
  auto *found = llvm::find(record.names, param.name.name);
  if (found == record.names.end()) {
    auto diagnostic =
        report(diag::UnknownField, param.name.range, param.name.name);
    suggest(diagnostic, param.name.name, param.name.range,
            SmallVector<StringRef>(record.names));
    return std::nullopt;
  }
  Value value = record.elements[found - record.names.begin()];
  bool isBatch = value.is(ValueKind::Tensor) &&
                 !value.tensor->type.shape.empty() &&
                 value.tensor->type.shape[0] == rows;
  if (isBatch)
    return value;
  report(diag::SettingValue, param.name.range, param.name.name, describe(value),
         ("a tensor whose first dimension is the number of examples, " +
          llvm::Twine(rows))
             .str());
  return std::nullopt;
}

/// What a file holds is read by one loader for the whole run; what is drawn may
/// be of each phase.
void Trainer::chooseData(const Setting &data, const ast::SectionDecl &train) {
  if (model.train.data.empty())
    return dataRecord(data, train);
  if (examples && data.value.is(ValueKind::Function))
    examples = data.value.function;
  else if (data.isOfPhase)
    report(diag::SettingValue, data.range, "data", describe(data.value),
           "a function that draws, in place of one");
}

/// Paths in the file are relative to the file; those of the command line to
/// where it is given.
void Trainer::dataRecord(const Setting &data, const ast::SectionDecl &train) {
  if (data.value.is(ValueKind::Function)) {
    examples = data.value.function;
    model.train.data.push_back({"source", "examples"});
    return;
  }
  bool isRecord = data.value.is(ValueKind::Tuple) &&
                  llvm::is_contained(data.value.list->names, "source");
  if (!isRecord) {
    report(diag::SettingValue, data.range, "data", describe(data.value),
           "what a data set's function returns, or a function");
    return;
  }
  const ListValue &record = *data.value.list;
  for (auto [name, value] : llvm::zip(record.names, record.elements)) {
    Range range = data.range;
    const Override *given = findOverride(train, ("data." + name).str());
    Value chosen = given ? overrideValue(*given, value, library, range) : value;
    if (name == "path" && !given && chosen.is(ValueKind::String) &&
        llvm::sys::path::is_relative(chosen.string))
      chosen = Value::ofString(save(pathOfFile(chosen.string)));
    if (auto setting = toSetting(name, chosen, range))
      model.train.data.push_back(std::move(*setting));
  }
}

/// The type of a field, from the source and what the signature declares.
std::optional<Type> Trainer::fieldType(const ast::Parameter &param,
                                       Scope &scope) {
  int64_t rows = model.train.batch / model.train.accumulate;
  const model::Setting *source = findField(model.train.data, "source");
  auto *kind = std::get_if<std::string>(&source->value);
  Type type;
  if (kind && *kind == windowsSource) {
    if (!llvm::is_contained(windowFields, param.name.name)) {
      auto diagnostic =
          report(diag::UnknownField, param.name.range, param.name.name);
      suggest(diagnostic, param.name.name, param.name.range,
              {windowFields[0], windowFields[1]});
      return std::nullopt;
    }
    const model::Setting *window = findField(model.train.data, "window");
    auto *length = window ? std::get_if<int64_t>(&window->value) : nullptr;
    if (!length || *length <= 0) {
      report(diag::SettingValue, settings["data"].range, "window", "no length",
             "a positive integer");
      return std::nullopt;
    }
    type = makeType(Element::Int, {rows, *length});
    type.low = 0;
    type.high = byteCount;
    bool isBounded = param.type && param.type->bound;
    if (isBounded && !evalBounds(param.type, scope, type))
      return std::nullopt;
    return type;
  }
  if (!param.type || !param.type->hasShape || param.type->shape.empty()) {
    report(diag::SettingValue, param.name.range, param.name.name,
           "a field without a type", "a type such as `[B, 784]`");
    return std::nullopt;
  }
  auto *batch = dyn_cast<ast::NameExpr>(param.type->shape[0]);
  if (batch && !find(scope, batch->name))
    scope.set(batch->name, Value::ofInt(rows), batch->range);
  for (const ast::Expr *dim : param.type->shape.drop_front()) {
    auto *name = dyn_cast<ast::NameExpr>(dim);
    if (!name || find(scope, name->name))
      continue;
    auto diagnostic = report(diag::UnknownName, name->range, name->name);
    note(diagnostic, diag::FieldHint, name->range);
    return std::nullopt;
  }
  return evalType(param.type, scope);
}

/// A field that the runtime fills is an argument of the function.
std::optional<Value> Trainer::batchField(const ast::Parameter &param,
                                         model::Func &function, Scope &scope) {
  auto type = fieldType(param, scope);
  if (!type)
    return std::nullopt;
  function.args.push_back(newTensor(*type, param.name.range));
  function.fields.push_back(param.name.name.str());
  return Value::ofTensor(nodeValue(function.args.back()));
}

/// A step has no value of its own: its loss is the sum of what it minimises.
void Trainer::evalStep(const FunctionValue *step, FuncFrame &frame,
                       Scope &scope) {
  objectives.frame = &frame;
  objectives.isMinimised = false;
  evalBlock(*step->fn->body, scope);
  objectives.frame = nullptr;
  finishStates(frame);
  if (!objectives.isMinimised && !sink.hasErrors())
    report(diag::MissingSetting, step->fn->range,
           "minimise .. over .. with ..");
}

/// The loss as a function of a batch. Its fields are its parameters' names.
model::Func *Trainer::lossFunction(const FunctionValue *loss, bool isTraining) {
  training = isTraining;
  auto made = std::make_unique<model::Func>();
  made->component = loss->name.str();
  made->name = isTraining ? "step" : "evaluate";
  if (!model.phases.empty())
    made->name += "." + std::to_string(model.phases.size());
  made->range = loss->fn->range;
  FuncFrame frame(made.get(), root);
  func = &frame;
  auto leave = [&](model::Func *result) {
    func = nullptr;
    return result;
  };
  Scope *scope = newScope(loss->scope, ScopeKind::Frame);
  Value drawn = examples ? makeExamples(settings["data"].range) : Value::none();
  if (drawn.isError())
    return leave(nullptr);
  for (const ast::Parameter &param : loss->fn->params) {
    std::optional<Value> field = examples ? exampleField(param, drawn)
                                          : batchField(param, *made, *scope);
    if (!field)
      return leave(nullptr);
    Value value = *field;
    if (!matchType(param.type, value, param.name.range, *scope,
                   param.name.name))
      return leave(nullptr);
    scope->set(param.name.name, value, param.name.range);
  }
  Range range = loss->fn->body->range;
  if (loss == objectives.function) {
    evalStep(loss, frame, *scope);
    model.funcs.push_back(std::move(made));
    return leave(model.funcs.back().get());
  }
  Value value = settle(evalBlock(*loss->fn->body, *scope), range);
  if (value.isError() || !checkResult(loss, value, *scope))
    return leave(nullptr);
  const TensorValue *tensor = asTensor(value, range);
  if (!tensor)
    return leave(nullptr);
  if (!tensor->type.shape.empty() || !model::isFloat(tensor->type.element)) {
    ArrayRef<ast::Stmt *> stmts = loss->fn->body->stmts;
    report(diag::LossNotScalar, stmts.back()->range,
           describe(tensor->type.shape));
    return leave(nullptr);
  }
  made->results.push_back(materialise(tensor, range));
  finishStates(frame);
  model.funcs.push_back(std::move(made));
  return leave(model.funcs.back().get());
}

/// A model of tokens [B, T] whose result is [B, T, V] can be sampled.
void Trainer::sampleFunction() {
  const FunctionValue *function = root->call;
  const model::Setting *window = findField(model.train.data, "window");
  bool isModel = function && window && function->fn->params.size() == 1 &&
                 !model.train.step->args.empty();
  const ast::TypeExpr *type = isModel ? function->fn->params[0].type : nullptr;
  if (!type || type->element.name != "int" || type->shape.size() != 2)
    return;
  training = false;
  model::Func holder;
  FuncFrame frame(&holder, root);
  func = &frame;
  Type tokens = makeType(Element::Int, {1, std::get<int64_t>(window->value)});
  tokens.low = 0;
  tokens.high = model.train.step->args[0]->type.high;
  model::Tensor *arg = newTensor(tokens, function->fn->range);
  Scope *scope = newScope(function->scope, ScopeKind::Frame);
  if (bindArguments("sample", function->fn->params,
                    Argument{{},
                             Value::ofTensor(nodeValue(arg)),
                             function->fn->params[0].name.range},
                    function->fn->range, *scope)) {
    FuncEntry *entry = elaborate(function, *scope, root);
    ArrayRef<model::Tensor *> results = entry->func->results;
    bool isLogits = results.size() == 1 && results[0]->type.shape.size() == 3 &&
                    model::isFloat(results[0]->type.element);
    if (isLogits) {
      model.train.sample = entry->func;
      entry->func->fields = {function->fn->params[0].name.name.str()};
    }
  }
  func = nullptr;
}
