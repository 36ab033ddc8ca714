// One emitted function: `void NAME(arena, offsets, chunk, scratch)` of
// runtime/Abi.h. Emission is direct: addresses are a base pointer plus constant
// strides (llvm.getelementptr), loops are scf.for over i64, values are scalars
// or vectors of arith, math and vector operations.
#ifndef OGEE_LIB_GENERATE_CPU_FRAME_H
#define OGEE_LIB_GENERATE_CPU_FRAME_H

#include "lib/Generate/Cpu/Target.h"
#include "lib/Kernel/Kernel.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace ogee {

/// The type of an element of a tensor of `type` in memory: i8 for i1, i16 for
/// bf16.
mlir::Type storageType(mlir::Type type);
int64_t storageBytes(mlir::Type type);

class Frame {
public:
  /// Appends function `name` to `module`; `kernel` gives operand types. The
  /// builder stands in the function's body, whose return exists already.
  Frame(mlir::ModuleOp module, llvm::StringRef name, kernel::FuncOp kernel,
        const Target &target);

  mlir::OpBuilder &builder() { return b; }
  mlir::Location loc() const { return location; }
  /// Code emitted while it lives belongs to another line of the model.
  class Line {
  public:
    Line(Frame &frame, mlir::Location location)
        : frame(frame), outer(frame.location) {
      frame.location = location;
    }
    ~Line() { frame.location = outer; }
    Line(const Line &) = delete;
    Line &operator=(const Line &) = delete;

  private:
    Frame &frame;
    mlir::Location outer;
  };
  const Target &target() const { return cpu; }
  kernel::FuncOp kernel() const { return function; }
  mlir::ModuleOp module() const { return parent; }

  mlir::Value chunk();   // i64
  mlir::Value scratch(); // ptr
  /// Base pointers, loaded once at the entry of the function.
  mlir::Value argument(unsigned index);
  mlir::Value result(unsigned index);
  mlir::Value workspace(unsigned index);

  /// What a chunk of a list kernel works on: a range of one tuple's elements.
  /// Its operands and results are those of argument() and result().
  struct ListChunk {
    mlir::Value firstOperand, firstResult; // indices in `offsets`
    mlir::Value first, count;              // elements, i64
  };
  ListChunk listChunk() const { return list; }

  mlir::Value constant(int64_t value); // i64
  /// A constant of any scalar or vector type (splat).
  mlir::Value constant(mlir::Type type, double value);
  mlir::Value add(mlir::Value lhs, mlir::Value rhs);
  mlir::Value add(mlir::Value lhs, int64_t rhs);
  mlir::Value sub(mlir::Value lhs, mlir::Value rhs);
  mlir::Value mul(mlir::Value lhs, int64_t rhs);
  mlir::Value divide(mlir::Value lhs, int64_t rhs);    // of what is >= 0
  mlir::Value remainder(mlir::Value lhs, int64_t rhs); // of what is >= 0
  mlir::Value min(mlir::Value lhs, mlir::Value rhs);   // signed
  mlir::Value max(mlir::Value lhs, mlir::Value rhs);   // signed
  mlir::Value equal(mlir::Value lhs, mlir::Value rhs);
  /// 0 <= lhs < rhs, for a rhs >= 0.
  mlir::Value below(mlir::Value lhs, mlir::Value rhs);
  mlir::Value less(mlir::Value lhs, mlir::Value rhs); // signed

  /// pointer + `elements` * sizeof(type) (+ a constant number of elements).
  mlir::Value at(mlir::Value pointer, mlir::Type type, mlir::Value elements,
                 int64_t more = 0);
  /// pointer + a constant number of bytes.
  mlir::Value bytes(mlir::Value pointer, int64_t count);

  /// A value of `type` from what memory holds for it, and the other way.
  mlir::Value fromMemory(mlir::Type type, mlir::Value loaded);
  mlir::Value toMemory(mlir::Value value);
  /// Loads a scalar or vector; aligned as an element. i1 is read from bytes.
  mlir::Value load(mlir::Type type, mlir::Value pointer);
  void store(mlir::Value value, mlir::Value pointer);
  /// Lanes off in `mask` (vector of i1; null: all on) are not touched; a load
  /// gives 0 there.
  mlir::Value load(mlir::VectorType type, mlir::Value pointer,
                   mlir::Value mask);
  void store(mlir::Value value, mlir::Value pointer, mlir::Value mask);

  /// Lanes 0, 1, .. below `count` (i64), of `lanes`.
  mlir::Value laneMask(mlir::Value count, int64_t lanes);
  mlir::Value splat(mlir::Value scalar, int64_t lanes);

  using Body = llvm::function_ref<void(mlir::Value)>;
  using ReduceBody = llvm::function_ref<llvm::SmallVector<mlir::Value>(
      mlir::Value, mlir::ValueRange)>;
  /// for (i = lower; i < upper; i += step) body(i)
  void loop(mlir::Value lower, mlir::Value upper, int64_t step, Body body);
  void loop(int64_t lower, int64_t upper, int64_t step, Body body);
  /// The same with values carried from one iteration to the next.
  llvm::SmallVector<mlir::Value> loop(mlir::Value lower, mlir::Value upper,
                                      int64_t step, mlir::ValueRange initial,
                                      ReduceBody body);
  void when(mlir::Value condition, llvm::function_ref<void()> body);
  using Branch = llvm::function_ref<llvm::SmallVector<mlir::Value>()>;
  /// Values of one branch or the other, of the types of the first.
  llvm::SmallVector<mlir::Value>
  branch(mlir::Value condition, mlir::TypeRange types, Branch yes, Branch no);

  /// Emits `body` as a function of its own and a call to it. For loops with
  /// many constants beside a register tile: LLVM hoists constants out of every
  /// loop of a function, over the tile's loop as well, which then spills.
  void outline(llvm::function_ref<void()> body);

private:
  mlir::Value operand(unsigned index);
  void loadListChunk();
  mlir::Value constant(mlir::TypedAttr attribute);
  mlir::Block &entry() { return emitted.getBody().front(); }

  mlir::OpBuilder b;
  mlir::ModuleOp parent;
  mlir::Location location;
  kernel::FuncOp function;
  const Target &cpu;
  mlir::LLVM::LLVMFuncOp emitted;
  llvm::DenseMap<unsigned, mlir::Value> operands;
  ListChunk list; // of a list kernel, else null
  llvm::DenseMap<mlir::Attribute, mlir::Value> constants;
};

} // namespace ogee

#endif // OGEE_LIB_GENERATE_CPU_FRAME_H
