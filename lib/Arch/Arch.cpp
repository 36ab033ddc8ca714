// Verifiers of the arch dialect.
#include "lib/Arch/Arch.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FunctionImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace ogee::arch;

#include "lib/Arch/ArchDialect.cpp.inc"
#include "lib/Arch/ArchEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "lib/Arch/ArchAttrs.cpp.inc"
#define GET_OP_CLASSES
#include "lib/Arch/ArchOps.cpp.inc"

void ArchDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "lib/Arch/ArchAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "lib/Arch/ArchOps.cpp.inc"
      >();
}

ParseResult FuncOp::parse(OpAsmParser &parser, OperationState &result) {
  auto functionType = [](Builder &builder, ArrayRef<Type> inputs,
                         ArrayRef<Type> results,
                         function_interface_impl::VariadicFlag, std::string &) {
    return builder.getFunctionType(inputs, results);
  };
  return function_interface_impl::parseFunctionOp(
      parser, result, /*allowVariadic=*/false,
      getFunctionTypeAttrName(result.name), functionType,
      getArgAttrsAttrName(result.name), getResAttrsAttrName(result.name));
}

void FuncOp::print(OpAsmPrinter &printer) {
  function_interface_impl::printFunctionOp(
      printer, *this, /*isVariadic=*/false, getFunctionTypeAttrName(),
      getArgAttrsAttrName(), getResAttrsAttrName());
}

LogicalResult ReturnOp::verify() {
  auto function = cast<FuncOp>((*this)->getParentOp());
  if (getOperandTypes() != TypeRange(function.getResultTypes()))
    return emitOpError() << "returns other types than its function declares";
  return success();
}

LogicalResult CallOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  auto callee =
      symbolTable.lookupNearestSymbolFrom<FuncOp>(*this, getCalleeAttr());
  if (!callee)
    return emitOpError() << "no function " << getCalleeAttr();
  if (TypeRange(callee.getArgumentTypes()) != getInputs().getTypes() ||
      TypeRange(callee.getResultTypes()) != getResultTypes())
    return emitOpError() << "types differ from those of " << getCalleeAttr();
  return success();
}

LogicalResult RunTimeOp::verify() {
  if (llvm::is_contained({"step", "steps", "seed"}, getName()))
    return success();
  return emitOpError() << "no run-time scalar `" << getName() << "`";
}

/// The block takes `count` indices and yields `type` and, if `conditional`, may
/// yield an i1 after it.
static LogicalResult verifyElement(Operation *op, Block &block, size_t count,
                                   Type type, bool conditional) {
  if (block.getNumArguments() != count ||
      !llvm::all_of(block.getArgumentTypes(), llvm::IsaPred<IndexType>))
    return op->emitOpError() << "the block must take " << count << " indices";
  auto yield = block.empty() ? YieldOp() : dyn_cast<YieldOp>(block.back());
  if (!yield || yield.getValues().empty() ||
      yield.getValues().front().getType() != type)
    return op->emitOpError() << "the block must yield a " << type;
  bool guarded = yield.getValues().size() == 2 && conditional &&
                 yield.getValues().back().getType().isInteger(1);
  if (yield.getValues().size() != 1 && !guarded)
    return op->emitOpError() << "the block yields too much";
  return success();
}

LogicalResult DefineOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  return verifyElement(*this, getBody().front(), type.getRank(),
                       type.getElementType(), /*conditional=*/false);
}

LogicalResult ReadOp::verify() {
  auto type = cast<RankedTensorType>(getTensor().getType());
  if (type.getRank() != int64_t(getIndices().size()))
    return emitOpError() << "needs one index a dimension of " << type;
  if (getType() != type.getElementType())
    return emitOpError() << "reads a " << type.getElementType();
  if (getOtherwise() && getOtherwise().getType() != getType())
    return emitOpError() << "the value outside must be a " << getType();
  return success();
}

LogicalResult ReduceOp::verify() {
  Block &block = getBody().front();
  Type element = getType();
  bool changesType =
      getKind() == ReduceKind::Count || getKind() == ReduceKind::ArgMax;
  if (changesType && !block.empty() && block.back().getNumOperands() > 0)
    element = block.back().getOperand(0).getType();
  return verifyElement(*this, block, getExtents().size(), element,
                       /*conditional=*/true);
}

LogicalResult SoftmaxOp::verify() {
  return verifyElement(*this, getBody().front(), 1, getType(),
                       /*conditional=*/true);
}
