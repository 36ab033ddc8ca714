// What the command line says: hyper-parameters of the trained arch, settings
// and values of the train block.
#include "lang/Check/Trainer.h"
#include "lang/Parse/Parse.h"
#include "llvm/ADT/StringExtras.h"

using namespace ogee;
using namespace ogee::checking;
using llvm::dyn_cast;

const Override *Trainer::findOverride(const ast::SectionDecl &train,
                                      StringRef name) {
  for (auto [at, given] : llvm::enumerate(options.overrides)) {
    StringRef path = given.path;
    if (!path.consume_front("train."))
      continue;
    if (train.name && path.starts_with((train.name.name + ".").str()))
      path = path.drop_front(train.name.name.size() + 1);
    if (path != name)
      continue;
    usedOverrides.insert(at);
    return &given;
  }
  return nullptr;
}

/// Where a string stood, the text as it is; else an expression.
Value Trainer::overrideValue(const Override &given, Value old, Scope &scope,
                             Range &range) {
  StringRef text = given.value;
  if (old.is(ValueKind::String) && !text.starts_with("\""))
    return Value::ofString(save(text));
  auto file = parse(text, "command line: " + given.path, sink);
  range = file->range;
  auto *stmt = file->stmts.size() == 1 ? dyn_cast<ast::ExprStmt>(file->stmts[0])
                                       : nullptr;
  Value value = stmt ? eval(stmt->expr, scope) : Value::error();
  if (!stmt && !sink.hasErrors())
    report(diag::SettingValue, range, given.path, text, "one value");
  model.files.push_back(std::move(file));
  return value;
}

void Trainer::overrideSetting(const Override &given, Scope &scope,
                              Setting &setting) {
  setting.value = overrideValue(given, setting.value, scope, setting.range);
  setting.expr = nullptr;
  if (setting.value.isError() || setting.value.is(ValueKind::String))
    return;
  setting.expr = llvm::cast<ast::ExprStmt>(model.files.back()->stmts[0])->expr;
  setting.scope = &scope;
}

/// Instances of the trained arch, or of what the block's own `let`s make.
bool Trainer::makeRoot(const ast::SectionDecl &train, Scope &file,
                       Scope &scope) {
  Binding *binding = train.name ? find(file, train.name.name) : nullptr;
  if (!binding || !binding->value.is(ValueKind::Arch)) {
    root = instances.emplace_back(std::make_unique<Instance>()).get();
    root->isNamed = true;
    root->range = train.word.range;
    root->scope = &scope;
    root->key = "train";
    return true;
  }
  const ArchValue *arch = binding->value.arch;
  SmallVector<Argument> args;
  for (auto [at, given] : llvm::enumerate(options.overrides)) {
    const ast::Parameter *param =
        llvm::find_if(arch->decl->params, [&](const ast::Parameter &param) {
          return param.name.name == given.path;
        });
    if (param == arch->decl->params.end())
      continue;
    usedOverrides.insert(at);
    Value old = param->value && llvm::isa<ast::StringExpr>(param->value)
                    ? Value::ofString("")
                    : Value::none();
    Range range = train.name.range;
    Value value = overrideValue(given, old, file, range);
    args.push_back({param->name, value, range});
    if (value.isError())
      return false;
  }
  Value value = instantiate(arch, args, train.name.range);
  if (value.isError())
    return false;
  root = value.instance;
  root->isNamed = true;
  for (const ast::Parameter &param : arch->decl->params)
    scope.set(param.name.name, root->scope->names[param.name.name].value,
              param.name.range);
  scope.set("model", value, train.name.range);
  return true;
}

void Trainer::checkOverrides(const ast::SectionDecl &train, Scope &outer,
                             Scope &scope) {
  SmallVector<std::string> known;
  for (auto &entry : outer.names)
    if (entry.first != "model")
      known.push_back(entry.first.str());
  for (StringRef name : settingNames())
    known.push_back(("train." + name).str());
  for (auto &entry : scope.names)
    known.push_back(("train." + entry.first).str());
  addPhaseNames(known);
  auto *data = settings.find("data");
  if (data != settings.end() && data->second.value.is(ValueKind::Tuple))
    for (StringRef field : data->second.value.list->names)
      known.push_back(("train.data." + field).str());
  SmallVector<StringRef> candidates(known.begin(), known.end());
  for (auto [at, given] : llvm::enumerate(options.overrides)) {
    std::string path = given.path;
    std::string prefix = "train." + model.train.model + ".";
    if (StringRef(path).starts_with(prefix))
      path = "train." + path.substr(prefix.size());
    if (usedOverrides.contains(at) || llvm::is_contained(known, path))
      continue;
    StringRef text =
        sink.addFile(given.path + "=" + given.value, "command line");
    Range range{text.begin(), text.begin() + given.path.size()};
    auto diagnostic = report(diag::UnknownOverride, range, given.path);
    suggest(diagnostic, path, range, candidates);
  }
}
