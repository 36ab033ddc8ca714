// `test "name" { .. }`: a function without arguments, compiled like a step.
// What it requires of run-time values becomes metrics: how many elements fail,
// which is the first, and its two values; the name of the metric says where the
// requirement stands and what the shape is, for `ogee test` to read.
#include "lang/Check/Trainer.h"
#include "mlir/IR/Location.h"

using namespace ogee;
using namespace ogee::checking;
using llvm::dyn_cast;
using model::ReduceKind;
using model::ScalarOp;

/// A name that no instance of the test has yet.
void Trainer::adoptInTest(Value value, StringRef name) {
  std::string unique = name.str();
  auto isTaken = [&](const Instance *child) { return child->name == unique; };
  for (unsigned number = 1; llvm::any_of(root->children, isTaken); ++number)
    unique = (name + "'" + llvm::Twine(number)).str();
  adopt(value, root, unique);
}

namespace {
/// The place of one element while metrics of a requirement are built.
struct Place {
  SmallVector<model::Index *> indices;
  SmallVector<Scalar *> coordinates;
  Scalar *number = nullptr; ///< Row-major, as a float.
};
} // namespace

/// `rK_LINE_COLUMN_2x3`: the stem of the names of a requirement's metrics.
std::string Trainer::requirementName(Range range, ArrayRef<int64_t> shape) {
  std::string name = "r" + std::to_string(requirements++);
  auto place = sink.location(range)->findInstanceOf<mlir::FileLineColLoc>();
  name += "_" + std::to_string(place ? place.getLine() : 0) + "_" +
          std::to_string(place ? place.getColumn() : 0) + "_";
  for (auto [at, extent] : llvm::enumerate(shape))
    name += (at ? "x" : "") + std::to_string(extent);
  return name;
}

void Trainer::recordMetric(const llvm::Twine &name, Scalar *value,
                           Range range) {
  func->func->body.push_back(make<model::Record>(
      model::Record{{range},
                    save(name),
                    "metric",
                    define(makeType(precision, {}), {}, value, range)}));
  func->hasEffects = true;
}

/// Metrics of a condition that must hold everywhere; `a` and `b` are the two
/// sides, null where there are none.
void Trainer::emitRequirement(const TensorValue *cond, const TensorValue *a,
                              const TensorValue *b, Range range) {
  model::Tensor *holds = materialise(cond, range);
  ArrayRef<int64_t> shape = holds->type.shape;
  std::string name = requirementName(range, shape);
  auto number = [&](double value) {
    return makeConst(precision, value, 0, range);
  };
  auto placeOf = [&] {
    Place place;
    Scalar *flat = makeInt(0, range);
    for (int64_t extent : shape) {
      auto *index = make<model::Index>(model::Index{"", range, extent, range});
      place.indices.push_back(index);
      place.coordinates.push_back(make<model::IndexScalar>(
          model::IndexScalar{{Element::Int, range}, index}));
      flat = makeOp(ScalarOp::Mul, Element::Int, {flat, makeInt(extent, range)},
                    range);
      flat = makeOp(ScalarOp::Add, Element::Int,
                    {flat, place.coordinates.back()}, range);
    }
    place.number = shape.empty() ? number(0) : coerce(flat, precision);
    return place;
  };
  auto choose = [&](Scalar *when, Scalar *then, Scalar *otherwise) {
    return make<model::IfScalar>(
        model::IfScalar{{precision, range}, when, then, otherwise});
  };
  auto close = [&](ReduceKind kind, const Place &place, Scalar *body) {
    if (place.indices.empty())
      return body;
    Scalar *closed = make<model::ReduceScalar>(
        model::ReduceScalar{{precision, range},
                            kind,
                            copy(ArrayRef<model::Index *>(place.indices)),
                            nullptr,
                            body});
    return closed;
  };
  Place place = placeOf();
  Scalar *good = read(holds, place.coordinates, range);
  Scalar *failing =
      close(ReduceKind::Sum, place, choose(good, number(0), number(1)));
  recordMetric(name + ".n", failing, range);
  place = placeOf();
  good = read(holds, place.coordinates, range);
  model::Tensor *first = define(
      makeType(precision, {}), {},
      close(ReduceKind::Min, place, choose(good, number(1e30), place.number)),
      range);
  recordMetric(name + ".at", read(first, {}, range), range);
  for (auto [side, suffix] : {std::pair(a, ".a"), std::pair(b, ".b")}) {
    if (!side)
      continue;
    model::Tensor *made = materialise(side, range);
    place = placeOf();
    auto at = ArrayRef(place.coordinates).take_back(made->type.shape.size());
    Scalar *isFirst = makeOp(ScalarOp::Equal, Element::Bool,
                             {place.number, read(first, {}, range)}, range);
    Scalar *value = fitElement(read(made, at, range), precision);
    recordMetric(
        name + suffix,
        close(ReduceKind::Sum, place, choose(isFirst, value, number(0))),
        range);
  }
}

