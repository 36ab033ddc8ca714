// `@step` while --ogee-build-step builds it.
#ifndef OGEE_LIB_DIFFERENTIATE_STEP_H
#define OGEE_LIB_DIFFERENTIATE_STEP_H

#include "lib/Differentiate/Derivatives.h"
#include "lib/Nn/Nn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"

namespace ogee {

/// The text of an attribute; empty where there is none.
llvm::StringRef stringOf(mlir::DictionaryAttr attributes, llvm::StringRef name);

/// By path, in order.
using Values = llvm::MapVector<mlir::StringAttr, mlir::Value>;

/// The step while it is built; without `update` it ends with the gradients.
class Step {
public:
  Step(llvm::StringRef name, mlir::func::FuncOp forward,
       mlir::func::FuncOp update, const Mutation &mutation);
  /// The whole step. `clip` may be null. Fails with a diagnostic where an
  /// operation has no gradient.
  llvm::LogicalResult build(mlir::FloatAttr clip, bool withGradients);
  /// The step of a batch in parts, as two functions: `@accumulate` adds the
  /// gradients of a part to accumulators; this one updates from their mean.
  llvm::LogicalResult buildAccumulate();
  llvm::LogicalResult buildUpdate(mlir::FloatAttr clip, bool withGradients,
                                  int64_t parts);
  /// The step of several objectives, one after the other.
  llvm::LogicalResult buildObjectives(mlir::FloatAttr clip, bool withGradients);

private:
  void addArguments(mlir::func::FuncOp source, llvm::StringRef kind);
  void addAccumulators(mlir::Attribute init);
  void meanOfAccumulators(int64_t parts);
  void finish();
  llvm::SmallVector<mlir::Value> cloneBody(mlir::func::FuncOp source,
                                           mlir::IRMapping &mapping);
  /// The gradients of `loss` by the current values of `over`.
  llvm::LogicalResult differentiate(mlir::Value loss, const Values &over);
  mlir::Value normOfGradients();
  void clipGradients(mlir::Value norm, mlir::FloatAttr clip);
  void mapUpdate();
  void addKept(mlir::func::FuncOp source);
  llvm::LogicalResult runObjective(nn::MinimiseOp op, mlir::FloatAttr clip);
  void addResult(mlir::Value value, mlir::DictionaryAttr attributes);
  void addNamed(mlir::Value value, llvm::StringRef name);
  void addResults(mlir::func::FuncOp source, llvm::ArrayRef<mlir::Value> values,
                  llvm::function_ref<bool(mlir::DictionaryAttr)> take);
  /// Metrics and next states.
  void addForwarded(llvm::ArrayRef<mlir::Value> forwarded);
  void addRate(llvm::ArrayRef<mlir::Value> updated);
  /// Next parameters and moments, and the gradients that are asked for.
  void addUpdated(llvm::ArrayRef<mlir::Value> updated, bool withGradients,
                  const Values &unclipped);

  mlir::func::FuncOp forward, update, step;
  const Mutation &mutation;
  mlir::OpBuilder builder;
  mlir::IRMapping forwardMap, updateMap;
  /// Parameters by path, in order, and their gradients.
  Values parameters, gradients;
  llvm::SmallVector<mlir::Value> results;
  llvm::SmallVector<mlir::Attribute> resultAttributes;
  /// Of several objectives: the current values of moments and averages, what is
  /// updated, the first one's norm and rate, and each one's first gradients
  /// before they are clipped.
  Values kept, updated, unclipped;
  mlir::Value firstNorm, firstRate;
};

} // namespace ogee

#endif // OGEE_LIB_DIFFERENTIATE_STEP_H
