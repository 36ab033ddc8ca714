// A training step, and what is done when its loss is not finite.
#include "runtime/Fill.h"
#include "runtime/Session.h"

#include <cstring>

namespace ogee::runtime {

static bool isFinite(double value) { return value - value == 0; }

void runEntry(Session &session, Entry &entry) {
  session.pool.walk(entry.before.work);
  session.pool.walk(entry.after.work);
}

static void clearAccumulators(const Session &session) {
  for (int64_t i = 0; i < session.program.tensor_count; ++i) {
    const OgeeTensor &tensor = session.program.tensors[i];
    if (tensor.kind == OGEE_ACCUMULATOR)
      memset(session.arena + tensor.offset, 0,
             tensor.elements * bytesOf(tensor.type));
  }
}

/// Adds an entry's outputs of one element to `outputs`.
static void addOutputs(Session &session, const OgeeEntry &entry) {
  for (int64_t i = 0; i < entry.output_count; ++i)
    if (entry.outputs[i].elements == 1)
      session.outputs[i] += readSlot(entry.outputs[i], session.arena);
}

/// The parts of a batch in order; returns the mean of their losses.
static double accumulateParts(Session &session, int64_t step) {
  const OgeeEntry &entry = *session.accumulate.entry;
  int64_t parts = session.program.accumulate;
  double sum = 0;
  clearAccumulators(session);
  for (double &output : session.outputs)
    output = 0;
  for (int64_t part = 0; part < parts; ++part) {
    if (session.flags.poison && part > 0)
      poisonBefore(session.program, session.arena);
    session.data.fillStep(entry, step * parts + part, session.arena);
    fillScalars(session, entry, step, step * parts + part);
    session.pool.walk(session.accumulate.before.work);
    double loss = readOutput(session, entry, "loss");
    if (!isFinite(loss))
      stopNonFinite(session, entry, step, loss);
    sum += loss;
    session.pool.walk(session.accumulate.after.work);
    addOutputs(session, entry);
  }
  if (session.flags.poison)
    poisonBefore(session.program, session.arena);
  return sum / static_cast<double>(parts);
}

void logStep(Session &session, const StepResult &result) {
  const OgeeEntry &entry = *batchEntry(session.program, session.phase);
  bool isSummed = session.accumulate.entry != nullptr;
  double share = 1.0 / static_cast<double>(session.program.accumulate);
  for (int64_t i = 0; i < entry.output_count; ++i)
    if (entry.outputs[i].elements == 1)
      session.outputs[i] = isSummed ? session.outputs[i] * share
                                    : readSlot(entry.outputs[i], session.arena);
  session.log.step(result, entry, session.outputs.begin());
}

StepResult runStep(Session &session, int64_t step) {
  const OgeeEntry &entry = *session.step.entry;
  double start = now();
  if (session.flags.poison)
    poisonBefore(session.program, session.arena);
  double loss = 0;
  if (session.accumulate.entry) {
    loss = accumulateParts(session, step);
  } else {
    session.data.fillStep(entry, step, session.arena);
  }
  fillScalars(session, entry, step, step);
  session.pool.walk(session.step.before.work);
  if (!session.accumulate.entry) {
    loss = readOutput(session, entry, "loss");
    if (!isFinite(loss))
      stopNonFinite(session, entry, step, loss);
  }
  session.pool.walk(session.step.after.work);
  double seconds = now() - start;
  if (session.profile.isOn())
    session.profile.endStep(seconds);
  return {step, loss, readOutput(session, entry, "norm"),
          readOutput(session, entry, "rate"), seconds};
}

/// Index of the first element that is not finite, or -1.
static int64_t firstNonFinite(const uint8_t *data, int32_t type,
                              int64_t elements) {
  for (int64_t i = 0; i < elements; ++i) {
    double value = 0;
    if (type == OGEE_BF16)
      value = floatOf(reinterpret_cast<const uint16_t *>(data)[i]);
    else if (type == OGEE_F32)
      value = reinterpret_cast<const float *>(data)[i];
    else if (type == OGEE_F64)
      value = reinterpret_cast<const double *>(data)[i];
    if (!isFinite(value))
      return i;
  }
  return -1;
}

static const char *wordFor(double value) {
  if (value != value)
    return "nan";
  return value > 0 ? "inf" : "-inf";
}

static void checkTensors(const Session &session, int64_t step) {
  for (int64_t i = 0; i < session.program.tensor_count; ++i) {
    const OgeeTensor &tensor = session.program.tensors[i];
    if (tensor.offset < 0)
      continue;
    int64_t place = firstNonFinite(session.arena + tensor.offset, tensor.type,
                                   tensor.elements);
    if (place >= 0)
      fail(Exit::NonFinite,
           "the loss of step %ld is not finite, because element %ld of `%s` "
           "was not finite before it: %s",
           step, place, tensor.path,
           step > 0 ? "the update before it overflowed; try a lower rate, a "
                      "longer warm-up or a smaller clip"
                    : "look at the initial values");
  }
}

void stopNonFinite(const Session &session, const OgeeEntry &entry, int64_t step,
                   double loss) {
  checkTensors(session, step);
  auto *scratch = static_cast<uint8_t *>(
      take(session.program.scratch_bytes + OGEE_ALIGNMENT, 1));
  scratch +=
      OGEE_ALIGNMENT - reinterpret_cast<uintptr_t>(scratch) % OGEE_ALIGNMENT;
  // Nothing was updated, so the launches give again what they gave; one by one,
  // because a later launch may reuse the memory of a result.
  for (int64_t i = 0; i < entry.first_update; ++i) {
    const OgeeLaunch &launch = entry.launches[i];
    for (int64_t chunk = 0; chunk < launch.chunks; ++chunk)
      launch.run(session.arena, launch.offsets, chunk, scratch);
    if (launch.finish)
      launch.finish(session.arena, launch.offsets, launch.chunks, scratch);
    for (int64_t r = 0; r < launch.result_count; ++r) {
      const OgeeSlot &result = launch.results[r];
      int64_t place = firstNonFinite(session.arena + result.offset, result.type,
                                     result.elements);
      if (place >= 0)
        fail(Exit::NonFinite,
             "the loss of step %ld is %s; the first tensor that is not finite "
             "is `%s` (element %ld), written by kernel `%s`; nothing was "
             "updated; try a lower rate, a longer warm-up or a smaller clip",
             step, wordFor(loss), result.name, place, launch.name);
    }
  }
  fail(Exit::NonFinite, "the loss of step %ld is %s; nothing was updated", step,
       wordFor(loss));
}

} // namespace ogee::runtime
