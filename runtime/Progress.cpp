#include "runtime/Progress.h"

#include "runtime/Session.h"

#include <cstdio>
#include <cstring>
#include <unistd.h>

namespace ogee::runtime {

void Progress::start(const Flags &flags, int64_t perStep, const char *name) {
  quiet = flags.quiet;
  terminal = isatty(STDERR_FILENO);
  steps = flags.steps;
  tokens = perStep;
  unit = name;
  began = now();
}

bool Progress::isDue(double time, bool important) {
  const double interval = terminal ? 0.1 : 2.0;
  if (quiet || (!important && time - shown < interval))
    return false;
  shown = time;
  return true;
}

/// Shows one line; on a terminal it replaces the one before.
void Progress::show(const char *text) {
  constexpr const char *kStartOfLine = "\r\x1b[K";
  if (terminal)
    note("%s%s", kStartOfLine, text);
  else
    note("%s\n", text);
  open = terminal;
}

void Progress::step(const StepResult &result) {
  trained += result.seconds;
  recent =
      count++ == 0 ? result.seconds : 0.95 * recent + 0.05 * result.seconds;
  int64_t ended = result.step + 1;
  if (!isDue(now(), count == 1 || ended == steps))
    return;
  char text[320];
  int used = snprintf(text, sizeof text, "step %ld/%ld  %3.0f%%  loss %.4f",
                      ended, steps, 100.0 * ended / steps, result.loss);
  if (result.norm == result.norm)
    used +=
        snprintf(text + used, sizeof text - used, "  norm %.3g", result.norm);
  if (result.rate == result.rate)
    used +=
        snprintf(text + used, sizeof text - used, "  rate %.3g", result.rate);
  int64_t left = static_cast<int64_t>((steps - ended) * recent + 0.5);
  snprintf(text + used, sizeof text - used,
           "  %.1f ms/step  %.0f %s/s  ETA %ld:%02ld:%02ld", 1e3 * recent,
           tokens / recent, unit, left / 3600, left / 60 % 60, left % 60);
  show(text);
}

void Progress::evaluation(int64_t batch, int64_t batches) {
  if (!isDue(now(), false))
    return;
  char text[128];
  snprintf(text, sizeof text, "evaluating: batch %ld of %ld", batch, batches);
  show(text);
}

void Progress::finish() {
  if (open)
    note("\n");
  open = false;
}

} // namespace ogee::runtime
