// A kernel takes whole buffers: views, constants and clones are made again
// inside, so that the program between kernels has launches and reshapes only.
#include "lib/Schedule/Outline.h"

#include "lib/Nn/Nn.h"
#include "lib/Schedule/Updates.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace ogee;
using namespace ogee::schedule;

/// A run without a backward part needs no log-sum-exp, but is worth no kernel
/// of its own for that.
static bool isOutput(const Groups &groups, Value result) {
  return groups.isStored(result) ||
         isa<nn::AttentionOp>(result.getDefiningOp());
}

void schedule::collectOperands(const Groups &groups, unsigned group,
                               ArrayRef<unsigned> members, Outlined &outlined) {
  llvm::SmallSetVector<Value, 8> arguments;
  for (unsigned node : members) {
    for (Value value : groups.graph[node].sources)
      if (groups.groupOf(value) != int64_t(group))
        arguments.insert(value);
    for (Value result : groups.graph[node].op->getResults())
      if (isOutput(groups, result))
        outlined.outputs.push_back(result);
  }
  outlined.inputs = arguments.takeVector();
}

/// Members in an order that follows from what they read of each other, so that
/// kernels which differ only in the program's order of independent operations
/// are one.
static SmallVector<unsigned> canonicalOrder(const Groups &groups,
                                            unsigned group) {
  const Graph &graph = groups.graph;
  ArrayRef<unsigned> members = groups.groups[group].members;
  llvm::DenseMap<unsigned, SmallVector<unsigned, 4>> readers;
  llvm::DenseMap<unsigned, unsigned> waiting;
  SmallVector<unsigned> ordered;
  for (unsigned node : members) {
    llvm::SmallSetVector<unsigned, 4> makers;
    for (Value source : graph[node].sources)
      if (groups.groupOf(source) == int64_t(group))
        makers.insert(graph.producer(source));
    for (unsigned maker : makers)
      readers[maker].push_back(node);
    waiting[node] = makers.size();
    if (makers.empty())
      ordered.push_back(node);
  }
  for (size_t next = 0; next < ordered.size(); ++next)
    for (unsigned reader : readers[ordered[next]])
      if (--waiting[reader] == 0)
        ordered.push_back(reader);
  return ordered;
}

namespace {
/// Builds the body of one group's kernel.func.
class KernelBuilder {
public:
  KernelBuilder(const Groups &groups, unsigned index)
      : groups(groups), graph(groups.graph), index(index),
        group(groups.groups[index]) {}

  Outlined build(OpBuilder &builder);

private:
  void make(Value value, OpBuilder &builder);
  void makeNode(unsigned node, OpBuilder &builder);
  void setShape(kernel::FuncOp kernel, Builder &builder);

  const Groups &groups;
  const Graph &graph;
  unsigned index;
  const Group &group;
  IRMapping mapping;
};
} // namespace

/// Clones what makes `value` unless it is there already.
void KernelBuilder::make(Value value, OpBuilder &builder) {
  if (!mapping.contains(value))
    makeNode(graph.indexOf(value.getDefiningOp()), builder);
}

void KernelBuilder::makeNode(unsigned node, OpBuilder &builder) {
  Operation *op = graph[node].op;
  for (Value operand : op->getOperands())
    make(operand, builder);
  op->walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      if (inner != op && operand.getParentRegion() == op->getParentRegion())
        make(operand, builder);
  });
  Operation *clone = builder.clone(*op, mapping);
  clone->removeAttr(kernel::kRecomputeAttr);
  clone->removeAttr(kernel::kBackwardAttr);
  if (graph[node].isPlaced() && groups.roleOf(node) == Role::Partial)
    clone->setAttr(kernel::kPartialAttr, builder.getUnitAttr());
}

void KernelBuilder::setShape(kernel::FuncOp kernel, Builder &builder) {
  bool isRow = group.family == kernel::Family::Row;
  if (!isRow && group.family != kernel::Family::Column)
    return;
  kernel.setBoxAttr(builder.getDenseI64ArrayAttr(group.box));
  if (isRow)
    kernel.setRow(group.row >= 0 ? group.row : int64_t(group.box.size() > 1));
}

Outlined KernelBuilder::build(OpBuilder &builder) {
  Outlined outlined;
  SmallVector<unsigned> members = canonicalOrder(groups, index);
  collectOperands(groups, index, members, outlined);
  Location loc = graph[group.anchors.front()].op->getLoc();
  auto type = builder.getFunctionType(TypeRange(ValueRange(outlined.inputs)),
                                      TypeRange(ValueRange(outlined.outputs)));
  outlined.kernel = kernel::FuncOp::create(
      builder, loc, kernel::stringifyFamily(group.family), type, group.family);
  setShape(outlined.kernel, builder);
  OpBuilder::InsertionGuard guard(builder);
  Block *body = builder.createBlock(&outlined.kernel.getBody());
  for (Value input : outlined.inputs)
    mapping.map(input, body->addArgument(input.getType(), input.getLoc()));
  for (unsigned node : members)
    for (Value result : graph[node].op->getResults())
      make(result, builder);
  SmallVector<Value> results;
  for (Value output : outlined.outputs)
    results.push_back(mapping.lookup(output));
  kernel::YieldOp::create(builder, loc, results);
  return outlined;
}

