#include "lib/Schedule/Graph.h"

#include "lib/Kernel/Kernel.h"
#include "lib/Schedule/Updates.h"

using namespace mlir;
using namespace ogee;
using namespace ogee::schedule;

Graph::Graph(func::FuncOp function) : func(function) {
  Block &body = function.getBody().front();
  for (Operation &op : body.without_terminator()) {
    indices[&op] = nodes.size();
    Node node;
    node.op = &op;
    node.kind = kindOf(&op);
    node.clone = op.hasAttr(kernel::kRecomputeAttr);
    nodes.push_back(std::move(node));
  }
  for (Node &node : nodes) {
    if (node.kind != OpKind::Product)
      continue;
    Operation *before =
        cast<linalg::GenericOp>(node.op).getDpsInits()[0].getDefiningOp();
    if (before && kindOf(before) == OpKind::Product && before->hasOneUse())
      nodes[indices[before]].segment = true;
  }
  for (Value value : body.getTerminator()->getOperands())
    returned.insert(base(value));
  findUpdates();
  refresh();
}

int64_t Graph::producer(Value value) const {
  Operation *op = value.getDefiningOp();
  return op ? int64_t(indices.lookup(op)) : -1;
}

ArrayRef<unsigned> Graph::readers(Value value) const {
  auto found = readersOf.find(value);
  return found == readersOf.end() ? ArrayRef<unsigned>() : found->second;
}

SmallVector<unsigned> Graph::segmentsOf(unsigned root) const {
  SmallVector<unsigned> segments;
  if (nodes[root].kind != OpKind::Product)
    return segments;
  auto op = cast<linalg::GenericOp>(nodes[root].op);
  while (Operation *before = op.getDpsInits()[0].getDefiningOp()) {
    unsigned index = indexOf(before);
    if (!nodes[index].segment)
      break;
    segments.push_back(index);
    op = cast<linalg::GenericOp>(before);
  }
  std::reverse(segments.begin(), segments.end());
  return segments;
}

static int64_t ownWork(const Node &node) {
  if (node.kind != OpKind::ElementWise)
    return 0;
  return scalarCost(node.op) * elementsOf(node.op->getResult(0));
}

void Graph::refresh() {
  readersOf.clear();
  for (auto [index, node] : llvm::enumerate(nodes)) {
    node.sources.clear();
    node.work = ownWork(node);
    for (Value operand : node.op->getOperands()) {
      int64_t made = producer(operand);
      if (made >= 0 && nodes[made].clone)
        node.work += nodes[made].work;
      if (made < 0 || nodes[made].isPlaced())
        node.sources.insert(operand);
      else
        node.sources.insert(nodes[made].sources.begin(),
                            nodes[made].sources.end());
    }
    if (node.isPlaced())
      for (Value value : node.sources)
        readersOf[value].push_back(index);
  }
  addOrder();
}

void Graph::findUpdates() {
  if (Value loss = lossOf(func))
    lossNode = producer(loss);
  for (const Update &update : updatesOf(func)) {
    int64_t made = producer(update.next);
    if (made < 0)
      continue;
    nodes[made].overwrites.push_back(update.old);
    updaters[update.old] = made;
  }
}

/// A next value is written over the old one, so whoever reads the old one comes
/// before; and the loss is known before anything is updated.
void Graph::addOrder() {
  for (auto [index, node] : llvm::enumerate(nodes)) {
    node.after.clear();
    for (Value argument : node.overwrites)
      for (unsigned reader : readers(argument))
        if (reader != index)
          node.after.push_back(reader);
    if (node.updates() && lossNode >= 0 && lossNode != int64_t(index))
      node.after.push_back(lossNode);
  }
}
