#include "runtime/Convert.h"

#include "runtime/Fill.h"

#include <cstring>

namespace ogee::runtime {

bool isFloat(int32_t type) {
  return type == OGEE_F32 || type == OGEE_F64 || type == OGEE_BF16;
}

/// A file's buffer may start at any byte.
template <typename T> static T load(const uint8_t *from, int64_t index) {
  T value;
  memcpy(&value, from + index * sizeof value, sizeof value);
  return value;
}

double readElement(const uint8_t *from, int32_t type, int64_t index) {
  if (type == OGEE_BF16)
    return floatOf(load<uint16_t>(from, index));
  if (type == OGEE_F32)
    return load<float>(from, index);
  return load<double>(from, index);
}

void writeElement(uint8_t *to, int32_t type, int64_t index, double value) {
  if (type == OGEE_BF16)
    reinterpret_cast<uint16_t *>(to)[index] = bf16Of(static_cast<float>(value));
  else if (type == OGEE_F32)
    reinterpret_cast<float *>(to)[index] = static_cast<float>(value);
  else
    reinterpret_cast<double *>(to)[index] = value;
}

bool isConvertible(int32_t from, int32_t to) {
  return from == to || (isFloat(from) && isFloat(to));
}

void convertElements(const uint8_t *from, int32_t fromType, uint8_t *to,
                     int32_t toType, int64_t count) {
  if (fromType == toType) {
    memcpy(to, from, count * bytesOf(toType));
    return;
  }
  for (int64_t i = 0; i < count; ++i)
    writeElement(to, toType, i, readElement(from, fromType, i));
}

} // namespace ogee::runtime
