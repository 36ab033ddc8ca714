// Verifiers of the kernel dialect.
#include "lib/Kernel/Kernel.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FunctionImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace ogee::kernel;

#include "lib/Kernel/KernelDialect.cpp.inc"
#include "lib/Kernel/KernelEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "lib/Kernel/KernelAttrs.cpp.inc"
#define GET_OP_CLASSES
#include "lib/Kernel/KernelOps.cpp.inc"

void KernelDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "lib/Kernel/KernelAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "lib/Kernel/KernelOps.cpp.inc"
      >();
}

template <typename Function>
static ParseResult parseFunction(OpAsmParser &parser, OperationState &result) {
  auto functionType = [](Builder &builder, ArrayRef<Type> inputs,
                         ArrayRef<Type> results,
                         function_interface_impl::VariadicFlag, std::string &) {
    return builder.getFunctionType(inputs, results);
  };
  return function_interface_impl::parseFunctionOp(
      parser, result, /*allowVariadic=*/false,
      Function::getFunctionTypeAttrName(result.name), functionType,
      Function::getArgAttrsAttrName(result.name),
      Function::getResAttrsAttrName(result.name));
}

ParseResult FuncOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseFunction<FuncOp>(parser, result);
}

void FuncOp::print(OpAsmPrinter &printer) {
  function_interface_impl::printFunctionOp(
      printer, *this, /*isVariadic=*/false, getFunctionTypeAttrName(),
      getArgAttrsAttrName(), getResAttrsAttrName());
}

LogicalResult FuncOp::verify() {
  if (getTile() && getFamily() != Family::Contraction)
    return emitOpError() << "only a contraction has a tile";
  if (getChunks() && *getChunks() < 1)
    return emitOpError() << "needs at least one chunk";
  if (getRow() && (!getBox() || *getRow() > getBox()->size()))
    return emitOpError() << "has no box with " << *getRow()
                         << " row dimensions";
  return success();
}

ParseResult ProgramOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseFunction<ProgramOp>(parser, result);
}

void ProgramOp::print(OpAsmPrinter &printer) {
  function_interface_impl::printFunctionOp(
      printer, *this, /*isVariadic=*/false, getFunctionTypeAttrName(),
      getArgAttrsAttrName(), getResAttrsAttrName());
}

LogicalResult YieldOp::verify() {
  auto function = cast<FunctionOpInterface>((*this)->getParentOp());
  if (getOperandTypes() != TypeRange(function.getResultTypes()))
    return emitOpError() << "yields other types than its function declares";
  return success();
}

/// Types of a list kernel's operands repeat the function's, tuple by tuple,
/// with a length for each tuple.
static bool matchesTuples(TypeRange types, ArrayRef<Type> tuple) {
  if (tuple.empty() || types.size() % tuple.size() != 0)
    return types.size() == tuple.size();
  return llvm::all_of(llvm::enumerate(types), [&](auto entry) {
    auto actual = cast<ShapedType>(entry.value());
    auto formal = cast<ShapedType>(tuple[entry.index() % tuple.size()]);
    return actual.getElementType() == formal.getElementType();
  });
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  auto callee =
      symbolTable.lookupNearestSymbolFrom<FuncOp>(*this, getCalleeAttr());
  if (!callee)
    return emitOpError() << "no kernel " << getCalleeAttr();
  bool fits =
      callee.getList()
          ? matchesTuples(getInputs().getTypes(), callee.getArgumentTypes()) &&
                matchesTuples(getResultTypes(), callee.getResultTypes())
          : getInputs().getTypes() == TypeRange(callee.getArgumentTypes()) &&
                getResultTypes() == TypeRange(callee.getResultTypes());
  if (!fits)
    return emitOpError() << "types differ from those of " << getCalleeAttr();
  return success();
}
