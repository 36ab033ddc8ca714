// What a group makes for others is cut in two: what must be in memory or is
// cheaper there, and what each reader had better compute itself from that. One
// cut a group; moving values one by one gets stuck, since single moves are
// neutral.
#include "lib/Schedule/Accept.h"
#include "lib/Schedule/Assign.h"
#include "lib/Schedule/MinCut.h"

#include "lib/Nn/Nn.h"

using namespace mlir;
using namespace ogee;
using namespace ogee::schedule;
using kernel::Family;

namespace {
class Sink {
  using Pair = std::pair<unsigned, unsigned>;

public:
  Sink(Groups &groups, unsigned index)
      : groups(groups), graph(groups.graph), index(index),
        group(groups.groups[index]) {}

  /// Makes clones of what is better computed by its readers; true if any.
  bool run();

private:
  bool mustStay(unsigned node) const;
  bool isSaved(unsigned node) const;
  const llvm::SmallSetVector<unsigned, 4> &readersBelow(unsigned node);
  int64_t repeatedWork(unsigned node);
  void collectSources(unsigned node, llvm::SmallSetVector<Value, 4> &sources);
  bool wouldPrecede(int64_t from, int64_t to, ArrayRef<Pair> edges) const;
  bool orderBeforeUpdates(unsigned node);
  void addMember(unsigned node);
  void addInputs();

  Groups &groups;
  Graph &graph;
  unsigned index;
  const Group &group;
  MinCut cut;
  llvm::DenseMap<unsigned, unsigned> vertices; // member -> computed here or not
  /// Nodes outside that read a member or what follows from it.
  llvm::DenseMap<unsigned, llvm::SmallSetVector<unsigned, 4>> below;
};
} // namespace

/// The cut over the whole step decided to keep it for the backward part.
bool Sink::isSaved(unsigned node) const {
  if (graph[node].op->hasAttr(kernel::kBackwardAttr))
    return false;
  for (Value result : graph[node].op->getResults())
    for (unsigned reader : graph.readers(result))
      if (graph[reader].op->hasAttr(kernel::kBackwardAttr))
        return true;
  return false;
}

bool Sink::mustStay(unsigned node) const {
  Operation *op = graph[node].op;
  if (graph[node].kind != OpKind::ElementWise ||
      groups.roleOf(node) == Role::Partial ||
      groups.roleOf(node) == Role::Finish || shapeOf(op->getResult(0)).empty())
    return true;
  Value result = op->getResult(0);
  if (graph.isReturned(result) || isSaved(node))
    return true;
  bool viewed = llvm::any_of(op->getUsers(), [](Operation *user) {
    return kindOf(user) == OpKind::View;
  });
  return viewed || llvm::any_of(graph.readers(result), [&](unsigned reader) {
           return groups.groupOf(reader) != int64_t(index) &&
                  !takesTrees(graph[reader].kind);
         });
}

const llvm::SmallSetVector<unsigned, 4> &Sink::readersBelow(unsigned node) {
  auto [entry, isNew] = below.try_emplace(node);
  if (!isNew)
    return entry->second;
  llvm::SmallSetVector<unsigned, 4> found;
  for (Value result : graph[node].op->getResults())
    for (unsigned reader : graph.readers(result)) {
      // What an earlier group gave away is computed by those that read it.
      if (groups.groupOf(reader) != int64_t(index) && !graph[reader].clone) {
        found.insert(reader);
        continue;
      }
      const auto &more = readersBelow(reader);
      found.insert(more.begin(), more.end());
    }
  return below[node] = found;
}

static int64_t countGroups(const Groups &groups, ArrayRef<unsigned> nodes) {
  llvm::SmallSetVector<int64_t, 4> found;
  for (unsigned node : nodes)
    found.insert(groups.groupOf(node));
  return found.size();
}

/// Scalar work beyond once, in units: a product packs an operand once to twice.
int64_t Sink::repeatedWork(unsigned node) {
  int64_t halves = 0;
  llvm::SmallSetVector<int64_t, 4> counted;
  for (unsigned reader : readersBelow(node)) {
    bool packs = graph[reader].kind == OpKind::Product;
    if (packs || counted.insert(groups.groupOf(reader)))
      halves += packs ? 3 : 2;
  }
  int64_t once = graph[node].work * kUnitsPerScalar;
  return std::max<int64_t>(halves - 2, 0) * once / 2;
}

