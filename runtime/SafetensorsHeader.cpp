// The header's grammar is a small part of JSON: one object of objects. It is
// read directly, without a tree, so that depth and memory are bounded by the
// header.
#include "runtime/Safetensors.h"

#include <cstdlib>
#include <cstring>

namespace ogee::runtime {

namespace {

class Reader {
public:
  Reader(char *text, int64_t size, Message &message)
      : at(text), begin(text), end(text + size), message(message) {}

  bool header(Array<FileTensor> &tensors);

private:
  bool error(const char *what) {
    return message.set("header byte %ld: %s", static_cast<long>(at - begin),
                       what);
  }
  void space() {
    while (at < end &&
           (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
      ++at;
  }
  bool take(char c) {
    space();
    if (at == end || *at != c)
      return false;
    ++at;
    return true;
  }
  bool string(char *&out);
  bool escape(char *&to);
  bool hex4(uint32_t &code);
  bool number(int64_t &out);
  bool numbers(int64_t *out, int64_t room, int64_t &count);
  bool metadata();
  bool tensor(FileTensor &tensor);
  bool field(const char *key, FileTensor &tensor, int &seen);

  char *at, *begin, *end;
  Message &message;
};

bool Reader::hex4(uint32_t &code) {
  code = 0;
  for (int i = 0; i < 4; ++i, ++at) {
    if (at == end)
      return error("a \\u escape ends early");
    char c = *at;
    int digit = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
    if (digit < 0)
      return error("a \\u escape needs four hexadecimal digits");
    code = code * 16 + digit;
  }
  return true;
}

/// UTF-8 is never longer than the escape it came from.
static void putUtf8(char *&to, uint32_t code) {
  if (code < 0x80) {
    *to++ = static_cast<char>(code);
    return;
  }
  int tail = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  static constexpr uint8_t kLead[] = {0, 0xC0, 0xE0, 0xF0};
  *to++ = static_cast<char>(kLead[tail] | code >> (6 * tail));
  while (tail-- > 0)
    *to++ = static_cast<char>(0x80 | (code >> (6 * tail) & 0x3F));
}

/// Decodes the escape behind a backslash.
bool Reader::escape(char *&to) {
  if (at == end)
    return error("a string ends early");
  static constexpr char kNames[] = "\"\\/bfnrt", kValues[] = "\"\\/\b\f\n\r\t";
  char c = *at++;
  if (const char *name = c ? strchr(kNames, c) : nullptr) {
    *to++ = kValues[name - kNames];
    return true;
  }
  uint32_t code, low;
  if (c != 'u')
    return error("an escape that JSON does not have");
  if (!hex4(code))
    return false;
  if (code >= 0xD800 && code < 0xDC00) {
    if (end - at < 2 || at[0] != '\\' || at[1] != 'u')
      return error("half of a surrogate pair");
    at += 2;
    if (!hex4(low))
      return false;
    if (low < 0xDC00 || low > 0xDFFF)
      return error("half of a surrogate pair");
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  } else if (code >= 0xDC00 && code <= 0xDFFF) {
    return error("half of a surrogate pair");
  }
  if (code == 0)
    return error("a name holds a zero byte");
  putUtf8(to, code);
  return true;
}

/// Decodes in place; the closing quote becomes the terminator.
bool Reader::string(char *&out) {
  if (!take('"'))
    return error("a string is expected");
  char *to = out = at;
  while (at < end && *at != '"') {
    if (static_cast<uint8_t>(*at) < 0x20)
      return error("a control character in a string");
    if (*at != '\\') {
      *to++ = *at++;
      continue;
    }
    ++at;
    if (!escape(to))
      return false;
  }
  if (at == end)
    return error("a string ends early");
  ++at;
  *to = 0;
  return true;
}

bool Reader::number(int64_t &out) {
  space();
  char *first = at;
  out = 0;
  for (; at < end && *at >= '0' && *at <= '9'; ++at)
    if (__builtin_mul_overflow(out, int64_t(10), &out) ||
        __builtin_add_overflow(out, int64_t(*at - '0'), &out))
      return error("a number is too large");
  if (at == first || (*first == '0' && at - first > 1))
    return error("a whole number is expected");
  return true;
}

bool Reader::numbers(int64_t *out, int64_t room, int64_t &count) {
  count = 0;
  if (!take('['))
    return error("a list of numbers is expected");
  if (take(']'))
    return true;
  do {
    if (count == room)
      return error("the list is too long");
    if (!number(out[count++]))
      return false;
  } while (take(','));
  return take(']') || error("`]` is expected");
}

bool Reader::metadata() {
  char *key = nullptr, *value = nullptr;
  if (!take('{'))
    return error("`__metadata__` maps strings to strings");
  if (take('}'))
    return true;
  do {
    if (!string(key) || !(take(':') || error("`:` is expected")) ||
        !string(value))
      return false;
  } while (take(','));
  return take('}') || error("`}` is expected");
}

bool Reader::field(const char *key, FileTensor &tensor, int &seen) {
  enum { Type = 1, Shape = 2, Offsets = 4 };
  int which = strcmp(key, "dtype") == 0          ? Type
              : strcmp(key, "shape") == 0        ? Shape
              : strcmp(key, "data_offsets") == 0 ? Offsets
                                                 : 0;
  if (which == 0)
    return error("a tensor has `dtype`, `shape` and `data_offsets` only");
  if (seen & which)
    return error("a field stands twice");
  seen |= which;
  if (which == Shape)
    return numbers(tensor.shape, kMostDimensions, tensor.rank);
  if (which == Offsets) {
    int64_t both[2], count;
    if (!numbers(both, 2, count))
      return false;
    tensor.begin = both[0];
    tensor.end = both[1];
    return count == 2 || error("`data_offsets` are two numbers");
  }
  char *dtype = nullptr;
  if (!string(dtype))
    return false;
  if (bytesOfDtype(dtype) == 0)
    return error("an unknown dtype");
  strncpy(tensor.dtype, dtype, sizeof tensor.dtype - 1);
  return true;
}

bool Reader::tensor(FileTensor &tensor) {
  int seen = 0;
  if (!take('{'))
    return error("`{` is expected");
  do {
    char *key = nullptr;
    if (!string(key) || !(take(':') || error("`:` is expected")) ||
        !field(key, tensor, seen))
      return false;
  } while (take(','));
  constexpr int kAll = 7;
  if (!take('}'))
    return error("`}` is expected");
  return seen == kAll || error("`dtype`, `shape` or `data_offsets` is missing");
}

bool Reader::header(Array<FileTensor> &tensors) {
  bool hasMetadata = false;
  // No space may come before the brace.
  if (at == end || *at != '{')
    return error("the header does not start with `{`");
  ++at;
  bool empty = take('}');
  while (!empty) {
    FileTensor entry = {};
    char *name = nullptr;
    if (!string(name) || !(take(':') || error("`:` is expected")))
      return false;
    entry.name = name;
    if (strcmp(name, "__metadata__") == 0) {
      if (hasMetadata)
        return error("`__metadata__` stands twice");
      hasMetadata = true;
      if (!metadata())
        return false;
    } else {
      if (!tensor(entry))
        return false;
      tensors.push(entry);
    }
    if (take(','))
      continue;
    if (!take('}'))
      return error("`,` or `}` is expected");
    break;
  }
  space();
  return at == end || error("text behind the header's object");
}

} // namespace

/// Elements and bytes of one tensor against its offsets.
static bool checkExtent(FileTensor &tensor, int64_t bufferBytes,
                        Message &message) {
  int64_t bytes;
  tensor.elements = 1;
  for (int64_t d = 0; d < tensor.rank; ++d)
    if (!multiply(tensor.elements, tensor.shape[d], tensor.elements))
      return message.set("tensor `%s`: its shape overflows", tensor.name);
  if (!multiply(tensor.elements, bytesOfDtype(tensor.dtype), bytes))
    return message.set("tensor `%s`: its shape overflows", tensor.name);
  if (tensor.begin > tensor.end || tensor.end > bufferBytes)
    return message.set("tensor `%s`: bytes %ld to %ld are not in the file's "
                       "%ld",
                       tensor.name, tensor.begin, tensor.end, bufferBytes);
  if (tensor.end - tensor.begin != bytes)
    return message.set("tensor `%s`: %ld bytes are stored, its shape needs %ld",
                       tensor.name, tensor.end - tensor.begin, bytes);
  return true;
}

static int byPlace(const void *a, const void *b) {
  auto *left = static_cast<const FileTensor *>(a);
  auto *right = static_cast<const FileTensor *>(b);
  if (left->begin != right->begin)
    return left->begin < right->begin ? -1 : 1;
  return left->end < right->end ? -1 : left->end > right->end;
}

static int byName(const void *a, const void *b) {
  return strcmp(static_cast<const FileTensor *>(a)->name,
                static_cast<const FileTensor *>(b)->name);
}

bool parseHeader(char *text, int64_t size, int64_t bufferBytes,
                 Array<FileTensor> &tensors, Message &message) {
  if (!Reader(text, size, message).header(tensors))
    return false;
  for (FileTensor &tensor : tensors)
    if (!checkExtent(tensor, bufferBytes, message))
      return false;
  if (tensors.size() > 0)
    qsort(tensors.begin(), tensors.size(), sizeof(FileTensor), byPlace);
  int64_t covered = 0;
  for (const FileTensor &tensor : tensors) {
    if (tensor.begin != covered)
      return message.set("tensor `%s`: %s before byte %ld", tensor.name,
                         tensor.begin > covered ? "a hole" : "an overlap",
                         tensor.begin);
    covered = tensor.end;
  }
  if (covered != bufferBytes)
    return message.set("%ld bytes at the end belong to no tensor",
                       bufferBytes - covered);
  if (tensors.size() > 0)
    qsort(tensors.begin(), tensors.size(), sizeof(FileTensor), byName);
  for (int64_t i = 1; i < tensors.size(); ++i)
    if (strcmp(tensors[i - 1].name, tensors[i].name) == 0)
      return message.set("tensor `%s` stands twice", tensors[i].name);
  return true;
}

} // namespace ogee::runtime
