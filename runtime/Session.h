// One run of a training binary: the arena, the threads, the data, and the
// entries of the program made ready to walk. Train.cpp, Evaluate.cpp,
// Sample.cpp and Bench.cpp are what a run does with it.
#ifndef OGEE_RUNTIME_SESSION_H
#define OGEE_RUNTIME_SESSION_H

#include "runtime/Data.h"
#include "runtime/Fill.h"
#include "runtime/Log.h"
#include "runtime/Poison.h"
#include "runtime/Pool.h"
#include "runtime/Profile.h"
#include "runtime/Progress.h"

namespace ogee::runtime {

/// Launches [first, last) of an entry as the pool's work.
struct Walkable {
  const OgeeLaunch *launches = nullptr;
  uint8_t *arena = nullptr;
  bool poison = false;
  Profile *profile = nullptr; // where --profile asks for it
  Array<Task> tasks;
  int64_t first = 0;
  int work = -1;
};

/// An entry, cut where the runtime looks at the loss.
struct Entry {
  const OgeeEntry *entry = nullptr;
  Walkable before, after;
};

/// The work of giving tensors their first values.
struct Filling {
  explicit Filling(uint64_t seed) : filler(seed) {}

  Filler filler;
  uint8_t *arena = nullptr;
  Array<const OgeeTensor *> tensors;
  Array<Task> tasks;
};

struct Session {
  Session(const OgeeProgram &program, const Flags &flags)
      : program(program), flags(flags), filling(flags.seed) {}

  const OgeeProgram &program;
  Flags flags;
  int64_t phase = 0;
  int64_t residentAtMain = 0;
  int64_t plannedBytes = 0; // arena and every thread's scratch
  uint8_t *arena = nullptr;
  Pool pool;
  Data data;
  Log log;
  Progress progress;
  Profile profile;
  Filling filling;
  Array<bool> fromInit; // of each tensor: --init gave its value
  Entry accumulate, step, evaluate, sample;
  Array<double> outputs; // of the entry that takes the batch, for the log
};

/// Maps memory, starts the threads and prepares the entries.
void prepare(Session &session);
/// Gives every tensor its initial value, or the one of --init.
void initialise(Session &session);

/// An entry of a phase, by default of the first one; null where it has none.
const OgeeEntry *findEntry(const OgeeProgram &program, const char *name,
                           int64_t phase = 0);
const OgeeSlot *findSlot(const OgeeSlot *slots, int64_t count,
                         const char *name);
/// The value of an output of one element; NaN where the entry has none.
double readOutput(const Session &session, const OgeeEntry &entry,
                  const char *name);
/// The entry that takes the batch, or a part of it.
const OgeeEntry *batchEntry(const OgeeProgram &program, int64_t phase);
/// From here on steps and evaluations are those of the phase.
void enterPhase(Session &session, int64_t phase);
/// Writes `step`, `steps`, `seed` and `draw` where the entry asks for them;
/// `draw` is the number of the part, or of the batch of an evaluation.
void fillScalars(const Session &session, const OgeeEntry &entry, int64_t step,
                 int64_t draw);
/// What --log writes of a step.
void logStep(Session &session, const StepResult &result);

/// Runs one training step and returns what it reports. A loss that is not
/// finite ends the process (exit 5) before anything is updated.
StepResult runStep(Session &session, int64_t step);
/// Runs the launches of an entry that updates nothing.
void runEntry(Session &session, Entry &entry);
/// Runs the launches before the update again, one by one, to name the first
/// tensor that is not finite; ends the process.
[[noreturn]] void stopNonFinite(const Session &session, const OgeeEntry &entry,
                                int64_t step, double loss);

/// Trains --steps steps; returns the number of the signal that ended it, or 0.
int train(Session &session);
void bench(Session &session);
/// Evaluates on the held-out data; false where there is none.
bool evaluateHeldOut(Session &session, int64_t step);
/// Continues --sample and prints the text to standard output.
void printSample(Session &session);

/// --init, --save and --gradients. What starts as a copy may be absent from the
/// file; it is then a copy of what the file has.
void loadTensors(Session &session, const char *path);
/// Tensors that start from a file of their own.
void loadSources(Session &session);
/// First values of the copies that no file gave.
void copyTensors(Session &session);
/// What a phase copies takes the values of now.
void copyTensorsOf(Session &session, int64_t phase);
void saveTensors(const Session &session, const char *path);
void saveGradients(const Session &session, const char *path);

/// Seconds of the monotonic clock.
double now();

} // namespace ogee::runtime

#endif // OGEE_RUNTIME_SESSION_H
