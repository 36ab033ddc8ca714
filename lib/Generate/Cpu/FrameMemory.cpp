// A condition is one bit in a register and one byte in memory; nothing else
// differs between the two.
#include "lib/Generate/Cpu/Frame.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace ogee;

Type ogee::storageType(Type type) {
  return type.isInteger(1) ? IntegerType::get(type.getContext(), 8) : type;
}

int64_t ogee::storageBytes(Type type) {
  return storageType(type).getIntOrFloatBitWidth() / 8;
}

Value Frame::at(Value pointer, Type type, Value elements, int64_t more) {
  Type storage = storageType(type);
  Value base = pointer;
  if (!matchPattern(elements, m_Zero()))
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
