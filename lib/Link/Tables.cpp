// Every struct here lists its fields in the order of runtime/Abi.h.
#include "lib/Link/Tables.h"
#include "lib/Kernel/Cost.h"
#include "lib/Link/Constants.h"
#include "lib/Nn/Nn.h"
#include "lib/Plan/Buffers.h"
#include "lib/Plan/Plan.h"
#include "runtime/Abi.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace ogee;

static int32_t abiType(Type type) {
  if (type.isF32())
    return OGEE_F32;
  if (type.isF64())
    return OGEE_F64;
  if (type.isBF16())
    return OGEE_BF16;
  if (type.isInteger(1))
    return OGEE_BOOL;
  return type.isInteger(32) ? OGEE_I32 : OGEE_I64;
}

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

namespace {
class TableBuilder {
public:
  TableBuilder(ModuleOp source, const TableOptions &options,
               llvm::Module &target)
      : source(source), options(options), constants(target) {}

  /// The fields of `ogee_program`, or null after an error.
  llvm::Constant *build();

private:
  llvm::Constant *tensor(kernel::ProgramOp program, unsigned index);
  llvm::Constant *slot(StringRef name, Type type, int64_t offset,
                       int64_t bound = 0);
  llvm::Constant *launch(const plan::LaunchBuffers &launch,
                         ArrayRef<int64_t> dead);
  llvm::Constant *entry(plan::ProgramBuffers &buffers);
  llvm::Constant *data(DictionaryAttr train);
  /// Null for a text that is not there.
  llvm::Constant *text(StringRef value) {
    return value.empty() ? constants.null() : constants.string(value);
  }
  void addTensors(kernel::ProgramOp program);
  void addGradients(plan::ProgramBuffers &buffers);

  ModuleOp source;
  const TableOptions &options;
  Constants constants;
  SmallVector<llvm::Constant *> tensors, gradients, entries;
  llvm::StringSet<> seenPaths;
  int64_t parameters = 0, scratch = 0;
};
} // namespace

static StringRef textOf(DictionaryAttr dictionary, StringRef name) {
  auto text = dictionary ? dictionary.getAs<StringAttr>(name) : StringAttr();
  return text ? text.getValue() : StringRef();
}

static StringRef precisionOf(DictionaryAttr train) {
  auto type = train.getAs<TypeAttr>("precision");
  return type && type.getValue().isF64() ? "f64" : "f32";
}

static int64_t numberOf(DictionaryAttr dictionary, StringRef name) {
  auto number =
      dictionary ? dictionary.getAs<IntegerAttr>(name) : IntegerAttr();
  return number ? number.getInt() : 0;
}

static StringRef argumentText(kernel::ProgramOp program, unsigned index,
                              StringRef name) {
  auto text = program.getArgAttrOfType<StringAttr>(index, name);
  return text ? text.getValue() : StringRef();
}

static int64_t argumentOffset(kernel::ProgramOp program, unsigned index) {
  return program.getArgAttrOfType<IntegerAttr>(index, kernel::kOffsetAttr)
      .getInt();
}

