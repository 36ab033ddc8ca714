// `ogee fmt`: the one layout of .arch files.
#ifndef OGEE_TOOLS_OGEE_FMT_H
#define OGEE_TOOLS_OGEE_FMT_H

#include "tools/ogee/CommandLine.h"

namespace ogee {

/// Writes each file anew where its layout differs; `-` goes from standard input
/// to standard output. With `--check` nothing is written: the files that differ
/// are named, and there are some if the exit code is that of diagnostics.
int runFmt(const CommandLine &line);

} // namespace ogee

#endif // OGEE_TOOLS_OGEE_FMT_H
