// The command line of `ogee`: verbs, flags and overrides, from two tables.
#ifndef OGEE_TOOLS_OGEE_COMMANDLINE_H
#define OGEE_TOOLS_OGEE_COMMANDLINE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

#include <optional>
#include <string>
#include <vector>

namespace ogee {

/// Exit codes, the same for the compiler and for what it emits.
enum ExitCode {
  kExitOk = 0,
  kExitDiagnostics = 1,
  kExitUsage = 2,
  kExitInternal = 70,
};

struct CommandLine {
  std::string verb;
  std::string file;                   // or the code to explain
  std::vector<std::string> moreFiles; // after the first one (fmt)
  std::vector<std::string> overrides; // name=value
  std::vector<std::string> passed;    // flags of the run (train)
  std::string output, emit, irDirectory, target = "native", with, library,
                                         cache;
  std::string train, test;
  std::string debug, timing, check, verify; // "1" where given
};

/// Prints what is wrong and returns nothing if the arguments are no command.
std::optional<CommandLine> parseCommandLine(llvm::ArrayRef<const char *> words);

void printHelp(llvm::raw_ostream &stream);
/// The stages as the table of docs/architecture.md.
void printStages(llvm::raw_ostream &stream);

} // namespace ogee

#endif // OGEE_TOOLS_OGEE_COMMANDLINE_H
