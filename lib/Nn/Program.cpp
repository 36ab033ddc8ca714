// Bodies are looked at through their terminator, so an unused constant or a
// captured one makes no difference.
#include "lib/Nn/Program.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <limits>

using namespace mlir;
using namespace ogee;

bool ogee::isElementwise(linalg::GenericOp op) {
  return op.getNumReductionLoops() == 0 && op.getNumResults() == 1;
}

bool ogee::isCopy(linalg::GenericOp op) {
  return isElementwise(op) && op.getNumDpsInputs() == 1 &&
         op.getBody()->getTerminator()->getOperand(0) ==
             op.getBody()->getArgument(0);
}

bool ogee::hasPlainMaps(linalg::GenericOp op) {
  return llvm::all_of(op.getIndexingMapsArray(), [](AffineMap map) {
    return map.isProjectedPermutation();
  });
}

Operation *ogee::scalarOp(linalg::GenericOp op) {
  Operation *found = nullptr;
  for (Operation &inner : op.getBody()->without_terminator()) {
    if (isa<arith::ConstantOp>(inner))
      continue;
    if (found)
      return nullptr;
    found = &inner;
  }
  return found;
}

bool ogee::isContraction(linalg::GenericOp op) {
  if (op.getNumDpsInputs() != 2 || op.getNumResults() != 1 ||
      op.getNumReductionLoops() == 0)
    return false;
  auto add = op.getBody()
                 ->getTerminator()
                 ->getOperand(0)
                 .getDefiningOp<arith::AddFOp>();
  if (!add)
    return false;
  Value result = op.getRegionOutputArgs()[0];
  Value product = add.getLhs() == result ? add.getRhs() : add.getLhs();
  return (add.getLhs() == result || add.getRhs() == result) &&
         product.getDefiningOp<arith::MulFOp>();
}

bool ogee::isSum(linalg::GenericOp op) {
  auto add = dyn_cast_if_present<arith::AddFOp>(scalarOp(op));
  return add && op.getNumDpsInputs() == 1 && op.getNumReductionLoops() > 0 &&
         llvm::is_contained(add->getOperands(),
                            Value(op.getRegionOutputArgs()[0]));
}

bool ogee::mayBeMasked(Value tensor) {
  auto splat = dyn_cast_if_present<FloatAttr>(splatElement(tensor));
  if (splat && splat.getValue().isInfinity())
    return true;
  auto op = tensor.getDefiningOp<linalg::GenericOp>();
  if (op && isCopy(op))
    return mayBeMasked(op.getInputs()[0]);
  auto select = op ? dyn_cast_if_present<arith::SelectOp>(scalarOp(op))
                   : arith::SelectOp();
  if (!select)
    return !op && !tensor.getDefiningOp<nn::GatherOp>() &&
           isa_and_present<tensor::TensorDialect>(
               tensor.getDefiningOp() ? tensor.getDefiningOp()->getDialect()
                                      : nullptr) &&
           mayBeMasked(tensor.getDefiningOp()->getOperand(0));
  FloatAttr value;
  for (Value side : {select.getTrueValue(), select.getFalseValue()})
    if (matchPattern(side, m_Constant(&value)) && value.getValue().isInfinity())
      return true;
  return false;
}

Indexed ogee::softmaxOf(IndexedBuilder &tensors, const Indexed &input,
                        const Indexed &lse, bool masked) {
  Type type = input.elementType();
  Indexed safe = lse;
  if (masked) {
    Indexed nothing = tensors.compare(
        arith::CmpFPredicate::OEQ, lse,
        tensors.number(-std::numeric_limits<double>::infinity(), type));
    safe = tensors.select(nothing, tensors.number(0.0, type), lse);
  }
  return tensors.apply<math::ExpOp>(
      tensors.apply<arith::SubFOp>({input, safe}));
}

Type ogee::productType(ModuleOp module) {
  auto train = module->getAttrOfType<DictionaryAttr>("nn.train");
  auto type = train ? train.getAs<TypeAttr>("products") : TypeAttr();
  return type ? type.getValue() : Type();
}

static void sinkConstantsInto(Block &body) {
  llvm::SmallMapVector<Operation *, Value, 4> copies;
  OpBuilder builder = OpBuilder::atBlockBegin(&body);
  body.walk([&](Operation *op) {
    for (OpOperand &operand : op->getOpOperands()) {
      auto constant = operand.get().getDefiningOp<arith::ConstantOp>();
      if (!constant || body.findAncestorOpInBlock(*constant))
        continue;
      Value &copy = copies[constant];
      if (!copy)
        copy = builder.clone(*constant)->getResult(0);
      operand.set(copy);
    }
  });
}

void ogee::sinkConstants(Operation *root) {
  root->walk([](Operation *op) {
    if (isa<linalg::GenericOp, nn::AttentionOp, nn::AttentionGradOp>(op))
      for (Region &region : op->getRegions())
        sinkConstantsInto(region.front());
  });
}

void ogee::eraseDead(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

void ogee::eraseDead(ModuleOp module) {
  for (Operation &function : *module.getBody()) {
    if (!isa<FunctionOpInterface>(function))
      continue;
    for (Region &region : function.getRegions())
      for (Block &block : region)
        eraseDead(block);
  }
}
