//===- Importer.h - The state of one translation --------------------------===//
#ifndef OGEE_LANG_IMPORT_IMPORTER_H
#define OGEE_LANG_IMPORT_IMPORTER_H

#include "lang/Diagnostics.h"
#include "lang/Import/Import.h"
#include "lib/Arch/Arch.h"
#include "mlir/IR/Builders.h"

namespace ogee::importing {

mlir::Type elementType(mlir::MLIRContext &context, model::Element element);
mlir::RankedTensorType tensorType(mlir::MLIRContext &context,
                                  const model::Type &type);

/// Values of tensors and indices while a function's body is made.
class Importer {
public:
  Importer(const CheckedModel &model, mlir::ModuleOp module)
      : model(model), module(module),
        builder(mlir::OpBuilder::atBlockEnd(module.getBody())) {}

  void run();

private:
  void importInstance(const model::Instance &instance);
  void importVariable(const model::Variable &variable);
  void importTrain(const model::Train &train);
  mlir::Attribute toAttribute(const model::Setting &setting);
  mlir::DictionaryAttr toDictionary(llvm::ArrayRef<model::Setting> settings);

  void importFunc(const model::Func &function);
  void importOp(const model::Op &op);
  void importDefine(const model::Define &define);
  void importCall(const model::Call &call);
  void importMinimise(const model::Minimise &minimise);
  void importTable(const model::Table &table);

  mlir::Value element(const model::Scalar *scalar);
  mlir::Value constant(const model::ConstScalar &scalar, mlir::Location loc);
  mlir::Value runTime(const model::RunTimeScalar &scalar, mlir::Location loc);
  mlir::Value read(const model::ReadScalar &scalar, mlir::Location loc);
  mlir::Value tuple(const model::TupleScalar &scalar, mlir::Location loc);
  mlir::Value branch(const model::IfScalar &scalar, mlir::Location loc);
  mlir::Value reduce(const model::ReduceScalar &scalar, mlir::Location loc);
  mlir::Value softmax(const model::SoftmaxScalar &scalar, mlir::Location loc);
  mlir::Value operation(const model::OpScalar &scalar, mlir::Location loc);
  mlir::Value compare(const model::OpScalar &scalar, mlir::Location loc,
                      mlir::Value lhs, mlir::Value rhs);
  mlir::Value integerOp(const model::OpScalar &scalar, mlir::Location loc,
                        mlir::Value lhs, mlir::Value rhs);
  mlir::Value floatOp(const model::OpScalar &scalar, mlir::Location loc,
                      llvm::ArrayRef<mlir::Value> operands);
  mlir::Value logical(const model::OpScalar &scalar, mlir::Location loc);
  mlir::Value cast(const model::OpScalar &scalar, mlir::Location loc);
  /// A block with one index argument an index, which ends in a yield of the
  /// body and, if there is one, of the condition.
  void closeBlock(mlir::Region &region, llvm::ArrayRef<model::Index *> closed,
                  const model::Scalar *body, const model::Scalar *where,
                  mlir::Location loc);
  mlir::Value indexConstant(int64_t value, mlir::Location loc);
  /// As it is stored in a tensor: an index is an i32 there.
  mlir::Value stored(mlir::Value value, mlir::Location loc);

  mlir::Location location(Range range) const {
    return model.sink->location(range);
  }
  mlir::Type scalarType(model::Element element);

  const CheckedModel &model;
  mlir::ModuleOp module;
  mlir::OpBuilder builder;
  llvm::DenseMap<const model::Tensor *, mlir::Value> tensors;
  llvm::DenseMap<const model::Index *, mlir::Value> indices;
};

} // namespace ogee::importing

#endif // OGEE_LANG_IMPORT_IMPORTER_H
