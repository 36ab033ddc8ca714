#include "runtime/Data.h"

#include "runtime/Error.h"
#include "runtime/Random.h"
#include "test/runtime/Temporary.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>
#include <vector>

using namespace ogee::runtime;

namespace {

constexpr int64_t kBatch = 3, kWindow = 5;
const int64_t kShape[] = {kBatch, kWindow};

/// A text data set of `size` bytes in which byte i is i mod 100.
struct Text {
  std::string path;
  OgeeProgram program = {};
  OgeeSlot inputs[3];
  OgeeEntry entry = {};
  std::vector<int32_t> arena = std::vector<int32_t>(64);
  Data data;

  explicit Text(int64_t size, int32_t order, double holdout = 0.1,
                int32_t bound = 0)
      : path(temporary("text")),
        inputs{{"tokens", kShape, 2, 15, 0, OGEE_I32, bound},
               {"targets", kShape, 2, 15, 64, OGEE_I32, bound},
               {"step", nullptr, 0, 1, 128, OGEE_I64, 0}} {
    std::ofstream file(path, std::ios::binary);
    for (int64_t i = 0; i < size; ++i)
      file.put(static_cast<char>(i % 100));
    program.data = {nullptr,           holdout, kWindow, OGEE_SOURCE_TEXT,
                    OGEE_TOKENS_BYTES, order,   0};
    entry.inputs = inputs;
    entry.input_count = 3;
  }
  ~Text() { remove(path.c_str()); }

  void open(uint64_t seed = 1) {
    data.open(program, path.c_str(), seed, entry);
  }
  int32_t token(int64_t row, int64_t t) const {
    return arena[row * kWindow + t];
  }
  int32_t target(int64_t row, int64_t t) const {
    return arena[16 + row * kWindow + t];
  }
  void fill(int64_t step) {
    data.fillStep(entry, step, reinterpret_cast<uint8_t *>(arena.data()));
  }
};

} // namespace

TEST(TextData, SequentialWindows) {
  Text text(1000, OGEE_SEQUENTIAL);
  text.open();
  EXPECT_EQ(text.data.trainExamples(), 900);
  EXPECT_EQ(text.data.heldOutExamples(), 100);
  // floor((900 - 1) / 5) windows, then from the start again.
  const int64_t windows = 179;
  for (int64_t step : {0, 1, 59, 60, 1000}) {
    text.fill(step);
    for (int64_t row = 0; row < kBatch; ++row)
      for (int64_t t = 0; t < kWindow; ++t) {
        int64_t start = (step * kBatch + row) % windows * kWindow;
        EXPECT_EQ(text.token(row, t), (start + t) % 100);
        EXPECT_EQ(text.target(row, t), (start + t + 1) % 100);
      }
  }
}

TEST(TextData, RandomWindowsAreKeyedByExample) {
  Text text(1000, OGEE_RANDOM), other(1000, OGEE_RANDOM);
  text.open(1);
  other.open(2);
  std::set<int32_t> starts;
  bool differs = false;
  for (int64_t step = 0; step < 200; ++step) {
    text.fill(step);
    other.fill(step);
    for (int64_t row = 0; row < kBatch; ++row) {
      // 900 - 5 starts, of equal chance.
      int64_t start = below(philox(1, step * kBatch + row, 0), 895);
      EXPECT_EQ(text.token(row, 0), start % 100);
      EXPECT_EQ(text.target(row, 4), (start + 5) % 100);
      differs |= text.token(row, 0) != other.token(row, 0);
      starts.insert(text.token(row, 0));
    }
  }
  EXPECT_TRUE(differs);
  EXPECT_GT(starts.size(), 90u);
}

TEST(TextData, LastStartIsReached) {
  // Exactly one window and its last target: there is one start.
  Text text(6, OGEE_RANDOM, 0);
  text.open();
  text.fill(0);
  EXPECT_EQ(text.token(2, 0), 0);
  EXPECT_EQ(text.target(2, 4), 5);
}

TEST(TextData, HeldOutWindows) {
  Text text(1000, OGEE_RANDOM);
  text.open();
  // floor(99 / 5) windows, whole batches of 3.
  EXPECT_EQ(text.data.heldOutBatches(kBatch), 6);
  text.data.fillHeldOut(text.entry, 5,
                        reinterpret_cast<uint8_t *>(text.arena.data()));
  EXPECT_EQ(text.token(2, 0), (900 + (5 * 3 + 2) * 5) % 100);
  EXPECT_EQ(text.target(2, 4), (900 + (5 * 3 + 2) * 5 + 5) % 100);
}

static auto badData() {
  return testing::ExitedWithCode(static_cast<int>(Exit::BadData));
}

