//===- Library.h - The texts that `ogee` carries --------------------------===//
//
// The library in Arch and the pages of `ogee explain` are files of the tree;
// their texts are compiled in, so that an installed `ogee` is one file.
//
//===----------------------------------------------------------------------===//
#ifndef OGEE_LANG_LIBRARY_H
#define OGEE_LANG_LIBRARY_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace ogee {

struct LibraryFile {
  llvm::StringLiteral name; ///< `std/linear.arch`, `explain/E0101.arch`.
  llvm::StringLiteral text;
};

/// lang/std/*.arch, in the order of their names.
llvm::ArrayRef<LibraryFile> standardLibrary();

/// lang/explain/*.arch, a page for each code of Diagnostics.def: comments that
/// explain, a wrong program, and a right one after the line `// Right:`.
llvm::ArrayRef<LibraryFile> explanations();

/// Prints the page of a code or of its name (`E0403`, `OutOfBounds`, in any
/// case of letters); false, and nothing, if there is none.
bool explain(llvm::StringRef code, llvm::raw_ostream &os);

} // namespace ogee

#endif // OGEE_LANG_LIBRARY_H
