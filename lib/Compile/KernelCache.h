// Objects of kernels by what they are made from, in a folder that all
// compilations share: a program that was compiled before, or that differs in a
// number, compiles in the time that its stages before generate take.
#ifndef OGEE_LIB_COMPILE_KERNELCACHE_H
#define OGEE_LIB_COMPILE_KERNELCACHE_H

#include "lib/Generate/Cpu/Target.h"
#include "lib/Kernel/Kernel.h"

#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <string>

namespace ogee {

/// Safe under concurrent use, by threads and by processes: entries appear whole
/// or not at all. An entry that does not fit its checksum counts as missing.
/// What cannot be read or written is no error, the cache just does not help.
class KernelCache {
public:
  /// `folder` is made if it is not there; empty: nothing is kept.
  explicit KernelCache(std::string folder) : folder(std::move(folder)) {}

  /// What --cache says, else $OGEE_CACHE, either of which may be `off`: nothing
  /// is kept; else ogee in $XDG_CACHE_HOME or ~/.cache.
  static std::string folderFor(llvm::StringRef flag);

  /// What an object depends on: the kernel's text, with places in the source if
  /// they go into it, the target and the build of this compiler.
  std::string keyOf(kernel::FuncOp kernel, const Target &target,
                    bool debugInfo) const;
  /// The object, or null.
  std::unique_ptr<llvm::MemoryBuffer> find(llvm::StringRef key) const;
  void add(llvm::StringRef key, llvm::StringRef object) const;
  /// Takes away what is old once in a while, and what exceeds half a GiB.
  void prune() const;

private:
  std::string folder;
};

} // namespace ogee

#endif // OGEE_LIB_COMPILE_KERNELCACHE_H