TEST(TextData, Errors) {
  Text text(6, OGEE_RANDOM, 0.2);
  EXPECT_EXIT(text.open(), badData(), "too short: 5 of its 6 bytes .* needs 6");
  Text empty(0, OGEE_RANDOM);
  EXPECT_EXIT(empty.open(), badData(), "is empty");
  Text lost(10, OGEE_RANDOM);
  lost.path = "/nonexistent";
  EXPECT_EXIT(lost.open(), badData(), "cannot open .*No such file");
  lost.path = testing::TempDir();
  EXPECT_EXIT(lost.open(), badData(), "not a regular file");
  EXPECT_EXIT(lost.data.open(lost.program, nullptr, 1, lost.entry), badData(),
              "--data FILE");
}

TEST(TextData, TokensOutsideTheDeclaredBounds) {
  Text text(1000, OGEE_RANDOM, 0.1, 65);
  EXPECT_EXIT(text.open(), badData(),
              "token 65 at byte 65 of .* is outside int\\(65\\)");
  Text fits(1000, OGEE_RANDOM, 0.1, 100);
  fits.open();
}

TEST(TextData, FirstByteAtLeast) {
  std::vector<uint8_t> bytes(10000, 7);
  EXPECT_EQ(firstByteAtLeast(bytes.data(), bytes.size(), 8), -1);
  EXPECT_EQ(firstByteAtLeast(bytes.data(), bytes.size(), 7), 0);
  for (int64_t place : {4095, 4096, 9999}) {
    bytes.assign(10000, 7);
    bytes[place] = 8;
    EXPECT_EQ(firstByteAtLeast(bytes.data(), bytes.size(), 8), place);
  }
  EXPECT_EQ(firstByteAtLeast(bytes.data(), bytes.size(), 256), -1);
}

namespace {

/// Ten records of `x` [2] f32 and `label` i32.
struct Records {
  std::string path = temporary("records");
  OgeeProgram program = {};
  int64_t xShape[2] = {4, 2}, labelShape[1] = {4};
  OgeeSlot inputs[2] = {{"x", xShape, 2, 8, 0, OGEE_F32, 0},
                        {"label", labelShape, 1, 4, 64, OGEE_I32, 10}};
  OgeeEntry entry = {};
  float x[20];
  int32_t label[10];
  std::vector<float> arena = std::vector<float>(32);
  Data data;

  Records() {
    for (int i = 0; i < 10; ++i) {
      x[2 * i] = i + 0.5f;
      x[2 * i + 1] = -i;
      label[i] = i;
    }
    program.data = {
        nullptr,         0.2, 0, OGEE_SOURCE_ARRAYS, OGEE_TOKENS_NONE,
        OGEE_SEQUENTIAL, 0};
    entry.inputs = inputs;
    entry.input_count = 2;
  }
  ~Records() { remove(path.c_str()); }

  void write(int64_t labels = 10, bool withX = true) {
    const int64_t xs[] = {10, 2}, ls[] = {labels};
    Array<NamedTensor> tensors;
    if (withX)
      tensors.push({"x", xs, 2, 20, OGEE_F32, reinterpret_cast<uint8_t *>(x)});
    tensors.push(
        {"label", ls, 1, labels, OGEE_I32, reinterpret_cast<uint8_t *>(label)});
    Message message;
    ASSERT_TRUE(writeSafetensors(path.c_str(), tensors, message));
  }
  void open() { data.open(program, path.c_str(), 1, entry); }
};

} // namespace

TEST(ArrayData, RecordsInOrder) {
  Records records;
  records.write();
  records.open();
  EXPECT_EQ(records.data.trainExamples(), 8);
  EXPECT_EQ(records.data.heldOutBatches(1), 2);
  auto *arena = reinterpret_cast<uint8_t *>(records.arena.data());
  auto *labels = reinterpret_cast<int32_t *>(arena + 64);
  records.data.fillStep(records.entry, 2, arena); // records 8.. wrap to 0..
  for (int row = 0; row < 4; ++row) {
    EXPECT_EQ(records.arena[2 * row], row + 0.5f);
    EXPECT_EQ(labels[row], row);
  }
}

TEST(ArrayData, FloatsOfAnotherWidth) {
  Records records;
  records.write();
  records.inputs[0].type = OGEE_F64;
  records.open();
  records.data.fillStep(records.entry, 0,
                        reinterpret_cast<uint8_t *>(records.arena.data()));
  auto *wide = reinterpret_cast<double *>(records.arena.data());
  EXPECT_EQ(wide[4], 2.5);
  EXPECT_EQ(wide[5], -2.0);
}

TEST(ArrayData, Errors) {
  Records records;
  records.write(10, false);
  EXPECT_EXIT(records.open(), badData(), "no array `x`");
  records.write(9);
  EXPECT_EXIT(records.open(), badData(), "has 9 records, others have 10");
  records.label[3] = 10;
  records.write();
  EXPECT_EXIT(records.open(), badData(),
              "value 10 at element 3 of array `label`");
  records.label[3] = 0;
  records.write();
  records.inputs[0].type = OGEE_I64;
  EXPECT_EXIT(records.open(), badData(), "does not fit");
  std::ofstream(records.path) << "nonsense";
  EXPECT_EXIT(records.open(), badData(), "not a safetensors file");
}
