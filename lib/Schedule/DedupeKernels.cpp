// Attributes and types are unique in a context, so that a kernel's text without
// names is a list of addresses: equal lists, equal kernels.
#include "lib/Kernel/Kernel.h"
#include "lib/Schedule/Schedule.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"

#include <map>

using namespace mlir;
using namespace ogee;

namespace ogee {
#define GEN_PASS_DEF_DEDUPEKERNELS
#include "lib/Schedule/Passes.h.inc"
} // namespace ogee

namespace {
using Key = std::vector<const void *>;

/// Everything of a kernel but its name and locations.
class KeyBuilder {
public:
  Key build(kernel::FuncOp kernel) {
    for (NamedAttribute attribute : kernel->getAttrs()) {
      if (attribute.getName() == SymbolTable::getSymbolAttrName())
        continue;
      push(attribute.getName().getAsOpaquePointer());
      push(attribute.getValue().getAsOpaquePointer());
    }
    append(kernel.getBody());
    return std::move(key);
  }

private:
  void push(const void *entry) { key.push_back(entry); }
  void number(Value value) {
    numbers.try_emplace(value, numbers.size());
    push(value.getType().getAsOpaquePointer());
  }

  void append(Region &region) {
    for (Block &block : region) {
      push(nullptr);
      for (BlockArgument argument : block.getArguments())
        number(argument);
      for (Operation &op : block)
        append(op);
    }
  }

  void append(Operation &op) {
    push(op.getName().getAsOpaquePointer());
    push(op.getDiscardableAttrDictionary().getAsOpaquePointer());
    push(op.getPropertiesAsAttribute().getAsOpaquePointer());
    for (Value operand : op.getOperands())
      push(reinterpret_cast<const void *>(uintptr_t(numbers.lookup(operand))));
    for (Value result : op.getResults())
      number(result);
    for (Region &region : op.getRegions())
      append(region);
  }

  Key key;
  llvm::DenseMap<Value, unsigned> numbers;
};

/// Kernels are numbered by family in the order of the module: a program that
/// repeats a block more often has the same kernels by the same names.
class Names {
public:
  StringAttr next(kernel::FuncOp kernel) {
    StringRef base = kernel.getSymName().rtrim("0123456789");
    base.consume_back("_");
    unsigned count = counts[base]++;
    return StringAttr::get(kernel.getContext(),
                           count == 0 ? base : base + "_" + Twine(count));
  }

private:
  llvm::StringMap<unsigned> counts;
};

struct DedupeKernels : ogee::impl::DedupeKernelsBase<DedupeKernels> {
  void runOnOperation() override {
    std::map<Key, StringAttr> known;
    llvm::DenseMap<StringAttr, StringAttr> renamed;
    Names names;
    for (auto kernel :
         llvm::make_early_inc_range(getOperation().getOps<kernel::FuncOp>())) {
      auto [entry, isNew] = known.try_emplace(KeyBuilder().build(kernel));
      if (isNew)
        entry->second = names.next(kernel);
      renamed[kernel.getSymNameAttr()] = entry->second;
      if (isNew)
        kernel.setSymNameAttr(entry->second);
      else
        kernel.erase();
    }
    getOperation().walk([&](kernel::LaunchOp launch) {
      auto name = renamed.lookup(launch.getCalleeAttr().getAttr());
      launch.setCalleeAttr(FlatSymbolRefAttr::get(name));
    });
  }
};
} // namespace
