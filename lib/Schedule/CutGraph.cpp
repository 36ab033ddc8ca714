// Save or recompute: one minimum cut over all values of the forward part, in
// bytes of traffic. A value is saved where that costs less than to compute it
// again in each backward kernel that needs it. Checkmate and min-cut
// rematerialization decide the same question with other prices; here a value
// that the forward part stores anyway costs no write.
#include "lib/Schedule/Assign.h"
#include "lib/Schedule/MinCut.h"
#include "lib/Schedule/Schedule.h"

#include "lib/Nn/Nn.h"
#include "lib/Nn/Program.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace ogee;
using namespace ogee::schedule;

namespace ogee {
#define GEN_PASS_DEF_CUTGRAPH
#include "lib/Schedule/Passes.h.inc"
} // namespace ogee

/// Readers of a value are counted up to this.
static constexpr size_t kMostReaders = 4;
/// A recomputed value that reads more whole tensors than this is cut nearer.
static constexpr unsigned kMostLeaves = 2;
static constexpr int kRepairRounds = 4;

static bool isBackward(Operation *op) {
  return op->hasAttr(kernel::kBackwardAttr);
}

/// Values that a program of the forward part alone stores.
static llvm::DenseSet<Value> storedByForward(func::FuncOp function) {
  IRMapping mapping;
  OpBuilder builder(function.getContext());
  OwningOpRef<func::FuncOp> forward =
      cast<func::FuncOp>(builder.cloneWithoutRegions(*function));
  Block *body = forward->addEntryBlock();
  mapping.map(function.getArguments(), body->getArguments());
  builder.setInsertionPointToEnd(body);
  for (Operation &op : function.getBody().front().without_terminator())
    if (!isBackward(&op))
      builder.clone(op, mapping);
  Operation *terminator = function.getBody().front().getTerminator();
  SmallVector<Value> results;
  SmallVector<DictionaryAttr> attributes;
  for (auto [index, value] : llvm::enumerate(terminator->getOperands()))
    if (mapping.contains(value)) {
      results.push_back(mapping.lookup(value));
      attributes.push_back(function.getResultAttrDict(index));
    }
  func::ReturnOp::create(builder, terminator->getLoc(), results);
  forward->setFunctionType(builder.getFunctionType(
      function.getArgumentTypes(), TypeRange(ValueRange(results))));
  forward->setAllResultAttrs(attributes);
  eraseDead(*body);
  Graph graph(*forward);
  Groups groups = groupNodes(graph);
  llvm::DenseSet<Value> stored;
  for (auto [value, copy] : mapping.getValueMap())
    if (int64_t node = graph.producer(copy);
        node >= 0 && graph[node].isPlaced() && groups.isStored(copy))
      stored.insert(value);
  return stored;
}

namespace {
class Cutter {
public:
  Cutter(Graph &graph, llvm::DenseSet<Value> stored)
      : graph(graph), stored(std::move(stored)) {}

  /// Which values are recomputed, after repairs.
  void run();
  /// Puts clones of them where the backward part reads them.
  void rewrite();

private:
  struct Vertices {
    unsigned computed; // sink's side: computed again
    unsigned needed;   // sink's side: there for the backward part
  };

  void solve();
  void addValue(MinCut &cut, Value value);
  bool isWritten(Value value) const;
  int64_t recomputeCost(Value value) const;
  void countReaders();
  bool isForward(unsigned node) const {
    return graph[node].isPlaced() && !isBackward(graph[node].op);
  }
  bool repair();
  bool repairLeaves(unsigned reader);
  Value remake(Value value);

  Graph &graph;
  llvm::DenseSet<Value> stored, pinned, recomputed;
  llvm::DenseMap<Value, Vertices> vertices;
  /// Backward nodes that would compute a node again: contractions and others
  /// one by one, element-wise ones of one shape as one.
  SmallVector<llvm::SmallSetVector<const void *, 4>, 0> kernels;
  llvm::DenseMap<Value, Value> remade;
};
} // namespace

/// In how many backward kernels a value would be computed: those that read it
/// or what follows from it element by element.
void Cutter::countReaders() {
  kernels.assign(graph.size(), {});
  for (unsigned node = graph.size(); node-- > 0;) {
    if (!isForward(node))
      continue;
    auto &found = kernels[node];
    for (Value result : graph[node].op->getResults())
      for (unsigned reader : graph.readers(result)) {
        if (found.size() >= kMostReaders)
          break;
        Operation *op = graph[reader].op;
        if (!isForward(reader))
          found.insert(graph[reader].kind == OpKind::ElementWise
                           ? op->getResult(0).getType().getAsOpaquePointer()
                           : op);
        else if (graph[reader].kind == OpKind::ElementWise)
          found.insert(kernels[reader].begin(), kernels[reader].end());
      }
  }
}

/// An update reads it. Two that compute such values again may each need what
/// the other one overwrites.
bool Cutter::isWritten(Value value) const {
  return llvm::any_of(graph.readers(value),
                      [&](unsigned reader) { return graph[reader].updates(); });
}

