// Lists: their elements, chains of functions, the parameters of networks, and
// the tensor that a list of equal parts stands for where an index is in its
// bracket. That one is never made: an element chooses among the parts.
#include "lang/Check/Elaborator.h"

using namespace ogee;
using namespace ogee::checking;
using model::ScalarOp;

Value Elaborator::listElement(const ast::SubscriptExpr *expr, Value base,
                              Scope &scope) {
  ArrayRef<Value> elements = base.list->elements;
  const ast::Bracket &bracket = *expr->bracket;
  bool isPlain =
      bracket.items.size() == 1 && !bracket.where && !bracket.otherwise;
  Value item = isPlain ? eval(bracket.items[0], scope) : Value::none();
  bool isStack = item.is(ValueKind::None) || item.is(ValueKind::Scalar);
  if (isStack && element && canStack(elements)) {
    const TensorValue *stack = stackList(elements, expr->base->range);
    if (!stack)
      return Value::error();
    bool isPart = isPlain && stack->type.shape.size() > 1;
    return isPart ? stackPart(expr, *stack, item.scalar)
                  : tensorElement(expr, Value::ofTensor(stack), scope);
  }
  if (!isPlain) {
    report(diag::SubscriptCount, bracket.range, bracket.items.size(),
           describe(ArrayRef<int64_t>{int64_t(elements.size())}));
    return Value::error();
  }
  if (item.is(ValueKind::Range)) {
    const RangeValue &range = *item.range;
    bool inside = range.lower >= 0 && range.upper <= int64_t(elements.size()) &&
                  range.step == 1 && range.lower <= range.upper;
    if (inside)
      return makeList(elements.slice(range.lower, range.size()), {},
                      ValueKind::List);
    report(diag::ListIndex, bracket.range, range.upper, elements.size());
    return Value::error();
  }
  auto at = asInt(item, bracket.items[0]->range);
  if (!at)
    return Value::error();
  if (*at >= 0 && *at < int64_t(elements.size()))
    return elements[*at];
  report(diag::ListIndex, bracket.range, *at, elements.size());
  return Value::error();
}

//===----------------------------------------------------------------------===//
// A list as a tensor
//===----------------------------------------------------------------------===//

/// Numbers, tensors, or lists of these.
bool Elaborator::canStack(ArrayRef<Value> parts) {
  return !parts.empty() && llvm::all_of(parts, [](Value part) {
    if (part.is(ValueKind::List))
      return canStack(part.list->elements);
    return part.isNumber() || part.is(ValueKind::Bool) || isRunTime(part);
  });
}

/// Numbers adapt to the tensors and elements beside them, else integers to
/// floats.
std::optional<Element>
Elaborator::stackedElement(ArrayRef<const TensorValue *> parts, Range range) {
  Element element = parts.front()->type.element;
  for (const TensorValue *part : parts) {
    Element other = part->type.element;
    bool isMixed = (element == Element::Bool) != (other == Element::Bool);
    if (isMixed) {
      report(diag::WrongType, range, "a list of conditions and numbers",
             "a list of one kind");
      return std::nullopt;
    }
    if (element == Element::Int || other == Element::F64)
      element = other;
  }
  return element;
}

/// The parts of one shape as a tensor with one dimension more, in front; null
/// after an error.
const TensorValue *Elaborator::stackList(ArrayRef<Value> elements,
                                         Range range) {
  SmallVector<const TensorValue *> parts;
  bool hasConstants = true;
  for (Value value : elements) {
    bool isList = value.is(ValueKind::List);
    const TensorValue *part = isList ? stackList(value.list->elements, range)
                                     : asTensor(value, range);
    if (!part)
      return nullptr;
    hasConstants &= isList ? part->constant != nullptr : !isRunTime(value);
    if (!isList && isRunTime(value) && !value.is(ValueKind::Scalar) && func)
      part = nodeValue(materialise(part, range));
    parts.push_back(part);
    if (part->type.shape == parts.front()->type.shape)
      continue;
    report(diag::WrongShape, range, "a part of the list",
           describe(part->type.shape), describe(parts.front()->type.shape));
    return nullptr;
  }
  auto of = stackedElement(parts, range);
  if (!of)
    return nullptr;
  // Numbers alone take the type of the training.
  Element to = *of == Element::F64 && hasConstants ? precision : *of;
  SmallVector<int64_t> shape{int64_t(parts.size())};
  llvm::append_range(shape, parts.front()->type.shape);
  Type type = makeType(to, shape);
  if (to == Element::Int)
    boundStack(type, parts, range);
  auto elementOf = [=, this](ArrayRef<Scalar *> place) {
    return chooseFrom(parts, 0, place, to, range);
  };
  auto *stack = const_cast<TensorValue *>(makeLazy(type, range, elementOf));
  stack->isNested = true;
  return hasConstants ? tableOf(*stack) : stack;
}

