// The emitted code may need instructions that this processor lacks. The runtime
// itself is compiled for any x86-64 and asks first.
#ifndef OGEE_RUNTIME_FEATURES_H
#define OGEE_RUNTIME_FEATURES_H

namespace ogee::runtime {

/// Whether processor and operating system offer a feature, named as in
/// /proc/cpuinfo or as LLVM names it (punctuation does not matter). A name that
/// is not in the table counts as missing.
bool hasFeature(const char *name);

/// Ends the process with exit code 7 where one of the features is missing.
void requireFeatures(const char *const *names, long count, const char *target);

} // namespace ogee::runtime

#endif // OGEE_RUNTIME_FEATURES_H
