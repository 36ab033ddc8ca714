// Values and types in the words of messages, and as keys of what is shared.
#include "lang/Check/Elaborator.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/Format.h"

using namespace ogee;
using namespace ogee::checking;
using llvm::cast;

std::string Context::describe(ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "[";
  llvm::interleaveComma(shape, os);
  os << "]";
  return text;
}

std::string Context::describe(const Type &type) {
  return "`" + describe(type.element).str() + describe(type.shape) + "`";
}

std::string Context::describe(const Value &value) {
  std::string text;
  switch (value.kind) {
  case ValueKind::Error:
    return "an error";
  case ValueKind::None:
    return "`none`";
  case ValueKind::Int:
    return "the integer " + std::to_string(value.integer);
  case ValueKind::Float:
    llvm::raw_string_ostream(text)
        << "the float " << llvm::format("%g", value.number);
    return text;
  case ValueKind::Bool:
    return value.integer ? "`true`" : "`false`";
  case ValueKind::String:
    return "the string \"" + value.string.str() + "\"";
  case ValueKind::List:
    return "a list of " + std::to_string(value.list->elements.size());
  case ValueKind::Tuple:
    return "a tuple of " + std::to_string(value.list->elements.size());
  case ValueKind::Range:
    return "a range";
  case ValueKind::Function:
    return "a function";
  case ValueKind::Arch:
    return "the arch `" + value.arch->decl->name.name.str() + "`";
  case ValueKind::Instance:
    return value.instance->arch
               ? "an instance of `" +
                     value.instance->arch->decl->name.name.str() + "`"
               : "a `train` block";
  case ValueKind::Builtin:
    return "the built-in `" + spelling(value.builtin).str() + "`";
  case ValueKind::Distribution:
    return "a distribution";
  case ValueKind::Variable:
    return "a tensor " + describe(value.variable->variable->type);
  case ValueKind::Tensor:
    return "a tensor " + describe(value.tensor->type);
  case ValueKind::Scalar:
    return (value.scalar->isUniform ? "a run-time `" : "an element `") +
           describe(value.scalar->element).str() + "`";
  }
  llvm_unreachable("covered switch");
}

/// As the language writes it; in words where it has no way to.
std::string Context::written(const Value &value) {
  std::string text;
  llvm::raw_string_ostream os(text);
  auto parts = [&](char open, char close) {
    os << open;
    for (auto [at, part] : llvm::enumerate(value.list->elements)) {
      os << (at ? ", " : "");
      if (!value.list->names.empty() && !value.list->names[at].empty())
        os << value.list->names[at] << " = ";
      os << written(part);
    }
    os << close;
  };
  switch (value.kind) {
  case ValueKind::None:
    return "none";
  case ValueKind::Int:
    return std::to_string(value.integer);
  case ValueKind::Float:
    os << llvm::format("%.9g", value.number);
    return text;
  case ValueKind::Bool:
    return value.integer ? "true" : "false";
  case ValueKind::String:
    return "\"" + value.string.str() + "\"";
  case ValueKind::List:
    parts('[', ']');
    return text;
  case ValueKind::Tuple:
    parts('(', ')');
    return text;
  case ValueKind::Range:
    os << value.range->lower << ".." << value.range->upper;
    if (value.range->step != 1)
      os << " by " << value.range->step;
    return text;
  case ValueKind::Function:
    return value.function->isLambda ? "fn" : value.function->name.str();
  case ValueKind::Arch:
    return value.arch->decl->name.name.str();
  case ValueKind::Builtin:
    return spelling(value.builtin).str();
  case ValueKind::Distribution:
    return model::spelling(value.distribution->kind).str() + "(" +
           written(value.distribution->a) + ", " +
           written(value.distribution->b) + ")";
  case ValueKind::Error:
  case ValueKind::Instance:
  case ValueKind::Variable:
  case ValueKind::Tensor:
  case ValueKind::Scalar:
    break;
  }
  std::string words = describe(value);
  llvm::erase(words, '`');
  return "<" + words + ">";
}

