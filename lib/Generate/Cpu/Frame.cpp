// Constants and base pointers go to the entry block, once each, so that loops
// hold nothing but their work.
#include "lib/Generate/Cpu/Frame.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace ogee;

Type ogee::storageType(Type type) {
  return type.isInteger(1) ? IntegerType::get(type.getContext(), 8) : type;
}

int64_t ogee::storageBytes(Type type) {
  return storageType(type).getIntOrFloatBitWidth() / 8;
}

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

Value Frame::at(Value pointer, Type type, Value elements, int64_t more) {
  Type storage = storageType(type);
  Value base = pointer;
  if (!isConstant(elements, 0))
    base = LLVM::GEPOp::create(b, location, pointer.getType(), storage, pointer,
                               ValueRange{elements});
  return bytes(base, more * storageBytes(type));
}

Value Frame::bytes(Value pointer, int64_t count) {
  if (count == 0)
    return pointer;
  return LLVM::GEPOp::create(b, location, pointer.getType(), b.getI8Type(),
                             pointer, ValueRange{constant(count)});
}

/// The type that memory holds for a value of `type`.
static Type inMemory(Type type) {
  Type element = storageType(getElementTypeOrSelf(type));
  if (auto vector = dyn_cast<VectorType>(type))
    return VectorType::get(vector.getShape(), element);
  return element;
}

/// i1 from the byte that stands for it.
static Value fromMemory(OpBuilder &b, Location loc, Frame &frame, Type type,
                        Value loaded) {
  if (loaded.getType() == type)
    return loaded;
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, loaded,
                               frame.constant(loaded.getType(), 0));
}

static Value toMemory(OpBuilder &b, Location loc, Value value) {
  Type memory = inMemory(value.getType());
  if (memory == value.getType())
    return value;
  return arith::ExtUIOp::create(b, loc, memory, value);
}

Value Frame::load(Type type, Value pointer) {
  Type memory = inMemory(type);
  Value loaded = LLVM::LoadOp::create(b, location, memory, pointer,
                                      storageBytes(getElementTypeOrSelf(type)));
  return fromMemory(b, location, *this, type, loaded);
}

void Frame::store(Value value, Value pointer) {
  value = toMemory(b, location, value);
  LLVM::StoreOp::create(b, location, value, pointer,
                        storageBytes(getElementTypeOrSelf(value.getType())));
}

Value Frame::load(VectorType type, Value pointer, Value mask) {
  if (!mask)
    return load(Type(type), pointer);
  Type memory = inMemory(type);
  Value loaded = LLVM::MaskedLoadOp::create(
      b, location, memory, pointer, mask, constant(memory, 0),
      b.getI32IntegerAttr(storageBytes(type.getElementType())),
      /*nontemporal=*/UnitAttr());
  return fromMemory(b, location, *this, type, loaded);
}

void Frame::store(Value value, Value pointer, Value mask) {
  if (!mask || !isa<VectorType>(value.getType()))
    return store(value, pointer);
  value = toMemory(b, location, value);
  LLVM::MaskedStoreOp::create(
      b, location, value, pointer, mask,
      b.getI32IntegerAttr(storageBytes(getElementTypeOrSelf(value.getType()))));
}

Value Frame::laneMask(Value count, int64_t lanes) {
  auto type = VectorType::get({lanes}, b.getI32Type());
  SmallVector<int32_t> steps(lanes);
  for (int64_t i = 0; i < lanes; ++i)
    steps[i] = i;
  Value narrow = arith::TruncIOp::create(b, location, b.getI32Type(), count);
  return arith::CmpIOp::create(
      b, location, arith::CmpIPredicate::slt,
      constant(cast<TypedAttr>(
          Attribute(DenseElementsAttr::get(type, ArrayRef<int32_t>(steps))))),
      splat(narrow, lanes));
}

