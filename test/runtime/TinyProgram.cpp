// A training program written by hand, as the compiler would emit it: a linear
// regression from a byte to its successor, y = w x + b with x and y in [0, 1),
// mean squared error, plain gradient descent. Its expected values are computed
// in RunTest.cpp by other code.
#include "test/runtime/TinyProgram.h"

#include <cmath>
#include <cstring>

namespace {

enum Offset : int64_t {
  kWeight = 0,
  kBias = 64,
  kPersistent = 128,
  kTokens = 128,
  kTargets = kTokens + 4 * kTinyBatch * kTinyWindow,
  kPartial = kTargets + 4 * kTinyBatch * kTinyWindow, // [batch, 3]
  kGradient = kPartial + 64 * kTinyBatch,             // loss, w, b
  kNorm = kGradient + 64,
  kRate = kNorm + 64,
  kStep = kRate + 64,
  kSteps = kStep + 64,
  kSeed = kSteps + 64,
  kArena = kSeed + 64,
  // The sample entry lies over the step's temporaries.
  kLogits = kTokens + 64,
  kSampleArena = kLogits + 4 * kTinyWindow * 256,
};
constexpr int64_t kLargest = kArena > kSampleArena ? kArena : kSampleArena;

float *floats(uint8_t *arena, int64_t offset) {
  return reinterpret_cast<float *>(arena + offset);
}

/// One row of the batch: partial sums of loss and gradients.
void forward(uint8_t *arena, const int64_t *offsets, int64_t row,
             uint8_t *scratch) {
  auto *tokens =
      reinterpret_cast<int32_t *>(arena + offsets[2]) + row * kTinyWindow;
  auto *targets =
      reinterpret_cast<int32_t *>(arena + offsets[3]) + row * kTinyWindow;
  float w = *floats(arena, offsets[0]), b = *floats(arena, offsets[1]);
  // Through scratch, so that sharing it between threads would be seen.
  auto *sum = reinterpret_cast<float *>(scratch);
  sum[0] = sum[1] = sum[2] = 0;
  for (int64_t t = 0; t < kTinyWindow; ++t) {
    float x = tokens[t] / 256.0f, y = targets[t] / 256.0f;
    float e = w * x + b - y;
    sum[0] += e * e;
    sum[1] += 2 * e * x;
    sum[2] += 2 * e;
  }
  memcpy(floats(arena, offsets[4]) + 16 * row, sum, 3 * sizeof(float));
}

void forwardFinish(uint8_t *arena, const int64_t *offsets, int64_t chunks,
                   uint8_t *) {
  float *total = floats(arena, offsets[5]);
  total[0] = total[1] = total[2] = 0;
  for (int64_t row = 0; row < chunks; ++row)
    for (int i = 0; i < 3; ++i)
      total[i] += floats(arena, offsets[4])[16 * row + i];
  for (int i = 0; i < 3; ++i)
    total[i] /= kTinyBatch * kTinyWindow;
}

void update(uint8_t *arena, const int64_t *offsets, int64_t, uint8_t *) {
  const float *gradient = floats(arena, offsets[2]);
  auto step = *reinterpret_cast<int64_t *>(arena + offsets[5]);
  auto steps = *reinterpret_cast<int64_t *>(arena + offsets[6]);
  float rate = kTinyRate * (1.0f - static_cast<float>(step) / steps);
  *floats(arena, offsets[0]) -= rate * gradient[1];
  *floats(arena, offsets[1]) -= rate * gradient[2];
  *floats(arena, offsets[3]) =
      std::sqrt(gradient[1] * gradient[1] + gradient[2] * gradient[2]);
  *floats(arena, offsets[4]) = rate;
}

/// Logits that peak at the token that the line predicts.
void predict(uint8_t *arena, const int64_t *offsets, int64_t t, uint8_t *) {
  int32_t token = reinterpret_cast<int32_t *>(arena + offsets[2])[t];
  float y =
      *floats(arena, offsets[0]) * token + *floats(arena, offsets[1]) * 256;
  for (int v = 0; v < 256; ++v)
    floats(arena, offsets[3])[256 * t + v] = -std::abs(v - y);
}

const int64_t kBatchShape[] = {kTinyBatch, kTinyWindow};
const int64_t kSampleShape[] = {1, kTinyWindow};
const int64_t kLogitsShape[] = {1, kTinyWindow, 256};
const int64_t kPartialShape[] = {kTinyBatch, 16};
constexpr int64_t kTokenCount = kTinyBatch * kTinyWindow;

const int64_t kForwardOffsets[] = {kWeight,  kBias,    kTokens,
                                   kTargets, kPartial, kGradient};
const int64_t kUpdateOffsets[] = {kWeight, kBias, kGradient, kNorm,
                                  kRate,   kStep, kSteps};
const int64_t kPredictOffsets[] = {kWeight, kBias, kTokens, kLogits};

const OgeeSlot kForwardResults[] = {
    {"partial", kPartialShape, 2, 16 * kTinyBatch - 13, kPartial, OGEE_F32, 0},
    {"gradient", kPartialShape, 1, 3, kGradient, OGEE_F32, 0}};
// The inputs and partial sums end with the first launch.
const int64_t kForwardDead[] = {kTokens, kGradient - kTokens};
const OgeeLaunch kStepLaunches[] = {
    {"forward", forward, forwardFinish, kForwardOffsets, kForwardResults,
     kForwardDead, 2, 1, kTinyBatch, 0, 0, 0, 6},
    {"update", update, nullptr, kUpdateOffsets, nullptr, nullptr, 0, 0, 1, 0, 0,
     0, 7}};
const OgeeLaunch kSampleLaunches[] = {{"predict", predict, nullptr,
                                       kPredictOffsets, nullptr, nullptr, 0, 0,
                                       kTinyWindow, 0, 0, 0, 4}};

const OgeeSlot kInputs[] = {
    {"tokens", kBatchShape, 2, kTokenCount, kTokens, OGEE_I32, kTinyBound},
    {"targets", kBatchShape, 2, kTokenCount, kTargets, OGEE_I32, kTinyBound},
    {"step", nullptr, 0, 1, kStep, OGEE_I64, 0},
    {"steps", nullptr, 0, 1, kSteps, OGEE_I64, 0},
    {"seed", nullptr, 0, 1, kSeed, OGEE_I64, 0}};
const OgeeSlot kOutputs[] = {{"loss", nullptr, 0, 1, kGradient, OGEE_F32, 0},
                             {"norm", nullptr, 0, 1, kNorm, OGEE_F32, 0},
                             {"rate", nullptr, 0, 1, kRate, OGEE_F32, 0}};
const OgeeSlot kSampleInput = {"tokens", kSampleShape, 2,         kTinyWindow,
                               kTokens,  OGEE_I32,     kTinyBound};
const OgeeSlot kSampleOutput = {"logits", kLogitsShape, 3, 256 * kTinyWindow,
                                kLogits,  OGEE_F32,     0};
const OgeeEntry kEntries[] = {
    {"step", kStepLaunches, kInputs, kOutputs, 2, 5, 3, 1},
    {"evaluate", kStepLaunches, kInputs, kOutputs, 1, 2, 1, 1},
    {"sample", kSampleLaunches, &kSampleInput, &kSampleOutput, 1, 1, 1, 1}};

const int64_t kOne[] = {1};
const OgeeTensor kTensors[] = {
    {"line.weight", kOne, nullptr, 0, 0.02, 1, 1, kWeight, OGEE_F32,
     OGEE_INIT_NORMAL, OGEE_PARAMETER, 0, nullptr, nullptr, nullptr},
    {"line.bias", kOne, nullptr, 0.25, 0, 1, 1, kBias, OGEE_F32,
     OGEE_INIT_CONSTANT, OGEE_PARAMETER, 0, nullptr, nullptr, nullptr}};
const OgeeTensor kGradients[] = {
    {"line.weight", kOne, nullptr, 0, 0, 1, 1, kGradient + 4, OGEE_F32,
     OGEE_INIT_CONSTANT, OGEE_PARAMETER, 0, nullptr, nullptr, nullptr},
    {"line.bias", kOne, nullptr, 0, 0, 1, 1, kGradient + 8, OGEE_F32,
     OGEE_INIT_CONSTANT, OGEE_PARAMETER, 0, nullptr, nullptr, nullptr}};

const OgeePhase kPhases[] = {{"", 0, 40, 0}};

} // namespace

extern "C" const OgeeProgram ogee_program = {
    "Tiny",
    "x86-64",
    "f32",
    kTensors,
    kGradients,
    kEntries,
    nullptr,
    kPhases,
    {nullptr, 0.1, kTinyWindow, OGEE_SOURCE_TEXT, OGEE_TOKENS_BYTES,
     OGEE_SEQUENTIAL, 0},
    OGEE_ABI_VERSION,
    2,
    2,
    3,
    0,
    1,
    kLargest,
    kPersistent,
    64,
    2,
    kTinyBatch,
    100,
    1,
    1};
