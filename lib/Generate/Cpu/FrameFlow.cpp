// Loops, branches and calls. Bodies are emitted where they stand, so that what
// they capture needs no block arguments.
#include "lib/Generate/Cpu/Frame.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace ogee;

void Frame::loop(Value lower, Value upper, int64_t step, Body body) {
  loop(lower, upper, step, ValueRange(),
       [&](Value index, ValueRange) -> SmallVector<Value> {
         body(index);
         return {};
       });
}

void Frame::loop(int64_t lower, int64_t upper, int64_t step, Body body) {
  if (lower >= upper)
    return;
  if (lower + step >= upper)
    return body(constant(lower));
  loop(constant(lower), constant(upper), step, body);
}

SmallVector<Value> Frame::loop(Value lower, Value upper, int64_t step,
                               ValueRange initial, ReduceBody body) {
  auto op =
      scf::ForOp::create(b, location, lower, upper, constant(step), initial,
                         [](OpBuilder &, Location, Value, ValueRange) {});
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(op.getBody());
  SmallVector<Value> next = body(op.getInductionVar(), op.getRegionIterArgs());
  scf::YieldOp::create(b, location, next);
  return SmallVector<Value>(op.getResults());
}

void Frame::when(Value condition, function_ref<void()> body) {
  auto op = scf::IfOp::create(b, location, condition,
                              /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.thenBlock());
  body();
}

SmallVector<Value> Frame::branch(Value condition, TypeRange types, Branch yes,
                                 Branch no) {
  auto op = scf::IfOp::create(b, location, types, condition,
                              /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  for (auto [block, make] :
       {std::pair(op.thenBlock(), yes), std::pair(op.elseBlock(), no)}) {
    if (types.empty()) // such an if has its yields from the start
      block->clear();
    b.setInsertionPointToEnd(block);
    SmallVector<Value> values = make();
    scf::YieldOp::create(b, location, values);
  }
  return SmallVector<Value>(op.getResults());
}

/// Values that `region` uses and does not define, in order of use.
static SetVector<Value> usedFromOutside(Region &region) {
  SetVector<Value> outside;
  region.walk([&](Operation *op) {
    for (Value operand : op->getOperands())
      if (!region.isAncestor(operand.getParentRegion()))
        outside.insert(operand);
  });
  return outside;
}

void Frame::outline(function_ref<void()> body) {
  OpBuilder::InsertPoint here = b.saveInsertionPoint();
  Type none = LLVM::LLVMVoidType::get(b.getContext());
  std::string name =
      (emitted.getSymName() + "_part" +
       Twine(llvm::range_size(parent.getOps<LLVM::LLVMFuncOp>())))
          .str();
  b.setInsertionPointToEnd(parent.getBody());
  auto part = LLVM::LLVMFuncOp::create(b, location, name,
                                       LLVM::LLVMFunctionType::get(none, {}),
                                       LLVM::Linkage::Internal);
  part.setNoInline(true);
  Block *entry = part.addEntryBlock(b);
  b.setInsertionPointToEnd(entry);
  body();
  LLVM::ReturnOp::create(b, location, ValueRange());

  SmallVector<Value> arguments;
  SmallVector<Type> types;
  for (Value value : usedFromOutside(part.getBody())) {
    Value inner;
    if (auto constant = value.getDefiningOp<arith::ConstantOp>()) {
      b.setInsertionPointToStart(entry);
      inner = b.clone(*constant)->getResult(0);
    } else {
      arguments.push_back(value);
      types.push_back(value.getType());
      inner = entry->addArgument(value.getType(), location);
    }
    value.replaceUsesWithIf(inner, [&](OpOperand &use) {
      return part.getBody().isAncestor(use.getOwner()->getParentRegion());
    });
  }
  part.setFunctionType(LLVM::LLVMFunctionType::get(none, types));
  b.restoreInsertionPoint(here);
  LLVM::CallOp::create(b, location, part, arguments);
}
