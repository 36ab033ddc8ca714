// A product's epilogue ends where leaving costs least: taking the head of a
// row operation would write several tensors instead of one.
#include "lib/Schedule/Assign.h"
#include "lib/Schedule/MinCut.h"

using namespace mlir;
using namespace ogee;
using namespace ogee::schedule;
using kernel::Family;

namespace {
class Frontier {
public:
  Frontier(const Groups &groups, unsigned index, Bars &bars)
      : groups(groups), graph(groups.graph), index(index),
        group(groups.groups[index]), bars(bars) {}

  /// Bars members that are better left to others; true if there are any.
  bool run();

private:
  void addMember(unsigned node);
  void addInputs();
  bool readByRows(Value value) const;
  bool storedAnyway(Value value) const;

  const Groups &groups;
  const Graph &graph;
  unsigned index;
  const Group &group;
  Bars &bars;
  MinCut cut;
  llvm::DenseMap<unsigned, unsigned> vertices; // member -> kept here or not
};
} // namespace

/// A row kernel over the same box reads it, now or if it were stored.
bool Frontier::readByRows(Value value) const {
  return llvm::any_of(graph.readers(value), [&](unsigned reader) {
    int64_t other = groups.groupOf(reader);
    return other != int64_t(index) &&
           groups.groups[other].family == Family::Row &&
           groups.groups[other].box == group.box;
  });
}

/// In memory whatever this cut decides: returned, or read by kernels that do
/// not take a member's place.
bool Frontier::storedAnyway(Value value) const {
  return graph.isReturned(value) ||
         llvm::any_of(graph.readers(value), [&](unsigned reader) {
           int64_t other = groups.groupOf(reader);
           return other != int64_t(index) &&
                  (groups.groups[other].family != Family::Row ||
                   groups.groups[other].box != group.box);
         });
}

void Frontier::addMember(unsigned node) {
  unsigned kept = vertices[node];
  if (llvm::is_contained(group.anchors, node))
    cut.addEdge(MinCut::kSource, kept, MinCut::kInfinite);
  for (Value source : graph[node].sources)
    if (groups.groupOf(source) == int64_t(index))
      cut.addEdge(kept, vertices[graph.producer(source)], MinCut::kInfinite);
  for (Value result : graph[node].op->getResults()) {
    unsigned read = cut.addVertex(); // on the sink's side if others read it
    cut.addEdge(kept, read, bytesOf(result) * (storedAnyway(result) ? 1 : 2));
    for (unsigned reader : graph.readers(result))
      if (groups.groupOf(reader) == int64_t(index))
        cut.addEdge(read, vertices[reader], MinCut::kInfinite);
    if (readByRows(result))
      cut.addEdge(read, MinCut::kSink, MinCut::kInfinite);
  }
}

/// What comes from outside costs again if both sides read it.
void Frontier::addInputs() {
  llvm::SmallSetVector<Value, 8> inputs;
  for (unsigned node : group.members)
    for (Value source : graph[node].sources)
      if (groups.groupOf(source) != int64_t(index))
        inputs.insert(source);
  for (Value input : inputs) {
    unsigned here = cut.addVertex(), there = cut.addVertex();
    cut.addEdge(here, there, bytesOf(input));
    for (unsigned reader : graph.readers(input)) {
      if (groups.groupOf(reader) != int64_t(index))
        continue;
      cut.addEdge(vertices[reader], here, MinCut::kInfinite);
      cut.addEdge(there, vertices[reader], MinCut::kInfinite);
    }
  }
}

bool Frontier::run() {
  for (unsigned node : group.members)
    vertices[node] = cut.addVertex();
  for (unsigned node : group.members)
    addMember(node);
  addInputs();
  cut.solve();
  bool any = false;
  for (unsigned node : group.members) {
    if (cut.onSourceSide(vertices[node]))
      continue;
    bars.insert({node, group.anchors.front()});
    any = true;
  }
  return any;
}

bool schedule::cutFrontiers(const Groups &groups, Bars &bars) {
  bool any = false;
  for (unsigned group = 0; group < groups.groups.size(); ++group)
    if (groups.groups[group].family == Family::Contraction &&
        groups.groups[group].members.size() > 1)
      any |= Frontier(groups, group, bars).run();
  return any;
}
