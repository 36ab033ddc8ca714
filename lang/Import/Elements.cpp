// Element expressions: a scalar of the model is an operation of arith, math or
// arch. Integers are `index`, so that what is affine in the text stays so.
#include "lang/Import/Importer.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace ogee;
using namespace ogee::importing;
using model::ScalarOp;

Type Importer::scalarType(model::Element element) {
  return element == model::Element::Int
             ? builder.getIndexType()
             : elementType(*builder.getContext(), element);
}

Value Importer::indexConstant(int64_t value, Location loc) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

Value Importer::stored(Value value, Location loc) {
  if (!value.getType().isIndex())
    return value;
  return arith::IndexCastOp::create(builder, loc, builder.getI32Type(), value);
}

Value Importer::element(const model::Scalar *scalar) {
  Location loc = location(scalar->range);
  switch (scalar->kind) {
  case model::ScalarKind::Const:
    return constant(*llvm::cast<model::ConstScalar>(scalar), loc);
  case model::ScalarKind::Index:
    return indices.at(llvm::cast<model::IndexScalar>(scalar)->index);
  case model::ScalarKind::RunTime:
    return runTime(*llvm::cast<model::RunTimeScalar>(scalar), loc);
  case model::ScalarKind::Read:
    return read(*llvm::cast<model::ReadScalar>(scalar), loc);
  case model::ScalarKind::Op:
    return operation(*llvm::cast<model::OpScalar>(scalar), loc);
  case model::ScalarKind::Tuple:
    return tuple(*llvm::cast<model::TupleScalar>(scalar), loc);
  case model::ScalarKind::If:
    return branch(*llvm::cast<model::IfScalar>(scalar), loc);
  case model::ScalarKind::Reduce:
    return reduce(*llvm::cast<model::ReduceScalar>(scalar), loc);
  case model::ScalarKind::Softmax:
    return softmax(*llvm::cast<model::SoftmaxScalar>(scalar), loc);
  }
  llvm_unreachable("covered switch");
}

Value Importer::constant(const model::ConstScalar &scalar, Location loc) {
  switch (scalar.element) {
  case model::Element::Bool:
    return arith::ConstantOp::create(builder, loc,
                                     builder.getBoolAttr(scalar.integer));
  case model::Element::Int:
    return indexConstant(scalar.integer, loc);
  case model::Element::F32:
  case model::Element::F64:
    return arith::ConstantOp::create(
        builder, loc,
        builder.getFloatAttr(scalarType(scalar.element), scalar.number));
  }
  llvm_unreachable("covered switch");
}

Value Importer::runTime(const model::RunTimeScalar &scalar, Location loc) {
  Value value =
      arch::RunTimeOp::create(builder, loc, builder.getI64Type(), scalar.name);
  return arith::SIToFPOp::create(builder, loc, builder.getF64Type(), value);
}

Value Importer::read(const model::ReadScalar &scalar, Location loc) {
  Value tensor = tensors.at(scalar.tensor);
  SmallVector<Value> place;
  for (const model::Scalar *subscript : scalar.subscripts)
    place.push_back(element(subscript));
  Value otherwise;
  if (scalar.otherwise) {
    auto *number = llvm::dyn_cast<model::ConstScalar>(scalar.otherwise);
    bool isInt = number && number->element == model::Element::Int;
    otherwise =
        isInt ? arith::ConstantOp::create(
                    builder, loc, builder.getI32IntegerAttr(number->integer))
                    .getResult()
              : stored(element(scalar.otherwise), loc);
  }
  Type type = llvm::cast<RankedTensorType>(tensor.getType()).getElementType();
  Value value =
      arch::ReadOp::create(builder, loc, type, tensor, place, otherwise);
  if (scalar.element != model::Element::Int)
    return value;
  return arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                    value);
}

Value Importer::tuple(const model::TupleScalar &scalar, Location loc) {
  Value sum;
  for (auto [part, index] : llvm::zip(scalar.parts, scalar.indices)) {
    Value digit = element(part);
    if (!sum) {
      sum = digit;
      continue;
    }
    Value extent = indexConstant(index->extent, loc);
    Value scaled = arith::MulIOp::create(builder, loc, sum, extent);
    sum = arith::AddIOp::create(builder, loc, scaled, digit);
  }
  return sum;
}

Value Importer::branch(const model::IfScalar &scalar, Location loc) {
  auto op = arch::IfOp::create(builder, loc, scalarType(scalar.element),
                               element(scalar.cond));
  closeBlock(op.getThenBody(), {}, scalar.then, nullptr, loc);
  closeBlock(op.getElseBody(), {}, scalar.otherwise, nullptr, loc);
  return op.getResult();
}

void Importer::closeBlock(Region &region, ArrayRef<model::Index *> closed,
                          const model::Scalar *body, const model::Scalar *where,
                          Location loc) {
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<Type> types(closed.size(), builder.getIndexType());
  SmallVector<Location> locations(closed.size(), loc);
  Block *block = builder.createBlock(&region, {}, types, locations);
  for (auto [index, argument] : llvm::zip(closed, block->getArguments()))
    indices[index] = argument;
  SmallVector<Value> values = {element(body)};
  if (where)
    values.push_back(element(where));
  arch::YieldOp::create(builder, loc, values);
}

