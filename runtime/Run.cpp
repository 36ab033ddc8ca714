#include "runtime/Run.h"

#include "runtime/Features.h"
#include "runtime/Session.h"

#include <cstdio>

namespace ogee::runtime {

static void describe(const Session &session) {
  const OgeeProgram &program = session.program;
  constexpr double kMiB = 1 << 20;
  note("%s: %ld parameters, %s, target %s\n", program.model, program.parameters,
       program.precision, program.target);
  note("memory: %.1f MiB planned, %.1f of it parameters and state, %.1f "
       "scratch of %ld threads\n",
       session.plannedBytes / kMiB, program.persistent_bytes / kMiB,
       (session.plannedBytes - program.arena_bytes) / kMiB,
       session.flags.threads);
  if (session.data.trainExamples() > 0)
    note("data: %s, %ld to train on, %ld held out; batch %ld, %ld steps\n",
         session.flags.data, session.data.trainExamples(),
         session.data.heldOutExamples(), program.batch, session.flags.steps);
}

static void startProgress(Session &session) {
  bool text = session.program.data.source == OGEE_SOURCE_TEXT;
  int64_t rows = session.data.rows(*batchEntry(session.program, 0)) *
                 session.program.accumulate;
  session.progress.start(session.flags,
                         text ? rows * session.program.data.window : rows,
                         text ? "tokens" : "records");
}

static void printMemory(const Session &session) {
  printf("{\"planned_bytes\": %ld, \"measured_bytes\": %ld, "
         "\"resident_at_main_bytes\": %ld}\n",
         session.plannedBytes, residentPeakBytes() - session.residentAtMain,
         session.residentAtMain);
  fflush(stdout);
}

static Flags readFlags(const OgeeProgram &program, int count,
                       char **arguments) {
  Flags flags;
  Message message;
  if (!parseFlags(program, count, arguments, flags, message))
    fail(Exit::Usage, "%s", message.text);
  if (flags.threads == 0)
    flags.threads = availableProcessors();
  if (flags.sample && !findEntry(program, "sample"))
    fail(Exit::Usage, "`--sample`: this model does not predict tokens");
  if (flags.profile && flags.poison)
    fail(Exit::Usage, "`--profile` and `--poison` do not go together");
  if (!findEntry(program, "step"))
    fail(Exit::Internal, "the program has no entry `step`");
  return flags;
}

/// What follows training; returns the exit code.
static int conclude(Session &session, int signal) {
  const Flags &flags = session.flags;
  if (flags.save)
    saveTensors(session, flags.save);
  if (signal)
    return flags.save ? static_cast<int>(Exit::Stopped) : 128 + signal;
  bool trained = !flags.evaluate && !flags.bench && flags.steps > 0;
  bool evaluated = (trained || flags.evaluate) &&
                   evaluateHeldOut(session, flags.evaluate ? 0 : flags.steps);
  if (flags.evaluate && !evaluated)
    fail(Exit::BadData, "`%s` holds out too little for one batch to evaluate",
         flags.data);
  if (flags.sample)
    printSample(session);
  if (flags.memory)
    printMemory(session);
  if (flags.profile) {
    session.profile.print();
    session.profile.writeTrace(flags.profile);
  }
  return static_cast<int>(Exit::Ok);
}

int run(const OgeeProgram &program, int count, char **arguments) {
  int64_t resident = residentBytes();
  requireFeatures(program.features, program.feature_count, program.target);
  if (program.version != OGEE_ABI_VERSION)
    fail(Exit::Internal, "program version %ld, runtime version %d",
         program.version, OGEE_ABI_VERSION);
  Session session(program, readFlags(program, count, arguments));
  const Flags &flags = session.flags;
  if (flags.help) {
    printHelp(program, arguments[0]);
    return static_cast<int>(Exit::Ok);
  }
  session.residentAtMain = resident;
  if (flags.steps > 0 || flags.evaluate || flags.bench) {
    session.data.open(program, flags.data, flags.seed, *batchEntry(program, 0));
    for (int64_t phase = 1; phase < program.phase_count; ++phase)
      session.data.addFields(*batchEntry(program, phase));
  }
  session.log.open(program, flags);
  prepare(session);
  initialise(session);
  if (!flags.quiet)
    describe(session);
  startProgress(session);
  int signal = 0;
  // What is trained is evaluated as at the end of its training.
  if (flags.evaluate)
    enterPhase(session, program.phase_count - 1);
  if (flags.bench)
    bench(session);
  else if (!flags.evaluate)
    signal = train(session);
  int code = conclude(session, signal);
  session.pool.stop();
  return code;
}

} // namespace ogee::runtime
