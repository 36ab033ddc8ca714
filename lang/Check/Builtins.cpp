// Built-in functions: of numbers, elements and tensors alike, of lists, and
// distributions.
#include "lang/Check/Elaborator.h"
#include <cmath>

using namespace ogee;
using namespace ogee::checking;
using model::ScalarOp;

static ScalarOp mathOp(Builtin builtin) {
  return ScalarOp(unsigned(builtin) - unsigned(Builtin::MathExp) +
                  unsigned(ScalarOp::Exp));
}

/// Functions of one number; `-` and `not` of what is not known come here too.
Value TensorMaker::callMath(ScalarOp op, ArrayRef<Argument> args, Range range) {
  Value value = args[0].value;
  if (value.isNumber()) {
    bool isAbs = op == ScalarOp::Abs && value.is(ValueKind::Int);
    if (isAbs && value.integer < 0)
      return integers(ScalarOp::Sub, 0, value.integer, range);
    return isAbs ? value : Value::ofFloat(computeNumber(op, value.asDouble()));
  }
  auto apply = [=, this](Scalar *scalar) -> Scalar * {
    bool isNot = op == ScalarOp::Not;
    bool isBool = scalar->element == Element::Bool;
    if (isNot != isBool) {
      report(diag::WrongType, range, describe(Value::ofScalar(scalar)),
             isNot ? "a condition" : "a number");
      return nullptr;
    }
    bool keepsInt = op == ScalarOp::Negate || op == ScalarOp::Abs || isNot;
    if (scalar->element == Element::Int && !keepsInt)
      scalar = coerce(scalar, precision);
    return makeOp(op, scalar->element, scalar, range);
  };
  bool isTensor = value.is(ValueKind::Tensor) || value.is(ValueKind::Variable);
  const TensorValue *tensor = isTensor ? asTensor(value, range) : nullptr;
  if (!tensor || tensor->type.shape.empty()) {
    Scalar *scalar = asScalar(value, args[0].range);
    Scalar *result = scalar ? apply(scalar) : nullptr;
    return result ? Value::ofScalar(result) : Value::error();
  }
  SmallVector<Scalar *> probe(tensor->type.shape.size(), makeInt(0, range));
  Scalar *sample = apply(elementAt(tensor, probe, range));
  if (!sample)
    return Value::error();
  return Value::ofTensor(makeLazy(makeType(sample->element, tensor->type.shape),
                                  range, [=, this](ArrayRef<Scalar *> place) {
                                    return apply(
                                        elementAt(tensor, place, range));
                                  }));
}

Value Elaborator::callBuiltin(Builtin builtin, ArrayRef<Argument> args,
                              Range range) {
  StringRef name = spelling(builtin);
  if (builtin == Builtin::Softmax ||
      (builtin >= Builtin::ReduceSum && builtin <= Builtin::ReduceVariance)) {
    report(diag::NoBracket, range, name);
    return Value::error();
  }
  bool isMath = builtin >= Builtin::MathExp && builtin <= Builtin::MathMin;
  bool isBinary = builtin == Builtin::MathMax || builtin == Builtin::MathMin ||
                  builtin == Builtin::Normal || builtin == Builtin::Uniform ||
                  builtin == Builtin::TruncNormal || builtin == Builtin::Load ||
                  builtin == Builtin::Matches || builtin == Builtin::Zip;
  if (builtin == Builtin::Close) {
    report(diag::WrongPlace, range, "`close` outside of a test's `require`");
    return Value::error();
  }
  size_t wanted = isBinary ? 2 : 1;
  for (const Argument &arg : args)
    if (arg.name) {
      report(diag::UnknownArgument, arg.name.range, name, arg.name.name);
      return Value::error();
    }
  if (builtin == Builtin::Chain) {
    SmallVector<Value> parts;
    for (const Argument &arg : args)
      parts.push_back(arg.value);
    return makeList(parts, {}, ValueKind::List);
  }
  if (args.size() < wanted || (args.size() > wanted && !isMath) ||
      (args.size() > wanted && !isBinary)) {
    report(diag::TooManyArguments, range, name, wanted, args.size());
    return Value::error();
  }
  if (isMath && isBinary) {
    Value value = args[0].value;
    for (const Argument &arg : args.drop_front())
      value = binary(mathOp(builtin), value, arg.value, range);
    return value;
  }
  if (isMath)
    return callMath(mathOp(builtin), args, range);
  bool isOfNet = builtin == Builtin::Copy || builtin == Builtin::Frozen ||
                 builtin == Builtin::Load;
  if (isOfNet && func) {
    report(diag::WrongPlace, range, ("`" + name + "` in a function").str());
    return Value::error();
  }
  return callOther(builtin, args, range);
}

