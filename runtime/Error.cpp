// Messages are formatted into a buffer on the stack and written with one system
// call: nothing of stdio stays behind to be flushed, so `_exit` is safe while
// the pool's threads still run.
#include "runtime/Error.h"

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <unistd.h>

namespace ogee::runtime {

bool writeAll(int file, const void *bytes, unsigned long size) {
  auto *from = static_cast<const char *>(bytes);
  while (size > 0) {
    ssize_t written = write(file, from, size);
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return false;
    from += written;
    size -= static_cast<unsigned long>(written);
  }
  return true;
}

bool Message::set(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return false;
}

static void print(const char *prefix, const char *format, va_list arguments,
                  const char *suffix) {
  char text[2048];
  int used = snprintf(text, sizeof text, "%s", prefix);
  used += vsnprintf(text + used, sizeof text - used, format, arguments);
  if (used > static_cast<int>(sizeof text) - 2)
    used = sizeof text - 2;
  used += snprintf(text + used, sizeof text - used, "%s", suffix);
  writeAll(STDERR_FILENO, text, used);
}

void fail(Exit code, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print("error: ", format, arguments, "\n");
  va_end(arguments);
  _exit(static_cast<int>(code));
}

void note(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print("", format, arguments, "");
  va_end(arguments);
}

} // namespace ogee::runtime