Value Importer::reduce(const model::ReduceScalar &scalar, Location loc) {
  SmallVector<int64_t> extents;
  for (const model::Index *index : scalar.indices)
    extents.push_back(index->extent);
  static constexpr arch::ReduceKind kinds[] = {
#define OGEE_REDUCE(name, spelling) arch::ReduceKind::name,
#include "lang/Check/Reductions.def"
  };
  auto op = arch::ReduceOp::create(builder, loc, scalarType(scalar.element),
                                   kinds[unsigned(scalar.reduce)], extents);
  closeBlock(op.getBody(), scalar.indices, scalar.body, scalar.where, loc);
  return op.getResult();
}

Value Importer::softmax(const model::SoftmaxScalar &scalar, Location loc) {
  auto op = arch::SoftmaxOp::create(
      builder, loc, scalarType(scalar.element), element(scalar.at),
      builder.getI64IntegerAttr(scalar.index->extent));
  closeBlock(op.getBody(), scalar.index, scalar.body, scalar.where, loc);
  return op.getResult();
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

Value Importer::operation(const model::OpScalar &scalar, Location loc) {
  if (scalar.op == ScalarOp::And || scalar.op == ScalarOp::Or)
    return logical(scalar, loc);
  if (scalar.op == ScalarOp::Cast)
    return cast(scalar, loc);
  SmallVector<Value> operands;
  for (const model::Scalar *operand : scalar.operands)
    operands.push_back(element(operand));
  if (scalar.op >= ScalarOp::Equal && scalar.op <= ScalarOp::GreaterEqual)
    return compare(scalar, loc, operands[0], operands[1]);
  if (scalar.op == ScalarOp::StopGradient)
    return arch::StopGradientOp::create(builder, loc, operands[0].getType(),
                                        operands[0]);
  if (scalar.op == ScalarOp::Not) {
    Value one =
        arith::ConstantOp::create(builder, loc, builder.getBoolAttr(true));
    return arith::XOrIOp::create(builder, loc, operands[0], one);
  }
  if (scalar.element == model::Element::Int)
    return integerOp(scalar, loc, operands[0],
                     operands.size() == 2 ? operands[1] : Value());
  return floatOp(scalar, loc, operands);
}

static bool reads(const model::Scalar *scalar) {
  if (auto *op = llvm::dyn_cast<model::OpScalar>(scalar))
    return llvm::any_of(op->operands, reads);
  return !llvm::isa<model::ConstScalar, model::IndexScalar,
                    model::RunTimeScalar>(scalar);
}

/// What reads on the right is asked only where the left does not decide.
Value Importer::logical(const model::OpScalar &scalar, Location loc) {
  bool isAnd = scalar.op == ScalarOp::And;
  Value lhs = element(scalar.operands[0]);
  if (!reads(scalar.operands[1])) {
    Value rhs = element(scalar.operands[1]);
    if (isAnd)
      return arith::AndIOp::create(builder, loc, lhs, rhs);
    return arith::OrIOp::create(builder, loc, lhs, rhs);
  }
  auto op = arch::IfOp::create(builder, loc, builder.getI1Type(), lhs);
  Region &asked = isAnd ? op.getThenBody() : op.getElseBody();
  Region &decided = isAnd ? op.getElseBody() : op.getThenBody();
  closeBlock(asked, {}, scalar.operands[1], nullptr, loc);
  OpBuilder::InsertionGuard guard(builder);
  builder.createBlock(&decided);
  Value known =
      arith::ConstantOp::create(builder, loc, builder.getBoolAttr(!isAnd));
  arch::YieldOp::create(builder, loc, known);
  return op.getResult();
}

Value Importer::cast(const model::OpScalar &scalar, Location loc) {
  const model::Scalar *from = scalar.operands[0];
  Value value = element(from);
  Type to = scalarType(scalar.element);
  Type i64 = builder.getI64Type();
  if (from->element == model::Element::Int) {
    Value wide = arith::IndexCastOp::create(builder, loc, i64, value);
    return arith::SIToFPOp::create(builder, loc, to, wide);
  }
  if (scalar.element == model::Element::Int) {
    Value whole = arith::FPToSIOp::create(builder, loc, i64, value);
    return arith::IndexCastOp::create(builder, loc, to, whole);
  }
  if (scalar.element == model::Element::F64)
    return arith::ExtFOp::create(builder, loc, to, value);
  return arith::TruncFOp::create(builder, loc, to, value);
}

Value Importer::compare(const model::OpScalar &scalar, Location loc, Value lhs,
                        Value rhs) {
  struct Row {
    arith::CmpIPredicate integer;
    arith::CmpFPredicate number;
  };
  using I = arith::CmpIPredicate;
  using F = arith::CmpFPredicate;
  static constexpr Row rows[] = {{I::eq, F::OEQ},  {I::ne, F::UNE},
                                 {I::slt, F::OLT}, {I::sle, F::OLE},
                                 {I::sgt, F::OGT}, {I::sge, F::OGE}};
  Row row = rows[unsigned(scalar.op) - unsigned(ScalarOp::Equal)];
  if (model::isFloat(scalar.operands[0]->element))
    return arith::CmpFOp::create(builder, loc, row.number, lhs, rhs);
  return arith::CmpIOp::create(builder, loc, row.integer, lhs, rhs);
}

/// Cannot be negative, as far as its form tells.
static bool isNatural(const model::Scalar *scalar) {
  if (auto *number = llvm::dyn_cast<model::ConstScalar>(scalar))
    return number->integer >= 0;
  if (auto *read = llvm::dyn_cast<model::ReadScalar>(scalar))
    return read->tensor->type.low >= 0 && !read->otherwise;
  if (llvm::isa<model::IndexScalar, model::TupleScalar>(scalar))
    return true;
  auto *op = llvm::dyn_cast<model::OpScalar>(scalar);
  bool keeps = op && (op->op == ScalarOp::Add || op->op == ScalarOp::Mul ||
                      op->op == ScalarOp::FloorDiv);
  return keeps && llvm::all_of(op->operands, isNatural);
}

Value Importer::integerOp(const model::OpScalar &scalar, Location loc,
                          Value lhs, Value rhs) {
  switch (scalar.op) {
  case ScalarOp::Add:
    return arith::AddIOp::create(builder, loc, lhs, rhs);
  case ScalarOp::Sub:
    return arith::SubIOp::create(builder, loc, lhs, rhs);
  case ScalarOp::Mul:
    return arith::MulIOp::create(builder, loc, lhs, rhs);
  case ScalarOp::FloorDiv:
    return arith::FloorDivSIOp::create(builder, loc, lhs, rhs);
  case ScalarOp::Mod: {
    if (isNatural(scalar.operands[0]))
      return arith::RemSIOp::create(builder, loc, lhs, rhs);
    Value quotient = arith::FloorDivSIOp::create(builder, loc, lhs, rhs);
    Value whole = arith::MulIOp::create(builder, loc, quotient, rhs);
    return arith::SubIOp::create(builder, loc, lhs, whole);
  }
  case ScalarOp::Max:
    return arith::MaxSIOp::create(builder, loc, lhs, rhs);
  case ScalarOp::Min:
    return arith::MinSIOp::create(builder, loc, lhs, rhs);
  case ScalarOp::Negate:
  case ScalarOp::Abs: {
    Value zero = indexConstant(0, loc);
    Value negated = arith::SubIOp::create(builder, loc, zero, lhs);
    if (scalar.op == ScalarOp::Negate)
      return negated;
    return arith::MaxSIOp::create(builder, loc, lhs, negated);
  }
  default:
    llvm_unreachable("Check has no such operation on integers");
  }
}

template <class Op>
static Value make(OpBuilder &builder, Location loc, ArrayRef<Value> operands) {
  return Op::create(builder, loc, TypeRange(operands[0].getType()), operands)
      .getOperation()
      ->getResult(0);
}

Value Importer::floatOp(const model::OpScalar &scalar, Location loc,
                        ArrayRef<Value> operands) {
  using Maker = Value (*)(OpBuilder &, Location, ArrayRef<Value>);
  static const llvm::SmallDenseMap<unsigned, Maker> makers = {
      {unsigned(ScalarOp::Add), make<arith::AddFOp>},
      {unsigned(ScalarOp::Sub), make<arith::SubFOp>},
      {unsigned(ScalarOp::Mul), make<arith::MulFOp>},
      {unsigned(ScalarOp::Div), make<arith::DivFOp>},
      {unsigned(ScalarOp::Pow), make<math::PowFOp>},
      {unsigned(ScalarOp::Max), make<arith::MaximumFOp>},
      {unsigned(ScalarOp::Min), make<arith::MinimumFOp>},
      {unsigned(ScalarOp::Negate), make<arith::NegFOp>},
      {unsigned(ScalarOp::Exp), make<math::ExpOp>},
      {unsigned(ScalarOp::Log), make<math::LogOp>},
      {unsigned(ScalarOp::Sqrt), make<math::SqrtOp>},
      {unsigned(ScalarOp::Rsqrt), make<math::RsqrtOp>},
      {unsigned(ScalarOp::Tanh), make<math::TanhOp>},
      {unsigned(ScalarOp::Sin), make<math::SinOp>},
      {unsigned(ScalarOp::Cos), make<math::CosOp>},
      {unsigned(ScalarOp::Erf), make<math::ErfOp>},
      {unsigned(ScalarOp::Abs), make<math::AbsFOp>},
      {unsigned(ScalarOp::Floor), make<math::FloorOp>},
  };
  return makers.at(unsigned(scalar.op))(builder, loc, operands);
}
