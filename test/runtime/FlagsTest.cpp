#include "runtime/Flags.h"
#include "runtime/Features.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

using namespace ogee::runtime;

namespace {

struct Parsed {
  bool good;
  Flags flags;
  std::string error;
};

Parsed parse(std::vector<std::string> arguments, int64_t gradients = 0) {
  OgeeProgram program = {};
  program.steps = 50;
  program.seed = 3;
  program.data.path = "default.txt";
  program.gradient_count = gradients;
  std::vector<char *> pointers = {const_cast<char *>("train-tiny")};
  for (std::string &argument : arguments)
    pointers.push_back(argument.data());
  Parsed parsed;
  Message message;
  parsed.good = parseFlags(program, static_cast<int>(pointers.size()),
                           pointers.data(), parsed.flags, message);
  parsed.error = message.text;
  return parsed;
}

std::string errorOf(std::vector<std::string> arguments) {
  Parsed parsed = parse(std::move(arguments));
  return parsed.good ? "" : parsed.error;
}

} // namespace

TEST(Flags, DefaultsComeFromTheProgram) {
  Parsed parsed = parse({});
  EXPECT_TRUE(parsed.good);
  EXPECT_EQ(parsed.flags.steps, 50);
  EXPECT_EQ(parsed.flags.seed, 3u);
  EXPECT_STREQ(parsed.flags.data, "default.txt");
}

TEST(Flags, ValuesInBothForms) {
  // The strings must outlive the flags that point into them.
  std::string data = "--data=a=b";
  char *arguments[] = {nullptr, data.data(), const_cast<char *>("--steps"),
                       const_cast<char *>("7"), const_cast<char *>("--eval")};
  OgeeProgram program = {};
  Flags flags;
  Message message;
  ASSERT_TRUE(parseFlags(program, 5, arguments, flags, message));
  EXPECT_STREQ(flags.data, "a=b");
  EXPECT_EQ(flags.steps, 7);
  EXPECT_TRUE(flags.evaluate);
}

TEST(Flags, TheLastOneCounts) {
  EXPECT_EQ(parse({"--steps", "7", "--steps", "8"}).flags.steps, 8);
}

TEST(Flags, UnknownOnesGetASuggestion) {
  EXPECT_EQ(errorOf({"--thread", "3"}),
            "unknown flag `--thread`; did you mean `--threads`?");
  EXPECT_EQ(errorOf({"--setps=3"}),
            "unknown flag `--setps`; did you mean `--steps`?");
  EXPECT_EQ(errorOf({"--elephant"}),
            "unknown flag `--elephant`; --help lists the flags");
  EXPECT_EQ(errorOf({"steps"}),
            "unexpected argument `steps`; flags start with --");
  EXPECT_NE(errorOf({"--" + std::string(5000, 'x')}), "");
}

TEST(Flags, GradientsOnlyWhereTheProgramHasThem) {
  EXPECT_FALSE(parse({"--gradients", "f"}).good);
  EXPECT_TRUE(parse({"--gradients", "f"}, 2).good);
}

TEST(Flags, BadValues) {
  EXPECT_EQ(errorOf({"--steps"}), "`--steps` needs a value: --steps N");
  for (const char *text : {"x", "-1", "1x", "", " 1", "99999999999999999999",
                           "9223372036854775808", "0x10"})
    EXPECT_EQ(errorOf({"--steps", text}),
              "`--steps` takes a whole number, not `" + std::string(text) +
                  "`");
  EXPECT_EQ(errorOf({"--threads", "0"}),
            "`--threads` takes a number from 1 to 1024, not `0`");
  EXPECT_EQ(errorOf({"--quiet=1"}), "`--quiet` takes no value");
  EXPECT_EQ(parse({"--seed", "18446744073709551615"}).flags.seed, ~0ull);
}

TEST(Features, NamesInEitherSpelling) {
  EXPECT_TRUE(hasFeature("sse2"));
  EXPECT_EQ(hasFeature("sse4.1"), hasFeature("sse4_1"));
  EXPECT_EQ(hasFeature("avx512bf16"), hasFeature("avx512_bf16"));
  EXPECT_FALSE(hasFeature("teleport"));
}

TEST(Features, WhatIsMissingIsNamed) {
  const char *names[] = {"sse2", "teleport"};
  EXPECT_EXIT(requireFeatures(names, 2, "future"),
              testing::ExitedWithCode(static_cast<int>(Exit::Processor)),
              "target `future`, and this processor lacks teleport");
  requireFeatures(names, 1, "past");
}