llvm::Constant *TableBuilder::slot(StringRef name, Type type, int64_t offset,
                                   int64_t bound) {
  auto shaped = cast<RankedTensorType>(type);
  return constants.record(
      {constants.string(name), constants.numbers(shaped.getShape()),
       constants.i64(shaped.getRank()), constants.i64(shaped.getNumElements()),
       constants.i64(offset), constants.i32(abiType(shaped.getElementType())),
       constants.i32(bound)});
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

llvm::Constant *TableBuilder::tensor(kernel::ProgramOp program,
                                     unsigned index) {
  StringRef kind = argumentText(program, index, "nn.class");
  auto type = cast<RankedTensorType>(program.getArgumentTypes()[index]);
  auto init = program.getArgAttrOfType<nn::InitAttr>(index, "nn.init");
  bool hasTable = init && init.getKind() == nn::Distribution::Table;
  int32_t abiKind = kind == "param"                        ? OGEE_PARAMETER
                    : kind == "state" || kind == "average" ? OGEE_STATE
                    : kind == "moment"                     ? OGEE_MOMENT
                                                           : OGEE_ACCUMULATOR;
  auto file = program.getArgAttrOfType<ArrayAttr>(index, "nn.file");
  auto inFile = [&](unsigned part) {
    return file ? cast<StringAttr>(file[part]).getValue() : StringRef();
  };
  if (abiKind == OGEE_PARAMETER)
    parameters += type.getNumElements();
  return constants.record(
      {constants.string(argumentText(program, index, "nn.path")),
       constants.numbers(type.getShape()),
       hasTable
           ? constants.bytes(tableBytes(init.getTable(), type.getElementType()))
           : constants.null(),
       constants.f64(init ? init.getA().getValueAsDouble() : 0),
       constants.f64(init ? init.getB().getValueAsDouble() : 0),
       constants.i64(type.getRank()), constants.i64(type.getNumElements()),
       constants.i64(argumentOffset(program, index)),
       constants.i32(abiType(type.getElementType())),
       constants.i32(init ? abiInit(init.getKind()) : OGEE_INIT_CONSTANT),
       constants.i32(abiKind), constants.i32(0),
       text(argumentText(program, index, "nn.copied")), text(inFile(0)),
       text(inFile(1))});
}

void TableBuilder::addTensors(kernel::ProgramOp program) {
  for (unsigned index = 0; index < program.getNumArguments(); ++index) {
    StringRef kind = argumentText(program, index, "nn.class");
    bool persists = kind == "param" || kind == "state" || kind == "moment" ||
                    kind == "average" || kind == "accumulator";
    StringRef path = argumentText(program, index, "nn.path");
    if (persists && seenPaths.insert(path).second)
      tensors.push_back(tensor(program, index));
  }
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

llvm::Constant *TableBuilder::launch(const plan::LaunchBuffers &launch,
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
  scratch = std::max<int64_t>(scratch, callee.getScratch().value_or(0));
  return constants.record(
      {constants.string(name), constants.function(name),
       options.hasFinish(callee) ? constants.function((name + "_finish").str())
                                 : constants.null(),
       constants.numbers(offsets), constants.array(results),
       constants.numbers(dead), constants.i64(results.size()),
       constants.i64(dead.size() / 2), constants.i64(chunks),
       constants.i64(cost.flops), constants.i64(cost.bytes),
       constants.i32(op.getJoins() ? 1 : 0), constants.i32(offsets.size())});
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
    auto offset = launch.op.getOffsets()->begin();
    for (auto *places : {&launch.operands, &launch.results, &launch.workspaces})
      for (plan::Place place : *places)
        set(place, *offset++);
  }
}

static int64_t firstUpdate(plan::ProgramBuffers &buffers, int64_t persistent) {
  for (auto [index, launch] : llvm::enumerate(buffers.launches))
    for (plan::Place place : launch.results)
      if (*buffers.buffers[place.buffer].offset < persistent)
        return index;
  return buffers.launches.size();
}

llvm::Constant *TableBuilder::entry(plan::ProgramBuffers &buffers) {
  kernel::ProgramOp program = buffers.program;
  SmallVector<llvm::Constant *> inputs, outputs, launches;
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
  Operation *yield = program.getBody().front().getTerminator();
  for (OpOperand &operand : yield->getOpOperands()) {
    auto name = program.getResultAttrOfType<StringAttr>(
        operand.getOperandNumber(), "nn.name");
    plan::Place place = buffers.places.lookup(operand.get());
    if (name && !name.getValue().starts_with("gradient:"))
      outputs.push_back(
          slot(name, operand.get().getType(),
               *buffers.buffers[place.buffer].offset + place.distance));
  }
  for (auto [index, each] : llvm::enumerate(buffers.launches)) {
    bool endsPhase = index + 1 == buffers.launches.size() ||
                     buffers.launches[index + 1].phase != each.phase;
    launches.push_back(launch(each, endsPhase ? deadAfter(buffers, each.phase)
                                              : SmallVector<int64_t>()));
  }
  int64_t persistent =
      source->getAttrOfType<IntegerAttr>(kPersistentBytesAttr).getInt();
  return constants.record(
      {constants.string(program.getName()), constants.array(launches),
       constants.array(inputs), constants.array(outputs),
       constants.i64(launches.size()), constants.i64(inputs.size()),
       constants.i64(outputs.size()),
       constants.i64(firstUpdate(buffers, persistent))});
}

void TableBuilder::addGradients(plan::ProgramBuffers &buffers) {
  Operation *yield = buffers.program.getBody().front().getTerminator();
  for (OpOperand &operand : yield->getOpOperands()) {
    auto name = buffers.program.getResultAttrOfType<StringAttr>(
        operand.getOperandNumber(), "nn.name");
    if (!name || !name.getValue().starts_with("gradient:"))
      continue;
    auto type = cast<RankedTensorType>(operand.get().getType());
    plan::Place place = buffers.places.lookup(operand.get());
    gradients.push_back(constants.record(
        {constants.string(name.getValue().drop_front(strlen("gradient:"))),
         constants.numbers(type.getShape()), constants.null(), constants.f64(0),
         constants.f64(0), constants.i64(type.getRank()),
         constants.i64(type.getNumElements()),
         constants.i64(*buffers.buffers[place.buffer].offset + place.distance),
         constants.i32(abiType(type.getElementType())),
         constants.i32(OGEE_INIT_CONSTANT), constants.i32(OGEE_PARAMETER),
         constants.i32(0), constants.null(), constants.null(),
         constants.null()}));
  }
}

llvm::Constant *TableBuilder::data(DictionaryAttr train) {
  auto data = train.getAs<DictionaryAttr>("data");
  StringRef path = textOf(data, "path");
  auto holdout = data ? data.getAs<FloatAttr>("holdout") : FloatAttr();
  bool sequential = textOf(data, "order") == "sequential";
  return constants.record(
      {text(path), constants.f64(holdout ? holdout.getValueAsDouble() : 0),
       constants.i64(numberOf(data, "window")),
       constants.i32(textOf(data, "source") == "arrays" ? OGEE_SOURCE_ARRAYS
                                                        : OGEE_SOURCE_TEXT),
       constants.i32(textOf(data, "tokens") == "bytes" ? OGEE_TOKENS_BYTES
                                                       : OGEE_TOKENS_NONE),
       constants.i32(sequential ? OGEE_SEQUENTIAL : OGEE_RANDOM),
       constants.i32(0)});
}

llvm::Constant *TableBuilder::build() {
  auto train = source->getAttrOfType<DictionaryAttr>("nn.train");
  auto arena = source->getAttrOfType<IntegerAttr>(kArenaBytesAttr);
  if (!train || !arena) {
    source.emitError() << "has no training or no plan";
    return nullptr;
  }
  for (auto program : source.getOps<kernel::ProgramOp>()) {
    auto buffers = plan::collectBuffers(program);
    if (failed(buffers))
      return nullptr;
    readOffsets(*buffers);
    addTensors(program);
    addGradients(*buffers);
    entries.push_back(entry(*buffers));
  }
  SmallVector<llvm::Constant *> features;
  for (const std::string &feature : options.features)
    features.push_back(constants.string(feature));
  int64_t persistent =
      source->getAttrOfType<IntegerAttr>(kPersistentBytesAttr).getInt();
  return constants.record(
      {constants.string(textOf(train, "model")),
       constants.string(options.target),
       constants.string(precisionOf(train)),
       constants.array(tensors),
       constants.array(gradients),
       constants.array(entries),
       constants.array(features),
       data(train),
       constants.i64(OGEE_ABI_VERSION),
       constants.i64(tensors.size()),
       constants.i64(gradients.size()),
       constants.i64(entries.size()),
       constants.i64(features.size()),
       constants.i64(arena.getInt()),
       constants.i64(persistent),
       constants.i64(scratch),
       constants.i64(parameters),
       constants.i64(numberOf(train, "batch")),
       constants.i64(numberOf(train, "steps")),
       constants.i64(numberOf(train, "evaluate_every")),
       constants.i64(numberOf(train, "evaluate_most")),
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
  new llvm::GlobalVariable(*tables, program->getType(), /*isConstant=*/true,
                           llvm::GlobalValue::ExternalLinkage, program,
                           "ogee_program");
  return tables;
}
