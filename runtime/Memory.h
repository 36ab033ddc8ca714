// Memory without operator new: the runtime links against libc alone. Everything
// is taken before the first step; nothing here is called inside one.
#ifndef OGEE_RUNTIME_MEMORY_H
#define OGEE_RUNTIME_MEMORY_H

#include <cstdint>
#include <type_traits>

namespace ogee::runtime {

/// Zeroed memory of `count` elements of `size` bytes that lives until the
/// process ends or `give`; ends the process (exit 4) where there is none.
void *take(int64_t count, int64_t size);
void *grow(void *old, int64_t count, int64_t size);
void give(void *memory);

/// A growing list of plain values.
template <typename T> class Array {
  static_assert(std::is_trivially_copyable_v<T>);

public:
  Array() = default;
  Array(const Array &) = delete;
  Array &operator=(const Array &) = delete;
  ~Array() { give(first); }

  void push(const T &value) {
    if (used == room) {
      room = room ? 2 * room : 16;
      first = static_cast<T *>(grow(first, room, sizeof(T)));
    }
    first[used++] = value;
  }
  /// Gives the list `count` zeroed elements; the old ones are forgotten.
  void reset(int64_t count) {
    give(first);
    first = static_cast<T *>(take(count ? count : 1, sizeof(T)));
    used = room = count;
  }
  int64_t size() const { return used; }
  T &operator[](int64_t index) { return first[index]; }
  const T &operator[](int64_t index) const { return first[index]; }
  T *begin() { return first; }
  T *end() { return first + used; }
  const T *begin() const { return first; }
  const T *end() const { return first + used; }

private:
  T *first = nullptr;
  int64_t used = 0, room = 0;
};

/// Zeroed pages, aligned to `2 MiB` and advised to be huge; exactly `bytes`
/// rounded up to a page belong to the mapping, so that a huge page never
/// reaches past the plan. Null where the system has no room.
uint8_t *mapPages(int64_t bytes);

/// Bytes of this process that are resident now, and at most so far; 0 where
/// /proc is not mounted.
int64_t residentBytes();
int64_t residentPeakBytes();

/// a * b in `product`; false where it does not fit.
inline bool multiply(int64_t a, int64_t b, int64_t &product) {
  return !__builtin_mul_overflow(a, b, &product);
}

} // namespace ogee::runtime

#endif // OGEE_RUNTIME_MEMORY_H
