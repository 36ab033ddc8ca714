#include "lang/Check/Model.h"
#include "lang/Parse/Ast.h"

using namespace ogee;
using namespace ogee::model;

CheckedModel::CheckedModel(DiagnosticSink &sink) : sink(&sink) {}
CheckedModel::~CheckedModel() = default;

StringRef model::spelling(Distribution distribution) {
  switch (distribution) {
  case Distribution::Constant:
    return "constant";
  case Distribution::Normal:
    return "normal";
  case Distribution::Uniform:
    return "uniform";
  case Distribution::TruncNormal:
    return "trunc_normal";
  case Distribution::Table:
    return "table";
  case Distribution::Bernoulli:
    return "bernoulli";
  }
  llvm_unreachable("covered switch");
}
