// --poison: memory that the plan calls dead is filled with NaN, so that a value
// read after its death, or before its birth, changes the result.
#ifndef OGEE_RUNTIME_POISON_H
#define OGEE_RUNTIME_POISON_H

#include "runtime/Abi.h"
#include "runtime/Memory.h"

namespace ogee::runtime {

class Poison {
public:
  /// Finds where each launch's results die: after the last launch that has an
  /// offset inside them, before another result takes their place.
  void prepare(const OgeeProgram &program, const OgeeEntry &entry);

  /// Poisons everything behind the persistent part; inputs come after it.
  void beforeEntry(uint8_t *arena) const;
  /// Poisons what is dead once launch `launch` has ended.
  void afterLaunch(uint8_t *arena, int64_t launch) const;

private:
  struct Range {
    int64_t begin, end; // bytes of the arena
    int64_t after;      // launch
  };

  int64_t persistent = 0, total = 0;
  Array<Range> ranges;
};

} // namespace ogee::runtime

#endif // OGEE_RUNTIME_POISON_H