void Sink::addMember(unsigned node) {
  unsigned here = vertices[node];
  cut.addEdge(MinCut::kSource, here,
              mustStay(node) ? MinCut::kInfinite : repeatedWork(node));
  for (Value source : graph[node].sources)
    if (groups.groupOf(source) == int64_t(index))
      cut.addEdge(here, vertices[graph.producer(source)], MinCut::kInfinite);
  for (Value result : graph[node].op->getResults()) {
    unsigned read = cut.addVertex(); // on the sink's side if read outside
    int64_t readers = countGroups(groups, readersBelow(node).getArrayRef());
    bool stored = graph.isReturned(result) || isSaved(node);
    cut.addEdge(here, read,
                bytesOf(result) * kUnitsPerByte * (readers + (stored ? 0 : 1)));
    for (unsigned reader : graph.readers(result))
      cut.addEdge(read,
                  groups.groupOf(reader) == int64_t(index) ? vertices[reader]
                                                           : MinCut::kSink,
                  MinCut::kInfinite);
  }
}

/// An input is read here if a member that stays reads it, and by the readers
/// below a member that does not.
void Sink::addInputs() {
  llvm::SmallSetVector<Value, 8> inputs;
  for (unsigned node : group.members)
    for (Value source : graph[node].sources)
      if (groups.groupOf(source) != int64_t(index))
        inputs.insert(source);
  for (Value input : inputs) {
    unsigned here = cut.addVertex(), there = cut.addVertex();
    int64_t bytes = bytesOf(input) * kUnitsPerByte, readers = 1;
    for (unsigned node : graph.readers(input)) {
      if (groups.groupOf(node) != int64_t(index))
        continue;
      // A gather reads as many bytes as it gives.
      if (isa<nn::GatherOp>(graph[node].op))
        bytes = std::min(bytes,
                         bytesOf(graph[node].op->getResult(0)) * kUnitsPerByte);
      cut.addEdge(vertices[node], here, MinCut::kInfinite);
      cut.addEdge(there, vertices[node], MinCut::kInfinite);
      if (mustStay(node))
        continue;
      readers = std::max(readers,
                         countGroups(groups, readersBelow(node).getArrayRef()));
    }
    cut.addEdge(here, MinCut::kSink, bytes);
    cut.addEdge(MinCut::kSource, there, bytes * readers);
  }
}

/// Whether `from` comes before `to` once the groups of `edges` are in their
/// order.
bool Sink::wouldPrecede(int64_t from, int64_t to, ArrayRef<Pair> edges) const {
  llvm::SmallSetVector<int64_t, 4> reached;
  reached.insert(from);
  for (size_t next = 0; next < reached.size(); ++next) {
    int64_t group = reached[next];
    if (group == to || groups.precedes(group, to))
      return true;
    for (auto [earlier, later] : edges)
      if (group == int64_t(earlier) || groups.precedes(group, earlier))
        reached.insert(later);
  }
  return false;
}

/// What `node` reads, also through clones that groups of this round gave away.
void Sink::collectSources(unsigned node,
                          llvm::SmallSetVector<Value, 4> &sources) {
  for (Value source : graph[node].sources) {
    int64_t made = graph.producer(source);
    if (made >= 0 && graph[made].clone)
      collectSources(made, sources);
    else
      sources.insert(source);
  }
}

/// Whoever computes `node` reads what it reads: before that is overwritten, or
/// at the place that is. False if a reader cannot; else that order is noted.
bool Sink::orderBeforeUpdates(unsigned node) {
  const auto &readers = readersBelow(node);
  SmallVector<Pair> edges; // between groups
  llvm::SmallSetVector<Value, 4> sources;
  collectSources(node, sources);
  for (Value source : sources) {
    int64_t update = graph.updater(source);
    int64_t updating = update < 0 ? -1 : groups.groupOf(update);
    if (updating < 0)
      continue;
    for (unsigned reader : readers) {
      int64_t reading = groups.groupOf(reader);
      bool isDone =
          reading == updating && (groups.roleOf(update) == Role::Finish ||
                                  readsAtPlaceFor(graph, node, reader, update));
      if (isDone)
        continue;
      // Two updates may each want to wait for what the other one overwrites.
      if (wouldPrecede(updating, reading, edges))
        return false;
      edges.push_back({reading, updating});
    }
  }
  for (auto [earlier, later] : edges)
    groups.addEdge(earlier, later);
  return true;
}

bool Sink::run() {
  for (unsigned node : group.members)
    vertices[node] = cut.addVertex();
  for (unsigned node : group.members)
    addMember(node);
  addInputs();
  cut.solve();
  SmallVector<unsigned> sunk;
  for (unsigned node : group.members)
    if (!cut.onSourceSide(vertices[node]))
      sunk.push_back(node);
  llvm::erase_if(sunk,
                 [&](unsigned node) { return !orderBeforeUpdates(node); });
  for (unsigned node : sunk) {
    groups.release(node);
    graph[node].clone = true;
  }
  return !sunk.empty();
}

bool schedule::sinkValues(Groups &groups) {
  bool changed = false;
  for (unsigned group = 0; group < groups.groups.size(); ++group)
    if (groups.groups[group].alive &&
        groups.groups[group].family != Family::Attention)
      changed |= Sink(groups, group).run();
  if (changed)
    groups.graph.refresh();
  groups.rebuildOrder();
  return changed;
}
