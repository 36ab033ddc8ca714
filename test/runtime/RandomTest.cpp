// Random numbers and the functions below them against published vectors and
// against libm in double precision.
#include "runtime/Random.h"
#include "runtime/Fill.h"
#include "runtime/Math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

using namespace ogee::runtime;

// kat_vectors of Random123, philox4x32 with 10 rounds.
TEST(Philox, KnownAnswers) {
  struct Row {
    uint64_t key, low, high;
    uint32_t expected[4];
  } rows[] = {
      {0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {~0ull, ~0ull, ~0ull, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {0x299f31d0a4093822,
       0x85a308d3243f6a88,
       0x0370734413198a2e,
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (const Row &row : rows) {
    Words words = philox(row.key, row.low, row.high);
    for (int i = 0; i < 4; ++i)
      EXPECT_EQ(words.word[i], row.expected[i]);
  }
}

// Vectors of the reference implementation; the lengths reach each branch.
TEST(Xxh64, KnownAnswers) {
  auto hash = [](const std::string &text, uint64_t seed = 0) {
    return xxh64(text.data(), text.size(), seed);
  };
  EXPECT_EQ(hash(""), 0xef46db3751d8e999u);
  EXPECT_EQ(hash("a"), 0xd24ec4f1a98c6e5bu);
  EXPECT_EQ(hash("abc"), 0x44bc2cf5ad770999u);
  EXPECT_EQ(hash("Nobody inspects the spammish repetition"),
            0xfbcea83c8a378bf1u);
}

TEST(Math, AgreesWithLibm) {
  double logError = 0, cosError = 0, expError = 0;
  for (int i = 1; i <= 1 << 16; ++i) {
    float u = i * 0x1p-16f, v = (i - 1) * 0x1p-16f;
    double exact = std::log(double(u));
    if (exact != 0)
      logError = std::max(logError, std::abs(logOf(u) / exact - 1));
    cosError = std::max(
        cosError, std::abs(cosOfTurn(v) - std::cos(2 * M_PI * double(v))));
    double x = -700.0 * v;
    expError = std::max(expError, std::abs(expOf(x) / std::exp(x) - 1));
  }
  EXPECT_LT(logError, 0x1p-22);
  EXPECT_LT(cosError, 0x1p-22);
  EXPECT_LT(expError, 1e-15);
  EXPECT_EQ(logOf(1.0f), 0.0f);
  EXPECT_EQ(cosOfTurn(0.0f), 1.0f);
}

static OgeeTensor tensorOf(int32_t init, double a, double b, int64_t elements,
                           int32_t type = OGEE_F32) {
  static const int64_t shape[] = {1};
  return {"blocks.3.attend.query.weight",
          shape,
          nullptr,
          a,
          b,
          1,
          elements,
          0,
          type,
          init,
          OGEE_PARAMETER,
          0,
          nullptr,
          nullptr,
          nullptr};
}

static std::vector<float> filled(const OgeeTensor &tensor, uint64_t seed = 7) {
  std::vector<float> values(tensor.elements);
  Filler(seed).fill(tensor, reinterpret_cast<uint8_t *>(values.data()), 0,
                    tensor.elements);
  return values;
}

/// Mean and standard deviation.
static std::pair<double, double> momentsOf(const std::vector<float> &values) {
  double sum = 0, squares = 0;
  for (float value : values) {
    sum += value;
    squares += double(value) * value;
  }
  double mean = sum / values.size();
  return {mean, std::sqrt(squares / values.size() - mean * mean)};
}

TEST(Filler, Distributions) {
  constexpr int64_t kCount = 1 << 20;
  auto [mean, deviation] =
      momentsOf(filled(tensorOf(OGEE_INIT_NORMAL, 0.5, 2, kCount)));
  EXPECT_NEAR(mean, 0.5, 0.01);
  EXPECT_NEAR(deviation, 2, 0.01);
  auto uniform = filled(tensorOf(OGEE_INIT_UNIFORM, -3, 1, kCount));
  EXPECT_NEAR(momentsOf(uniform).first, -1, 0.01);
  EXPECT_NEAR(momentsOf(uniform).second, 4 / std::sqrt(12.0), 0.01);
  for (float value : uniform)
    ASSERT_TRUE(value >= -3 && value <= 1);
  auto cut = filled(tensorOf(OGEE_INIT_TRUNC_NORMAL, 1, 0.5, kCount));
  for (float value : cut)
    ASSERT_TRUE(value >= 0 && value <= 2);
  // Of a standard normal cut at two: sqrt(1 - 4 phi(2) / (2 Phi(2) - 1)).
  EXPECT_NEAR(momentsOf(cut).second, 0.5 * 0.8796, 0.005);
  EXPECT_NEAR(momentsOf(cut).first, 1, 0.005);
}

TEST(Filler, WideInstructionsGiveTheBitsOfOneElement) {
  OgeeTensor tensor = tensorOf(OGEE_INIT_NORMAL, 0, 0.02, 1000);
  auto values = filled(tensor);
  uint64_t key = keyOf(7, tensor.path);
  for (int64_t i = 0; i < tensor.elements; ++i) {
    Words words = philox(key, i, 0);
    float expected = 0.02f * normalOf(words.word[0], words.word[1]);
    ASSERT_EQ(values[i], expected) << i;
  }
}

TEST(Filler, PiecesAreTheWhole) {
  OgeeTensor tensor = tensorOf(OGEE_INIT_TRUNC_NORMAL, 0, 1, 777);
  auto whole = filled(tensor);
  std::vector<float> pieces(tensor.elements);
  for (int64_t first = 0; first < 777; first += 100)
    Filler(7).fill(tensor, reinterpret_cast<uint8_t *>(pieces.data()), first,
                   std::min<int64_t>(first + 100, 777));
  EXPECT_EQ(whole, pieces);
}

TEST(Filler, SeedAndPathSelectTheStream) {
  OgeeTensor tensor = tensorOf(OGEE_INIT_NORMAL, 0, 1, 100), other = tensor;
  other.path = "blocks.4.attend.query.weight";
  EXPECT_NE(filled(tensor, 1), filled(tensor, 2));
  EXPECT_NE(filled(tensor), filled(other));
  EXPECT_EQ(filled(tensor), filled(tensor));
}

TEST(Filler, DoubleIsTheWidenedDraw) {
  OgeeTensor tensor = tensorOf(OGEE_INIT_UNIFORM, 0, 1, 100, OGEE_F64);
  std::vector<double> wide(100);
  Filler(7).fill(tensor, reinterpret_cast<uint8_t *>(wide.data()), 0, 100);
  tensor.type = OGEE_F32;
  auto narrow = filled(tensor);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(wide[i], double(narrow[i]));
}

TEST(Filler, ConstantsAndTables) {
  const float table[] = {1, 2, 3};
  OgeeTensor tensor = tensorOf(OGEE_INIT_TABLE, 0, 0, 3);
  tensor.table = table;
  EXPECT_EQ(filled(tensor), (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(filled(tensorOf(OGEE_INIT_CONSTANT, 1.5, 0, 2)),
            (std::vector<float>{1.5, 1.5}));
}

TEST(Bf16, RoundsToNearestEven) {
  EXPECT_EQ(floatOf(bf16Of(1.0f)), 1.0f);
  EXPECT_EQ(floatOf(bf16Of(1.0f + 0x1p-8f)), 1.0f);
  EXPECT_EQ(floatOf(bf16Of(1.0f + 0x1.8p-7f)), 1.0f + 0x1p-6f);
  EXPECT_TRUE(std::isnan(floatOf(bf16Of(NAN))));
  EXPECT_TRUE(std::isinf(floatOf(bf16Of(INFINITY))));
}
