// An entry point of the tensor program while calls are inlined into it.
#ifndef OGEE_LIB_FLATTEN_ENTRY_H
#define OGEE_LIB_FLATTEN_ENTRY_H

#include "lib/Arch/Arch.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"

namespace ogee {

/// A parameter, state or moment of the instance tree.
struct Stored {
  mlir::RankedTensorType type;
  mlir::Attribute init;
  llvm::StringRef role;
  llvm::StringRef kind;
  /// Where the first value comes from instead of `init`; null: from there.
  mlir::StringAttr copied;
  mlir::ArrayAttr file;
  mlir::IntegerAttr copiedIn; ///< The phase; null: where the run starts.
};

using Storage = llvm::MapVector<mlir::StringAttr, Stored>;

/// `path` below the instance at `base`; from the root if it starts with `/`.
std::string joinPath(llvm::StringRef base, llvm::StringRef path);

/// All that the instances below `instance` hold, in program order, by path;
/// what the optimizer's instances hold are moments. A frozen parameter is a
/// state that nothing assigns: it has a role, and no gradient and no update.
void collect(arch::InstanceOp instance, llvm::StringRef path, bool optimizer,
             Storage &storage);

/// The function that updates the parameters of an objective.
std::string updateName(llvm::StringRef phase, arch::MinimiseOp op);

/// One entry point while it is built.
class Entry {
public:
  /// The name of a phase, before that of the entry, is empty for the first one.
  Entry(arch::TrainOp train, mlir::StringRef phase, mlir::StringRef name,
        const Storage &storage)
      : module(train->getParentOfType<mlir::ModuleOp>()), train(train),
        phase(phase), storage(storage), builder(module.getContext()) {
    builder.setInsertionPointToEnd(module.getBody());
    function = mlir::func::FuncOp::create(builder, module.getLoc(),
                                          (phase + name).str(),
                                          builder.getFunctionType({}, {}));
    builder.setInsertionPointToStart(function.addEntryBlock());
  }

  mlir::BlockArgument addArgument(mlir::Type type, mlir::StringRef kind,
                                  mlir::Location loc,
                                  mlir::ArrayRef<mlir::NamedAttribute> more);
  void addScalar(mlir::StringRef name) {
    values[builder.getStringAttr(name)] =
        addArgument(mlir::RankedTensorType::get({}, builder.getI64Type()),
                    "scalar", module.getLoc(), named("nn.name", name));
  }
  /// Every stored tensor of one kind, as arguments.
  void addStored(mlir::StringRef kind);
  /// Calls `callee` on the instance at `path`.
  mlir::FailureOr<mlir::SmallVector<mlir::Value>>
  call(mlir::Operation *from, mlir::FlatSymbolRefAttr callee,
       mlir::StringRef path, mlir::ValueRange inputs);
  void addResult(mlir::Value value, mlir::NamedAttribute attribute);
  void addUpdates(mlir::StringRef kind);
  /// `loss` and the terms that were recorded since they were last added.
  mlir::Value withTerms(mlir::Value loss);
  /// The sum of two scalars.
  mlir::Value sum(mlir::Value lhs, mlir::Value rhs);
  /// A scalar as a 0-d tensor.
  mlir::Value asTensor(mlir::Value value);
  mlir::NamedAttribute named(mlir::StringRef name, mlir::StringRef value) {
    return mlir::NamedAttribute(builder.getStringAttr(name),
                                builder.getStringAttr(value));
  }
  void finish();

  mlir::ModuleOp module;
  arch::TrainOp train;
  mlir::StringRef phase;
  const Storage &storage;
  mlir::OpBuilder builder;
  mlir::func::FuncOp function;
  mlir::SmallVector<mlir::Value> lossTerms;
  mlir::Value minimised; ///< The sum over all `arch.minimise`; null: none.
  /// Of an update: which of the updates of a step it is, and the steps that it
  /// counts, all where `steps` is 0.
  int64_t round = 0, rounds = 1, first = 0, steps = 0;
  mlir::SmallVector<std::pair<std::string, mlir::Value>> metrics;
  /// The current value of each stored tensor, by path, and of run-time scalars.
  llvm::DenseMap<mlir::StringAttr, mlir::Value> values;
  llvm::DenseMap<mlir::StringAttr, mlir::Value> written;

private:
  mlir::LogicalResult inlineBlock(mlir::Block &block, mlir::StringRef path,
                                  mlir::IRMapping &mapping);
  mlir::LogicalResult inlineOp(mlir::Operation &op, mlir::StringRef path,
                               mlir::IRMapping &mapping);
  mlir::LogicalResult inlineStored(mlir::Operation &op, mlir::StringRef path,
                                   mlir::IRMapping &mapping);
  mlir::Value runTime(mlir::Location loc, mlir::StringRef name,
                      mlir::Value scalar);
  mlir::LogicalResult minimise(arch::MinimiseOp op, mlir::Value loss);
  std::string drawPath(mlir::StringRef path);
  void record(mlir::StringRef name, mlir::Value value);

  llvm::StringMap<int> draws;
  /// Calls of each function that keeps states, by instance; the numbers of
  /// those under way.
  llvm::StringMap<int> calls;
  mlir::SmallVector<int> numbers;
  mlir::SmallVector<mlir::StringRef> active;
  mlir::SmallVector<mlir::Value> results;
  mlir::SmallVector<mlir::Attribute> resultAttributes;
};

} // namespace ogee

#endif // OGEE_LIB_FLATTEN_ENTRY_H
