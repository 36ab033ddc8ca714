// A condition is one bit in a register and one byte in memory. A bf16 is moved
// as the integer that it is: where the processor has no bf16, LLVM would take
// vectors of it apart. Nothing else differs between the two.
#include "lib/Generate/Cpu/Frame.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace ogee;

Type ogee::storageType(Type type) {
  if (type.isInteger(1))
    return IntegerType::get(type.getContext(), 8);
  return type.isBF16() ? IntegerType::get(type.getContext(), 16) : type;
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

Value Frame::fromMemory(Type type, Value loaded) {
  if (loaded.getType() == type)
    return loaded;
  if (getElementTypeOrSelf(type).isBF16())
    return arith::BitcastOp::create(b, location, type, loaded);
  return arith::CmpIOp::create(b, location, arith::CmpIPredicate::ne, loaded,
                               constant(loaded.getType(), 0));
}

Value Frame::toMemory(Value value) {
  Type memory = inMemory(value.getType());
  if (memory == value.getType())
    return value;
  if (getElementTypeOrSelf(value.getType()).isBF16())
    return arith::BitcastOp::create(b, location, memory, value);
  return arith::ExtUIOp::create(b, location, memory, value);
}

Value Frame::load(Type type, Value pointer) {
  Type memory = inMemory(type);
  Value loaded = LLVM::LoadOp::create(b, location, memory, pointer,
                                      storageBytes(getElementTypeOrSelf(type)));
  return fromMemory(type, loaded);
}

void Frame::store(Value value, Value pointer) {
  value = toMemory(value);
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
  return fromMemory(type, loaded);
}

void Frame::store(Value value, Value pointer, Value mask) {
  if (!mask || !isa<VectorType>(value.getType()))
    return store(value, pointer);
  value = toMemory(value);
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
