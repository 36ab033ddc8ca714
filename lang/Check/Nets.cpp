// Networks as values: copies, frozen ones, and those that start from a file. A
// copy is built by its arch once more, from the same arguments, and linked to
// the original variable by variable; so it shares what the original was given
// and has what the original made.
#include "lang/Check/Elaborator.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/GlobPattern.h"
#include "llvm/Support/Path.h"

using namespace ogee;
using namespace ogee::checking;

/// A path of the text is relative to the file; the executable, which may be run
/// from elsewhere, gets an absolute one.
std::string Elaborator::pathOfFile(StringRef path) {
  llvm::SmallString<128> full;
  if (llvm::sys::path::is_relative(path))
    full = llvm::sys::path::parent_path(fileName);
  llvm::sys::path::append(full, path);
  // Without a current folder the path stays what it is.
  (void)llvm::sys::fs::make_absolute(full);
  llvm::sys::path::remove_dots(full, /*remove_dot_dot=*/true);
  return full.str().str();
}

/// Calls `visit` for an instance, or for each of a list; false after an error.
bool Elaborator::forEachInstance(Value net, Range range,
                                 llvm::function_ref<void(Instance &)> visit) {
  if (net.is(ValueKind::Instance)) {
    visit(*net.instance);
    return true;
  }
  // A link of a chain that has no parameters.
  if (net.is(ValueKind::Function) || net.is(ValueKind::Builtin))
    return true;
  if (net.is(ValueKind::List) || net.is(ValueKind::Tuple))
    return llvm::all_of(net.list->elements, [&](Value part) {
      return forEachInstance(part, range, visit);
    });
  if (!net.isError())
    report(diag::WrongType, range, describe(net), "an instance of an arch");
  return false;
}

void Elaborator::forEachVariable(
    Instance &instance, const std::string &prefix,
    llvm::function_ref<void(model::Variable &, const std::string &)> visit) {
  for (auto &variable : instance.variables)
    visit(*variable, prefix + variable->name);
  for (Instance *child : instance.children)
    forEachVariable(*child, prefix + child->name + ".", visit);
}

//===----------------------------------------------------------------------===//
// copy
//===----------------------------------------------------------------------===//

Value Elaborator::copyNet(Value net, Range range) {
  if (net.is(ValueKind::List) || net.is(ValueKind::Tuple)) {
    SmallVector<Value> parts;
    for (Value part : net.list->elements) {
      parts.push_back(copyNet(part, range));
      if (parts.back().isError())
        return Value::error();
    }
    return makeList(parts, net.list->names, net.kind);
  }
  if (net.is(ValueKind::Function) || net.is(ValueKind::Builtin))
    return net;
  Instance *made = nullptr;
  auto copyOne = [&](Instance &from) { made = copyInstance(from, range); };
  if (!forEachInstance(net, range, copyOne) || !made)
    return Value::error();
  return Value::ofInstance(made);
}

/// What an instance was given it shares with its copy, but for instances that
/// were made for it alone.
Value Elaborator::copyArgument(Value value, const Instance &owner,
                               Range range) {
  if (value.is(ValueKind::List) || value.is(ValueKind::Tuple)) {
    SmallVector<Value> parts;
    for (Value part : value.list->elements)
      parts.push_back(copyArgument(part, owner, range));
    return makeList(parts, value.list->names, value.kind);
  }
  if (!value.is(ValueKind::Instance) || value.instance->parent != &owner)
    return value;
  Instance *made = copyInstance(*value.instance, range);
  return made ? Value::ofInstance(made) : Value::error();
}

Instance *Elaborator::copyInstance(Instance &from, Range range) {
  if (!from.arch) {
    report(diag::WrongType, range, "a `train` block", "an instance of an arch");
    return nullptr;
  }
  SmallVector<Argument> args;
  for (const ast::Parameter &param : from.arch->decl->params) {
    Value value = from.scope->names[param.name.name].value;
    if (value.is(ValueKind::None))
      continue; // its default
    value = copyArgument(value, from, range);
    if (value.isError())
      return nullptr;
    args.push_back({param.name, value, range});
  }
  Value made = instantiate(from.arch, args, range);
  if (made.isError())
    return nullptr;
  linkCopy(from, *made.instance);
  return made.instance;
}

void Elaborator::linkCopy(const Instance &from, const Instance &to) {
  for (auto [source, copy] : llvm::zip_equal(from.variables, to.variables)) {
    copies[copy.get()] = {const_cast<Instance *>(&from), source.get()};
    copy->copiedIn = phaseNumber;
  }
  for (auto [source, copy] : llvm::zip_equal(from.children, to.children))
    linkCopy(*source, *copy);
}

/// The path of the variable at the end of the links; in a phase of the very one
/// that is copied, as it is then. A net that has no place in the tree has no
/// path; its copy draws its own first values.
std::string Elaborator::copiedPath(const model::Variable *copy) {
  std::string path;
  for (auto it = copies.find(copy); it != copies.end();
       it = copies.find(it->second.variable)) {
    const Instance *top = it->second.owner;
    while (top->parent)
      top = top->parent;
    if (top != root)
      return path;
    path = absolutePath(it->second.owner);
    path += path.empty() ? "" : ".";
    path += it->second.variable->name;
    if (copy->copiedIn)
      break;
  }
  return path;
}

//===----------------------------------------------------------------------===//
// frozen, load, matches
//===----------------------------------------------------------------------===//

Value Elaborator::frozenNet(Value net, Range range) {
  auto freeze = [](model::Variable &variable, const std::string &) {
    variable.isFrozen = variable.isParam;
  };
  bool isNet = forEachInstance(net, range, [&](Instance &instance) {
    forEachVariable(instance, "", freeze);
  });
  return isNet ? net : Value::error();
}

/// In the file a tensor is called by its path from the net.
Value Elaborator::loadNet(Value net, Value file, Range range) {
  if (!file.is(ValueKind::String)) {
    if (!file.isError())
      report(diag::WrongType, range, describe(file), "the path of a file");
    return Value::error();
  }
  std::string path = pathOfFile(file.string);
  auto load = [&](model::Variable &variable, const std::string &name) {
    variable.file = path;
    variable.nameInFile = name;
    copies.erase(&variable);
  };
  bool isNet = forEachInstance(net, range, [&](Instance &instance) {
    forEachVariable(instance, "", load);
  });
  return isNet ? net : Value::error();
}

/// `matches(text, pattern)`: `*` stands for any text, `?` for a character,
/// `{a,b}` for one of several.
Value Elaborator::matches(ArrayRef<Argument> args) {
  for (const Argument &arg : args)
    if (!arg.value.is(ValueKind::String)) {
      if (!arg.value.isError())
        report(diag::WrongType, arg.range, describe(arg.value), "a string");
      return Value::error();
    }
  auto glob = llvm::GlobPattern::create(args[1].value.string,
                                        /*MaxSubPatterns=*/1024);
  if (glob)
    return Value::ofBool(glob->match(args[0].value.string));
  report(diag::SettingValue, args[1].range, args[1].value.string,
         llvm::toString(glob.takeError()), "a pattern such as `blocks.*.bias`");
  return Value::error();
}
