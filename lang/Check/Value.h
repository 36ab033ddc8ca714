//===- Value.h - What an expression is worth while compiling --------------===//
//
// Check is one interpreter: the same evaluation that computes `4 * width`
// builds the typed tree of what is known only at run time. So a Value is a
// number, a list, a function, an arch, an instance; or a tensor or an element
// of the function being elaborated.
//
// Payloads lie in the elaborator's arena. A poisoned value (Error) has been
// reported and is passed on in silence.
//
//===----------------------------------------------------------------------===//
#ifndef OGEE_LANG_CHECK_VALUE_H
#define OGEE_LANG_CHECK_VALUE_H

#include "lang/Check/Model.h"
#include "lang/Parse/Ast.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"
#include <functional>

namespace ogee::checking {

using llvm::ArrayRef;
using llvm::MutableArrayRef;
using llvm::SmallVector;
using llvm::SmallVectorImpl;
using llvm::StringRef;
using model::Element;
using model::Scalar;
using model::Type;

struct Value;
struct Scope;
struct Instance;
enum class Builtin : unsigned;

enum class ValueKind {
  Error,
  None,
  Int,
  Float,
  Bool,
  String,
  List,
  Tuple,
  Range,
  Function,
  Arch,
  Instance,
  Builtin,
  Distribution,
  Variable,
  Tensor,
  Scalar,
};

/// A list or a tuple; names of a tuple's fields are empty or one each.
struct ListValue {
  ArrayRef<Value> elements;
  ArrayRef<StringRef> names;
};

/// `lower..upper by step`.
struct RangeValue {
  int64_t lower, upper, step;
  int64_t size() const {
    return upper <= lower ? 0 : (upper - lower + step - 1) / step;
  }
};

/// A fn with the names around it; `self` is its instance, null for a fn of the
/// library, a file or a lambda.
struct FunctionValue {
  StringRef name;
  const ast::Function *fn;
  Scope *scope;
  Instance *self;
  bool isLambda;
};

struct ArchValue {
  const ast::ArchDecl *decl;
  Scope *scope;
};

struct DistributionValue;
struct TensorValue;

/// A parameter or state of an instance.
struct VariableValue {
  Instance *owner;
  model::Variable *variable;
};

struct Value {
  ValueKind kind = ValueKind::Error;
  union {
    int64_t integer = 0; ///< Int and Bool.
    double number;
    const ListValue *list;
    const RangeValue *range;
    const FunctionValue *function;
    const ArchValue *arch;
    Instance *instance;
    Builtin builtin;
    const DistributionValue *distribution;
    const VariableValue *variable;
    const TensorValue *tensor;
    Scalar *scalar;
  };
  StringRef string;

  bool is(ValueKind other) const { return kind == other; }
  bool isError() const { return kind == ValueKind::Error; }
  bool isNumber() const {
    return kind == ValueKind::Int || kind == ValueKind::Float;
  }
  double asDouble() const {
    return kind == ValueKind::Int ? double(integer) : number;
  }