/// Units that computing `value` once more costs wherever it is needed.
int64_t Cutter::recomputeCost(Value value) const {
  unsigned index = graph.producer(value);
  Operation *op = graph[index].op;
  if (pinned.contains(value) || shapeOf(value).empty() || isWritten(value))
    return MinCut::kInfinite;
  if (isa<nn::GatherOp>(op))
    return bytesOf(value) * kUnitsPerByte;
  int64_t times = std::clamp<int64_t>(kernels[index].size(), 1, 2);
  if (graph[index].kind == OpKind::ElementWise)
    return scalarCost(op) * elementsOf(value) * times * kUnitsPerScalar;
  if (graph[index].kind != OpKind::Reduction)
    return MinCut::kInfinite;
  Value input = reductionInput(op);
  return bytesOf(input) * kUnitsPerByte +
         4 * elementsOf(input) * kUnitsPerScalar;
}

void Cutter::addValue(MinCut &cut, Value value) {
  Vertices vertex{cut.addVertex(), cut.addVertex()};
  vertices[value] = vertex;
  int64_t accesses = stored.contains(value) ? 1 : 2;
  cut.addEdge(MinCut::kSource, vertex.computed, recomputeCost(value));
  cut.addEdge(vertex.computed, vertex.needed,
              bytesOf(value) * accesses * kUnitsPerByte);
  cut.addEdge(vertex.needed, vertex.computed, MinCut::kInfinite);
  for (Value source : graph[graph.producer(value)].sources)
    if (auto found = vertices.find(source); found != vertices.end())
      cut.addEdge(found->second.needed, vertex.computed, MinCut::kInfinite);
  for (unsigned reader : graph.readers(value))
    if (!isForward(reader)) {
      cut.addEdge(vertex.needed, MinCut::kSink, MinCut::kInfinite);
      if (!takesTrees(graph[reader].kind))
        cut.addEdge(MinCut::kSource, vertex.computed, MinCut::kInfinite);
    }
}

void Cutter::solve() {
  MinCut cut;
  vertices.clear();
  for (unsigned node = 0; node < graph.size(); ++node)
    if (isForward(node))
      for (Value result : graph[node].op->getResults())
        addValue(cut, result);
  cut.solve();
  recomputed.clear();
  for (auto [value, vertex] : vertices)
    if (!cut.onSourceSide(vertex.computed))
      recomputed.insert(value);
}

/// The whole tensors that a backward node reads to compute again what it needs
/// are few: else what the forward part stores nearest to it is saved.
bool Cutter::repairLeaves(unsigned reader) {
  for (Value root : graph[reader].sources) {
    if (!recomputed.contains(root))
      continue;
    llvm::SmallSetVector<Value, 16> tree;
    tree.insert(root);
    unsigned leaves = 0;
    Value nearest;
    for (size_t next = 0; next < tree.size(); ++next) {
      Value value = tree[next];
      if (!recomputed.contains(value)) {
        leaves += elementsOf(value) >= elementsOf(root);
        continue;
      }
      if (!nearest && stored.contains(value))
        nearest = value;
      const auto &sources = graph[graph.producer(value)].sources;
      tree.insert(sources.begin(), sources.end());
    }
    if (leaves > kMostLeaves && nearest && pinned.insert(nearest).second)
      return true;
  }
  return false;
}

bool Cutter::repair() {
  bool any = false;
  for (Value value : recomputed)
    if (graph[graph.producer(value)].kind == OpKind::Reduction)
      any |= pinned.insert(value).second;
  for (unsigned node = 0; node < graph.size(); ++node)
    if (graph[node].isPlaced() && isBackward(graph[node].op))
      any |= repairLeaves(node);
  return any;
}

void Cutter::run() {
  countReaders();
  solve();
  for (int round = 0; round < kRepairRounds && repair(); ++round)
    solve();
}

/// `value` as the backward part reads it.
Value Cutter::remake(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || isBackward(op) || kindOf(op) == OpKind::Free)
    return value;
  bool isView = kindOf(op) == OpKind::View;
  if (!isView && !recomputed.contains(value))
    return value;
  if (Value known = remade.lookup(value))
    return known;
  IRMapping mapping;
  bool changed = !isView;
  for (Value operand : op->getOperands()) {
    mapping.map(operand, remake(operand));
    changed |= mapping.lookup(operand) != operand;
  }
  Value copy = value;
  if (changed) {
    OpBuilder builder(op);
    builder.setInsertionPointAfter(op);
    Operation *clone = builder.clone(*op, mapping);
    clone->setAttr(kernel::kBackwardAttr, builder.getUnitAttr());
    if (!isView)
      clone->setAttr(kernel::kRecomputeAttr, builder.getUnitAttr());
    copy = clone->getResult(cast<OpResult>(value).getResultNumber());
  }
  remade[value] = copy;
  return copy;
}

void Cutter::rewrite() {
  for (unsigned node = 0; node < graph.size(); ++node) {
    Operation *op = graph[node].op;
    if (!isBackward(op))
      continue;
    for (OpOperand &operand : op->getOpOperands())
      operand.set(remake(operand.get()));
  }
}

namespace {
struct CutGraph : ogee::impl::CutGraphBase<CutGraph> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      Block &body = function.getBody().front();
      if (llvm::none_of(body, [](Operation &op) { return isBackward(&op); }))
        continue;
      Graph graph(function);
      Cutter cutter(graph, storedByForward(function));
      cutter.run();
      cutter.rewrite();
      eraseDead(body);
    }
  }
};
} // namespace