Value Elaborator::callOther(Builtin builtin, ArrayRef<Argument> args,
                            Range range) {
  Value value = args[0].value;
  switch (builtin) {
  case Builtin::Len: {
    if (value.is(ValueKind::List) || value.is(ValueKind::Tuple))
      return Value::ofInt(value.list->elements.size());
    if (value.is(ValueKind::Range))
      return Value::ofInt(value.range->size());
    report(diag::WrongType, args[0].range, describe(value), "a list");
    return Value::error();
  }
  case Builtin::Int:
    return toInt(value, args[0].range);
  case Builtin::Float:
    return convert(value, precision, args[0].range);
  case Builtin::F32:
    return convert(value, Element::F32, args[0].range);
  case Builtin::F64:
    return convert(value, Element::F64, args[0].range);
  case Builtin::StopGradient: {
    if (value.is(ValueKind::Scalar) && model::isFloat(value.scalar->element))
      return Value::ofScalar(makeOp(
          ScalarOp::StopGradient, value.scalar->element, value.scalar, range));
    if (!value.is(ValueKind::Tensor) && !value.is(ValueKind::Variable))
      return value;
    const TensorValue *tensor = asTensor(value, args[0].range);
    if (!tensor || !func)
      return value;
    model::Tensor *input = materialise(tensor, range);
    model::Tensor *result = newTensor(input->type, range);
    func->func->body.push_back(
        make<model::StopGradient>(model::StopGradient{{range}, input, result}));
    return Value::ofTensor(nodeValue(result));
  }
  case Builtin::Normal:
    return distribution(model::Distribution::Normal, value, args[1].value);
  case Builtin::Uniform:
    return distribution(model::Distribution::Uniform, value, args[1].value);
  case Builtin::TruncNormal:
    return distribution(model::Distribution::TruncNormal, value, args[1].value);
  case Builtin::Bernoulli:
    return distribution(model::Distribution::Bernoulli, value, Value::ofInt(0));
  case Builtin::Copy:
    return copyNet(value, args[0].range);
  case Builtin::Frozen:
    return frozenNet(value, args[0].range);
  case Builtin::Load:
    return loadNet(value, args[1].value, range);
  case Builtin::Matches:
    return matches(args);
  case Builtin::Params:
    return parametersOf(value, args[0].range);
  case Builtin::Zip:
    return zipLists(args, range);
  default:
    report(diag::NoBracket, range, spelling(builtin));
    return Value::error();
  }
}

Value Elaborator::distribution(model::Distribution kind, Value a, Value b) {
  return Value::ofDistribution(
      make<DistributionValue>(DistributionValue{kind, a, b}));
}

/// Truncates.
Value Elaborator::toInt(Value value, Range range) {
  if (value.is(ValueKind::Int))
    return value;
  if (value.is(ValueKind::Bool))
    return Value::ofInt(value.integer);
  if (value.is(ValueKind::Float)) {
    if (std::abs(value.number) < 9e18)
      return Value::ofInt(int64_t(std::trunc(value.number)));
    report(diag::Overflow, range);
    return Value::error();
  }
  bool isTensor = value.is(ValueKind::Tensor) || value.is(ValueKind::Variable);
  const TensorValue *tensor = isTensor ? asTensor(value, range) : nullptr;
  if (tensor && !tensor->type.shape.empty())
    return Value::ofTensor(
        makeLazy(makeType(Element::Int, tensor->type.shape), range,
                 [=, this](ArrayRef<Scalar *> place) {
                   return coerce(elementAt(tensor, place, range), Element::Int);
                 }));
  Scalar *scalar = asScalar(value, range);
  return scalar ? Value::ofScalar(coerce(scalar, Element::Int))
                : Value::error();
}
