// lld reads files, so objects go through a temporary directory; it is
// re-entrant and safe to call in a process that holds LLVM's shared library.
#include "lib/Link/Executable.h"

#include "lld/Common/Driver.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

LLD_HAS_DRIVER(elf)

using namespace llvm;

namespace {
/// A directory that is gone at the end of the scope, with what is in it.
class TemporaryDirectory {
public:
  TemporaryDirectory() {
    valid = !sys::fs::createUniqueDirectory("ogee-link", path);
  }
  ~TemporaryDirectory() {
    if (valid)
      (void)sys::fs::remove_directories(path); // no harm if it stays
  }
  TemporaryDirectory(const TemporaryDirectory &) = delete;
  TemporaryDirectory &operator=(const TemporaryDirectory &) = delete;

  bool isValid() const { return valid; }
  std::string file(const Twine &name) const {
    SmallString<128> full(path);
    sys::path::append(full, name);
    return std::string(full);
  }

private:
  SmallString<128> path;
  bool valid = false;
};
} // namespace

static LogicalResult writeFile(StringRef path, StringRef contents) {
  std::error_code error;
  raw_fd_ostream stream(path, error);
  if (!error)
    stream << contents;
  stream.close();
  if (!error && !stream.has_error())
    return success();
  errs() << "ogee: cannot write " << path << ": "
         << (error ? error : stream.error()).message() << "\n";
  stream.clear_error();
  return failure();
}

/// The command line of a static position-independent executable: hardened (full
/// relro, no executable stack) and without what nothing refers to.
static std::vector<std::string> commandLine(const ogee::LinkOptions &options,
                                            ArrayRef<std::string> objectFiles) {
  auto library = [&](StringRef name) {
    return (Twine(options.libraryDirectory) + "/" + name).str();
  };
  std::vector<std::string> line{"ld.lld",
                                "-o",
                                options.output,
                                "-static",
                                "-pie",
                                "--no-dynamic-linker",
                                "-z",
                                "text",
                                "-z",
                                "relro",
                                "-z",
                                "now",
                                "-z",
                                "noexecstack",
                                "--gc-sections",
                                "--build-id",
                                "--eh-frame-hdr"};
  if (!options.debugInfo)
    line.emplace_back("--strip-debug");
  for (StringRef name : {"rcrt1.o", "crti.o", "crtbeginS.o"})
    line.push_back(library(name));
  llvm::append_range(line, objectFiles);
  line.emplace_back("--start-group");
  for (StringRef name : {"libogee_runtime.a", "libc.a", "libm-2.36.a",
                         "libmvec.a", "libgcc.a", "libgcc_eh.a"})
    if (sys::fs::exists(library(name)))
      line.push_back(library(name));
  line.emplace_back("--end-group");
  for (StringRef name : {"crtendS.o", "crtn.o"})
    line.push_back(library(name));
  return line;
}

LogicalResult
ogee::linkExecutable(ArrayRef<std::unique_ptr<MemoryBuffer>> objects,
                     const LinkOptions &options) {
  TemporaryDirectory directory;
  if (!directory.isValid()) {
    errs() << "ogee: cannot make a temporary directory\n";
    return failure();
  }
  std::vector<std::string> files;
  for (auto [index, object] : llvm::enumerate(objects)) {
    files.push_back(directory.file(Twine(index) + ".o"));
    if (failed(writeFile(files.back(), object->getBuffer())))
      return failure();
  }
  std::vector<std::string> line = commandLine(options, files);
  std::vector<const char *> arguments;
  arguments.reserve(line.size());
  for (const std::string &argument : line)
    arguments.push_back(argument.c_str());
  const lld::DriverDef drivers[] = {{lld::Gnu, &lld::elf::link}};
  lld::Result result = lld::lldMain(arguments, outs(), errs(), drivers);
  return success(result.retCode == 0);
}
