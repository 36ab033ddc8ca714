// Whole runs of the hand-written program, through the main that every training
// binary has, against the same regression computed in double precision here.
#include "runtime/Run.h"

#include "runtime/Error.h"
#include "runtime/Safetensors.h"
#include "test/runtime/Temporary.h"
#include "test/runtime/TinyProgram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <csignal>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

using namespace ogee::runtime;

namespace {

std::string contents(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Text whose bytes follow a line with noise: y = x / 2 + 20 + (0 .. 9).
const std::string &trainingText() {
  static const std::string path = [] {
    std::string name = temporary("line");
    std::ofstream file(name, std::ios::binary);
    for (int i = 0, byte = 40; i < 2000; ++i) {
      file.put(static_cast<char>(byte));
      byte = byte / 2 + 20 + i * 7919 % 10;
    }
    return name;
  }();
  return path;
}

struct Ran {
  int code;
  std::string output;
};

Ran runWith(const std::vector<std::string> &arguments,
            const OgeeProgram &program = ogee_program) {
  std::vector<std::string> all = {"train-tiny", "--data", trainingText()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<char *> pointers;
  for (std::string &argument : all)
    pointers.push_back(argument.data());
  testing::internal::CaptureStdout();
  int code = run(program, static_cast<int>(pointers.size()), pointers.data());
  return {code, testing::internal::GetCapturedStdout()};
}

/// The values of `key` in the log's step lines.
std::vector<double> column(const std::string &log, const std::string &key) {
  std::vector<double> values;
  std::regex pattern("\"step\": .*\"" + key + "\": ([-0-9.e+]+)");
  std::istringstream lines(contents(log));
  std::smatch match;
  for (std::string line; std::getline(lines, line);)
    if (std::regex_search(line, match, pattern))
      values.push_back(std::stod(match[1]));
  return values;
}

void writeWeights(const std::string &path, float weight, float bias,
                  const char *name = "line.weight", int64_t size = 1) {
  const int64_t one[] = {1}, shape[] = {size};
  std::vector<float> weights(size, weight);
  Array<NamedTensor> tensors;
  tensors.push({name, shape, 1, size, OGEE_F32,
                reinterpret_cast<const uint8_t *>(weights.data())});
  tensors.push({"line.bias", one, 1, 1, OGEE_F32,
                reinterpret_cast<const uint8_t *>(&bias)});
  Message message;
  ASSERT_TRUE(writeSafetensors(path.c_str(), tensors, message));
}

/// The same training in double precision, from the data file.
struct Reference {
  double w, b;
  std::vector<double> losses, norms;

  Reference(double w, double b, int steps) : w(w), b(b) {
    std::string text = contents(trainingText());
    int64_t train = text.size() - text.size() / 10;
    int64_t windows = (train - 1) / kTinyWindow;
    for (int step = 0; step < steps; ++step) {
      double loss = 0, gw = 0, gb = 0;
      constexpr int64_t kCount = kTinyBatch * kTinyWindow;
      for (int64_t i = 0; i < kCount; ++i) {
        int64_t window = step * kTinyBatch + i / kTinyWindow;
        int64_t at = window % windows * kTinyWindow + i % kTinyWindow;
        double x = text[at] / 256.0,
               e = this->w * x + this->b - text[at + 1] / 256.0;
        loss += e * e / kCount;
        gw += 2 * e * x / kCount;
        gb += 2 * e / kCount;
      }
      losses.push_back(loss);
      norms.push_back(std::hypot(gw, gb));
      double rate = double(kTinyRate) * (1 - double(step) / steps);
      this->w -= rate * gw;
      this->b -= rate * gb;
    }
  }
};

auto exitsWith(Exit code) {
  return testing::ExitedWithCode(static_cast<int>(code));
}

} // namespace

TEST(Run, TrainsAsTheReferenceDoes) {
  std::string init = temporary("init"), log = temporary("log"),
              save = temporary("save");
  writeWeights(init, 0.75f, -0.5f);
  Ran ran = runWith({"--init", init, "--log", log, "--save", save, "--steps",
                     "60", "--quiet"});
  EXPECT_EQ(ran.code, 0);
  Reference reference(0.75, -0.5, 60);
  auto losses = column(log, "loss"), norms = column(log, "norm");
  ASSERT_EQ(losses.size(), 60u);
  ASSERT_EQ(norms.size(), 60u);
  for (int step = 0; step < 60; ++step) {
    EXPECT_NEAR(losses[step] / reference.losses[step], 1, 1e-5) << step;
    EXPECT_NEAR(norms[step] / reference.norms[step], 1, 1e-4) << step;
  }
  SafetensorsFile file;
  Message message;
  ASSERT_TRUE(file.open(save.c_str(), message)) << message.text;
  float weight = 0;
  ASSERT_TRUE(file.read(*file.find("line.weight"), 0, &weight, 4, message));
  EXPECT_NEAR(weight, reference.w, 1e-5);
}

TEST(Run, SameBitsOnAnyNumberOfThreads) {
  std::string expected, expectedLosses;
  for (std::vector<std::string> how :
       {std::vector<std::string>{"--threads=1"},
        {"--threads=2"},
        {"--threads=3"},
        {"--threads=7"},
        {"--threads=2", "--shuffle-chunks"},
        {"--threads=7", "--shuffle-chunks", "--split-all"},
        {"--threads=2", "--poison"},
        {"--threads=3", "--poison", "--shuffle-chunks", "--split-all"}}) {
    std::string save = temporary("bits");
    how.insert(how.end(), {"--quiet", "--save", save, "--sample", "A"});
    Ran ran = runWith(how);
    EXPECT_EQ(ran.code, 0);
    std::string bits = contents(save) + ran.output;
    expected = expected.empty() ? bits : expected;
    EXPECT_EQ(bits, expected) << how[0] << how[1];
  }
}

TEST(Run, LogHasHeaderStepsAndEvaluations) {
  std::string log = temporary("lines");
  Ran ran = runWith({"--log", log, "--steps", "3", "--seed", "5", "--threads",
                     "2", "--quiet"});
  EXPECT_EQ(ran.code, 0);
  std::istringstream lines(contents(log));
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line, "{\"format\": \"ogee.log\", \"version\": 1, \"model\": "
                  "\"Tiny\", \"seed\": 5, \"threads\": 2, \"target\": "
                  "\"x86-64\", \"precision\": \"f32\", \"parameters\": 2, "
                  "\"batch\": 5, \"steps\": 3}");
  for (int step = 0; step < 3; ++step) {
    std::getline(lines, line);
    EXPECT_TRUE(std::regex_match(
        line, std::regex("\\{\"step\": " + std::to_string(step) +
                         ", \"loss\": [0-9.e-]+, \"rate\": [0-9.e-]+, "
                         "\"norm\": [0-9.e-]+, \"seconds\": [0-9.e-]+\\}")))
        << line;
  }
  std::getline(lines, line);
  // floor(199 / 7) windows, 5 whole batches.
  EXPECT_TRUE(std::regex_match(
      line, std::regex("\\{\"step\": 3, \"eval_loss\": [0-9.e-]+, "
                       "\"tokens\": 175\\}")))
      << line;
}

TEST(Run, StopKeepsTheSchedule) {
  std::string stopped = temporary("stopped"), whole = temporary("whole");
  runWith({"--log", stopped, "--steps", "20", "--stop", "5", "--quiet"});
  runWith({"--log", whole, "--steps", "20", "--quiet"});
  auto some = column(stopped, "rate"), all = column(whole, "rate");
  ASSERT_EQ(some.size(), 5u);
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(some[i], all[i]);
}

TEST(Run, NoSteps) {
  std::string save = temporary("start"), again = temporary("again"),
              log = temporary("none");
  Ran ran = runWith(
      {"--steps", "0", "--save", save, "--log", log, "--data", "/nonexistent"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.output, "");
  EXPECT_TRUE(column(log, "loss").empty());
  runWith({"--steps", "0", "--init", save, "--save", again, "--seed", "99"});
  EXPECT_EQ(contents(save), contents(again));
  runWith({"--steps", "0", "--save", again, "--seed", "99"});
  EXPECT_NE(contents(save), contents(again));
}

TEST(Run, EvaluatesWithoutTraining) {
  Ran ran = runWith({"--eval", "--quiet"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_TRUE(std::regex_match(
      ran.output,
      std::regex("eval_loss 0\\.[0-9]+ at step 0 over 175 tokens\n")))
      << ran.output;
}

TEST(Run, SamplesAreTheSeedsOwn) {
  auto sample = [](const std::string &seed) {
    return runWith({"--steps", "0", "--sample", "Abc", "--seed", seed}).output;
  };
  std::string first = sample("1");
  // The prompt, a window of tokens, a newline.
  EXPECT_EQ(first.size(), 3u + kTinyWindow + 1u);
  EXPECT_EQ(first.substr(0, 3), "Abc");
  EXPECT_EQ(first, sample("1"));
  EXPECT_NE(first, sample("2"));
  // A prompt longer than the window keeps its end.
  EXPECT_EQ(
      runWith({"--steps", "0", "--sample", std::string(50, 'x')}).output.size(),
      50u + kTinyWindow + 1u);
}

TEST(Run, GradientsOfTheFirstStep) {
  std::string init = temporary("ginit"), gradients = temporary("gradients");
  writeWeights(init, 0.5f, 0.25f);
  runWith(
      {"--init", init, "--gradients", gradients, "--steps", "3", "--quiet"});
  SafetensorsFile file;
  Message message;
  ASSERT_TRUE(file.open(gradients.c_str(), message)) << message.text;
  float weight, bias;
  ASSERT_TRUE(file.read(*file.find("line.weight"), 0, &weight, 4, message));
  ASSERT_TRUE(file.read(*file.find("line.bias"), 0, &bias, 4, message));
  EXPECT_NEAR(std::hypot(weight, bias), Reference(0.5, 0.25, 1).norms[0], 1e-6);
}

TEST(Run, InitConvertsTypes) {
  std::string wide = temporary("wide"), save = temporary("converted");
  const int64_t one[] = {1};
  const double weight = 0.1;
  const uint16_t bias = 0x3FC0; // 1.5 in bf16
  Array<NamedTensor> tensors;
  tensors.push({"line.weight", one, 1, 1, OGEE_F64,
                reinterpret_cast<const uint8_t *>(&weight)});
  tensors.push({"line.bias", one, 1, 1, OGEE_BF16,
                reinterpret_cast<const uint8_t *>(&bias)});
  Message message;
  ASSERT_TRUE(writeSafetensors(wide.c_str(), tensors, message));
  runWith({"--steps", "0", "--init", wide, "--save", save});
  SafetensorsFile file;
  ASSERT_TRUE(file.open(save.c_str(), message));
  float read;
  ASSERT_TRUE(file.read(*file.find("line.weight"), 0, &read, 4, message));
  EXPECT_EQ(read, 0.1f);
  ASSERT_TRUE(file.read(*file.find("line.bias"), 0, &read, 4, message));
  EXPECT_EQ(read, 1.5f);
}

TEST(RunErrors, RefusedCheckpoints) {
  std::string init = temporary("refused");
  auto start = [&] { runWith({"--init", init}); };
  writeWeights(init, 1, 1, "line.wait");
  EXPECT_EXIT(start(), exitsWith(Exit::Refused),
              "lacks tensor `line.weight` \\[1\\]");
  writeWeights(init, 1, 1, "line.weight", 2);
  EXPECT_EXIT(start(), exitsWith(Exit::Refused),
              "tensor `line.weight` is \\[2\\] in .*, the model has \\[1\\]");
  const int64_t one[] = {1};
  const float value = 1;
  Array<NamedTensor> tensors;
  for (const char *name : {"line.weight", "line.bias", "line.more"})
    tensors.push(
        {name, one, 1, 1, OGEE_F32, reinterpret_cast<const uint8_t *>(&value)});
  Message message;
  ASSERT_TRUE(writeSafetensors(init.c_str(), tensors, message));
  EXPECT_EXIT(start(), exitsWith(Exit::Refused),
              "the model has no tensor `line.more` \\[1\\]");
  for (NamedTensor &tensor : tensors)
    tensor.type = OGEE_I32;
  ASSERT_TRUE(writeSafetensors(init.c_str(), tensors, message));
  EXPECT_EXIT(start(), exitsWith(Exit::Refused),
              "`line.weight` is I32 in .*, the model has F32");
  std::ofstream(init) << "nonsense";
  EXPECT_EXIT(start(), exitsWith(Exit::Refused), "not a safetensors file");
}

TEST(RunErrors, NonFiniteLoss) {
  std::string init = temporary("huge"), save = temporary("unsaved");
  auto start = [&] { runWith({"--init", init, "--save", save}); };
  writeWeights(init, 1e30f, 0);
  EXPECT_EXIT(start(), exitsWith(Exit::NonFinite),
              "loss of step 0 is inf; the first tensor that is not finite is "
              "`partial` .*kernel `forward`; nothing was updated");
  writeWeights(init, NAN, 0);
  EXPECT_EXIT(start(), exitsWith(Exit::NonFinite),
              "element 0 of `line.weight` was not finite before it");
  EXPECT_EQ(contents(save), "");
}

TEST(RunErrors, UsageAndData) {
  EXPECT_EXIT(runWith({"--thread=3"}), exitsWith(Exit::Usage),
              "did you mean `--threads`");
  EXPECT_EXIT(runWith({"--data", "/nonexistent"}), exitsWith(Exit::BadData),
              "cannot open data file `/nonexistent`");
  EXPECT_EXIT(runWith({"--log", "/nonexistent/log"}), exitsWith(Exit::Usage),
              "cannot write log");
  OgeeProgram program = ogee_program;
  program.version = OGEE_ABI_VERSION + 1;
  EXPECT_EXIT(runWith({}, program), exitsWith(Exit::Internal), "version");
  const char *features[] = {"teleport"};
  program = ogee_program;
  program.features = features;
  program.feature_count = 1;
  EXPECT_EXIT(runWith({}, program), exitsWith(Exit::Processor), "teleport");
  program = ogee_program;
  program.arena_bytes = int64_t(1) << 60;
  EXPECT_EXIT(runWith({}, program), exitsWith(Exit::OutOfMemory), "plan needs");
}

TEST(Run, ASignalEndsTheStepAndSaves) {
  std::string save = temporary("signal");
  auto start = [&] {
    signal(SIGALRM, [](int) { raise(SIGTERM); });
    alarm(1);
    _exit(runWith({"--steps", "1000000000", "--save", save, "--quiet"}).code);
  };
  EXPECT_EXIT(start(), exitsWith(Exit::Stopped), "");
  EXPECT_NE(contents(save), "");
}
