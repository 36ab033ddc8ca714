#include "runtime/Data.h"
#include "runtime/Convert.h"

#include "runtime/Error.h"
#include "runtime/Fill.h"
#include "runtime/Random.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ogee::runtime {

void MappedFile::open(const char *name) {
  path = name;
  int descriptor = ::open(name, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    fail(Exit::BadData, "cannot open data file `%s`: %s", name,
         strerror(errno));
  struct stat status;
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode))
    fail(Exit::BadData, "data file `%s` is not a regular file", name);
  size = status.st_size;
  if (size == 0)
    fail(Exit::BadData, "data file `%s` is empty", name);
  void *mapped = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (mapped == MAP_FAILED)
    fail(Exit::BadData, "cannot map data file `%s`: %s", name, strerror(errno));
  bytes = static_cast<const uint8_t *>(mapped);
  close(descriptor);
}

bool Data::isField(const OgeeSlot &slot) const {
  static constexpr const char *kScalars[] = {"step", "steps", "seed", "draw"};
  for (const char *scalar : kScalars)
    if (strcmp(slot.name, scalar) == 0)
      return false;
  return true;
}

int64_t Data::rows(const OgeeEntry &entry) const {
  for (int64_t i = 0; i < entry.input_count; ++i)
    if (isField(entry.inputs[i]))
      return entry.inputs[i].rank > 0 ? entry.inputs[i].shape[0] : 1;
  return drawnRows;
}

void Data::open(const OgeeProgram &program, const char *path, uint64_t key,
                const OgeeEntry &entry) {
  data = program.data;
  seed = key;
  if (isDrawn()) {
    if (path)
      fail(Exit::Usage, "`--data`: the program draws its data itself");
    constexpr int64_t kExamples = 256;
    int64_t most = program.phases[0].evaluate_most;
    drawnRows = program.batch / program.accumulate;
    drawnExamples = most > 0 ? most : kExamples;
    return;
  }
  if (!path)
    fail(Exit::BadData, "no data: give a file with --data FILE");
  if (data.source == OGEE_SOURCE_TEXT) {
    file.open(path);
    openText();
  } else {
    file.path = path;
    openArrays();
  }
  addFields(entry);
  if (data.source != OGEE_SOURCE_ARRAYS)
    return;
  heldOut = static_cast<int64_t>(data.holdout * static_cast<double>(records));
  train = records - heldOut;
  if (train < 1)
    fail(Exit::BadData, "data file `%s` has no records to train on", file.path);
}

void Data::addFields(const OgeeEntry &entry) {
  if (data.source == OGEE_SOURCE_TEXT)
    addText(entry);
  if (data.source == OGEE_SOURCE_ARRAYS)
    addArrays(entry);
}

int64_t firstByteAtLeast(const uint8_t *bytes, int64_t size, int32_t bound) {
  if (bound > 255)
    return -1;
  constexpr int64_t kStretch = 4096; // checked without a branch per byte
  for (int64_t at = 0; at < size; at += kStretch) {
    int64_t end = at + kStretch < size ? at + kStretch : size;
    uint8_t largest = 0;
    for (int64_t i = at; i < end; ++i)
      largest = bytes[i] > largest ? bytes[i] : largest;
    for (int64_t i = at; largest >= bound && i < end; ++i)
      if (bytes[i] >= bound)
        return i;
  }
  return -1;
}

/// Looks at every token once, before the first step: a run must not die of a
/// stray byte after an hour.
void Data::checkTokens(const OgeeSlot &slot) const {
  if (slot.bound == 0)
    return;
  int64_t place = firstByteAtLeast(file.bytes, file.size, slot.bound);
  if (place >= 0)
    fail(Exit::BadData,
         "token %d at byte %ld of `%s` is outside int(%d), the declared type "
         "of `%s`",
         file.bytes[place], place, file.path, slot.bound, slot.name);
}

void Data::openText() {
  heldOut = static_cast<int64_t>(data.holdout * static_cast<double>(file.size));
  train = file.size - heldOut;
  if (train < data.window + 1)
    fail(Exit::BadData,
         "data file `%s` is too short: %ld of its %ld bytes are for training, "
         "one window needs %ld",
         file.path, train, file.size, data.window + 1);
}

void Data::addText(const OgeeEntry &entry) const {
  for (int64_t i = 0; i < entry.input_count; ++i) {
    const OgeeSlot &slot = entry.inputs[i];
    if (!isField(slot))
      continue;
    bool known =
        strcmp(slot.name, "tokens") == 0 || strcmp(slot.name, "targets") == 0;
    if (!known || slot.rank != 2 || slot.shape[1] != data.window ||
        slot.type != OGEE_I32)
      fail(Exit::Internal, "text data has no field `%s` of this shape",
           slot.name);
    checkTokens(slot);
  }
}

