#include "lang/Check/Check.h"
#include "lang/Check/Trainer.h"

using namespace ogee;
using llvm::dyn_cast;

/// Each test is elaborated like a model of its own.
static void checkTests(const ast::File &file, const CheckOptions &options,
                       DiagnosticSink &sink) {
  for (const ast::Stmt *stmt : file.stmts) {
    auto *section = dyn_cast<ast::SectionDecl>(stmt);
    if (!section || section->word.name != "test" || !section->title ||
        sink.hasErrors())
      continue;
    CheckedModel model(sink);
    CheckOptions own = options;
    own.test = section->title->value.str();
    checking::Trainer(model, own, sink).run(file);
  }
}

std::unique_ptr<CheckedModel> ogee::check(const ast::File &file,
                                          const CheckOptions &options,
                                          DiagnosticSink &sink) {
  if (sink.hasErrors())
    return nullptr;
  auto model = std::make_unique<CheckedModel>(sink);
  checking::Trainer(*model, options, sink).run(file);
  if (options.testsAlone)
    checkTests(file, options, sink);
  return sink.hasErrors() ? nullptr : std::move(model);
}
