// Sets of labels, kept as short lists.
#ifndef OGEE_LIB_NN_LABELS_H
#define OGEE_LIB_NN_LABELS_H

#include "lib/Nn/Indexed.h"

namespace ogee {

using Labels = llvm::SmallVector<Label>;

inline bool contains(llvm::ArrayRef<Label> labels, Label label) {
  return llvm::is_contained(labels, label);
}

inline Labels without(llvm::ArrayRef<Label> labels,
                      llvm::ArrayRef<Label> removed) {
  Labels rest;
  llvm::copy_if(labels, std::back_inserter(rest),
                [&](Label label) { return !contains(removed, label); });
  return rest;
}

/// The labels of all operands, sorted, once each.
inline Labels unite(llvm::ArrayRef<Indexed> operands) {
  Labels all;
  for (const Indexed &operand : operands)
    llvm::append_range(all, operand.labels);
  llvm::sort(all);
  all.erase(llvm::unique(all), all.end());
  return all;
}

} // namespace ogee

#endif // OGEE_LIB_NN_LABELS_H