/// Equal keys: values that no elaboration can tell apart.
void Context::writeKey(llvm::raw_ostream &os, Value value) {
  os << char('A' + unsigned(value.kind));
  switch (value.kind) {
  case ValueKind::Error:
  case ValueKind::None:
    break;
  case ValueKind::Int:
  case ValueKind::Bool:
    os << value.integer;
    break;
  case ValueKind::Float:
    os << llvm::format_hex(llvm::bit_cast<uint64_t>(value.number), 18);
    break;
  case ValueKind::String:
    os << value.string.size() << ':' << value.string;
    break;
  case ValueKind::List:
  case ValueKind::Tuple:
    os << '(';
    for (StringRef name : value.list->names)
      os << name << ',';
    for (Value part : value.list->elements)
      writeKey(os, part);
    os << ')';
    break;
  case ValueKind::Range:
    os << value.range->lower << ',' << value.range->upper << ','
       << value.range->step;
    break;
  case ValueKind::Function:
    // What a lambda sees is its scope; two scopes are never alike.
    os << value.function->fn;
    if (value.function->self || value.function->isLambda)
      os << ',' << value.function->scope;
    break;
  case ValueKind::Arch:
    os << value.arch->decl;
    break;
  case ValueKind::Instance:
    os << value.instance;
    break;
  case ValueKind::Builtin:
    os << unsigned(value.builtin);
    break;
  case ValueKind::Distribution:
    os << unsigned(value.distribution->kind) << '(';
    writeKey(os, value.distribution->a);
    writeKey(os, value.distribution->b);
    os << ')';
    break;
  case ValueKind::Variable:
    os << value.variable->variable;
    break;
  case ValueKind::Tensor:
    os << describe(value.tensor->type) << value.tensor->type.low << ':'
       << value.tensor->type.high;
    if (!value.tensor->node)
      os << value.tensor;
    break;
  case ValueKind::Scalar:
    writeKey(os, value.scalar);
    break;
  }
  os << ';';
}

/// The structure of an element expression; tensors and indices by identity.
void Context::writeKey(llvm::raw_ostream &os, const Scalar *scalar) {
  if (!scalar) {
    os << '-';
    return;
  }
  os << char('a' + unsigned(scalar->kind)) << unsigned(scalar->element) << '(';
  auto each = [&](ArrayRef<Scalar *> list) {
    for (const Scalar *part : list)
      writeKey(os, part);
  };
  switch (scalar->kind) {
  case model::ScalarKind::Const: {
    auto *node = cast<model::ConstScalar>(scalar);
    os << node->integer << ','
       << llvm::format_hex(llvm::bit_cast<uint64_t>(node->number), 18);
    break;
  }
  case model::ScalarKind::RunTime:
    os << cast<model::RunTimeScalar>(scalar)->name;
    break;
  case model::ScalarKind::Index:
    os << cast<model::IndexScalar>(scalar)->index;
    break;
  case model::ScalarKind::Read: {
    auto *node = cast<model::ReadScalar>(scalar);
    os << node->tensor;
    each(node->subscripts);
    writeKey(os, node->otherwise);
    break;
  }
  case model::ScalarKind::Op: {
    auto *node = cast<model::OpScalar>(scalar);
    os << unsigned(node->op);
    each(node->operands);
    break;
  }
  case model::ScalarKind::Tuple:
    each(cast<model::TupleScalar>(scalar)->parts);
    break;
  case model::ScalarKind::If: {
    auto *node = cast<model::IfScalar>(scalar);
    each({node->cond, node->then, node->otherwise});
    break;
  }
  case model::ScalarKind::Reduce: {
    auto *node = cast<model::ReduceScalar>(scalar);
    os << unsigned(node->reduce);
    for (model::Index *index : node->indices)
      os << index << ',';
    each({node->where, node->body});
    break;
  }
  case model::ScalarKind::Softmax: {
    auto *node = cast<model::SoftmaxScalar>(scalar);
    os << node->index;
    each({node->at, node->where, node->body});
    break;
  }
  }
  os << ')';
}
