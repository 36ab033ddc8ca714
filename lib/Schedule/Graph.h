// A tensor program as the scheduler sees it: nodes in program order, and what
// each reads when free operations, views and clones are looked through.
#ifndef OGEE_LIB_SCHEDULE_GRAPH_H
#define OGEE_LIB_SCHEDULE_GRAPH_H

#include "lib/Schedule/Ops.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/SetVector.h"

namespace ogee::schedule {

struct Node {
  mlir::Operation *op = nullptr;
  OpKind kind = OpKind::Free;
  /// Never stored: each kernel that reads it computes it.
  bool clone = false;
  /// A segment of a product that is not the last: one with the node `root`.
  bool segment = false;
  /// Arguments and results of other nodes that it reads, directly or through
  /// free operations, views and clones. Of a root: those of its segments too.
  llvm::SmallSetVector<mlir::Value, 4> sources;
  /// Scalar operations that it and the clones it reads take.
  int64_t work = 0;
  /// Nodes that must come before it though it does not read them: readers of
  /// what it overwrites.
  llvm::SmallVector<unsigned, 2> after;
  /// Arguments whose next value it makes, which is written over the old one.
  llvm::SmallVector<mlir::Value, 1> overwrites;
  bool updates() const { return !overwrites.empty(); }

  /// Belongs to exactly one group.
  bool isPlaced() const {
    return !clone && !segment && kind != OpKind::Free && kind != OpKind::View;
  }
};

class Graph {
public:
  explicit Graph(mlir::func::FuncOp function);

  mlir::func::FuncOp function() const { return func; }
  unsigned size() const { return nodes.size(); }
  Node &operator[](unsigned index) { return nodes[index]; }
  const Node &operator[](unsigned index) const { return nodes[index]; }
  /// The node that makes `value`, or -1 for an argument.
  int64_t producer(mlir::Value value) const;
  unsigned indexOf(mlir::Operation *op) const { return indices.lookup(op); }
  /// Placed nodes that read `value` as a source, in order.
  llvm::ArrayRef<unsigned> readers(mlir::Value value) const;
  /// The function returns it, or a view of it.
  bool isReturned(mlir::Value value) const { return returned.contains(value); }
  /// Segments of the product whose last one is `root`, in order, without it.
  llvm::SmallVector<unsigned> segmentsOf(unsigned root) const;
  /// The node that makes the next value of an argument, or -1.
  int64_t updater(mlir::Value argument) const {
    auto found = updaters.find(argument);
    return found == updaters.end() ? -1 : found->second;
  }
  /// The node that makes the loss, or -1.
  int64_t loss() const { return lossNode; }

  /// Computes sources, readers and their order again after `clone` flags
  /// changed.
  void refresh();

private:
  void findUpdates();
  void addOrder();

  mlir::func::FuncOp func;
  llvm::SmallVector<Node, 0> nodes;
  llvm::DenseMap<mlir::Operation *, unsigned> indices;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<unsigned, 4>> readersOf;
  llvm::DenseSet<mlir::Value> returned;
  llvm::DenseMap<mlir::Value, int64_t> updaters;
  int64_t lossNode = -1;
};

} // namespace ogee::schedule

#endif // OGEE_LIB_SCHEDULE_GRAPH_H
