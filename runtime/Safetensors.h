// The safetensors file format: `u64 N | N bytes of JSON | buffer`. Files come
// from strangers, so nothing of a header is believed before it is checked.
#ifndef OGEE_RUNTIME_SAFETENSORS_H
#define OGEE_RUNTIME_SAFETENSORS_H

#include "runtime/Error.h"
#include "runtime/Memory.h"

namespace ogee::runtime {

constexpr int kMostDimensions = 16;

/// One tensor of a file. `name` belongs to the header's text and is terminated.
struct FileTensor {
  const char *name;
  char dtype[8];
  int64_t rank;
  int64_t shape[kMostDimensions];
  int64_t begin, end; // bytes, relative to the buffer
  int64_t elements;
};

/// Bytes of one element of a dtype as the format names it; 0 if unknown.
int64_t bytesOfDtype(const char *dtype);
/// The OgeeType of a dtype, or -1; and the dtype of an OgeeType.
int32_t typeOfDtype(const char *dtype);
const char *dtypeOf(int32_t type);

/// Parses a header of `size` bytes in `text`, which is changed (escapes are
/// decoded in place) and must outlive `tensors`. `bufferBytes` is what follows
/// the header in the file: the tensors must cover it without hole or overlap.
/// `tensors` are sorted by name.
bool parseHeader(char *text, int64_t size, int64_t bufferBytes,
                 Array<FileTensor> &tensors, Message &message);

/// A file open for reading.
class SafetensorsFile {
public:
  bool open(const char *name, Message &message);
  ~SafetensorsFile();

  const Array<FileTensor> &tensors() const { return entries; }
  const FileTensor *find(const char *name) const;
  /// Reads bytes [begin, begin + size) of a tensor.
  bool read(const FileTensor &tensor, int64_t begin, void *out, int64_t size,
            Message &message) const;
  /// Where the buffer starts in the file.
  int64_t bufferStart() const { return start; }

private:
  const char *path = nullptr;
  int file = -1;
  char *header = nullptr;
  int64_t start = 0;
  Array<FileTensor> entries;
};

/// What a written file holds.
struct NamedTensor {
  const char *name;
  const int64_t *shape;
  int64_t rank, elements;
  int32_t type; // OgeeType
  const uint8_t *data;
};

/// Writes the tensors sorted by the size of their elements, then name, as the
/// reference writer does, to a temporary file beside `path`, makes it durable
/// and renames it: a reader sees the old file or the whole new one.
bool writeSafetensors(const char *path, Array<NamedTensor> &tensors,
                      Message &message);

} // namespace ogee::runtime

#endif // OGEE_RUNTIME_SAFETENSORS_H
