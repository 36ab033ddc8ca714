// A `func.func` and the `kernel.program` that it becomes carry the same
// attributes, so that both are asked here.
#include "lib/Schedule/Updates.h"

#include "lib/Schedule/Ops.h"

#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace ogee;

static MutableArrayRef<OpOperand> resultsOf(FunctionOpInterface function) {
  return function.getFunctionBody().front().getTerminator()->getOpOperands();
}

SmallVector<schedule::Update>
schedule::updatesOf(FunctionOpInterface function) {
  llvm::StringMap<Value> arguments;
  for (BlockArgument argument : function.getArguments())
    if (auto path = function.getArgAttrOfType<StringAttr>(
            argument.getArgNumber(), "nn.path"))
      arguments[path.getValue()] = argument;
  SmallVector<Update> updates;
  for (OpOperand &result : resultsOf(function))
    if (auto path = function.getResultAttrOfType<StringAttr>(
            result.getOperandNumber(), "nn.updates"))
      updates.push_back({base(result.get()), arguments.lookup(path.getValue()),
                         path.getValue()});
  return updates;
}

Value schedule::lossOf(FunctionOpInterface function) {
  for (OpOperand &result : resultsOf(function)) {
    auto name = function.getResultAttrOfType<StringAttr>(
        result.getOperandNumber(), "nn.name");
    if (name && name.getValue() == "loss")
      return base(result.get());
  }
  return Value();
}
