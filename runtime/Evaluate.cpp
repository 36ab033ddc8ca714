#include "runtime/Session.h"

#include <cstdio>

namespace ogee::runtime {

bool evaluateHeldOut(Session &session, int64_t step) {
  if (!session.evaluate.entry)
    return false;
  const OgeeEntry &entry = *session.evaluate.entry;
  int64_t rows = session.data.rows(entry);
  int64_t batches = session.data.heldOutBatches(rows);
  if (batches == 0)
    return false;
  double sum = 0;
  for (int64_t batch = 0; batch < batches; ++batch) {
    if (session.flags.poison)
      poisonBefore(session.program, session.arena);
    session.data.fillHeldOut(entry, batch, session.arena);
    fillScalars(session, entry, step);
    runEntry(session, session.evaluate);
    sum += readOutput(session, entry, "loss");
    session.progress.evaluation(batch + 1, batches);
  }
  bool text = session.program.data.source == OGEE_SOURCE_TEXT;
  int64_t tokens = batches * rows * (text ? session.program.data.window : 1);
  double loss = sum / static_cast<double>(batches);
  session.progress.finish();
  session.log.evaluation(step, loss, tokens);
  printf("eval_loss %.6f at step %ld over %ld %s\n", loss, step, tokens,
         text ? "tokens" : "records");
  fflush(stdout);
  return true;
}

} // namespace ogee::runtime
