// Constants and base pointers go to the entry block, once each, so that loops
// hold nothing but their work.
#include "lib/Generate/Cpu/Frame.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace ogee;

Frame::Frame(ModuleOp module, StringRef name, kernel::FuncOp kernel,
             const Target &target)
    : b(module.getContext()), parent(module), location(kernel.getLoc()),
      function(kernel), cpu(target) {
  auto pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto type =
      LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()),
                                  {pointer, pointer, b.getI64Type(), pointer});
  b.setInsertionPointToEnd(module.getBody());
  emitted = LLVM::LLVMFuncOp::create(b, location, name, type);
  Block *body = emitted.addEntryBlock(b);
  b.setInsertionPointToEnd(body);
  auto ret = LLVM::ReturnOp::create(b, location, ValueRange());
  b.setInsertionPoint(ret);
  if (kernel.getList())
    loadListChunk();
}

/// Four integers a chunk stand before the plain offsets.
void Frame::loadListChunk() {
  Type i64 = b.getI64Type(), pointer = scratch().getType();
  Value first = mul(chunk(), 4);
  Value header = LLVM::GEPOp::create(b, location, pointer, i64,
                                     entry().getArgument(1), ValueRange{first});
  auto field = [&](int32_t index) -> Value {
    Value slot = LLVM::GEPOp::create(b, location, pointer, i64, header,
                                     ArrayRef<LLVM::GEPArg>{index});
    return LLVM::LoadOp::create(b, location, i64, slot);
  };
  list = {field(0), field(1), field(2), field(3)};
  // All of a tuple's bases here, where the header is known.
  unsigned arguments = function.getNumArguments();
  for (unsigned i = 0; i < arguments + function.getNumResults(); ++i) {
    Value index = i < arguments ? add(list.firstOperand, i)
                                : add(list.firstResult, i - arguments);
    Value slot = LLVM::GEPOp::create(b, location, pointer, i64,
                                     entry().getArgument(1), ValueRange{index});
    Value offset = LLVM::LoadOp::create(b, location, i64, slot);
    operands[i] =
        LLVM::GEPOp::create(b, location, pointer, b.getI8Type(),
                            entry().getArgument(0), ValueRange{offset});
  }
}

Value Frame::chunk() { return entry().getArgument(2); }
Value Frame::scratch() { return entry().getArgument(3); }

Value Frame::operand(unsigned index) {
  Value &value = operands[index];
  if (value)
    return value;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&entry());
  Type pointer = scratch().getType(), i64 = chunk().getType();
  Value slot =
      LLVM::GEPOp::create(b, location, pointer, i64, entry().getArgument(1),
                          ArrayRef<LLVM::GEPArg>{int32_t(index)});
  Value offset = LLVM::LoadOp::create(b, location, i64, slot);
  value = LLVM::GEPOp::create(b, location, pointer, b.getI8Type(),
                              entry().getArgument(0), ValueRange{offset});
  return value;
}

Value Frame::argument(unsigned index) { return operand(index); }
Value Frame::result(unsigned index) {
  return operand(function.getNumArguments() + index);
}
Value Frame::workspace(unsigned index) {
  return operand(function.getNumArguments() + function.getNumResults() + index);
}

Value Frame::constant(TypedAttr attribute) {
  Value &value = constants[attribute];
  if (value)
    return value;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&entry());
  value = arith::ConstantOp::create(b, location, attribute);
  return value;
}

Value Frame::constant(int64_t value) {
  return constant(b.getI64IntegerAttr(value));
}

Value Frame::constant(Type type, double value) {
  Type element = getElementTypeOrSelf(type);
  TypedAttr scalar;
  if (isa<FloatType>(element))
    scalar = b.getFloatAttr(element, value);
  else
    scalar = b.getIntegerAttr(element, int64_t(value));
  if (auto vector = dyn_cast<VectorType>(type))
    return constant(DenseElementsAttr::get(vector, Attribute(scalar)));
  return constant(scalar);
}

static bool isConstant(Value value, int64_t expected) {
  IntegerAttr attribute;
  return matchPattern(value, m_Constant(&attribute)) &&
         attribute.getValue() == expected;
}

Value Frame::add(Value lhs, Value rhs) {
  if (isConstant(lhs, 0))
    return rhs;
  if (isConstant(rhs, 0))
    return lhs;
  return arith::AddIOp::create(b, location, lhs, rhs);
}

Value Frame::add(Value lhs, int64_t rhs) { return add(lhs, constant(rhs)); }

Value Frame::sub(Value lhs, Value rhs) {
  if (isConstant(rhs, 0))
    return lhs;
  return arith::SubIOp::create(b, location, lhs, rhs);
}

Value Frame::mul(Value lhs, int64_t rhs) {
  if (rhs == 1)
    return lhs;
  if (rhs == 0)
    return constant(0);
  return arith::MulIOp::create(b, location, lhs, constant(rhs));
}

Value Frame::min(Value lhs, Value rhs) {
  return arith::MinSIOp::create(b, location, lhs, rhs);
}

Value Frame::divide(Value lhs, int64_t rhs) {
  if (rhs == 1)
    return lhs;
  return arith::DivUIOp::create(b, location, lhs, constant(rhs));
}

Value Frame::remainder(Value lhs, int64_t rhs) {
  if (rhs == 1)
    return constant(0);
  return arith::RemUIOp::create(b, location, lhs, constant(rhs));
}

Value Frame::below(Value lhs, Value rhs) {
  return arith::CmpIOp::create(b, location, arith::CmpIPredicate::ult, lhs,
                               rhs);
}

Value Frame::max(Value lhs, Value rhs) {
  return arith::MaxSIOp::create(b, location, lhs, rhs);
}

Value Frame::equal(Value lhs, Value rhs) {
  return arith::CmpIOp::create(b, location, arith::CmpIPredicate::eq, lhs, rhs);
}

Value Frame::less(Value lhs, Value rhs) {
  return arith::CmpIOp::create(b, location, arith::CmpIPredicate::slt, lhs,
                               rhs);
}