Outlined schedule::outlineGroup(const Groups &groups, unsigned group,
                                OpBuilder &builder) {
  return KernelBuilder(groups, group).build(builder);
}

namespace {
/// Builds the program of a function from its kernels.
class ProgramBuilder {
public:
  ProgramBuilder(Groups &groups, SymbolTable &symbols)
      : groups(groups), function(groups.graph.function()), symbols(symbols),
        builder(function) {}

  void run();

private:
  void launch(unsigned group);
  void launchConstant(arith::ConstantOp constant);
  void launchConstantLoss();
  Value returned(Value value);

  Groups &groups;
  func::FuncOp function;
  SymbolTable &symbols;
  OpBuilder builder;
  kernel::ProgramOp program;
  IRMapping mapping;
};
} // namespace

void ProgramBuilder::launch(unsigned group) {
  builder.setInsertionPoint(program);
  Outlined outlined = groups.groups[group].tuples.empty()
                          ? outlineGroup(groups, group, builder)
                          : outlineList(groups, group, builder);
  symbols.insert(outlined.kernel, Block::iterator(program));
  builder.setInsertionPointToEnd(&program.getBody().front());
  SmallVector<Value> inputs;
  for (Value input : outlined.inputs)
    inputs.push_back(mapping.lookup(input));
  auto launch =
      kernel::LaunchOp::create(builder, outlined.kernel.getLoc(),
                               TypeRange(ValueRange(outlined.outputs)),
                               outlined.kernel.getSymName(), inputs);
  for (auto [value, result] :
       llvm::zip_equal(outlined.outputs, launch.getResults()))
    mapping.map(value, result);
}

/// A constant that the function returns needs a kernel that writes it.
void ProgramBuilder::launchConstant(arith::ConstantOp constant) {
  Location loc = constant.getLoc();
  builder.setInsertionPoint(program);
  auto kernel = kernel::FuncOp::create(
      builder, loc, "constant", builder.getFunctionType({}, constant.getType()),
      kernel::Family::Row);
  kernel.setBox(typeOf(constant).getShape());
  kernel.setRow(0);
  builder.createBlock(&kernel.getBody());
  Operation *clone = builder.clone(*constant);
  kernel::YieldOp::create(builder, loc, clone->getResults());
  symbols.insert(kernel, Block::iterator(program));
  builder.setInsertionPointToEnd(&program.getBody().front());
  auto launch =
      kernel::LaunchOp::create(builder, loc, constant->getResultTypes(),
                               kernel.getSymName(), ValueRange());
  mapping.map(constant.getResult(), launch.getResult(0));
}

/// Other constants come last, where they take no room while launches run, but a
/// step looks at its loss before it updates anything.
void ProgramBuilder::launchConstantLoss() {
  Value loss = lossOf(function);
  if (auto constant = loss ? loss.getDefiningOp<arith::ConstantOp>() : nullptr)
    launchConstant(constant);
}

/// A value that the function returns: made by a launch, or a view of one.
Value ProgramBuilder::returned(Value value) {
  if (auto constant = value.getDefiningOp<arith::ConstantOp>();
      constant && !mapping.contains(value))
    launchConstant(constant);
  if (!mapping.contains(value)) {
    Operation *op = value.getDefiningOp();
    for (Value operand : op->getOperands())
      returned(operand);
    builder.clone(*op, mapping);
  }
  return mapping.lookup(value);
}

void ProgramBuilder::run() {
  program = kernel::ProgramOp::create(builder, function.getLoc(),
                                      function.getSymName(),
                                      function.getFunctionType());
  program.setArgAttrsAttr(function.getArgAttrsAttr());
  program.setResAttrsAttr(function.getResAttrsAttr());
  Block *body = builder.createBlock(&program.getBody());
  for (BlockArgument argument : function.getArguments())
    mapping.map(argument,
                body->addArgument(argument.getType(), argument.getLoc()));
  Operation *terminator = function.getBody().front().getTerminator();
  launchConstantLoss();
  for (unsigned group : groups.order())
    launch(group);
  SmallVector<Value> results;
  builder.setInsertionPointToEnd(body);
  for (Value value : terminator->getOperands())
    results.push_back(returned(value));
  kernel::YieldOp::create(builder, terminator->getLoc(), results);
  symbols.remove(function);
  symbols.insert(program);
  function.erase();
}

void schedule::outline(Groups &groups, SymbolTable &symbols) {
  ProgramBuilder(groups, symbols).run();
}
