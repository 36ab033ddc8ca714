// The training run as a user starts it.
#include "runtime/Session.h"

#include <csignal>
#include <cstdio>

namespace ogee::runtime {

static volatile sig_atomic_t caughtSignal = 0;

/// The first signal lets the step end; the second one ends the process.
static void catchSignal(int number) {
  caughtSignal = number;
  signal(number, SIG_DFL);
}

int train(Session &session) {
  const Flags &flags = session.flags;
  signal(SIGINT, catchSignal);
  signal(SIGTERM, catchSignal);
  int64_t last =
      flags.stop >= 0 && flags.stop < flags.steps ? flags.stop : flags.steps;
  StepResult result = {};
  const OgeeProgram &program = session.program;
  for (int64_t step = 0; step < last && !caughtSignal; ++step) {
    while (session.phase + 1 < program.phase_count &&
           program.phases[session.phase + 1].first <= step) {
      enterPhase(session, session.phase + 1);
      copyTensorsOf(session, session.phase);
    }
    int64_t every = program.phases[session.phase].evaluate_every;
    result = runStep(session, step);
    logStep(session, result);
    session.progress.step(result);
    if (step == 0 && flags.gradients)
      saveGradients(session, flags.gradients);
    if (every > 0 && (step + 1) % every == 0 && step + 1 < last)
      evaluateHeldOut(session, step + 1);
  }
  session.progress.finish();
  if (last > 0) {
    printf("loss %.6f at step %ld\n", result.loss, result.step);
    fflush(stdout);
  }
  return caughtSignal;
}

} // namespace ogee::runtime
