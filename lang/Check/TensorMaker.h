//===- TensorMaker.h - Numbers, elements and tensors as values ----------===//
//
// What needs no text: arithmetic of values, the operations that make a tensor,
// reads of it, and what constants are worth. Methods lie in files by family:
//   Numbers       compile-time arithmetic   Arithmetic    of elements
//   WholeTensors  operators without index   Tensors       what makes a tensor
//   Tables        trees of constants
//
//===----------------------------------------------------------------------===//
#ifndef OGEE_LANG_CHECK_TENSORMAKER_H
#define OGEE_LANG_CHECK_TENSORMAKER_H

#include "lang/Check/Context.h"

namespace ogee::checking {

class TensorMaker : protected Context {
protected:
  using Context::Context;

  //===-- Arithmetic ----------------------------------------------------===//
  Value binary(model::ScalarOp op, Value lhs, Value rhs, Range range);
  Value callMath(model::ScalarOp op, ArrayRef<Argument> args, Range range);
  Value unary(model::ScalarOp op, Value operand, Range range);
  double computeNumber(model::ScalarOp op, double x);
  Value numbers(model::ScalarOp op, Value lhs, Value rhs, Range range);
  Value integers(model::ScalarOp op, int64_t lhs, int64_t rhs, Range range);
  Value scalars(model::ScalarOp op, Scalar *lhs, Scalar *rhs, Range range);
  Value tensors(model::ScalarOp op, Value lhs, Value rhs, Range range);
  Scalar *makeOp(model::ScalarOp op, Element element,
                 ArrayRef<Scalar *> operands, Range range);
  Scalar *makeInt(int64_t value, Range range);
  Scalar *makeConst(Element element, double number, int64_t integer,
                    Range range);
  std::optional<Element> commonFloat(Scalar *lhs, Scalar *rhs);
  std::optional<Element> commonElement(Scalar *lhs, Scalar *rhs);
  Scalar *coerce(Scalar *scalar, Element to);
  Value convert(Value value, Element to, Range range);
  Scalar *hoist(Scalar *scalar, Element to);
  Scalar *fitElement(Scalar *scalar, Element to);
  Scalar *asScalar(Value value, Range range);
  Value matmul(Value lhs, Value rhs, Range range);
  void reportOperands(StringRef op, Value lhs, Value rhs, Range range);

  //===-- Tensors -------------------------------------------------------===//
  const TensorValue *asTensor(Value value, Range range);
  const TensorValue *
  makeLazy(Type type, Range range,
           std::function<Scalar *(ArrayRef<Scalar *>)> element);
  const TensorValue *nodeValue(model::Tensor *tensor);
  model::Tensor *materialise(const TensorValue *tensor, Range range);
  model::Tensor *define(Type type, ArrayRef<model::Index *> indices,
                        Scalar *body, Range range);
  model::Tensor *define(Type type, ArrayRef<model::Index *> indices,
                        ArrayRef<unsigned> groups, Scalar *body, Range range);
  Scalar *elementAt(const TensorValue *tensor, ArrayRef<Scalar *> place,
                    Range range);
  Scalar *read(model::Tensor *tensor, ArrayRef<Scalar *> place, Range range);
  void takeDigits(ArrayRef<model::Index *> digits, Scalar *place, Range range,
                  llvm::DenseMap<const model::Index *, Scalar *> &map);
  model::Tensor *getVariable(const VariableValue *variable, Range range);
  model::Tensor *newTensor(Type type, Range range);
  Scalar *substitute(Scalar *scalar,
                     const llvm::DenseMap<const model::Index *, Scalar *> &map);
  std::string relativePath(Instance *to);
  std::string variablePath(const VariableValue *variable);
  static std::string absolutePath(const Instance *instance);
  Value settle(Value value, Range range);

  //===-- Tables --------------------------------------------------------===//
  std::optional<double> fold(const Scalar *scalar, FoldPlace &place);
  std::optional<double> foldClosed(const Scalar *scalar, FoldPlace &place);
  bool foldKept(ArrayRef<model::Index *> indices, const Scalar *where,
                const Scalar *body, FoldPlace &place, SmallVector<double> &kept,
                SmallVector<int64_t> &places);
  Value foldedNumber(Value value);
  model::Tensor *emitTable(const TensorValue &tensor);
  void boundIntegers(Type &type, ArrayRef<model::Index *> indices,
                     const Scalar *body);
  double foldOp(model::ScalarOp op, ArrayRef<double> parts, bool isInt);
};

} // namespace ogee::checking

#endif // OGEE_LANG_CHECK_TENSORMAKER_H
