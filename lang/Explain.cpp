#include "lang/Library.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace ogee;
using llvm::StringRef;

/// Comments become text, programs are indented, the marks of tests go.
static void printPage(StringRef page, llvm::raw_ostream &os) {
  bool isProgram = false;
  for (StringRef line : llvm::split(page.rtrim(), '\n')) {
    bool isHeading = line == "// Wrong:" || line == "// Right:";
    if (isHeading || !isProgram) {
      line.consume_front("//");
      os << (isHeading && isProgram ? "\n" : "") << line.ltrim() << '\n';
    } else {
      os << "    " << line.split("// <--").first.rtrim() << '\n';
    }
    isProgram |= isHeading;
  }
}

bool ogee::explain(StringRef code, llvm::raw_ostream &os) {
  for (const LibraryFile &file : explanations()) {
    StringRef title = StringRef(file.text).split('\n').first;
    title.consume_front("// ");
    auto [pageCode, pageName] = title.split(' ');
    if (!code.equals_insensitive(pageCode) &&
        !code.equals_insensitive(pageName))
      continue;
    printPage(file.text, os);
    return true;
  }
  return false;
}
