// Every struct lists its fields in the order of runtime/Abi.h.
#include "lib/Link/ProgramTable.h"

#include "lib/Kernel/Cost.h"
#include "lib/Link/Fields.h"

using namespace mlir;
using namespace ogee;

llvm::Constant *ProgramTable::slot(StringRef name, Type type, int64_t offset,
                                   int64_t bound) {
  auto shaped = cast<RankedTensorType>(type);
  return constants.record(
      {constants.string(name), constants.numbers(shaped.getShape()),
       constants.i64(shaped.getRank()), constants.i64(shaped.getNumElements()),
       constants.i64(offset), constants.i32(abiType(shaped.getElementType())),
       constants.i32(bound)});
}

/// Bytes that no value needs after phase `phase`, as pairs of offset and size:
/// of the buffers that die in it those whose place no living buffer has taken.
static SmallVector<int64_t> deadAfter(plan::ProgramBuffers &buffers,
                                      int64_t phase) {
  SmallVector<int64_t> dead;
  auto taken = [&](const plan::Buffer &dying) {
    return llvm::any_of(buffers.buffers, [&](const plan::Buffer &other) {
      return other.begin <= phase && other.end > phase &&
             *other.offset < *dying.offset + dying.bytes &&
             *dying.offset < *other.offset + other.bytes;
    });
  };
  for (const plan::Buffer &buffer : buffers.buffers)
    if (buffer.end == phase && !buffer.persistent && !taken(buffer)) {
      dead.push_back(*buffer.offset);
      dead.push_back(buffer.bytes);
    }
  return dead;
}

/// A list launch's chunks find their tuple in front of the plain offsets: four
/// integers a chunk, the places in the array of the tuple's first operand and
/// first result, then first element and count.
static SmallVector<int64_t> listOffsets(kernel::LaunchOp op,
                                        kernel::FuncOp callee) {
  auto table = op->getAttrOfType<DenseI64ArrayAttr>("table").asArrayRef();
  int64_t header = table.size() / 3 * 4;
  int64_t inputs = op.getInputs().size();
  SmallVector<int64_t> offsets;
  for (; !table.empty(); table = table.drop_front(3)) {
    int64_t tuple = table[0];
    offsets.push_back(header + tuple * callee.getNumArguments());
    offsets.push_back(header + inputs + tuple * callee.getNumResults());
    offsets.append({table[1], table[2]});
  }
  llvm::append_range(offsets, *op.getOffsets());
  return offsets;
}

llvm::Constant *ProgramTable::launch(const plan::LaunchBuffers &launch,
                                     ArrayRef<int64_t> dead) {
  kernel::FuncOp callee = launch.callee;
  kernel::Cost cost = kernel::costOf(callee);
  kernel::LaunchOp op = launch.op;
  SmallVector<int64_t> offsets(*op.getOffsets());
  SmallVector<llvm::Constant *> results;
  for (auto [index, value] : llvm::enumerate(op.getResults()))
    results.push_back(slot(callee.getName(), value.getType(),
                           offsets[op.getInputs().size() + index]));
  int64_t chunks = callee.getChunks().value_or(1);
  if (callee.getList()) {
    offsets = listOffsets(op, callee);
    chunks = op->getAttrOfType<DenseI64ArrayAttr>("table").size() / 3;
  }
  StringRef name = callee.getName();
  mostScratch = std::max<int64_t>(mostScratch, callee.getScratch().value_or(0));
  return constants.record(
      {constants.string(name), constants.function(name),
       hasFinish(callee) ? constants.function((name + "_finish").str())
                         : constants.null(),
       constants.numbers(offsets), constants.array(results),
       constants.numbers(dead), constants.i64(results.size()),
       constants.i64(dead.size() / 2), constants.i64(chunks),
       constants.i64(cost.flops), constants.i64(cost.bytes),
       constants.i32(op.getJoins() ? 1 : 0), constants.i32(offsets.size())});
}

/// The first launch that writes into the persistent part.
static int64_t firstUpdate(plan::ProgramBuffers &buffers, int64_t persistent) {
  for (auto [index, launch] : llvm::enumerate(buffers.launches))
    for (plan::Place place : launch.results)
      if (*buffers.buffers[place.buffer].offset < persistent)
        return index;
  return buffers.launches.size();
}

SmallVector<llvm::Constant *> ProgramTable::inputs(kernel::ProgramOp program) {
  SmallVector<llvm::Constant *> inputs;
  for (unsigned index = 0; index < program.getNumArguments(); ++index) {
    StringRef kind = argumentText(program, index, "nn.class");
    if (kind != "data" && kind != "scalar")
      continue;
    auto bound = program.getArgAttrOfType<IntegerAttr>(index, "nn.bound");
    inputs.push_back(slot(argumentText(program, index, "nn.name"),
                          program.getArgumentTypes()[index],
                          argumentOffset(program, index),
                          bound ? bound.getInt() : 0));
  }
  return inputs;
}

SmallVector<llvm::Constant *>
ProgramTable::outputs(plan::ProgramBuffers &buffers) {
  SmallVector<llvm::Constant *> outputs;
  kernel::ProgramOp program = buffers.program;
  Operation *yield = program.getBody().front().getTerminator();
  for (OpOperand &operand : yield->getOpOperands()) {
    auto name = program.getResultAttrOfType<StringAttr>(
        operand.getOperandNumber(), "nn.name");
    if (name && !name.getValue().starts_with("gradient:"))
      outputs.push_back(slot(name, operand.get().getType(),
                             arenaOffset(buffers, operand.get())));
  }
  return outputs;
}

SmallVector<llvm::Constant *>
ProgramTable::launches(plan::ProgramBuffers &buffers) {
  SmallVector<llvm::Constant *> launches;
  for (auto [index, each] : llvm::enumerate(buffers.launches)) {
    bool endsPhase = index + 1 == buffers.launches.size() ||
                     buffers.launches[index + 1].phase != each.phase;
    launches.push_back(launch(each, endsPhase ? deadAfter(buffers, each.phase)
                                              : SmallVector<int64_t>()));
  }
  return launches;
}

void ProgramTable::add(plan::ProgramBuffers &buffers) {
  kernel::ProgramOp program = buffers.program;
  auto launched = launches(buffers), in = inputs(program),
       out = outputs(buffers);
  entries.push_back(
      constants.record({constants.string(program.getName()),
                        constants.array(launched), constants.array(in),
                        constants.array(out), constants.i64(launched.size()),
                        constants.i64(in.size()), constants.i64(out.size()),
                        constants.i64(firstUpdate(buffers, persistentBytes))}));
}
