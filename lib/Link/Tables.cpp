// Every struct here lists its fields in the order of runtime/Abi.h.
#include "lib/Link/Tables.h"

#include "lib/Link/Fields.h"
#include "lib/Link/ProgramTable.h"
#include "lib/Link/TensorTable.h"
#include "lib/Plan/Plan.h"
#include "runtime/Abi.h"

using namespace mlir;
using namespace ogee;

namespace {
class TableBuilder {
public:
  TableBuilder(ModuleOp source, const TableOptions &options,
               llvm::Module &target)
      : source(source), options(options), constants(target) {}

  /// The fields of `ogee_program`, or null after an error.
  llvm::Constant *build();

private:
  llvm::Constant *data(DictionaryAttr train);
  SmallVector<llvm::Constant *> phases(DictionaryAttr train);

  ModuleOp source;
  const TableOptions &options;
  Constants constants;
};
} // namespace

static StringRef textOf(DictionaryAttr dictionary, StringRef name) {
  auto text = dictionary ? dictionary.getAs<StringAttr>(name) : StringAttr();
  return text ? text.getValue() : StringRef();
}

static StringRef precisionOf(DictionaryAttr train) {
  if (train.contains("products"))
    return "bf16";
  auto type = train.getAs<TypeAttr>("precision");
  return type && type.getValue().isF64() ? "f64" : "f32";
}

static int64_t numberOf(DictionaryAttr dictionary, StringRef name) {
  auto number =
      dictionary ? dictionary.getAs<IntegerAttr>(name) : IntegerAttr();
  return number ? number.getInt() : 0;
}

/// The plan's own record is gone; places come from the attributes it left.
static void readOffsets(plan::ProgramBuffers &buffers) {
  auto set = [&](plan::Place place, int64_t offset) {
    plan::Buffer &buffer = buffers.buffers[place.buffer];
    if (!buffer.offset)
      buffer.offset = offset - place.distance;
  };
  for (BlockArgument argument : buffers.program.getArguments()) {
    unsigned index = argument.getArgNumber();
    StringRef kind = argumentText(buffers.program, index, "nn.class");
    buffers.bufferOf(argument).persistent = kind != "data" && kind != "scalar";
    set(buffers.places.lookup(argument),
        argumentOffset(buffers.program, index));
  }
  for (plan::LaunchBuffers &launch : buffers.launches) {
    const auto *offset = launch.op.getOffsets()->begin();
    for (auto *places : {&launch.operands, &launch.results, &launch.workspaces})
      for (plan::Place place : *places)
        set(place, *offset++);
  }
}

llvm::Constant *TableBuilder::data(DictionaryAttr train) {
  auto data = train.getAs<DictionaryAttr>("data");
  StringRef path = textOf(data, "path");
  auto holdout = data ? data.getAs<FloatAttr>("holdout") : FloatAttr();
  bool sequential = textOf(data, "order") == "sequential";
  StringRef name = textOf(data, "source");
  int32_t source = name == "arrays"     ? OGEE_SOURCE_ARRAYS
                   : name == "examples" ? OGEE_SOURCE_EXAMPLES
                                        : OGEE_SOURCE_TEXT;
  return constants.record(
      {constants.text(path),
       constants.f64(holdout ? holdout.getValueAsDouble() : 0),
       constants.i64(numberOf(data, "window")), constants.i32(source),
       constants.i32(textOf(data, "tokens") == "bytes" ? OGEE_TOKENS_BYTES
                                                       : OGEE_TOKENS_NONE),
       constants.i32(sequential ? OGEE_SEQUENTIAL : OGEE_RANDOM),
       constants.i32(0)});
}

/// One phase, or as many as the block has.
SmallVector<llvm::Constant *> TableBuilder::phases(DictionaryAttr train) {
  SmallVector<llvm::Constant *> records;
  auto add = [&](DictionaryAttr phase, const std::string &name) {
    records.push_back(constants.record(
        {constants.string(name), constants.i64(numberOf(phase, "first")),
         constants.i64(numberOf(phase, "evaluate_every")),
         constants.i64(numberOf(phase, "evaluate_most"))}));
  };
  auto given = train.getAs<ArrayAttr>("phases");
  if (!given)
    add(train, "");
  else
    for (auto [number, phase] : llvm::enumerate(given))
      add(cast<DictionaryAttr>(phase),
          number ? "phase" + std::to_string(number) + "." : "");
  return records;
}

llvm::Constant *TableBuilder::build() {
  auto train = source->getAttrOfType<DictionaryAttr>("nn.train");
  auto arena = source->getAttrOfType<IntegerAttr>(kArenaBytesAttr);
  if (!train || !arena) {
    source.emitError() << "has no training or no plan";
    return nullptr;
  }
  int64_t persistent =
      source->getAttrOfType<IntegerAttr>(kPersistentBytesAttr).getInt();
  TensorTable tensors(constants);
  ProgramTable programs(constants, options.hasFinish, persistent);
  for (auto program : source.getOps<kernel::ProgramOp>())
    tensors.addTrained(program);
  for (auto program : source.getOps<kernel::ProgramOp>()) {
    auto buffers = plan::collectBuffers(program);
    if (failed(buffers))
      return nullptr;
    readOffsets(*buffers);
    tensors.addArguments(program);
    tensors.addGradients(*buffers);
    programs.add(*buffers);
  }
  SmallVector<llvm::Constant *> features;
  for (const std::string &feature : options.features)
    features.push_back(constants.string(feature));
  return constants.record(
      {constants.string(textOf(train, "model")),
       constants.string(options.target),
       constants.string(precisionOf(train)),
       constants.array(tensors.persistent()),
       constants.array(tensors.gradients()),
       constants.array(programs.programs()),
       constants.array(features),
       constants.array(phases(train)),
       data(train),
       constants.i64(OGEE_ABI_VERSION),
       constants.i64(tensors.persistent().size()),
       constants.i64(tensors.gradients().size()),
       constants.i64(programs.programs().size()),
       constants.i64(features.size()),
       constants.i64(phases(train).size()),
       constants.i64(arena.getInt()),
       constants.i64(persistent),
       constants.i64(programs.scratch()),
       constants.i64(tensors.parameters()),
       constants.i64(numberOf(train, "batch")),
       constants.i64(numberOf(train, "steps")),
       constants.i64(std::max<int64_t>(1, numberOf(train, "accumulate"))),
       constants.i64(numberOf(train, "seed"))});
}

std::unique_ptr<llvm::Module> ogee::buildTables(ModuleOp module,
                                                const TableOptions &options,
                                                llvm::LLVMContext &context) {
  auto tables = std::make_unique<llvm::Module>("ogee_program", context);
  llvm::Constant *program = TableBuilder(module, options, *tables).build();
  if (!program)
    return nullptr;
  llvm::GlobalVariable *variable =
      tables->getOrInsertGlobal("ogee_program", program->getType());
  variable->setConstant(true);
  variable->setInitializer(program);
  return tables;
}
