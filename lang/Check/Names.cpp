// Scopes: built-ins enclose the library, which encloses the files, which
// enclose archs and functions.
#include "lang/Check/Elaborator.h"
#include "lang/Library.h"
#include "lang/Parse/Parse.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace ogee;
using namespace ogee::checking;
using llvm::dyn_cast;

namespace {
struct BuiltinRow {
  llvm::StringLiteral spelling;
  Builtin builtin;
};
} // namespace

/// Names that mean a reduction and a function of two numbers are those of the
/// function: a bracket tells them apart.
static constexpr BuiltinRow builtinRows[] = {
#define OGEE_REDUCE(name, spelling) {spelling, Builtin::Reduce##name},
#include "lang/Check/Reductions.def"
#define OGEE_BUILTIN(name, spelling) {spelling, Builtin::name},
#include "lang/Check/Builtins.def"
#define OGEE_SCALAR_OP(name, spelling, operands)
#define OGEE_MATH_OP(name, spelling, operands) {spelling, Builtin::Math##name},
#include "lang/Check/Ops.def"
    {"training", Builtin::Training},
    {"step", Builtin::Step},
    {"steps", Builtin::Steps},
    {"seed", Builtin::Seed},
};

StringRef Context::spelling(Builtin builtin) {
  for (const BuiltinRow &row : builtinRows)
    if (row.builtin == builtin)
      return row.spelling;
  return "";
}

void Elaborator::defineBuiltins() {
  for (const BuiltinRow &row : builtinRows)
    builtins.set(row.spelling, Value::ofBuiltin(row.builtin), {},
                 NameKind::Library);
  double infinity = std::numeric_limits<double>::infinity();
  builtins.set("inf", Value::ofFloat(infinity), {}, NameKind::Library);
}

void Elaborator::loadLibrary() {
  auto add = [&](StringRef text, StringRef name) {
    auto file = parse(text, name, sink);
    declare(*file, library);
    model.files.push_back(std::move(file));
  };
  if (options.libraryDir.empty()) {
    for (const LibraryFile &file : standardLibrary())
      add(file.text, file.name);
    return;
  }
  std::error_code error;
  std::vector<std::string> paths;
  for (llvm::sys::fs::directory_iterator it(options.libraryDir, error), end;
       !error && it != end; it.increment(error))
    if (llvm::sys::path::extension(it->path()) == ".arch")
      paths.push_back(it->path());
  llvm::sort(paths);
  for (const std::string &path : paths)
    if (auto buffer = llvm::MemoryBuffer::getFile(path))
      add((*buffer)->getBuffer(), path);
  if (error)
    report(diag::FileNotRead, {}, options.libraryDir, error.message());
}

/// The names of a file, which is read once.
Scope *Elaborator::readFile(const std::string &path, const ast::UseDecl &use) {
  auto [known, isNew] = usedFiles.try_emplace(path, nullptr);
  if (!isNew) {
    if (!known->second)
      report(diag::UseCycle, use.fileRange, use.file);
    return known->second;
  }
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer) {
    report(diag::FileNotRead, use.fileRange, use.file,
           buffer.getError().message());
    return nullptr;
  }
  Scope *scope = newScope(&library, ScopeKind::Outer);
  auto file = parse((*buffer)->getBuffer(), path, sink);
  declare(*file, *scope);
  model.files.push_back(std::move(file));
  return usedFiles[path] = scope;
}

/// Names that begin with `_` stay in their file.
void Elaborator::useFile(const ast::UseDecl &use, const ast::File &from,
                         Scope &scope) {
  llvm::SmallString<128> path(use.file);
  if (llvm::sys::path::is_relative(path)) {
    path = llvm::sys::path::parent_path(from.name);
    llvm::sys::path::append(path, use.file);
  }
  llvm::sys::path::remove_dots(path, /*remove_dot_dot=*/true);
  Scope *used = readFile(path.str().str(), use);
  if (!used)
    return;
  for (auto &[name, binding] : used->names) {
    if (name.starts_with("_"))
      continue;
    if (auto *it = scope.names.find(name); it != scope.names.end()) {
      if (it->second.range.begin == binding.range.begin)
        continue;
      auto diagnostic = report(diag::DefinedTwice, use.fileRange, name);
      note(diagnostic, diag::DefinedHere, it->second.range, name);
      continue;
    }
    scope.names[name] = binding;
  }
}

