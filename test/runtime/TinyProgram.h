// The sizes of the hand-written program of TinyProgram.cpp.
#ifndef OGEE_TEST_RUNTIME_TINYPROGRAM_H
#define OGEE_TEST_RUNTIME_TINYPROGRAM_H

#include "runtime/Abi.h"

constexpr int64_t kTinyBatch = 5;
constexpr int64_t kTinyWindow = 7;
constexpr int32_t kTinyBound = 128;
constexpr float kTinyRate = 0.1f;

#endif // OGEE_TEST_RUNTIME_TINYPROGRAM_H
