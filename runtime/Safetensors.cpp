#include "runtime/Safetensors.h"

#include "runtime/Fill.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ogee::runtime {

// What the reference reader accepts.
static constexpr uint64_t kMostHeaderBytes = 100'000'000;

static bool readAll(int file, void *out, int64_t size, int64_t offset) {
  auto *to = static_cast<char *>(out);
  while (size > 0) {
    ssize_t got = pread(file, to, size, offset);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return false;
    to += got;
    offset += got;
    size -= got;
  }
  return true;
}

SafetensorsFile::~SafetensorsFile() {
  if (file >= 0)
    close(file);
  give(header);
}

bool SafetensorsFile::open(const char *name, Message &message) {
  path = name;
  file = ::open(path, O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (file < 0 || fstat(file, &status) != 0)
    return message.set("`%s`: %s", path, strerror(errno));
  uint64_t length = 0;
  int64_t rest = status.st_size - static_cast<int64_t>(sizeof length);
  if (!S_ISREG(status.st_mode) || rest < 0 ||
      !readAll(file, &length, sizeof length, 0))
    return message.set("`%s` is not a safetensors file: it has no header",
                       path);
  if (length > kMostHeaderBytes || length > static_cast<uint64_t>(rest))
    return message.set("`%s` is not a safetensors file: a header of %lu bytes "
                       "does not fit",
                       path, length);
  header = static_cast<char *>(take(length + 1, 1));
  if (!readAll(file, header, length, sizeof length))
    return message.set("`%s`: cannot read its header", path);
  start = sizeof length + length;
  Message inner;
  if (!parseHeader(header, length, rest - length, entries, inner))
    return message.set("`%s` is not a safetensors file: %s", path, inner.text);
  return true;
}

const FileTensor *SafetensorsFile::find(const char *name) const {
  int64_t low = 0, high = entries.size();
  while (low < high) {
    int64_t middle = (low + high) / 2;
    int order = strcmp(entries[middle].name, name);
    if (order == 0)
      return &entries[middle];
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return nullptr;
}

bool SafetensorsFile::read(const FileTensor &tensor, int64_t begin, void *out,
                           int64_t size, Message &message) const {
  return readAll(file, out, size, start + tensor.begin + begin) ||
         message.set("`%s`: cannot read tensor `%s`", path, tensor.name);
}

static int byAlignment(const void *a, const void *b) {
  auto *left = static_cast<const NamedTensor *>(a);
  auto *right = static_cast<const NamedTensor *>(b);
  int64_t wide = bytesOf(left->type), other = bytesOf(right->type);
  if (wide != other)
    return wide > other ? -1 : 1;
  return strcmp(left->name, right->name);
}

namespace {
/// Text that grows.
struct Text {
  Array<char> bytes;

  void add(const char *text) {
    while (*text)
      bytes.push(*text++);
  }
  void add(int64_t number) {
    char text[24];
    snprintf(text, sizeof text, "%ld", number);
    add(text);
  }
  void quote(const char *text) {
    bytes.push('"');
    for (; *text; ++text) {
      if (*text == '"' || *text == '\\')
        bytes.push('\\');
      bytes.push(*text);
    }
    bytes.push('"');
  }
};
} // namespace

static void writeHeader(const Array<NamedTensor> &tensors, Text &out) {
  out.add("{\"__metadata__\":{\"format\":\"pt\"}");
  int64_t offset = 0;
  for (const NamedTensor &tensor : tensors) {
    out.add(",");
    out.quote(tensor.name);
    out.add(":{\"dtype\":\"");
    out.add(dtypeOf(tensor.type));
    out.add("\",\"shape\":[");
    for (int64_t d = 0; d < tensor.rank; ++d) {
      out.add(d ? "," : "");
      out.add(tensor.shape[d]);
    }
    out.add("],\"data_offsets\":[");
    out.add(offset);
    out.add(",");
    offset += tensor.elements * bytesOf(tensor.type);
    out.add(offset);
    out.add("]}");
  }
  out.add("}");
  while (out.bytes.size() % 8 != 0)
    out.add(" ");
}

static bool writeBody(int file, Array<NamedTensor> &tensors) {
  if (tensors.size() > 0)
    qsort(tensors.begin(), tensors.size(), sizeof(NamedTensor), byAlignment);
  Text header;
  writeHeader(tensors, header);
  uint64_t length = header.bytes.size();
  bool written = writeAll(file, &length, sizeof length) &&
                 writeAll(file, header.bytes.begin(), length);
  for (int64_t i = 0; written && i < tensors.size(); ++i)
    written = writeAll(file, tensors[i].data,
                       tensors[i].elements * bytesOf(tensors[i].type));
  return written && fsync(file) == 0;
}

/// Makes a rename durable; a file system that cannot sync folders has no more
/// to give, so its answer does not matter.
static void syncFolder(const char *path) {
  char folder[4096];
  const char *slash = strrchr(path, '/');
  int length = slash ? static_cast<int>(slash - path) + 1 : 0;
  snprintf(folder, sizeof folder, "%.*s.", length, path);
  int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0)
    return;
  fsync(file);
  close(file);
}

bool writeSafetensors(const char *path, Array<NamedTensor> &tensors,
                      Message &message) {
  char temporary[4096];
  int used = snprintf(temporary, sizeof temporary, "%s.tmp-%d", path, getpid());
  if (used >= static_cast<int>(sizeof temporary))
    return message.set("`%s`: the path is too long", path);
  int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0)
    return message.set("cannot write `%s`: %s", path, strerror(errno));
  bool written = writeBody(file, tensors);
  int error = errno;
  if (close(file) != 0 && written) {
    written = false;
    error = errno;
  }
  if (written && rename(temporary, path) != 0) {
    written = false;
    error = errno;
  }
  if (!written) {
    unlink(temporary);
    return message.set("cannot write `%s`: %s", path, strerror(error));
  }
  syncFolder(path);
  return true;
}

} // namespace ogee::runtime
