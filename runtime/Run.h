// A training binary's main, with the program as an argument so that tests can
// bring their own.
#ifndef OGEE_RUNTIME_RUN_H
#define OGEE_RUNTIME_RUN_H

#include "runtime/Abi.h"

namespace ogee::runtime {

/// Returns the exit code, or ends the process with one.
int run(const OgeeProgram &program, int count, char **arguments);

} // namespace ogee::runtime

#endif // OGEE_RUNTIME_RUN_H
