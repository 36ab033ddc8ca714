// What the user asked for. One table of Flags.cpp makes the parser, the help
// and the suggestions.
#ifndef OGEE_RUNTIME_FLAGS_H
#define OGEE_RUNTIME_FLAGS_H

#include "runtime/Abi.h"
#include "runtime/Error.h"

namespace ogee::runtime {

struct Flags {
  const char *data = nullptr;
  int64_t steps = 0;
  int64_t stop = -1; // steps after which to stop; negative: none
  uint64_t seed = 0;
  int64_t threads = 0;
  const char *log = nullptr;
  const char *init = nullptr;
  const char *save = nullptr;
  const char *sample = nullptr;
  const char *gradients = nullptr;
  const char *profile = nullptr;
  bool evaluate = false;
  bool quiet = false;
  bool memory = false;
  bool bench = false;
  bool shuffle = false;
  bool split = false;
  bool poison = false;
  bool help = false;
};

/// Reads the arguments over the program's defaults; false and a message where
/// they are not understood.
bool parseFlags(const OgeeProgram &program, int count, char **arguments,
                Flags &flags, Message &message);

/// Prints the help to standard output.
void printHelp(const OgeeProgram &program, const char *name);

} // namespace ogee::runtime

#endif // OGEE_RUNTIME_FLAGS_H