/// `require close(a, b, tolerance)`.
void Trainer::requireClose(const ast::CallExpr *call, Scope &scope,
                           Range range) {
  if (call->args.size() != 3) {
    report(diag::TooManyArguments, range, "close", 3, call->args.size());
    return;
  }
  Value sides[2];
  for (unsigned side : {0, 1}) {
    sides[side] = settle(eval(call->args[side].value, scope), range);
    if (sides[side].isNumber())
      sides[side] = Value::ofScalar(makeConst(
          precision, sides[side].asDouble(), 0, call->args[side].value->range));
    else if (!sides[side].isError() && !isRunTime(sides[side]))
      report(diag::WrongType, call->args[side].value->range,
             describe(sides[side]), "a number");
  }
  auto tolerance =
      asNumber(eval(call->args[2].value, scope), call->args[2].value->range);
  if (sides[0].isError() || sides[1].isError() || !tolerance ||
      sink.hasErrors())
    return;
  const TensorValue *a = asTensor(convert(sides[0], precision, range), range);
  const TensorValue *b = asTensor(convert(sides[1], precision, range), range);
  if (!a || !b)
    return;
  Value off =
      binary(ScalarOp::Sub, Value::ofTensor(a), Value::ofTensor(b), range);
  if (off.isError())
    return;
  off = callMath(ScalarOp::Abs, Argument{{}, off, range}, range);
  Value within =
      binary(ScalarOp::LessEqual, off, Value::ofFloat(*tolerance), range);
  if (!within.isError())
    emitRequirement(asTensor(settle(within, range), range), a, b, range);
}

/// `require` in a test: conditions of values that are known when it runs.
bool Trainer::requireInTest(const ast::RequireStmt *stmt, Scope &scope) {
  if (!func || element)
    return false;
  if (auto *call = dyn_cast<ast::CallExpr>(stmt->cond)) {
    auto *name = dyn_cast<ast::NameExpr>(call->callee);
    Binding *binding = name ? find(scope, name->name) : nullptr;
    bool isClose = binding && binding->value.is(ValueKind::Builtin) &&
                   binding->value.builtin == Builtin::Close;
    if (isClose) {
      requireClose(call, scope, stmt->cond->range);
      return true;
    }
  }
  Value cond = eval(stmt->cond, scope);
  if (cond.isError())
    return true;
  if (cond.is(ValueKind::Bool)) {
    if (!cond.integer)
      report(diag::RequireFailed, stmt->cond->range,
             (stmt->cond->range.text() + " does not hold").str());
    ++requirements;
    return true;
  }
  const TensorValue *tensor =
      isRunTime(cond)
          ? asTensor(settle(cond, stmt->cond->range), stmt->cond->range)
          : nullptr;
  if (tensor && tensor->type.element == Element::Bool)
    emitRequirement(tensor, nullptr, nullptr, stmt->cond->range);
  else
    report(diag::WrongType, stmt->cond->range, describe(cond), "a condition");
  return true;
}

/// The test as a model without data whose loss is 0.
void Trainer::runTest(const ast::SectionDecl &test, Scope &file) {
  model.train.model = "test";
  model.train.range = test.word.range;
  model.train.batch = model.train.steps = 1;
  model.train.data = {{"source", "text"}, {"path", ""}, {"window", int64_t(1)}};
  training = false;
  inTest = true;
  root = instances.emplace_back(std::make_unique<Instance>()).get();
  root->isNamed = true;
  root->range = test.word.range;
  root->key = "test";
  root->scope = newScope(&file, ScopeKind::Outer);
  auto made = std::make_unique<model::Func>();
  made->component = "test";
  made->name = "step";
  made->range = test.body->range;
  FuncFrame frame(made.get(), root);
  func = &frame;
  evalStmts(*test.body, *newScope(root->scope, ScopeKind::Frame));
  if (requirements == 0 && !sink.hasErrors())
    report(diag::NoRequirement, test.word.range);
  if (sink.hasErrors()) {
    func = nullptr;
    return;
  }
  // A result is computed, so that it has memory: 0 times the step.
  auto *step = make<model::RunTimeScalar>(
      model::RunTimeScalar{{Element::F64, test.word.range}, "step"});
  step->isUniform = true;
  Scalar *zero = makeOp(ScalarOp::Mul, Element::F64,
                        {step, makeConst(Element::F64, 0, 0, test.word.range)},
                        test.word.range);
  made->results.push_back(define(makeType(precision, {}), {},
                                 coerce(zero, precision), test.word.range));
  finishStates(frame);
  func = nullptr;
  model.train.step = made.get();
  model.funcs.push_back(std::move(made));
  finishTree();
}
