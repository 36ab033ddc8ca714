#include "runtime/Flags.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace ogee::runtime {

namespace {
enum class Kind { Switch, Text, Count, Seed, Threads };
enum class When { Always, Gradients };

struct Row {
  const char *name;
  const char *operand; // as the help writes it; null for a switch
  const char *help;
  Kind kind;
  When when;
  void *(*field)(Flags &);
};
} // namespace

#define FIELD(member) ([](Flags &flags) -> void * { return &flags.member; })

static constexpr Row kRows[] = {
    {"data", "FILE", "the file to train on", Kind::Text, When::Always,
     FIELD(data)},
    {"steps", "N", "steps to train; schedules stretch to it", Kind::Count,
     When::Always, FIELD(steps)},
    {"stop", "N", "stop after N steps, schedules unchanged", Kind::Count,
     When::Always, FIELD(stop)},
    {"seed", "N", "seed of initial values and of the order of data", Kind::Seed,
     When::Always, FIELD(seed)},
    {"threads", "N", "threads; by default the processors available",
     Kind::Threads, When::Always, FIELD(threads)},
    {"log", "FILE", "write JSON lines: a header, then one line a step",
     Kind::Text, When::Always, FIELD(log)},
    {"init", "FILE", "parameters to start from (safetensors)", Kind::Text,
     When::Always, FIELD(init)},
    {"save", "FILE", "write the parameters at the end (safetensors)",
     Kind::Text, When::Always, FIELD(save)},
    {"eval", nullptr, "evaluate on the held-out data, without training",
     Kind::Switch, When::Always, FIELD(evaluate)},
    {"sample", "TEXT", "continue TEXT at the end", Kind::Text, When::Always,
     FIELD(sample)},
    {"quiet", nullptr, "print results only", Kind::Switch, When::Always,
     FIELD(quiet)},
    {"gradients", "FILE", "write the gradients of the first step (safetensors)",
     Kind::Text, When::Gradients, FIELD(gradients)},
    {"memory", nullptr, "print planned and measured memory at the end",
     Kind::Switch, When::Always, FIELD(memory)},
    {"profile", "FILE", "print times by kernel; write the last step as a trace",
     Kind::Text, When::Always, FIELD(profile)},
    {"bench", nullptr, "run N steps for each line N of standard input",
     Kind::Switch, When::Always, FIELD(bench)},
    {"shuffle-chunks", nullptr, "for tests: claim chunks in a random order",
     Kind::Switch, When::Always, FIELD(shuffle)},
    {"split-all", nullptr, "for tests: share launches however small",
     Kind::Switch, When::Always, FIELD(split)},
    {"poison", nullptr, "for tests: fill dead buffers with NaN", Kind::Switch,
     When::Always, FIELD(poison)},
    {"help", nullptr, "print this", Kind::Switch, When::Always, FIELD(help)},
};

#undef FIELD

static bool applies(const Row &row, const OgeeProgram &program) {
  return row.when == When::Always || program.gradient_count > 0;
}

/// Edits (insert, delete, replace, swap neighbours) between two short words.
static int distance(const char *a, const char *b) {
  constexpr int kMost = 32;
  int m = strnlen(a, kMost - 1), n = strnlen(b, kMost - 1);
  int cost[kMost][kMost];
  for (int i = 0; i <= m; ++i) {
    for (int j = 0; j <= n; ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      int best = cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
      int drop =
          (cost[i - 1][j] < cost[i][j - 1] ? cost[i - 1][j] : cost[i][j - 1]) +
          1;
      best = drop < best ? drop : best;
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
          cost[i - 2][j - 2] + 1 < best)
        best = cost[i - 2][j - 2] + 1;
      cost[i][j] = best;
    }
  }
  return cost[m][n];
}

static bool unknown(const OgeeProgram &program, const char *name,
                    Message &message) {
  const char *nearest = nullptr;
  int least = 3; // more edits than this are another word
  for (const Row &row : kRows) {
    int edits = applies(row, program) ? distance(name, row.name) : least;
    if (edits < least) {
      least = edits;
      nearest = row.name;
    }
  }
  if (nearest)
    return message.set("unknown flag `--%s`; did you mean `--%s`?", name,
                       nearest);
  return message.set("unknown flag `--%s`; --help lists the flags", name);
}

