// Tensors and elements as values of the function being elaborated: constants,
// casts, reads, and the operations that make a tensor.
#include "lang/Check/TensorMaker.h"

using namespace ogee;
using namespace ogee::checking;
using llvm::cast;
using llvm::dyn_cast;
using model::ScalarOp;

Scalar *TensorMaker::makeOp(ScalarOp op, Element element,
                            ArrayRef<Scalar *> operands, Range range) {
  auto *scalar = make<model::OpScalar>(
      model::OpScalar{{element, range}, op, copy(operands)});
  scalar->isUniform =
      llvm::all_of(operands, [](Scalar *part) { return part->isUniform; });
  return scalar;
}

Scalar *TensorMaker::makeConst(Element element, double number, int64_t integer,
                               Range range) {
  auto *scalar = make<model::ConstScalar>(
      model::ConstScalar{{element, range}, integer, number});
  scalar->isUniform = scalar->isLiteral = true;
  return scalar;
}

Scalar *TensorMaker::makeInt(int64_t value, Range range) {
  return makeConst(Element::Int, 0, value, range);
}

/// Converts; the result of a literal is a literal of the new type.
Scalar *TensorMaker::coerce(Scalar *scalar, Element to) {
  if (scalar->element == to)
    return scalar;
  if (auto *constant = dyn_cast<model::ConstScalar>(scalar)) {
    bool isInt = scalar->element == Element::Int;
    if (isInt && model::isFloat(to))
      return makeConst(to, double(constant->integer), 0, scalar->range);
    if (model::isFloat(scalar->element) && model::isFloat(to))
      return makeConst(to, constant->number, 0, scalar->range);
  }
  return makeOp(ScalarOp::Cast, to, scalar, scalar->range);
}

/// A number of the whole step becomes a tensor without dimensions, so that it
/// is computed once, in f64, and not for every element.
Scalar *TensorMaker::hoist(Scalar *scalar, Element to) {
  if (scalar->isLiteral || !func)
    return coerce(scalar, to);
  model::Tensor *&tensor = func->hoisted[{scalar, unsigned(to)}];
  if (!tensor)
    tensor = define(makeType(to, {}), {}, coerce(scalar, to), scalar->range);
  return read(tensor, {}, scalar->range);
}

/// As an element of a tensor: what is uniform is computed once, outside.
Scalar *TensorMaker::fitElement(Scalar *scalar, Element to) {
  return scalar->isUniform ? hoist(scalar, to) : coerce(scalar, to);
}

Value TensorMaker::convert(Value value, Element to, Range range) {
  if (value.isError())
    return value;
  bool wantsFloat = model::isFloat(to);
  if (value.is(ValueKind::Int) && wantsFloat)
    return Value::ofFloat(double(value.integer));
  bool fits = (value.is(ValueKind::Int) && to == Element::Int) ||
              (value.is(ValueKind::Float) && wantsFloat) ||
              (value.is(ValueKind::Bool) && to == Element::Bool);
  if (fits)
    return value;
  auto allowed = [&](Element from) {
    return from == to || (wantsFloat && from != Element::Bool);
  };
  if (value.is(ValueKind::Scalar) && allowed(value.scalar->element)) {
    // What is uniform stays f64 until it meets a tensor.
    if (value.scalar->isUniform && wantsFloat)
      return Value::ofScalar(coerce(value.scalar, Element::F64));
    return Value::ofScalar(coerce(value.scalar, to));
  }
  bool isTensor = value.is(ValueKind::Tensor) || value.is(ValueKind::Variable);
  if (isTensor) {
    const TensorValue *tensor = asTensor(value, range);
    if (tensor->type.element == to)
      return Value::ofTensor(tensor);
    if (allowed(tensor->type.element))
      return Value::ofTensor(
          makeLazy(makeType(to, tensor->type.shape), range,
                   [=, this](ArrayRef<Scalar *> place) {
                     return coerce(elementAt(tensor, place, range), to);
                   }));
  }
  report(diag::WrongType, range, describe(value),
         ("`" + describe(to) + "`").str());
  return Value::error();
}