void Data::openArrays() {
  Message message;
  if (!arrays.open(file.path, message))
    fail(Exit::BadData, "data file %s", message.text);
  file.open(file.path);
}

void Data::addArrays(const OgeeEntry &entry) {
  for (int64_t i = 0; i < entry.input_count; ++i) {
    const OgeeSlot &slot = entry.inputs[i];
    if (!isField(slot))
      continue;
    const FileTensor *tensor = arrays.find(slot.name);
    if (!tensor)
      fail(Exit::BadData, "data file `%s` has no array `%s`", file.path,
           slot.name);
    bool fits = tensor->rank == slot.rank && slot.rank > 0 &&
                isConvertible(typeOfDtype(tensor->dtype), slot.type);
    for (int64_t d = 1; fits && d < slot.rank; ++d)
      fits = tensor->shape[d] == slot.shape[d];
    if (!fits)
      fail(Exit::BadData,
           "array `%s` of `%s` does not fit: records of this shape and type "
           "(%s) are needed",
           slot.name, file.path, dtypeOf(slot.type));
    if (records >= 0 && tensor->shape[0] != records)
      fail(Exit::BadData, "array `%s` of `%s` has %ld records, others have %ld",
           slot.name, file.path, tensor->shape[0], records);
    records = tensor->shape[0];
    Field field = {slot.name, file.bytes + arrays.bufferStart() + tensor->begin,
                   slot.elements / slot.shape[0], typeOfDtype(tensor->dtype)};
    checkIntegers(slot, field, records);
    fields.push(field);
  }
}

/// Checks the values of an integer array against the field's declared type.
void Data::checkIntegers(const OgeeSlot &slot, const Field &field,
                         int64_t records) const {
  if (slot.bound == 0 || (slot.type != OGEE_I32 && slot.type != OGEE_I64))
    return;
  int64_t width = bytesOf(slot.type);
  for (int64_t i = 0; i < records * field.elements; ++i) {
    int32_t narrow = 0;
    int64_t value = 0;
    if (slot.type == OGEE_I32) {
      memcpy(&narrow, field.records + i * width, width);
      value = narrow;
    } else {
      memcpy(&value, field.records + i * width, width);
    }
    // A negative class is masked out of a loss; only its size is declared.
    if (value >= slot.bound)
      fail(Exit::BadData,
           "value %ld at element %ld of array `%s` of `%s` is outside int(%d)",
           value, i, slot.name, file.path, slot.bound);
  }
}

/// First token, or record, of a training example.
int64_t Data::start(int64_t example) const {
  bool text = data.source == OGEE_SOURCE_TEXT;
  if (data.order == OGEE_SEQUENTIAL)
    return text ? example % ((train - 1) / data.window) * data.window
                : example % train;
  return below(philox(seed, example, 0), text ? train - data.window : train);
}

void Data::fillRow(const OgeeSlot &slot, int64_t row, int64_t start,
                   uint8_t *arena) const {
  if (data.source == OGEE_SOURCE_TEXT) {
    const uint8_t *from =
        file.bytes + start + (strcmp(slot.name, "targets") == 0);
    auto *to =
        reinterpret_cast<int32_t *>(arena + slot.offset) + row * data.window;
    for (int64_t t = 0; t < data.window; ++t)
      to[t] = from[t];
    return;
  }
  for (const Field &field : fields)
    if (strcmp(field.name, slot.name) == 0)
      convertElements(
          field.records + start * field.elements * bytesOf(field.type),
          field.type,
          arena + slot.offset + row * field.elements * bytesOf(slot.type),
          slot.type, field.elements);
}

void Data::fillStep(const OgeeEntry &entry, int64_t step,
                    uint8_t *arena) const {
  int64_t batch = rows(entry);
  for (int64_t i = 0; i < entry.input_count; ++i) {
    if (!isField(entry.inputs[i]))
      continue;
    for (int64_t row = 0; row < batch; ++row)
      fillRow(entry.inputs[i], row, start(step * batch + row), arena);
  }
}

int64_t Data::heldOutBatches(int64_t batch) const {
  if (isDrawn())
    return drawnExamples < batch ? 1 : drawnExamples / batch;
  if (data.source == OGEE_SOURCE_ARRAYS)
    return heldOut / batch;
  return heldOut > 0 ? (heldOut - 1) / data.window / batch : 0;
}

void Data::fillHeldOut(const OgeeEntry &entry, int64_t batch,
                       uint8_t *arena) const {
  int64_t count = rows(entry);
  int64_t width = data.source == OGEE_SOURCE_TEXT ? data.window : 1;
  for (int64_t i = 0; i < entry.input_count; ++i) {
    if (!isField(entry.inputs[i]))
      continue;
    for (int64_t row = 0; row < count; ++row)
      fillRow(entry.inputs[i], row, train + (batch * count + row) * width,
              arena);
  }
}

} // namespace ogee::runtime
