// Which block of a file is meant, and what must be known before all else.
#include "lang/Check/Trainer.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

using namespace ogee;
using namespace ogee::checking;
using llvm::dyn_cast;

/// What begins a section of a file.
static constexpr llvm::StringLiteral sectionWords[] = {"train", "test", "study",
                                                       "target", "phase"};

void Trainer::run(const ast::File &file) {
  fileName = file.name;
  llvm::SmallString<128> path(fileName);
  llvm::sys::path::remove_dots(path, /*remove_dot_dot=*/true);
  usedFiles[path.str().str()] = nullptr;
  defineBuiltins();
  loadLibrary();
  Scope *scope = newScope(&library, ScopeKind::Outer);
  const ast::SectionDecl *train = chooseTrain(file);
  bool hasTests = false;
  if (const ast::SectionDecl *test = chooseTest(file, hasTests)) {
    if (train)
      choosePrecision(*train, *scope);
    declare(file, *scope);
    if (!sink.hasErrors())
      runTest(*test, *scope);
    return;
  }
  if (!train) {
    declare(file, *scope);
    if (!sink.hasErrors() && !(hasTests && options.testsAlone))
      report(diag::NoTrain, {file.range.begin, file.range.begin});
    return;
  }
  choosePrecision(*train, *scope);
  declare(file, *scope);
  if (!sink.hasErrors())
    runTrain(*train, *scope);
}

static StringRef nameOf(const ast::SectionDecl &train) {
  return train.name ? train.name.name : train.word.name;
}

std::vector<std::string> ogee::trainNames(const ast::File &file) {
  std::vector<std::string> names;
  for (const ast::Stmt *stmt : file.stmts)
    if (auto *section = dyn_cast<ast::SectionDecl>(stmt);
        section && section->word.name == "train")
      names.push_back(nameOf(*section).str());
  return names;
}

/// The `train` block of the name that is asked for, or the first one.
const ast::SectionDecl *Trainer::chooseTrain(const ast::File &file) {
  llvm::MapVector<StringRef, const ast::SectionDecl *> blocks;
  for (const ast::Stmt *stmt : file.stmts) {
    auto *section = dyn_cast<ast::SectionDecl>(stmt);
    if (!section)
      continue;
    StringRef name = nameOf(*section);
    if (!llvm::is_contained(sectionWords, section->word.name)) {
      auto diagnostic =
          report(diag::UnknownName, section->word.range, section->word.name);
      suggest(diagnostic, section->word.name, section->word.range,
              SmallVector<StringRef>(std::begin(sectionWords),
                                     std::end(sectionWords)));
    } else if (section->word.name == "test") {
      continue;
    } else if (section->word.name == "phase") {
      report(diag::WrongPlace, section->word.range,
             "a `phase` outside of a `train` block");
    } else if (section->word.name != "train") {
      report(diag::Unsupported, section->word.range,
             ("`" + section->word.name + "`").str());
    } else if (auto *known = blocks.find(name); known != blocks.end()) {
      Range range = section->name ? section->name.range : section->word.range;
      auto diagnostic = report(diag::DefinedTwice, range, name);
      note(diagnostic, diag::DefinedHere, known->second->word.range, name);
    } else {
      blocks[name] = section;
    }
  }
  if (blocks.empty() || options.train.empty())
    return blocks.empty() ? nullptr : blocks.front().second;
  if (auto *chosen = blocks.find(options.train); chosen != blocks.end())
    return chosen->second;
  StringRef text = sink.addFile("--train " + options.train, "command line");
  Range range{text.begin(), text.end()};
  SmallVector<StringRef> names;
  for (auto &entry : blocks)
    names.push_back(entry.first);
  auto diagnostic =
      report(diag::UnknownTrain, range, options.train, llvm::join(names, ", "));
  suggest(diagnostic, options.train, range, names);
  return nullptr;
}

/// The test that is asked for by its title, if any.
const ast::SectionDecl *Trainer::chooseTest(const ast::File &file,
                                            bool &hasTests) {
  const ast::SectionDecl *chosen = nullptr;
  for (const ast::Stmt *stmt : file.stmts) {
    auto *section = dyn_cast<ast::SectionDecl>(stmt);
    if (!section || section->word.name != "test")
      continue;
    hasTests = true;
    if (section->title && section->title->value == options.test)
      chosen = section;
  }
  return chosen;
}

/// The element type of `float`, which all else needs.
void Trainer::choosePrecision(const ast::SectionDecl &train, Scope &scope) {
  Value value = Value::none();
  Range range = train.word.range;
  for (const ast::Stmt *stmt : train.body->stmts) {
    auto *assign = dyn_cast<ast::AssignStmt>(stmt);
    if (!assign || assign->target->range.text() != "precision")
      continue;
    range = assign->value->range;
    value = eval(assign->value, scope);
  }
  if (const Override *given = findOverride(train, "precision"))
    value = overrideValue(*given, value, scope, range);
  bool isWord = value.is(ValueKind::Builtin);
  roundsProducts = isWord && value.builtin == Builtin::BF16;
  if (isWord && value.builtin == Builtin::F64)
    precision = Element::F64;
  else if (!value.isError() && !value.is(ValueKind::None) &&
           !(isWord && value.builtin == Builtin::F32) && !roundsProducts)
    report(diag::SettingValue, range, "precision", describe(value),
           "`f32`, `bf16` or `f64`");
}
