// The fields are in the order of runtime/Abi.h.
#include "lib/Link/TensorTable.h"

#include "lib/Link/Fields.h"
#include "runtime/Abi.h"

#include <optional>

using namespace mlir;
using namespace ogee;

static int32_t abiInit(nn::Distribution kind) {
  switch (kind) {
  case nn::Distribution::Normal:
    return OGEE_INIT_NORMAL;
  case nn::Distribution::Uniform:
    return OGEE_INIT_UNIFORM;
  case nn::Distribution::TruncNormal:
    return OGEE_INIT_TRUNC_NORMAL;
  case nn::Distribution::Table:
    return OGEE_INIT_TABLE;
  case nn::Distribution::Constant:
  case nn::Distribution::Bernoulli:
    return OGEE_INIT_CONSTANT;
  }
  llvm_unreachable("all distributions are named");
}

/// Null for an argument that lives for one step.
static std::optional<int32_t> abiKind(StringRef kind) {
  return llvm::StringSwitch<std::optional<int32_t>>(kind)
      .Case("param", OGEE_PARAMETER)
      .Cases({"state", "average"}, OGEE_STATE)
      .Case("moment", OGEE_MOMENT)
      .Case("accumulator", OGEE_ACCUMULATOR)
      .Default(std::nullopt);
}

/// The table's elements in the type of the tensor, C order.
static SmallVector<char> tableBytes(DenseElementsAttr table, Type element) {
  SmallVector<char> bytes;
  auto append = [&](auto value) {
    const char *begin = reinterpret_cast<const char *>(&value);
    bytes.append(begin, begin + sizeof(value));
  };
  for (APFloat value : table.getValues<APFloat>())
    if (element.isF32())
      append(float(value.convertToDouble()));
    else
      append(value.convertToDouble());
  return bytes;
}

llvm::Constant *TensorTable::record(const Tensor &tensor) {
  nn::InitAttr init = tensor.init;
  Type element = tensor.type.getElementType();
  bool hasTable = init && init.getKind() == nn::Distribution::Table;
  return constants.record(
      {constants.string(tensor.path), constants.numbers(tensor.type.getShape()),
       hasTable ? constants.bytes(tableBytes(init.getTable(), element))
                : constants.null(),
       constants.f64(init ? init.getA().getValueAsDouble() : 0),
       constants.f64(init ? init.getB().getValueAsDouble() : 0),
       constants.i64(tensor.type.getRank()),
       constants.i64(tensor.type.getNumElements()),
       constants.i64(tensor.offset), constants.i32(abiType(element)),
       constants.i32(init ? abiInit(init.getKind()) : OGEE_INIT_CONSTANT),
       constants.i32(tensor.kind), constants.i32(tensor.copiedIn),
       constants.text(tensor.copied), constants.text(tensor.file),
       constants.text(tensor.nameInFile)});
}

TensorTable::Tensor TensorTable::argument(kernel::ProgramOp program,
                                          unsigned index) {
  auto file = program.getArgAttrOfType<ArrayAttr>(index, "nn.file");
  auto phase = program.getArgAttrOfType<IntegerAttr>(index, "nn.copied_in");
  auto inFile = [&](unsigned part) {
    return file ? cast<StringAttr>(file[part]).getValue() : StringRef();
  };
  return {argumentText(program, index, "nn.path"),
          cast<RankedTensorType>(program.getArgumentTypes()[index]),
          argumentOffset(program, index),
          *abiKind(argumentText(program, index, "nn.class")),
          program.getArgAttrOfType<nn::InitAttr>(index, "nn.init"),
          argumentText(program, index, "nn.copied"),
          inFile(0),
          inFile(1),
          phase ? int32_t(phase.getInt()) : 0};
}

void TensorTable::addTrained(kernel::ProgramOp program) {
  for (unsigned index = 0; index < program.getNumArguments(); ++index)
    if (argumentText(program, index, "nn.class") == "param")
      trained.insert(argumentText(program, index, "nn.path"));
}

void TensorTable::addArguments(kernel::ProgramOp program) {
  for (unsigned index = 0; index < program.getNumArguments(); ++index) {
    if (!abiKind(argumentText(program, index, "nn.class")) ||
        !seenPaths.insert(argumentText(program, index, "nn.path")).second)
      continue;
    Tensor tensor = argument(program, index);
    if (trained.contains(tensor.path))
      tensor.kind = OGEE_PARAMETER;
    tensors.push_back(record(tensor));
    if (tensor.kind == OGEE_PARAMETER)
      parameterElements += tensor.type.getNumElements();
  }
}

void TensorTable::addGradients(plan::ProgramBuffers &buffers) {
  kernel::ProgramOp program = buffers.program;
  Operation *yield = program.getBody().front().getTerminator();
  for (OpOperand &operand : yield->getOpOperands()) {
    auto name = program.getResultAttrOfType<StringAttr>(
        operand.getOperandNumber(), "nn.name");
    StringRef path = name ? name.getValue() : StringRef();
    if (!path.consume_front("gradient:"))
      continue;
    gradientTensors.push_back(
        record({path, cast<RankedTensorType>(operand.get().getType()),
                arenaOffset(buffers, operand.get()), OGEE_PARAMETER,
                nn::InitAttr(), "", "", "", 0}));
  }
}
