// The data set: a mapped file that yields examples by number. Which example a
// row gets depends on (seed, step, row) alone.
#ifndef OGEE_RUNTIME_DATA_H
#define OGEE_RUNTIME_DATA_H

#include "runtime/Abi.h"
#include "runtime/Safetensors.h"

namespace ogee::runtime {

/// A file mapped for reading; ends the process (exit 3) where it cannot be.
struct MappedFile {
  const char *path = nullptr;
  const uint8_t *bytes = nullptr;
  int64_t size = 0;

  void open(const char *name);
};

class Data {
public:
  /// Opens the file and checks it against the fields of `entry`.
  void open(const OgeeProgram &program, const char *path, uint64_t key,
            const OgeeEntry &entry);

  /// Makes ready, and checks, the fields of another entry.
  void addFields(const OgeeEntry &entry);

  /// Writes the batch of a training step, or the part of that number of one,
  /// into the entry's input fields.
  void fillStep(const OgeeEntry &entry, int64_t step, uint8_t *arena) const;

  /// Whole batches of `batch` rows that the held-out part gives, in order.
  int64_t heldOutBatches(int64_t batch) const;
  void fillHeldOut(const OgeeEntry &entry, int64_t batch, uint8_t *arena) const;

  int64_t trainExamples() const { return train; } // tokens of text, or records
  int64_t heldOutExamples() const { return heldOut; }

  /// Whether the program draws its batches itself.
  bool isDrawn() const { return data.source == OGEE_SOURCE_EXAMPLES; }
  /// True for the name of a value that the data set gives.
  bool isField(const OgeeSlot &slot) const;
  /// Rows of the entry's batch: the first dimension of its fields.
  int64_t rows(const OgeeEntry &entry) const;

private:
  struct Field {
    const char *name;
    const uint8_t *records;
    int64_t elements; // of a record
    int32_t type;     // OgeeType, in the file
  };

  void openText();
  void openArrays();
  void addText(const OgeeEntry &entry) const;
  void addArrays(const OgeeEntry &entry);
  void checkTokens(const OgeeSlot &slot) const;
  void checkIntegers(const OgeeSlot &slot, const Field &field,
                     int64_t records) const;
  int64_t start(int64_t example) const;
  void fillRow(const OgeeSlot &slot, int64_t row, int64_t start,
               uint8_t *arena) const;

  OgeeData data = {};
  int64_t drawnRows = 1;     // of a batch that the program draws
  int64_t drawnExamples = 0; // of an evaluation on such batches
  uint64_t seed = 0;
  MappedFile file;
  SafetensorsFile arrays;         // of array data: the names in the file
  int64_t records = -1;           // of arrays; -1: none is known
  int64_t train = 0, heldOut = 0; // tokens or records
  Array<Field> fields;            // of arrays
};

/// Bounds of an integer field: whether every byte is below `bound`; else the
/// place of the first one that is not.
int64_t firstByteAtLeast(const uint8_t *bytes, int64_t size, int32_t bound);

} // namespace ogee::runtime

#endif // OGEE_RUNTIME_DATA_H
