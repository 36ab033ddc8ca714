// --bench: another program decides when to run. It reads `ready {..}`, writes
// the number of steps of a round on a line, and reads that round's times.
#include "runtime/Session.h"

#include <cstdio>
#include <cstdlib>

namespace ogee::runtime {

void bench(Session &session) {
  printf("ready {\"base_kb\": %ld, \"planned_bytes\": %ld, "
         "\"arena_bytes\": %ld, \"threads\": %ld, \"parameters\": %ld}\n",
         session.residentAtMain / 1024, session.plannedBytes,
         session.program.arena_bytes, session.flags.threads,
         session.program.parameters);
  fflush(stdout);
  char line[64];
  int64_t step = 0;
  while (fgets(line, sizeof line, stdin)) {
    char *end = nullptr;
    long count = strtol(line, &end, 10);
    if (count <= 0 || *end != '\n')
      fail(Exit::Usage, "--bench reads a number of steps a line");
    double loss = 0;
    printf("{\"ms\": [");
    for (long i = 0; i < count; ++i) {
      StepResult result = runStep(session, step++);
      loss = result.loss;
      printf("%s%.6f", i ? ", " : "", 1e3 * result.seconds);
      if (step == 1 && session.flags.gradients)
        saveGradients(session, session.flags.gradients);
    }
    printf("], \"loss\": %s, \"resident_peak_bytes\": %ld}\n",
           jsonNumber(loss).text, residentPeakBytes());
    fflush(stdout);
  }
}

} // namespace ogee::runtime