/// A list of numbers is a table.
const TensorValue *Elaborator::tableOf(const TensorValue &stack) {
  TensorValue &table = tensorValues.emplace_back();
  table.type = stack.type;
  table.range = stack.range;
  SmallVector<model::Index *> indices;
  SmallVector<Scalar *> place;
  for (int64_t extent : stack.type.shape) {
    indices.push_back(
        make<model::Index>(model::Index{"", stack.range, extent, stack.range}));
    place.push_back(make<model::IndexScalar>(
        model::IndexScalar{{Element::Int, stack.range}, indices.back()}));
  }
  SmallVector<unsigned> groups(indices.size(), 1);
  table.constant =
      make<model::Define>(model::Define{{stack.range},
                                        copy(ArrayRef<model::Index *>(indices)),
                                        copy(ArrayRef<unsigned>(groups)),
                                        stack.element(place),
                                        nullptr});
  return &table;
}

/// `h[k]` where k is an index: a tensor of what the others stand for. That k
/// lies inside is proved as for a read of one dimension.
Value Elaborator::stackPart(const ast::SubscriptExpr *expr,
                            const TensorValue &stack, Scalar *at) {
  Range range = expr->bracket->items[0]->range;
  Type list = makeType(Element::Int, stack.type.shape.take_front());
  auto *made = make<model::Tensor>(model::Tensor{list, range, nullptr, 0});
  auto *site =
      make<model::ReadScalar>(model::ReadScalar{{Element::Int, expr->range},
                                                made,
                                                copy(ArrayRef<Scalar *>(at)),
                                                nullptr});
  element->reads.push_back(
      {site, element->guards, element->conditions == 0, {range}});
  Type type = stack.type;
  type.shape = type.shape.drop_front();
  auto elementOf = [=, this, &stack](ArrayRef<Scalar *> place) {
    SmallVector<Scalar *> whole{at};
    llvm::append_range(whole, place);
    return elementAt(&stack, whole, range);
  };
  auto *part = const_cast<TensorValue *>(makeLazy(type, range, elementOf));
  part->isNested = true;
  return Value::ofTensor(part);
}

/// What the integers of the list may be.
void Elaborator::boundStack(Type &type, ArrayRef<const TensorValue *> parts,
                            Range range) {
  type.low = std::numeric_limits<int64_t>::max();
  type.high = std::numeric_limits<int64_t>::min();
  for (const TensorValue *part : parts) {
    int64_t low = part->type.low, high = part->type.high;
    if (part->type.shape.empty() && !part->node) {
      FoldPlace none;
      if (auto number = fold(elementAt(part, {}, range), none)) {
        low = int64_t(*number);
        high = low + 1;
      }
    }
    type.low = std::min(type.low, low);
    type.high = std::max(type.high, high);
  }
}

/// `parts[place[0] - first]` at the rest of the place, by halves.
Scalar *Elaborator::chooseFrom(ArrayRef<const TensorValue *> parts,
                               int64_t first, ArrayRef<Scalar *> place,
                               Element to, Range range) {
  if (parts.size() == 1)
    return coerce(elementAt(parts[0], place.drop_front(), range), to);
  size_t half = parts.size() / 2;
  Scalar *cond =
      makeOp(ScalarOp::Less, Element::Bool,
             {place.front(), makeInt(first + int64_t(half), range)}, range);
  return make<model::IfScalar>(model::IfScalar{
      {to, range},
      cond,
      chooseFrom(parts.take_front(half), first, place, to, range),
      chooseFrom(parts.drop_front(half), first + int64_t(half), place, to,
                 range)});
}

//===----------------------------------------------------------------------===//
// Functions of lists
//===----------------------------------------------------------------------===//

/// `[f, g](x)` is `g(f(x))`.
Value Elaborator::callChain(const ListValue &chain, ArrayRef<Argument> args,
                            Range range) {
  if (chain.elements.empty()) {
    report(diag::NotCallable, range, "an empty list");
    return Value::error();
  }
  Value value = call(chain.elements.front(), args, range);
  for (Value next : chain.elements.drop_front()) {
    if (value.isError())
      return value;
    value = call(next, Argument{{}, settle(value, range), range}, range);
  }
  return value;
}

/// The parameters of instances, in the order of the text.
Value Elaborator::parametersOf(Value net, Range range) {
  SmallVector<Value> found;
  auto walk = [&](auto &self, Instance &instance) -> void {
    for (auto &variable : instance.variables)
      if (variable->isParam)
        found.push_back(
            Value::ofVariable(make<VariableValue>(&instance, variable.get())));
    for (Instance *child : instance.children)
      self(self, *child);
  };
  bool isNet = forEachInstance(
      net, range, [&](Instance &instance) { walk(walk, instance); });
  return isNet ? makeList(found, {}, ValueKind::List) : Value::error();
}

/// `zip(a, b)`: pairs of what stands at the same place.
Value Elaborator::zipLists(ArrayRef<Argument> args, Range range) {
  auto first = asSequence(args[0].value, args[0].range);
  auto second = asSequence(args[1].value, args[1].range);
  if (!first || !second)
    return Value::error();
  if (first->size() != second->size()) {
    report(diag::WrongType, range,
           ("lists of " + llvm::Twine(first->size()) + " and " +
            llvm::Twine(second->size()))
               .str(),
           "one length");
    return Value::error();
  }
  SmallVector<Value> pairs;
  for (auto [a, b] : llvm::zip(*first, *second))
    pairs.push_back(makeList({a, b}, {}, ValueKind::Tuple));
  return makeList(pairs, {}, ValueKind::List);
}