/// A number in [0, 2^63), or any 64-bit number for a seed.
static bool number(const Row &row, const char *text, void *field,
                   Message &message) {
  char *end = nullptr;
  errno = 0;
  unsigned long long value = strtoull(text, &end, 10);
  bool digits = *text >= '0' && *text <= '9' && *end == 0 && errno == 0;
  if (!digits || (row.kind != Kind::Seed && value > INT64_MAX))
    return message.set("`--%s` takes a whole number, not `%s`", row.name, text);
  constexpr unsigned long long kMostThreads = 1024;
  if (row.kind == Kind::Threads && (value == 0 || value > kMostThreads))
    return message.set("`--%s` takes a number from 1 to %llu, not `%s`",
                       row.name, kMostThreads, text);
  *static_cast<uint64_t *>(field) = value;
  return true;
}

/// The row that `argument` names: `--name` or `--name=value`.
static const Row *find(const OgeeProgram &program, const char *name,
                       size_t length) {
  for (const Row &row : kRows)
    if (applies(row, program) && strlen(row.name) == length &&
        strncmp(row.name, name, length) == 0)
      return &row;
  return nullptr;
}

/// Reads the argument at `index`, and the one behind it where it is its value.
static bool parseOne(const OgeeProgram &program, char **arguments, int count,
                     int &index, Flags &flags, Message &message) {
  const char *argument = arguments[index];
  if (strncmp(argument, "--", 2) != 0 || argument[2] == 0)
    return message.set("unexpected argument `%s`; flags start with --",
                       argument);
  const char *name = argument + 2;
  const char *equals = strchr(name, '=');
  size_t length = equals ? equals - name : strlen(name);
  const Row *row = find(program, name, length);
  if (!row) {
    char word[64];
    snprintf(word, sizeof word, "%.*s", static_cast<int>(length), name);
    return unknown(program, word, message);
  }
  void *field = row->field(flags);
  if (row->kind == Kind::Switch) {
    *static_cast<bool *>(field) = true;
    return !equals || message.set("`--%s` takes no value", row->name);
  }
  if (!equals && index + 1 == count)
    return message.set("`--%s` needs a value: --%s %s", row->name, row->name,
                       row->operand);
  const char *value = equals ? equals + 1 : arguments[++index];
  if (row->kind != Kind::Text)
    return number(*row, value, field, message);
  *static_cast<const char **>(field) = value;
  return true;
}

bool parseFlags(const OgeeProgram &program, int count, char **arguments,
                Flags &flags, Message &message) {
  flags.data = program.data.path;
  flags.steps = program.steps;
  flags.seed = program.seed;
  for (int index = 1; index < count; ++index)
    if (!parseOne(program, arguments, count, index, flags, message))
      return false;
  return true;
}

void printHelp(const OgeeProgram &program, const char *name) {
  char text[8192];
  size_t used = snprintf(text, sizeof text,
                         "usage: %s [flags]\n"
                         "Trains %s (%ld parameters, %s, target %s).\n\n",
                         name, program.model, program.parameters,
                         program.precision, program.target);
  for (const Row &row : kRows) {
    if (!applies(row, program))
      continue;
    char head[40];
    snprintf(head, sizeof head, "--%s %s", row.name,
             row.operand ? row.operand : "");
    used += snprintf(text + used, sizeof text - used, "  %-20s %s\n", head,
                     row.help);
  }
  used += snprintf(
      text + used, sizeof text - used,
      "\nDefaults: --data %s --steps %ld --seed %lu. Results go to standard "
      "output,\nprogress to standard error. Exit codes: 0 ok, 2 usage, 3 bad "
      "data, 4 out of\nmemory, 5 non-finite loss, 6 checkpoint refused, 7 "
      "processor, 70 internal error,\n75 saved after a signal.\n",
      program.data.path ? program.data.path : "FILE", program.steps,
      program.seed);
  writeAll(1, text, used);
}

} // namespace ogee::runtime