Value Frame::splat(Value scalar, int64_t lanes) {
  if (isa<VectorType>(scalar.getType()))
    return scalar;
  auto type = VectorType::get({lanes}, scalar.getType());
  return vector::BroadcastOp::create(b, location, type, scalar);
}

void Frame::loop(Value lower, Value upper, int64_t step, Body body) {
  loop(lower, upper, step, ValueRange(),
       [&](Value index, ValueRange) -> SmallVector<Value> {
         body(index);
         return {};
       });
}

void Frame::loop(int64_t lower, int64_t upper, int64_t step, Body body) {
  if (lower >= upper)
    return;
  if (lower + step >= upper)
    return body(constant(lower));
  loop(constant(lower), constant(upper), step, body);
}

SmallVector<Value> Frame::loop(Value lower, Value upper, int64_t step,
                               ValueRange initial, ReduceBody body) {
  auto op =
      scf::ForOp::create(b, location, lower, upper, constant(step), initial,
                         [](OpBuilder &, Location, Value, ValueRange) {});
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(op.getBody());
  SmallVector<Value> next = body(op.getInductionVar(), op.getRegionIterArgs());
  scf::YieldOp::create(b, location, next);
  return SmallVector<Value>(op.getResults());
}

void Frame::when(Value condition, function_ref<void()> body) {
  auto op = scf::IfOp::create(b, location, condition,
                              /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.thenBlock());
  body();
}

SmallVector<Value> Frame::branch(Value condition, TypeRange types, Branch yes,
                                 Branch no) {
  auto op = scf::IfOp::create(b, location, types, condition,
                              /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  for (auto [block, make] :
       {std::pair(op.thenBlock(), yes), std::pair(op.elseBlock(), no)}) {
    if (types.empty()) // such an if has its yields from the start
      block->clear();
    b.setInsertionPointToEnd(block);
    SmallVector<Value> values = make();
    scf::YieldOp::create(b, location, values);
  }
  return SmallVector<Value>(op.getResults());
}

/// Values that `region` uses and does not define, in order of use.
static SetVector<Value> usedFromOutside(Region &region) {
  SetVector<Value> outside;
  region.walk([&](Operation *op) {
    for (Value operand : op->getOperands())
      if (!region.isAncestor(operand.getParentRegion()))
        outside.insert(operand);
  });
  return outside;
}

void Frame::outline(function_ref<void()> body) {
  OpBuilder::InsertPoint here = b.saveInsertionPoint();
  Type none = LLVM::LLVMVoidType::get(b.getContext());
  std::string name =
      (emitted.getSymName() + "_part" +
       Twine(llvm::range_size(parent.getOps<LLVM::LLVMFuncOp>())))
          .str();
  b.setInsertionPointToEnd(parent.getBody());
  auto part = LLVM::LLVMFuncOp::create(b, location, name,
                                       LLVM::LLVMFunctionType::get(none, {}),
                                       LLVM::Linkage::Internal);
  part.setNoInline(true);
  Block *entry = part.addEntryBlock(b);
  b.setInsertionPointToEnd(entry);
  body();
  LLVM::ReturnOp::create(b, location, ValueRange());

  SmallVector<Value> arguments;
  SmallVector<Type> types;
  for (Value value : usedFromOutside(part.getBody())) {
    Value inner;
    if (auto constant = value.getDefiningOp<arith::ConstantOp>()) {
      b.setInsertionPointToStart(entry);
      inner = b.clone(*constant)->getResult(0);
    } else {
      arguments.push_back(value);
      types.push_back(value.getType());
      inner = entry->addArgument(value.getType(), location);
    }
    value.replaceUsesWithIf(inner, [&](OpOperand &use) {
      return part.getBody().isAncestor(use.getOwner()->getParentRegion());
    });
  }
  part.setFunctionType(LLVM::LLVMFunctionType::get(none, types));
  b.restoreInsertionPoint(here);
  LLVM::CallOp::create(b, location, part, arguments);
}
