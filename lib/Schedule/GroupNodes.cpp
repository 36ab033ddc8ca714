#include "lib/Schedule/Assign.h"

using namespace ogee;
using namespace ogee::schedule;

/// Dropped members are assigned again; what they join may change a frontier.
static constexpr int kFrontierRounds = 3;

Groups schedule::groupNodes(Graph &graph) {
  Bars bars;
  std::optional<Groups> groups;
  for (int round = 0; round <= kFrontierRounds; ++round) {
    groups.emplace(graph);
    assignNodes(*groups, bars);
    if (round == kFrontierRounds || !cutFrontiers(*groups, bars))
      break;
  }
  mergeGroups(*groups);
  // What sinks out of an epilogue may have kept two siblings apart.
  while (true) {
    mergeSiblings(*groups);
    if (!sinkValues(*groups))
      break;
    mergeGroups(*groups);
  }
  makeLists(*groups);
  return std::move(*groups);
}