  static Value error() { return {}; }
  static Value none() { return of(ValueKind::None); }
  static Value ofInt(int64_t integer) {
    Value value = of(ValueKind::Int);
    value.integer = integer;
    return value;
  }
  static Value ofBool(bool boolean) {
    Value value = of(ValueKind::Bool);
    value.integer = boolean;
    return value;
  }
  static Value ofFloat(double number) {
    Value value = of(ValueKind::Float);
    value.number = number;
    return value;
  }
  static Value ofString(StringRef string) {
    Value value = of(ValueKind::String);
    value.string = string;
    return value;
  }
  static Value ofRange(const RangeValue *range) {
    Value value = of(ValueKind::Range);
    value.range = range;
    return value;
  }
  static Value ofList(const ListValue *list, ValueKind kind) {
    Value value = of(kind);
    value.list = list;
    return value;
  }
  static Value ofFunction(const FunctionValue *function) {
    Value value = of(ValueKind::Function);
    value.function = function;
    return value;
  }
  static Value ofArch(const ArchValue *arch) {
    Value value = of(ValueKind::Arch);
    value.arch = arch;
    return value;
  }
  static Value ofInstance(Instance *instance) {
    Value value = of(ValueKind::Instance);
    value.instance = instance;
    return value;
  }
  static Value ofBuiltin(Builtin builtin) {
    Value value = of(ValueKind::Builtin);
    value.builtin = builtin;
    return value;
  }
  static Value ofDistribution(const DistributionValue *distribution) {
    Value value = of(ValueKind::Distribution);
    value.distribution = distribution;
    return value;
  }
  static Value ofVariable(const VariableValue *variable) {
    Value value = of(ValueKind::Variable);
    value.variable = variable;
    return value;
  }
  static Value ofTensor(const TensorValue *tensor) {
    Value value = of(ValueKind::Tensor);
    value.tensor = tensor;
    return value;
  }
  static Value ofScalar(Scalar *scalar) {
    Value value = of(ValueKind::Scalar);
    value.scalar = scalar;
    return value;
  }

private:
  static Value of(ValueKind kind) {
    Value value;
    value.kind = kind;
    return value;
  }
};

/// A tensor, parameter or element: not known while compiling.
inline bool isRunTime(const Value &value) {
  return value.is(ValueKind::Tensor) || value.is(ValueKind::Variable) ||
         value.is(ValueKind::Scalar);
}

/// `normal(a, b)`: its arguments may be elements, as in `~ normal(m[i], s[i])`.
struct DistributionValue {
  model::Distribution kind;
  Value a, b;
};

/// A tensor of the function being elaborated, or one yet to be made there: an
/// element-wise chain stays a recipe until it is bound, passed or subscripted.
struct TensorValue {
  Type type;
  Range range; ///< Where it was made, for messages.
  /// The value, where it is made already.
  model::Tensor *node = nullptr;
  /// A definition of constants alone: any function may make it for itself.
  const model::Define *constant = nullptr;
  /// Defined inside an element expression: mentions indices around it.
  bool isNested = false;
  /// The element at a place; null where `node` or `constant` is set.
  std::function<Scalar *(ArrayRef<Scalar *>)> element;
};

/// How a name came to be: decides what may shadow and assign it.
enum class NameKind { Library, Value, Var, Index, State };

struct Binding {
  Value value;
  NameKind kind = NameKind::Value;
  Range range;
};

/// Blocks of one function may not shadow each other's names; those of all
/// around it may be shadowed.
enum class ScopeKind { Outer, Frame, Block };

/// Names of a block, an instance, a file; `parent` encloses it.
struct Scope {
  explicit Scope(Scope *parent, ScopeKind kind = ScopeKind::Outer)
      : parent(parent), kind(kind) {}
  Scope *parent;
  ScopeKind kind;
  llvm::MapVector<StringRef, Binding> names;
  /// Extents that `..` stands for in the signature of the function, if it has.
  std::optional<SmallVector<int64_t>> dots;

  void set(StringRef name, Value value, Range range = {},
           NameKind kind = NameKind::Value) {
    names[name] = {value, kind, range};
  }
};

/// An instance as it is built: its place in the tree is known once what it was
/// bound to has a name.
struct Instance {
  const ArchValue *arch = nullptr;
  Scope *scope = nullptr;
  Instance *parent = nullptr;
  std::string name;
  bool isNamed = false;
  /// Equal for instances that behave alike; paths below are relative.
  std::string key;
  Range range;
  const FunctionValue *call = nullptr; ///< The fn without a name.
  std::vector<std::unique_ptr<model::Variable>> variables;
  std::vector<Instance *> children; ///< In the order of the text.
};

} // namespace ogee::checking

#endif // OGEE_LANG_CHECK_VALUE_H