Scalar *TensorMaker::asScalar(Value value, Range range) {
  switch (value.kind) {
  case ValueKind::Error:
    return nullptr;
  case ValueKind::Scalar:
    return value.scalar;
  case ValueKind::Int:
    return makeInt(value.integer, range);
  case ValueKind::Float:
    return makeConst(Element::F64, value.number, 0, range);
  case ValueKind::Bool:
    return makeConst(Element::Bool, 0, value.integer, range);
  case ValueKind::Tensor:
  case ValueKind::Variable: {
    const TensorValue *tensor = asTensor(value, range);
    if (tensor->type.shape.empty())
      return elementAt(tensor, {}, range);
    auto diagnostic =
        report(diag::WholeTensor, range, describe(tensor->type.shape));
    note(diagnostic, diag::SubscriptHint, range);
    return nullptr;
  }
  default:
    report(diag::WrongType, range, describe(value), "a number");
    return nullptr;
  }
}

/// Numbers and elements become tensors without dimensions.
const TensorValue *TensorMaker::asTensor(Value value, Range range) {
  if (value.is(ValueKind::Tensor))
    return value.tensor;
  if (value.is(ValueKind::Variable)) {
    const VariableValue *variable = value.variable;
    if (func)
      return nodeValue(getVariable(variable, range));
    report(diag::NotCompileTime, range, describe(value));
    return makeLazy(
        variable->variable->type, range,
        [=, this](ArrayRef<Scalar *>) { return makeInt(0, range); });
  }
  Scalar *scalar = asScalar(value, range);
  if (!scalar)
    return nullptr;
  return makeLazy(makeType(scalar->element, {}), range,
                  [scalar](ArrayRef<Scalar *>) { return scalar; });
}

const TensorValue *
TensorMaker::makeLazy(Type type, Range range,
                      std::function<Scalar *(ArrayRef<Scalar *>)> element) {
  TensorValue &value = tensorValues.emplace_back();
  value.type = type;
  value.range = range;
  value.element = std::move(element);
  return &value;
}

const TensorValue *TensorMaker::nodeValue(model::Tensor *tensor) {
  TensorValue &value = tensorValues.emplace_back();
  value.type = tensor->type;
  value.range = tensor->range;
  value.node = tensor;
  return &value;
}

model::Tensor *TensorMaker::newTensor(Type type, Range range) {
  return make<model::Tensor>(
      model::Tensor{type, range, func->func, func->func->tensorCount++});
}

model::Tensor *TensorMaker::define(Type type, ArrayRef<model::Index *> indices,
                                   Scalar *body, Range range) {
  SmallVector<unsigned> groups(indices.size(), 1);
  return define(type, indices, groups, body, range);
}

model::Tensor *TensorMaker::define(Type type, ArrayRef<model::Index *> indices,
                                   ArrayRef<unsigned> groups, Scalar *body,
                                   Range range) {
  if (body->element == Element::Int)
    boundIntegers(type, indices, body);
  model::Tensor *result = newTensor(type, range);
  func->func->body.push_back(make<model::Define>(
      model::Define{{range}, copy(indices), copy(groups), body, result}));
  return result;
}

/// The tensor as a value of the current function.
model::Tensor *TensorMaker::materialise(const TensorValue *tensor,
                                        Range range) {
  if (tensor->node)
    return tensor->node;
  if (tensor->constant) {
    model::Tensor *&made = func->hoisted[{tensor->constant, 0}];
    if (!made)
      made = emitTable(*tensor);
    if (!made)
      made = define(tensor->type, tensor->constant->indices,
                    tensor->constant->groups, tensor->constant->body,
                    tensor->range);
    return made;
  }
  if (tensor->isNested) {
    auto diagnostic =
        report(diag::WholeTensor, range, describe(tensor->type.shape));
    note(diagnostic, diag::SubscriptHint, range);
    return newTensor(tensor->type, range);
  }
  SmallVector<model::Index *> indices;
  SmallVector<Scalar *> place;
  for (int64_t extent : tensor->type.shape) {
    indices.push_back(
        make<model::Index>(model::Index{"", range, extent, range}));
    place.push_back(make<model::IndexScalar>(
        model::IndexScalar{{Element::Int, range}, indices.back()}));
  }
  Scalar *body = tensor->element(place);
  // A definition's element is that of its type: a number of the step is cut.
  body = place.empty() ? coerce(body, tensor->type.element)
                       : fitElement(body, tensor->type.element);
  return define(tensor->type, indices, body, range);
}

