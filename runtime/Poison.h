// --poison: memory that the plan calls dead is filled with NaN, so that a value
// read after its death, or before its birth, changes the result.
#ifndef OGEE_RUNTIME_POISON_H
#define OGEE_RUNTIME_POISON_H

#include "runtime/Abi.h"

namespace ogee::runtime {

/// Poisons everything behind the persistent part; inputs come after it.
void poisonBefore(const OgeeProgram &program, uint8_t *arena);
/// Poisons what nothing reads after the launch.
void poisonAfter(const OgeeLaunch &launch, uint8_t *arena);

} // namespace ogee::runtime

#endif // OGEE_RUNTIME_POISON_H
