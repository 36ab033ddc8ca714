#include "lib/Link/Fields.h"

#include "runtime/Abi.h"

using namespace mlir;
using namespace ogee;

int32_t ogee::abiType(Type type) {
  if (type.isF32())
    return OGEE_F32;
  if (type.isF64())
    return OGEE_F64;
  if (type.isBF16())
    return OGEE_BF16;
  if (type.isInteger(1))
    return OGEE_BOOL;
  return type.isInteger(32) ? OGEE_I32 : OGEE_I64;
}

StringRef ogee::argumentText(kernel::ProgramOp program, unsigned index,
                             StringRef name) {
  auto text = program.getArgAttrOfType<StringAttr>(index, name);
  return text ? text.getValue() : StringRef();
}

int64_t ogee::argumentOffset(kernel::ProgramOp program, unsigned index) {
  return program.getArgAttrOfType<IntegerAttr>(index, kernel::kOffsetAttr)
      .getInt();
}

int64_t ogee::arenaOffset(const plan::ProgramBuffers &buffers, Value value) {
  plan::Place place = buffers.places.lookup(value);
  return *buffers.buffers[place.buffer].offset + place.distance;
}