Scalar *TensorMaker::elementAt(const TensorValue *tensor,
                               ArrayRef<Scalar *> place, Range range) {
  if (tensor->node)
    return read(tensor->node, place, range);
  if (tensor->element)
    return tensor->element(place);
  if (func)
    return read(materialise(tensor, range), place, range);
  llvm::DenseMap<const model::Index *, Scalar *> map;
  ArrayRef<model::Index *> rest = tensor->constant->indices;
  for (auto [count, at] : llvm::zip(tensor->constant->groups, place)) {
    takeDigits(rest.take_front(count), at, range, map);
    rest = rest.drop_front(count);
  }
  return substitute(tensor->constant->body, map);
}

/// The indices of one dimension are the digits of its place.
void TensorMaker::takeDigits(
    ArrayRef<model::Index *> digits, Scalar *place, Range range,
    llvm::DenseMap<const model::Index *, Scalar *> &map) {
  for (model::Index *digit : llvm::reverse(digits.drop_front())) {
    Scalar *extent = makeInt(digit->extent, range);
    map[digit] = makeOp(ScalarOp::Mod, Element::Int, {place, extent}, range);
    place = makeOp(ScalarOp::FloorDiv, Element::Int, {place, extent}, range);
  }
  if (!digits.empty())
    map[digits.front()] = place;
}

Scalar *TensorMaker::read(model::Tensor *tensor, ArrayRef<Scalar *> place,
                          Range range) {
  return make<model::ReadScalar>(model::ReadScalar{
      {tensor->type.element, range}, tensor, copy(place), nullptr});
}

/// The path of an instance's variable from the function's instance.
model::Tensor *TensorMaker::getVariable(const VariableValue *variable,
                                        Range range) {
  model::Tensor *&tensor = func->current[variable->variable];
  if (tensor)
    return tensor;
  std::string path = variablePath(variable);
  tensor = newTensor(variable->variable->type, range);
  func->func->body.push_back(
      make<model::Get>(model::Get{{range}, save(path), tensor}));
  return tensor;
}

template <class Node>
static Scalar *copyAs(const Scalar *scalar, llvm::BumpPtrAllocator &arena) {
  return new (arena) Node(*cast<Node>(scalar));
}

static Scalar *copyNode(const Scalar *scalar, llvm::BumpPtrAllocator &arena) {
  switch (scalar->kind) {
  case model::ScalarKind::Const:
    return copyAs<model::ConstScalar>(scalar, arena);
  case model::ScalarKind::Index:
    return copyAs<model::IndexScalar>(scalar, arena);
  case model::ScalarKind::RunTime:
    return copyAs<model::RunTimeScalar>(scalar, arena);
  case model::ScalarKind::Read:
    return copyAs<model::ReadScalar>(scalar, arena);
  case model::ScalarKind::Op:
    return copyAs<model::OpScalar>(scalar, arena);
  case model::ScalarKind::Tuple:
    return copyAs<model::TupleScalar>(scalar, arena);
  case model::ScalarKind::If:
    return copyAs<model::IfScalar>(scalar, arena);
  case model::ScalarKind::Reduce:
    return copyAs<model::ReduceScalar>(scalar, arena);
  case model::ScalarKind::Softmax:
    return copyAs<model::SoftmaxScalar>(scalar, arena);
  }
  llvm_unreachable("covered switch");
}

/// A copy of the tree with other values for indices.
Scalar *TensorMaker::substitute(
    Scalar *scalar, const llvm::DenseMap<const model::Index *, Scalar *> &map) {
  if (auto *index = dyn_cast<model::IndexScalar>(scalar)) {
    Scalar *to = map.lookup(index->index);
    return to ? to : scalar;
  }
  Scalar *node = copyNode(scalar, model.arena);
  auto part = [&](Scalar *operand) { return substitute(operand, map); };
  model::mapOperands(*node, part, model.arena);
  return node;
}
