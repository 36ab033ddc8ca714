#include "runtime/Session.h"

#include <cstdio>

namespace ogee::runtime {

/// Of the batches that are held out, how many an evaluation takes: while a
/// model trains about as many examples as the program says, else all.
static int64_t batchesUsed(const Session &session, int64_t rows,
                           int64_t batches) {
  int64_t most = session.program.phases[session.phase].evaluate_most;
  if (most == 0 || session.flags.evaluate)
    return batches;
  int64_t wanted = most < rows ? 1 : most / rows;
  return wanted < batches ? wanted : batches;
}

/// The batches that are taken lie at equal distances, the same each time.
bool evaluateHeldOut(Session &session, int64_t step) {
  if (!session.evaluate.entry)
    return false;
  const OgeeEntry &entry = *session.evaluate.entry;
  int64_t rows = session.data.rows(entry);
  int64_t batches = session.data.heldOutBatches(rows);
  if (batches == 0)
    return false;
  double sum = 0;
  int64_t used = batchesUsed(session, rows, batches);
  for (int64_t batch = 0; batch < used; ++batch) {
    if (session.flags.poison)
      poisonBefore(session.program, session.arena);
    session.data.fillHeldOut(entry, batch * batches / used, session.arena);
    fillScalars(session, entry, step, batch);
    runEntry(session, session.evaluate);
    sum += readOutput(session, entry, "loss");
    session.progress.evaluation(batch + 1, used);
  }
  bool text = session.program.data.source == OGEE_SOURCE_TEXT;
  int64_t each = rows * (text ? session.program.data.window : 1);
  int64_t tokens = used * each;
  double loss = sum / static_cast<double>(used);
  session.progress.finish();
  session.log.evaluation(step, loss, tokens);
  const char *unit = text ? "tokens" : "records";
  if (used < batches)
    printf("eval_loss %.6f at step %ld over %ld of %ld %s\n", loss, step,
           tokens, batches * each, unit);
  else
    printf("eval_loss %.6f at step %ld over %ld %s\n", loss, step, tokens,
           unit);
  fflush(stdout);
  return true;
}

} // namespace ogee::runtime
