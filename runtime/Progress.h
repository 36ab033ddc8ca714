// What a person sees on standard error while a model trains: one line that is
// kept up to date on a terminal, a plain line every few seconds elsewhere.
#ifndef OGEE_RUNTIME_PROGRESS_H
#define OGEE_RUNTIME_PROGRESS_H

#include "runtime/Log.h"

namespace ogee::runtime {

class Progress {
public:
  /// `perStep` tokens, or what `name` says, are those of one step.
  void start(const Flags &flags, int64_t perStep, const char *name);
  void step(const StepResult &result);
  void evaluation(int64_t batch, int64_t batches);
  void finish();

private:
  bool isDue(double time, bool important);
  void show(const char *text);

  bool quiet = false, terminal = false, open = false;
  int64_t steps = 0, tokens = 0;
  const char *unit = "";
  double began = 0, shown = 0;
  double trained = 0; // seconds in steps, by which the rest is estimated
  int64_t count = 0;
  double recent = 0; // smoothed seconds a step
};

} // namespace ogee::runtime

#endif // OGEE_RUNTIME_PROGRESS_H
