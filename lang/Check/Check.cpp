#include "lang/Check/Check.h"
#include "lang/Check/Elaborator.h"

using namespace ogee;

std::unique_ptr<CheckedModel> ogee::check(const ast::File &file,
                                          const CheckOptions &options,
                                          DiagnosticSink &sink) {
  if (sink.hasErrors())
    return nullptr;
  auto model = std::make_unique<CheckedModel>(sink);
  checking::Elaborator(*model, options, sink).run(file);
  return sink.hasErrors() ? nullptr : std::move(model);
}
