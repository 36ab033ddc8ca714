#include "lib/Compile/KernelCache.h"

#include "mlir/IR/AsmState.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CachePruning.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileOutputBuffer.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

#include <elf.h>
#include <link.h>

using namespace mlir;
using namespace ogee;

/// An entry is an object and this many bytes of checksum.
static constexpr size_t kChecksumBytes = sizeof(uint64_t);
static constexpr uint64_t kMostBytes = uint64_t(512) << 20;

std::string KernelCache::folderFor(llvm::StringRef flag) {
  auto variable = [](llvm::StringRef name) {
    return llvm::sys::Process::GetEnv(name).value_or("");
  };
  std::string own = flag.empty() ? variable("OGEE_CACHE") : flag.str();
  if (own == "off")
    return "";
  if (!own.empty())
    return own;
  SmallString<128> path(variable("XDG_CACHE_HOME"));
  if (path.empty()) {
    path = variable("HOME");
    if (path.empty())
      return "";
    llvm::sys::path::append(path, ".cache");
  }
  llvm::sys::path::append(path, "ogee");
  return path.str().str();
}

/// The build ids of this executable and of the libraries that it runs with. The
/// linker makes them from the contents, so that a compiler that was built again
/// never meets the objects of another one.
static std::string buildIds() {
  std::string ids;
  dl_iterate_phdr(
      [](dl_phdr_info *file, size_t, void *data) {
        for (const ElfW(Phdr) &header :
             ArrayRef(file->dlpi_phdr, file->dlpi_phnum)) {
          if (header.p_type != PT_NOTE)
            continue;
          auto *at =
              reinterpret_cast<const char *>(file->dlpi_addr + header.p_vaddr);
          const char *end = at + header.p_memsz;
          while (at + sizeof(ElfW(Nhdr)) <= end) {
            auto *note = reinterpret_cast<const ElfW(Nhdr) *>(at);
            const char *value =
                at + sizeof(*note) + llvm::alignTo(note->n_namesz, 4);
            if (note->n_type == NT_GNU_BUILD_ID)
              static_cast<std::string *>(data)->append(value, note->n_descsz);
            at = value + llvm::alignTo(note->n_descsz, 4);
          }
        }
        return 0;
      },
      &ids);
  return ids;
}

std::string KernelCache::keyOf(kernel::FuncOp kernel, const Target &target,
                               bool debugInfo) const {
  if (folder.empty())
    return "";
  static const std::string compiler = buildIds();
  OpPrintingFlags flags;
  flags.useLocalScope().printGenericOpForm().enableDebugInfo(debugInfo);
  std::string text = compiler;
  llvm::raw_string_ostream stream(text);
  stream << target.cpu << '\n'
         << target.features << '\n'
         << target.vectorBytes << ' ' << target.registers << ' '
         << target.l2Bytes << ' ' << target.hasBf16 << target.hasTiles << ' '
         << debugInfo << '\n';
  kernel->print(stream, flags);
  return llvm::toHex(llvm::SHA256::hash(llvm::arrayRefFromStringRef(text)),
                     /*LowerCase=*/true);
}

/// The object of an entry that fits its checksum, else null.
static std::unique_ptr<llvm::MemoryBuffer>
objectOf(const llvm::MemoryBuffer &entry) {
  llvm::StringRef bytes = entry.getBuffer();
  if (bytes.size() < kChecksumBytes)
    return nullptr;
  llvm::StringRef object = bytes.drop_back(kChecksumBytes);
  uint64_t checksum = llvm::support::endian::read64le(object.end());
  if (checksum != llvm::xxh3_64bits(object))
    return nullptr;
  return llvm::MemoryBuffer::getMemBufferCopy(object);
}

/// LLVM's pruning looks after files with this prefix alone.
static SmallString<128> pathOf(llvm::StringRef folder, llvm::StringRef key) {
  SmallString<128> path(folder);
  llvm::sys::path::append(path, "llvmcache-" + key);
  return path;
}

std::unique_ptr<llvm::MemoryBuffer>
KernelCache::find(llvm::StringRef key) const {
  if (folder.empty())
    return nullptr;
  auto entry =
      llvm::MemoryBuffer::getFile(pathOf(folder, key), /*IsText=*/false,
                                  /*RequiresNullTerminator=*/false);
  return entry ? objectOf(**entry) : nullptr;
}

/// Room is taken before anything is written, and the name comes last.
static llvm::Error write(llvm::StringRef path, llvm::StringRef object) {
  auto file =
      llvm::FileOutputBuffer::create(path, object.size() + kChecksumBytes);
  if (!file)
    return file.takeError();
  uint8_t *end = llvm::copy(object, (*file)->getBufferStart());
  llvm::support::endian::write64le(end, llvm::xxh3_64bits(object));
  return (*file)->commit();
}

void KernelCache::add(llvm::StringRef key, llvm::StringRef object) const {
  if (folder.empty() || llvm::sys::fs::create_directories(folder))
    return;
  llvm::consumeError(write(pathOf(folder, key), object));
}

void KernelCache::prune() const {
  if (folder.empty())
    return;
  llvm::CachePruningPolicy policy; // once in 20 minutes, what is a week old
  policy.MaxSizeBytes = kMostBytes;
  llvm::pruneCache(folder, policy);
}
