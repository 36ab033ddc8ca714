// Elements of one float type as elements of another.
#ifndef OGEE_RUNTIME_CONVERT_H
#define OGEE_RUNTIME_CONVERT_H

#include "runtime/Abi.h"

namespace ogee::runtime {

bool isFloat(int32_t type);

/// Element `index` of an array of a float type; the array need not be aligned
/// when it is read.
double readElement(const uint8_t *from, int32_t type, int64_t index);
void writeElement(uint8_t *to, int32_t type, int64_t index, double value);

/// Whether a file's elements of `from` may become elements of `to`: the same
/// type, or both floats.
bool isConvertible(int32_t from, int32_t to);

/// Copies `count` elements; the types are convertible.
void convertElements(const uint8_t *from, int32_t fromType, uint8_t *to,
                     int32_t toType, int64_t count);

} // namespace ogee::runtime

#endif // OGEE_RUNTIME_CONVERT_H