/// Archs and functions are known in the whole file, values from their line on.
void Elaborator::declare(const ast::File &file, Scope &scope) {
  NameKind kind = &scope == &library ? NameKind::Library : NameKind::Value;
  auto add = [&](ast::Ident name, Value value) {
    if (scope.names.contains(name.name)) {
      auto diagnostic = report(diag::DefinedTwice, name.range, name.name);
      note(diagnostic, diag::DefinedHere, scope.names[name.name].range,
           name.name);
      return;
    }
    scope.set(name.name, value, name.range, kind);
  };
  for (const ast::Stmt *stmt : file.stmts) {
    if (auto *use = dyn_cast<ast::UseDecl>(stmt))
      useFile(*use, file, scope);
    if (auto *arch = dyn_cast<ast::ArchDecl>(stmt))
      add(arch->name, Value::ofArch(make<ArchValue>(arch, &scope)));
    if (auto *fn = dyn_cast<ast::FnDecl>(stmt))
      add(fn->name, Value::ofFunction(make<FunctionValue>(
                        fn->name.name, fn->fn, &scope, nullptr, false)));
  }
  for (const ast::Stmt *stmt : file.stmts) {
    auto *binding = dyn_cast<ast::BindingStmt>(stmt);
    if (binding && binding->binding == ast::BindingKind::Let)
      executeBinding(binding, scope);
    else if (binding || llvm::isa<ast::AssignStmt, ast::ForStmt, ast::ExprStmt,
                                  ast::MinimiseStmt>(stmt))
      report(diag::WrongPlace, stmt->range, "this statement");
    else if (auto *require = dyn_cast<ast::RequireStmt>(stmt))
      executeRequire(require, scope);
  }
}

Binding *Elaborator::find(Scope &scope, StringRef name) {
  for (Scope *at = &scope; at; at = at->parent)
    if (auto *it = at->names.find(name); it != at->names.end())
      return &it->second;
  return nullptr;
}

/// Whether a new name may stand here; it may not shadow one of its own
/// function.
bool Elaborator::declareName(ast::Ident name, Scope &scope) {
  for (Scope *at = &scope; at; at = at->parent) {
    if (auto *it = at->names.find(name.name); it != at->names.end()) {
      auto diagnostic = report(diag::DefinedTwice, name.range, name.name);
      note(diagnostic, diag::DefinedHere, it->second.range, name.name);
      return false;
    }
    if (at->kind != ScopeKind::Block)
      return true;
  }
  return true;
}

/// Library names may be shadowed, by an index too: none of them is a size.
bool Elaborator::isDeclared(Scope &scope, StringRef name) {
  Binding *binding = find(scope, name);
  return binding && binding->kind != NameKind::Library;
}

static StringRef hintFor(Foreign kind, StringRef name) {
  struct Row {
    Foreign kind;
    llvm::StringLiteral name, hint;
  };
  static constexpr Row rows[] = {
#define OGEE_FOREIGN(kind, name, hint) {Foreign::kind, name, hint},
#include "lang/Check/Foreign.def"
  };
  for (const Row &row : rows)
    if (row.kind == kind && row.name == name)
      return row.hint;
  return "";
}

/// What stands for a name of another library, else the candidate that is meant.
void Elaborator::suggest(Report &diagnostic, StringRef name, Range range,
                         ArrayRef<StringRef> candidates,
                         std::optional<Foreign> kind) {
  StringRef hint = kind ? hintFor(*kind, name) : "";
  if (!hint.empty())
    return note(diagnostic, diag::Hint, range, hint);
  StringRef best = didYouMean(name, candidates);
  if (!best.empty())
    note(diagnostic, diag::DidYouMean, range, best);
}

Value Elaborator::lookup(StringRef name, Range range, Scope &scope) {
  if (Binding *binding = find(scope, name)) {
    if (!binding->value.is(ValueKind::Builtin))
      return binding->value;
    Builtin builtin = binding->value.builtin;
    if (builtin == Builtin::Training) {
      if (func)
        func->readsTraining = true;
      return Value::ofBool(training);
    }
    if (builtin < Builtin::Training)
      return binding->value;
    auto *scalar = make<model::RunTimeScalar>(
        model::RunTimeScalar{{Element::F64, range}, spelling(builtin)});
    scalar->isUniform = true;
    return Value::ofScalar(scalar);
  }
  auto diagnostic = report(diag::UnknownName, range, name);
  SmallVector<StringRef> candidates;
  for (Scope *at = &scope; at; at = at->parent)
    for (auto &entry : at->names)
      candidates.push_back(entry.first);
  suggest(diagnostic, name, range, candidates, Foreign::Name);
  if (element)
    note(diagnostic, diag::IndexHint, range, name);
  return Value::error();
}
