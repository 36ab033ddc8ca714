// The JSON lines of --log: a header, then one line a step or evaluation. A line
// is one write, so a killed run leaves whole lines.
#ifndef OGEE_RUNTIME_LOG_H
#define OGEE_RUNTIME_LOG_H

#include "runtime/Abi.h"
#include "runtime/Flags.h"

namespace ogee::runtime {

/// What one step reports; `norm` and `rate` are NaN where the model has none.
struct StepResult {
  int64_t step;
  double loss, norm, rate;
  double seconds; // from the first start to the last end over all threads
};

class Log {
public:
  /// Starts the file with its header; without a path nothing is written.
  void open(const OgeeProgram &program, const Flags &flags);
  /// One line, with the metrics among `outputs`, those of `entry`, by their
  /// names.
  void step(const StepResult &result, const OgeeEntry &entry,
            const double *outputs);
  void evaluation(int64_t step, double loss, int64_t tokens);

private:
  void line(const char *text, int size);

  const char *path = nullptr;
  int file = -1;
};

/// A scalar that an entry has left in the arena.
double readSlot(const OgeeSlot &slot, const uint8_t *arena);

/// A number as JSON with all its digits; `null` where JSON has no word for it.
struct Number {
  char text[32];
};
Number jsonNumber(double value);

} // namespace ogee::runtime

#endif // OGEE_RUNTIME_LOG_H
