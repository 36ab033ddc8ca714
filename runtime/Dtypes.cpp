// The element types of the safetensors format, those that a model may hold and
// those that are only skipped over.
#include "runtime/Abi.h"
#include "runtime/Safetensors.h"

#include <cstring>

namespace ogee::runtime {

namespace {
struct Dtype {
  const char *name;
  int64_t bytes;
  int32_t type; // OgeeType, or -1
};
} // namespace

static constexpr Dtype kDtypes[] = {
    {"BOOL", 1, OGEE_BOOL}, {"U8", 1, -1},      {"I8", 1, -1},
    {"F8_E4M3", 1, -1},     {"F8_E5M2", 1, -1}, {"I16", 2, -1},
    {"U16", 2, -1},         {"F16", 2, -1},     {"BF16", 2, OGEE_BF16},
    {"I32", 4, OGEE_I32},   {"U32", 4, -1},     {"F32", 4, OGEE_F32},
    {"I64", 8, OGEE_I64},   {"U64", 8, -1},     {"F64", 8, OGEE_F64},
};

int64_t bytesOfDtype(const char *dtype) {
  for (const Dtype &row : kDtypes)
    if (strcmp(row.name, dtype) == 0)
      return row.bytes;
  return 0;
}

int32_t typeOfDtype(const char *dtype) {
  for (const Dtype &row : kDtypes)
    if (strcmp(row.name, dtype) == 0)
      return row.type;
  return -1;
}

const char *dtypeOf(int32_t type) {
  for (const Dtype &row : kDtypes)
    if (row.type == type)
      return row.name;
  return "?";
}

} // namespace ogee::runtime
