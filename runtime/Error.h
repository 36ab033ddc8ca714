// How a training binary stops. There are no exceptions: what a user can cause
// ends the process here with a message on standard error and the exit code that
// docs/conventions promise; parsers return a Message instead, so that tests can
// read it without dying.
#ifndef OGEE_RUNTIME_ERROR_H
#define OGEE_RUNTIME_ERROR_H

namespace ogee::runtime {

enum class Exit : int {
  Ok = 0,
  Usage = 2,
  BadData = 3,
  OutOfMemory = 4,
  NonFinite = 5,
  Refused = 6, // a checkpoint that does not fit
  Processor = 7,
  Internal = 70,
  Stopped = 75, // saved after a signal
};

/// Text of an error, truncated where it would not fit.
struct Message {
  char text[1024] = {};

  /// Formats as printf does; returns false, so that a parser can
  /// `return message.set(..)`.
  bool set(const char *format, ...) __attribute__((format(printf, 2, 3)));
};

/// Prints `error: ...` and a newline to standard error and ends the process.
[[noreturn]] void fail(Exit code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/// Prints to standard error, in one write.
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// Writes all of `bytes` to a file descriptor; false where the system refuses.
bool writeAll(int file, const void *bytes, unsigned long size);

} // namespace ogee::runtime

#endif // OGEE_RUNTIME_ERROR_H
