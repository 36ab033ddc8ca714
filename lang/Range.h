//===- Range.h - A byte range of source text ------------------------------===//
//
// A range is two pointers into a buffer of the sink's llvm::SourceMgr, so it
// says the file, the place and the text without a table beside it. Lines and
// columns are computed only when a message is printed.
//
//===----------------------------------------------------------------------===//
#ifndef OGEE_LANG_RANGE_H
#define OGEE_LANG_RANGE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/SMLoc.h"

namespace ogee {

/// The bytes [begin, end) of one source buffer; empty ranges mark a position.
struct Range {
  const char *begin = nullptr;
  const char *end = nullptr;

  explicit operator bool() const { return begin; }
  /// The source text itself, as the user wrote it.
  llvm::StringRef text() const { return {begin, size_t(end - begin)}; }
  llvm::SMLoc start() const { return llvm::SMLoc::getFromPointer(begin); }
  llvm::SMRange smRange() const {
    return {start(), llvm::SMLoc::getFromPointer(end)};
  }
  /// From the start of `first` to the end of `last`, both of one buffer.
  static Range join(Range first, Range last) { return {first.begin, last.end}; }
};

} // namespace ogee

#endif // OGEE_LANG_RANGE_H
