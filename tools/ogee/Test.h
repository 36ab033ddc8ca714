// The tests that a file holds.
#ifndef OGEE_TOOLS_OGEE_TEST_H
#define OGEE_TOOLS_OGEE_TEST_H

#include "tools/ogee/CommandLine.h"

namespace ogee {

/// Builds and runs each test of the file and prints a line for it, with the
/// place and the values where it fails; an exit code.
int runTests(const CommandLine &line);

} // namespace ogee

#endif // OGEE_TOOLS_OGEE_TEST_H
