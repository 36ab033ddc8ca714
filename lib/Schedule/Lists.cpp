// With a clipped gradient an update waits for the norm, so it can join no
// kernel that makes a gradient: hundreds of small element-wise launches, which
// differ in shape alone, become one over a list.
#include "lib/Schedule/Assign.h"

#include <map>

using namespace mlir;
using namespace ogee;
using namespace ogee::schedule;
using kernel::Family;

namespace {
/// A group's body without shapes: operations, constants, and which value each
/// operand is. Fails where the body is not element-wise in place.
class Body {
public:
  Body(const Groups &groups, const Group &group)
      : graph(groups.graph), group(group) {
    fits = group.family == Family::Row && group.updates;
    for (unsigned node : group.members) {
      fits &= groups.roleOf(node) == Role::Box;
      for (Value result : graph[node].op->getResults())
        fits &= !groups.isStored(result) || graph[node].updates();
      if (fits)
        append(result(node));
    }
    if (fits)
      key.push_back(nullptr);
  }

  bool fits = false;
  std::vector<const void *> key;

private:
  Value result(unsigned node) const { return graph[node].op->getResult(0); }
  void append(Value value);
  void appendGeneric(linalg::GenericOp op);

  const Graph &graph;
  const Group &group;
  llvm::DenseMap<Value, size_t> numbers;
};
} // namespace

void Body::append(Value value) {
  auto [entry, isNew] = numbers.try_emplace(value, numbers.size());
  key.push_back(
      reinterpret_cast<const void *>(uintptr_t(entry->second) * 2 + 1));
  if (!isNew)
    return;
  key.push_back(typeOf(value).getElementType().getAsOpaquePointer());
  bool scalar = shapeOf(value).empty();
  fits &= scalar || shapeOf(value) == ArrayRef<int64_t>(group.box);
  key.push_back(reinterpret_cast<const void *>(uintptr_t(scalar) * 2 + 1));
  int64_t made = graph.producer(value);
  bool inside = made >= 0 &&
                (llvm::is_contained(group.members, made) || graph[made].clone);
  if (!inside) {
    fits &= made < 0 || graph[made].isPlaced();
    return;
  }
  auto generic = dyn_cast<linalg::GenericOp>(graph[made].op);
  fits &= generic && !scalar && graph[made].kind == OpKind::ElementWise;
  if (fits)
    appendGeneric(generic);
}

void Body::appendGeneric(linalg::GenericOp op) {
  for (auto [input, map] :
       llvm::zip(op.getInputs(), op.getIndexingMapsArray())) {
    fits &= map.isIdentity() || map.getNumResults() == 0;
    append(input);
  }
  llvm::DenseMap<Value, unsigned> local;
  Block &block = op.getRegion().front();
  for (BlockArgument argument : block.getArguments())
    local.try_emplace(argument, local.size());
  for (Operation &scalar : block) {
    fits &= !isa<linalg::IndexOp>(scalar);
    key.push_back(scalar.getName().getAsOpaquePointer());
    key.push_back(scalar.getPropertiesAsAttribute().getAsOpaquePointer());
    for (Value operand : scalar.getOperands())
      key.push_back(reinterpret_cast<const void *>(
          uintptr_t(local.lookup(operand)) * 2 + 1));
    for (Value result : scalar.getResults())
      local.try_emplace(result, local.size());
  }
}

void schedule::makeLists(Groups &groups) {
  std::map<std::vector<const void *>, unsigned> first;
  for (unsigned index = 0; index < groups.groups.size(); ++index) {
    if (!groups.groups[index].alive)
      continue;
    Body body(groups, groups.groups[index]);
    if (!body.fits)
      continue;
    auto [entry, isNew] = first.try_emplace(std::move(body.key), index);
    unsigned list = entry->second;
    if (isNew || groups.precedes(list, index) || groups.precedes(index, list) ||
        !groups.mayMerge(list, index))
      continue;
    Group &into = groups.groups[list];
    if (into.tuples.empty())
      into.tuples.push_back(into.members);
    into.tuples.push_back(groups.groups[index].members);
    groups.merge(list, index);
  }
}
