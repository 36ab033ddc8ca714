// For a reader of the stage's result: what was evaluated and inferred, not the
// text again. Bodies of functions are what import prints.
#include "lang/Check/Check.h"

#include <charconv>

using namespace ogee;
using namespace ogee::model;

namespace {

class Printer {
public:
  Printer(const CheckedModel &model, llvm::raw_ostream &os)
      : model(model), os(os) {}

  void settings();
  void instance(const Instance &instance, const std::string &path);
  void optimizers();
  void functions();

private:
  void number(double value);
  void type(const Type &type);
  void init(const Init &init);
  void variable(const Variable &variable);
  void setting(const Setting &setting);
  void signature(const Func &func);

  const CheckedModel &model;
  llvm::raw_ostream &os;
};

} // namespace

//===-- Parts -------------------------------------------------------------===//

/// The shortest text that reads as the same number.
void Printer::number(double value) {
  char text[32];
  auto *end = std::to_chars(std::begin(text), std::end(text), value).ptr;
  os << StringRef(text, end - text);
}

/// `int(256)[8, 128]`: integers from 0 below 256; of other bounds both stand
/// there.
void Printer::type(const Type &type) {
  os << spelling(type.element);
  bool isBound = type.low != Type().low || type.high != Type().high;
  if (type.element == Element::Int && isBound) {
    os << '(';
    if (type.low != 0)
      os << type.low << "..";
    os << type.high << ')';
  }
  os << '[';
  llvm::interleaveComma(type.shape, os);
  os << ']';
}

void Printer::init(const Init &init) {
  if (init.kind == Distribution::Constant) {
    os << " = ";
    return number(init.a);
  }
  if (init.kind == Distribution::Table) {
    os << " = <a table of " << init.table.size() << " elements>";
    return;
  }
  os << " ~ " << spelling(init.kind) << '(';
  number(init.a);
  os << ", ";
  number(init.b);
  os << ')';
}

void Printer::setting(const Setting &setting) {
  os << setting.name << " = ";
  auto record = [&](const std::vector<Setting> &fields) {
    os << '(';
    llvm::interleaveComma(fields, os,
                          [&](const Setting &field) { this->setting(field); });
    os << ')';
  };
  struct Visitor {
    Printer &printer;
    decltype(record) &asRecord;
    void operator()(int64_t value) const { printer.os << value; }
    void operator()(double value) const { printer.number(value); }
    void operator()(bool value) const {
      printer.os << (value ? "true" : "false");
    }
    void operator()(const std::string &value) const {
      printer.os << '"';
      printer.os.write_escaped(value) << '"';
    }
    void operator()(const std::vector<Setting> &value) const {
      asRecord(value);
    }
  };
  std::visit(Visitor{*this, record}, setting.value);
}

void Printer::variable(const Variable &variable) {
  os << (variable.isParam ? "  param " : "  state ") << variable.name << ": ";
  type(variable.type);
  init(variable.init);
  if (variable.isParam)
    os << " as " << variable.role;
  os << '\n';
}

void Printer::signature(const Func &func) {
  os << "fn " << func.name << '(';
  for (auto [at, arg] : llvm::enumerate(func.args)) {
    os << (at ? ", " : "");
    if (at < func.fields.size())
      os << func.fields[at] << ": ";
    type(arg->type);
  }
  os << ") -> ";
  if (func.results.size() != 1)
    os << '(';
  llvm::interleaveComma(func.results, os,
                        [&](const Tensor *result) { type(result->type); });
  os << (func.results.size() != 1 ? ")\n" : "\n");
}

//===-- Sections ----------------------------------------------------------===//

void Printer::settings() {
  const Train &train = model.train;
  os << "train " << train.model << " {\n";
  os << "  precision = "
     << (train.roundsProducts ? "bf16" : spelling(train.precision)) << '\n';
  os << "  batch = " << train.batch << '\n';
  os << "  steps = " << train.steps << '\n';
  os << "  evaluate = " << train.evaluateEvery << '\n';
  os << "  seed = " << train.seed << '\n';
  if (train.clip) {
    os << "  clip = ";
    number(*train.clip);
    os << '\n';
  }
  os << "  ";
  setting({"data", train.data});
  os << "\n  step: " << train.step->name << '\n';
  os << "  evaluate: " << train.evaluate->name << '\n';
  if (train.sample)
    os << "  sample: " << train.sample->name << '\n';
  os << "}\n";
}

void Printer::instance(const Instance &instance, const std::string &path) {
  os << "\ninstance \"" << path << "\": " << instance.of << '(';
  llvm::interleaveComma(instance.parameters, os,
                        [&](const HyperParameter &parameter) {
                          os << parameter.name << " = " << parameter.value;
                        });
  os << ")\n";
  for (const Variable &each : instance.variables)
    variable(each);
  for (const auto &child : instance.children)
    this->instance(*child,
                   path.empty() ? child->name : path + "." + child->name);
}

void Printer::optimizers() {
  os << '\n';
  for (const Optimize &optimize : model.train.optimizers) {
    os << "optimize \"" << optimize.parameter << "\": " << optimize.callee->name
       << " at \"" << optimize.instance << '"';
    if (optimize.rate)
      os << ", rate " << optimize.rate->name;
    os << '\n';
  }
}

void Printer::functions() {
  os << '\n';
  for (const auto &func : model.funcs)
    signature(*func);
}

void ogee::print(const CheckedModel &model, llvm::raw_ostream &os) {
  Printer printer(model, os);
  printer.settings();
  printer.instance(model.root, "");
  for (const auto &each : model.optimizer.children)
    printer.instance(*each, "optimizer." + each->name);
  printer.optimizers();
  printer.functions();
}
